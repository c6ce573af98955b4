//! The future of an acquire. Its states are those of its node: `wait/list.rs`.

use core::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{AcquireError, Permit, Queue, Semaphore, Take};
use crate::{
    sys::unwind,
    wait::{Outcome, Stage, Waiter},
};

/// The future of [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
///
/// It enters the queue when it is first polled, not when it is made. It is `Send`, not
/// `Unpin`, and fused in the sense of [`FusedFuture`]; polling it after it has completed
/// panics. It never allocates.
#[must_use = "futures do nothing unless awaited or polled"]
#[derive(Debug)]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    waiter: Waiter<usize>,
}

impl<'a> Acquire<'a> {
    pub(super) fn new(semaphore: &'a Semaphore, permits: usize) -> Self {
        Self {
            semaphore,
            waiter: Waiter::new(permits),
        }
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<usize>> {
        // SAFETY: `waiter` is structurally pinned: no method moves it, and `Drop` does not
        // end before it is unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    /// First poll: takes the permits, or enters the queue.
    fn start(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), AcquireError>> {
        let wanted = self.waiter.request();
        if *wanted > Semaphore::MAX_PERMITS {
            return Poll::Ready(Err(AcquireError::TooMany {
                requested: *wanted,
                limit: Semaphore::MAX_PERMITS,
            }));
        }
        let taken = match self.semaphore.take(*wanted) {
            Take::Short => self.enqueue(cx),
            done => done,
        };
        match taken {
            Take::Taken => Poll::Ready(Ok(())),
            Take::Closed => Poll::Ready(Err(AcquireError::Closed)),
            Take::Short => Poll::Pending,
        }
    }

    fn enqueue(self: Pin<&Self>, cx: &Context<'_>) -> Take {
        // Cloned before the lock is taken, and if it is not needed dropped after.
        let mut waker = Some(cx.waker().clone());
        let taken = self.semaphore.queue.with(|queue| {
            let taken = self.semaphore.take_or_announce(*self.waiter.request());
            if matches!(taken, Take::Short) {
                if let Some(waker) = waker.take() {
                    // SAFETY: the node is idle (only the first poll comes here), used with
                    // this list alone, and `Drop` unlinks it.
                    unsafe { queue.waiters.push_back(self.waiter(), waker) };
                }
            }
            taken
        });
        if matches!(taken, Take::Taken) {
            // Should that drop panic, the permits must not be lost with it.
            let permit = Permit::new(self.semaphore, *self.waiter.request());
            drop(waker);
            mem::forget(permit);
        }
        taken
    }

    /// A later poll: the wait has ended, or the waker may have to change.
    fn wait(&self, cx: &Context<'_>) -> Poll<Outcome> {
        let known =
            self.with_waker(|waker| matches!(waker, Some(waker) if waker.will_wake(cx.waker())));
        match known {
            Ok(true) => return Poll::Pending,
            Ok(false) => {}
            Err(outcome) => return Poll::Ready(outcome),
        }
        let mut fresh = Some(cx.waker().clone());
        // The replaced waker, or the fresh one if the wait has ended meanwhile, is dropped
        // with `fresh`, outside the lock.
        match self.with_waker(|waker| mem::swap(waker, &mut fresh)) {
            Ok(()) => Poll::Pending,
            Err(outcome) => Poll::Ready(outcome),
        }
    }

    fn with_waker<R>(
        &self,
        f: impl FnOnce(&mut Option<core::task::Waker>) -> R,
    ) -> Result<R, Outcome> {
        self.semaphore.queue.with(|Queue { waiters, .. }| {
            // SAFETY: the node is this future's own and is used with this list alone.
            unsafe { waiters.with_waker(&self.waiter, f) }
        })
    }

    fn finish(&self, result: Result<(), AcquireError>) -> Result<Permit<'a>, AcquireError> {
        self.waiter.finish();
        result.map(|()| Permit::new(self.semaphore, *self.waiter.request()))
    }

    /// Gives up a place in the queue. If the head leaves, those behind it may fit now.
    #[cold]
    fn leave(&self) {
        let semaphore = self.semaphore;
        let (removed, serve) = semaphore.queue.with(|queue| {
            let first = queue.waiters.is_front(&self.waiter);
            // SAFETY: the node is this future's own and is used with this list alone.
            let removed = unsafe { queue.waiters.remove(&self.waiter) };
            if queue.waiters.is_empty() {
                semaphore.clear_waiters_flag();
            }
            (removed, first && !queue.waiters.is_empty())
        });
        match removed {
            Err(Outcome::Granted) => semaphore.release(*self.waiter.request()),
            Err(Outcome::Closed) => {}
            Ok(waker) => {
                if serve {
                    semaphore.serve();
                }
                unwind::run_in_drop(|| drop(waker));
            }
        }
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.into_ref();
        let ended = match this.waiter.stage() {
            Stage::Idle => match this.start(cx) {
                Poll::Ready(result) => return Poll::Ready(this.finish(result)),
                Poll::Pending => return Poll::Pending,
            },
            Stage::Queued => this.wait(cx),
            Stage::Ended(outcome) => Poll::Ready(outcome),
            Stage::Done => panic!("`Acquire` was polled after it had completed"),
        };
        ended.map(|outcome| {
            this.finish(match outcome {
                Outcome::Granted => Ok(()),
                Outcome::Closed => Err(AcquireError::Closed),
            })
        })
    }
}

impl FusedFuture for Acquire<'_> {
    fn is_terminated(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        match self.waiter.stage() {
            Stage::Idle | Stage::Done | Stage::Ended(Outcome::Closed) => {}
            Stage::Ended(Outcome::Granted) => self.semaphore.release(*self.waiter.request()),
            Stage::Queued => self.leave(),
        }
    }
}
