//! What models of the semaphore share.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Poll, Wake, Waker},
};

use loom::thread::{self, JoinHandle};
use pleach_loom::{
    Acquire, AcquireError, Semaphore,
    internals::{
        UnsafeCell,
        complete::{AtomicUsize, Ordering},
    },
};

use super::poll_now;

/// A semaphore and data that its permits guard.
///
/// Shared by `std`'s `Arc`: no logic hangs on its count, and loom need not try the orders in
/// which it is dropped. (That it *is* dropped the cell inside makes sure.)
pub(crate) struct Guarded {
    pub(crate) semaphore: Semaphore,
    data: UnsafeCell<u32>,
}

// SAFETY: the models touch `data` only in the order that the semaphore establishes, and loom
// checks that they do.
unsafe impl Sync for Guarded {}

impl Guarded {
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Self::with(Semaphore::new(permits))
    }

    pub(crate) fn with(semaphore: Semaphore) -> Arc<Self> {
        Arc::new(Self {
            semaphore,
            data: UnsafeCell::new(0),
        })
    }

    pub(crate) fn write(&self) -> u32 {
        self.data.with_mut(|data| {
            // SAFETY: checked by loom.
            let data = unsafe { &mut *data };
            *data += 1;
            *data
        })
    }

    pub(crate) fn read(&self) -> u32 {
        // SAFETY: checked by loom.
        self.data.with(|data| unsafe { *data })
    }
}

pub(crate) fn beside<T: 'static>(
    guarded: &Arc<Guarded>,
    f: impl FnOnce(&Guarded) -> T + 'static,
) -> JoinHandle<T> {
    let guarded = Arc::clone(guarded);
    thread::spawn(move || f(&guarded))
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
