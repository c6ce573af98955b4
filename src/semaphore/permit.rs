//! Permits: what has been acquired, as a value.

use core::{fmt, mem, ops::Deref, task::Context};

use super::Semaphore;
use crate::inspect::Hold;

/// Permits that go back to wherever `S` leads.
pub(super) struct Held<S: Deref<Target = Semaphore>> {
    semaphore: S,
    permits: usize,
    /// By whom they were acquired, if that is known.
    hold: Hold,
}

impl<S: Deref<Target = Semaphore>> Held<S> {
    #[inline]
    pub(super) fn new(semaphore: S, permits: usize) -> Self {
        Self {
            semaphore,
            permits,
            hold: Hold::NONE,
        }
    }

    /// Acquired by the task of `cx`.
    #[inline]
    pub(super) fn by(cx: &Context<'_>, semaphore: S, permits: usize) -> Self {
        let mut held = Self::new(semaphore, permits);
        held.hold = Hold::of(cx, held.semaphore.resource());
        held
    }

    pub(super) fn permits(&self) -> usize {
        self.permits
    }

    pub(super) fn semaphore(&self) -> &S {
        &self.semaphore
    }

    pub(super) fn forget(mut self) {
        // None are left to go back when this is dropped.
        let permits = mem::take(&mut self.permits);
        self.semaphore.state.forget_out(permits);
    }

    pub(super) fn split(&mut self, permits: usize) -> Option<Self>
    where
        S: Clone,
    {
        self.permits = self.permits.checked_sub(permits)?;
        let mut split = Self::new(self.semaphore.clone(), permits);
        split.hold = self.hold.again(self.semaphore.resource());
        Some(split)
    }

    #[track_caller]
    pub(super) fn merge(&mut self, mut other: Self) {
        assert!(
            core::ptr::eq::<Semaphore>(&*self.semaphore, &*other.semaphore),
            "permits of different semaphores cannot be merged"
        );
        // Cannot overflow: both are part of one semaphore's total.
        self.permits += mem::take(&mut other.permits);
    }
}

impl<S: Deref<Target = Semaphore>> Drop for Held<S> {
    #[inline]
    fn drop(&mut self) {
        self.hold.let_go();
        self.semaphore.state.release(self.permits);
    }
}

impl<S: Deref<Target = Semaphore> + fmt::Debug> fmt::Debug for Held<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("semaphore", &self.semaphore)
            .field("permits", &self.permits)
            .finish()
    }
}

/// Permits of a [`Semaphore`]; they go back when this is dropped.
///
/// Dropping never blocks beyond the semaphore's short lock and never allocates. If others
/// wait, they are granted what came free and woken before `drop` returns; should one of their
/// wakers panic, its panic comes out of `drop` when all have been woken: the first one, and
/// none if this thread is panicking already.
#[must_use = "the permits go back at once if this is dropped"]
#[derive(Debug)]
pub struct Permit<'a>(pub(super) Held<&'a Semaphore>);

impl<'a> Permit<'a> {
    /// How many permits this holds.
    pub fn permits(&self) -> usize {
        self.0.permits()
    }

    /// The semaphore that the permits go back to.
    pub fn semaphore(&self) -> &'a Semaphore {
        self.0.semaphore()
    }

    /// Keeps the permits from going back: the semaphore has that many fewer for good.
    ///
    /// What is owed after a [`set_limit`](Semaphore::set_limit) is paid with them first; beyond
    /// that a known limit falls with them. [`Semaphore::add_permits`] makes up for them. This is
    /// not `mem::forget`, after which the permits would count as being out for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(2);
    /// semaphore.try_acquire().unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget(self) {
        self.0.forget();
    }

    /// Splits `permits` of them off into a value of their own; `None`, and nothing changes, if
    /// there are not so many.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let mut all = semaphore.try_acquire_many(3).unwrap();
    /// let one = all.split(1).unwrap();
    /// assert_eq!((all.permits(), one.permits()), (2, 1));
    /// assert!(all.split(3).is_none());
    /// drop(all);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    #[must_use = "what was split off goes back at once if this is dropped"]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        self.0.split(permits).map(Self)
    }

    /// Adds the permits of `other` to these.
    ///
    /// # Panics
    ///
    /// If `other` is of another semaphore. Its permits go back there then.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let mut permit = semaphore.try_acquire().unwrap();
    /// permit.merge(semaphore.try_acquire_many(2).unwrap());
    /// assert_eq!(permit.permits(), 3);
    /// ```
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}
