//! What models of the semaphore share.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Poll, Wake, Waker},
};

use pleach_loom::{
    Acquire, AcquireError, Semaphore,
    internals::complete::{AtomicUsize, Ordering},
};

use super::{guarded, poll_now};

/// A semaphore and data that its permits guard.
pub(crate) type Guarded = guarded::Guarded<Semaphore>;

impl Guarded {
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Self::with(Semaphore::new(permits))
    }
}

pub(crate) fn poll_noop<'a>(acquire: &mut Pin<Box<Acquire<'a>>>) -> Poll<Result<(), AcquireError>> {
    poll_now(acquire.as_mut(), Waker::noop()).map(|result| result.map(drop))
}

/// A pinned acquire that has entered the queue.
pub(crate) fn queued(semaphore: &Semaphore, permits: usize) -> Pin<Box<Acquire<'_>>> {
    let mut acquire = Box::pin(semaphore.acquire_many(permits));
    assert!(poll_noop(&mut acquire).is_pending());
    acquire
}

/// Counts its wakes in an atomic that loom sees.
pub(crate) struct Counter(AtomicUsize);

impl Counter {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let counter = Arc::new(Self(AtomicUsize::new(0)));
        (Arc::clone(&counter), Waker::from(counter))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
