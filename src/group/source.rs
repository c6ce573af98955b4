//! Where the children of a group come from: an iterator, or whoever has a spawner.

use core::{fmt, future::Future};

use super::{counted::Counted, hub::HubRef};
use crate::{scope::Refused, sys::unwind::FirstPanic};

/// Where the children of a group come from: an iterator of futures, given to
/// [`group`](super::group()), or the spawners that come with [`open`](super::open). Sealed.
pub trait Source: sealed::Source {}

impl<S: sealed::Source> Source for S {}

pub(super) mod sealed {
    use super::{Future, HubRef};

    pub trait Source {
        /// The children's type.
        type Child: Future;

        /// The next child, if there is one.
        fn next(&mut self) -> Option<Self::Child>;

        /// Whether there is none, and from now on there will be none.
        fn close(&mut self) -> bool;

        /// Whether there is none now, and it takes a spawn for there to be one.
        fn is_idle(&self) -> bool;

        fn size_hint(&self) -> (usize, Option<usize>);

        /// The group's hub, if the source made one.
        fn hub(&self) -> Option<HubRef<Self::Child>>;
    }
}

/// What children of a source give.
pub(super) type Output<S> = <<S as sealed::Source>::Child as Future>::Output;

/// Children from an iterator.
pub struct Iter<I> {
    /// `None` when it has ended.
    iterator: Option<I>,
}

impl<I> Iter<I> {
    pub(super) fn new(iterator: I) -> Self {
        Self {
            iterator: Some(iterator),
        }
    }
}

impl<I: Iterator<Item: Future>> sealed::Source for Iter<I> {
    type Child = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let next = self.iterator.as_mut()?.next();
        if next.is_none() {
            self.iterator = None;
        }
        next
    }

    fn close(&mut self) -> bool {
        self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.iterator.is_none()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iterator
            .as_ref()
            .map_or((0, Some(0)), Iterator::size_hint)
    }

    fn hub(&self) -> Option<HubRef<I::Item>> {
        None
    }
}

impl<I> fmt::Debug for Iter<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("has_ended", &self.iterator.is_none())
            .finish()
    }
}

/// Children from the spawners of a group.
pub struct Newcomers<F: Future> {
    hub: HubRef<F>,
}

impl<F: Future> Newcomers<F> {
    pub(super) fn new(hub: HubRef<F>) -> Self {
        Self { hub }
    }
}

impl<F: Future> sealed::Source for Newcomers<F> {
    type Child = F;

    fn next(&mut self) -> Option<F> {
        self.hub.next()
    }

    fn close(&mut self) -> bool {
        self.hub.close_if_empty()
    }

    fn is_idle(&self) -> bool {
        self.hub.is_empty()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }

    fn hub(&self) -> Option<HubRef<F>> {
        Some(self.hub.clone())
    }
}

/// Nothing is taken in any more, and what was not started is dropped, the newest first.
impl<F: Future> Drop for Newcomers<F> {
    fn drop(&mut self) {
        let mut panics = FirstPanic::default();
        let mut unstarted = self.hub.close();
        while let Some(future) = unstarted.pop_back() {
            panics.run(|| drop(future));
        }
        panics.resume_in_drop();
    }
}

impl<F: Future> fmt::Debug for Newcomers<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newcomers").finish_non_exhaustive()
    }
}

/// Adds children to a group that is running. Made by [`open`](super::open).
///
/// It is cheap to clone, and may be given to children and to other threads. Holding one does not
/// keep the group going: it ends when its body and its children are done.
pub struct Spawner<F: Future> {
    pub(super) hub: HubRef<F>,
}

impl<F: Future> Spawner<F> {
    pub(super) fn new(hub: HubRef<F>) -> Self {
        Self { hub }
    }

    /// Adds a child. Never waits: it is started when the group is polled next and has room.
    ///
    /// It does not allocate for each child: those that were not started are in a queue that grows
    /// as it is needed. Nothing bounds it: to have whoever spawns wait, let it wait for a permit of
    /// a [`Semaphore`](crate::Semaphore) that goes with the child.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the future inside, if the group has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::group::{Discard, open};
    ///
    /// let (group, spawner) = open();
    /// for n in 1..4 {
    ///     spawner.spawn(async move { n }).unwrap();
    /// }
    /// group.join(Discard::new()).await;
    /// # });
    /// ```
    pub fn spawn(&self, future: F) -> Result<(), Refused<F>> {
        self.hub.spawn(future).map_err(Refused::over)
    }

    /// Whether the group has ended.
    pub fn is_closed(&self) -> bool {
        self.hub.is_closed()
    }
}

impl<F: Future> Clone for Spawner<F> {
    fn clone(&self) -> Self {
        Self {
            hub: Counted::clone(&self.hub),
        }
    }
}

impl<F: Future> fmt::Debug for Spawner<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner")
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
