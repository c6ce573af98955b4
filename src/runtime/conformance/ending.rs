//! What becomes of futures when their executor goes away.

use alloc::vec::Vec;
use core::{
    fmt,
    future::{pending, poll_fn},
    task::{Poll, Waker},
};

use super::{Suite, check::Check, tasks::Host};
use crate::oneshot;

/// How many futures are left of each kind.
const LEFT: usize = 8;

/// Futures that are still on an executor: what [`Suite::leave_behind`] gives.
#[must_use = "when the executor has gone away, `assert_dropped` checks what became of them"]
pub struct LeftBehind {
    check: Check,
    wakers: Vec<Waker>,
}

pub(super) async fn leave_behind(suite: Suite, host: &impl Host) -> LeftBehind {
    let check = Check::new(suite, "an executor that goes away drops its futures");
    let mut wakers = Vec::with_capacity(LEFT);
    for _ in 0..LEFT {
        let (give, waker) = oneshot::channel();
        let mut give = Some(give);
        let future = poll_fn(move |cx| {
            // If nobody is there to take it, the check has failed already.
            let _ = give.take().map(|give| give.send(cx.waker().clone()));
            Poll::Pending
        });
        host.start(host.seat(&check).without_end().probe(future));
        wakers.extend(check.until("its poll", waker).await);
    }
    // And some that it may not have come to yet.
    for _ in 0..LEFT {
        host.start(host.seat(&check).without_end().probe(pending()));
    }
    LeftBehind { check, wakers }
}

impl LeftBehind {
    /// Checks that the futures were dropped, or are now, and that wakers of them which are alive do no
    /// harm.
    ///
    /// Blocks the thread until they are.
    ///
    /// # Panics
    ///
    /// If one of them was not dropped.
    pub fn assert_dropped(self) {
        for waker in &self.wakers {
            waker.wake_by_ref();
        }
        crate::block_on(self.check.end());
    }
}

impl fmt::Debug for LeftBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeftBehind").finish_non_exhaustive()
    }
}

pub(super) fn assert_gone(suite: Suite, host: &impl Host) {
    let check = Check::new(suite, "an executor that is gone drops what it is given");
    let log = check.log();
    let future = poll_fn(move |_| {
        log.fault("it was polled");
        Poll::Pending
    });
    host.start(host.seat(&check).without_end().probe(future));
    crate::block_on(check.end());
}
