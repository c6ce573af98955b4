//! Permits: what has been acquired, as a value.

use core::mem;

use super::Semaphore;

/// Permits of a [`Semaphore`]; they go back when this is dropped.
///
/// Dropping never blocks beyond the semaphore's short lock and never allocates. If others
/// wait, they are granted what came free and woken before `drop` returns; should one of their
/// wakers panic, its panic comes out of `drop` when all have been woken.
#[must_use = "the permits go back at once if this is dropped"]
#[derive(Debug)]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

impl<'a> Permit<'a> {
    #[inline]
    pub(super) fn new(semaphore: &'a Semaphore, permits: usize) -> Self {
        Self { semaphore, permits }
    }

    /// How many permits this holds.
    pub fn permits(&self) -> usize {
        self.permits
    }

    /// Keeps the permits from going back: the semaphore has that many fewer for good.
    ///
    /// [`Semaphore::add_permits`] makes up for them. This is not `mem::forget`, after which
    /// the permits would count as being out for ever.
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
        self.semaphore.forget(self.permits);
        mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.release(self.permits);
    }
}
