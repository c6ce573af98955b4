//! The semaphore through its public interface.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "std")]
mod blocking;
mod bypass;
mod close;
mod limit;
mod memory;
#[cfg(feature = "alloc")]
mod owned;
mod panics;
mod polling;
mod probes;
mod queue;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
};

use futures_util::future::FusedFuture;
use pleach::{Acquire, AcquireError, Permit, Semaphore, TryAcquireError};
use support::{Hostile, Wakes, block_on, forget, leak, poll_now, poll_with};

fn leaked(permits: usize) -> &'static Semaphore {
    leak(Semaphore::new(permits))
}

/// A pinned acquire that has entered the queue.
fn queued(semaphore: &Semaphore, permits: usize) -> Pin<Box<Acquire<'_>>> {
    let mut acquire = Box::pin(semaphore.acquire_many(permits));
    assert!(poll_now(acquire.as_mut()).is_pending());
    acquire
}

/// The result of a future that is ready at once.
fn ready<F: Future>(future: F) -> F::Output {
    match poll_now(pin!(future)) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("not ready"),
    }
}
