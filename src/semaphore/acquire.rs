//! The futures of an acquire: one for a borrowed semaphore here, one for a shared one in
//! `owned.rs`. Both are a [`Wait`]; its states are those of its node (`wait/list.rs`).
//!
//! | the node | what dropping does |
//! |---|---|
//! | never queued, or finished | nothing |
//! | queued | unlinks it under the lock; if it was the head, those behind it are served |
//! | granted, not yet taken | its permits go back and are handed on |
//! | refused, closed | nothing |

use core::{
    fmt,
    future::Future,
    mem,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    AcquireError, Permit, Semaphore,
    look::Look,
    permit::Held,
    state::{Request, Take},
};
use crate::{
    inspect::{self, WaitKind},
    sys::unwind::FirstPanic,
    wait::{Outcome, Stage, Waiter},
};

/// A request and its place in the queue.
pub(super) struct Wait<S: Deref<Target = Semaphore>> {
    semaphore: S,
    waiter: Waiter<Request>,
}

impl<S: Deref<Target = Semaphore>> Wait<S> {
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(semaphore: S, permits: usize) -> Self {
        Self {
            semaphore,
            waiter: Waiter::new(Request::new(permits)),
        }
    }

    #[inline]
    fn permits(&self) -> usize {
        self.waiter.request().permits
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<Request>> {
        // SAFETY: `waiter` is structurally pinned: no method moves it, and `Drop` does not
        // end before it is unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    /// Takes what is free or was granted: that is the whole of most polls, and inlined for it.
    ///
    /// # Panics
    ///
    /// If the permits have been delivered already.
    #[inline]
    fn poll(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), AcquireError>> {
        if self.waiter.is_idle() {
            if !self.semaphore.state.take_free(self.permits()) {
                return self.noted(cx, self.enter(cx));
            }
        } else if !self.waiter.is_granted() {
            return self.noted(cx, self.look(cx));
        }
        self.waiter.finish();
        Poll::Ready(Ok(()))
    }

    /// Enters the queue, unless permits have come meanwhile or never will.
    #[inline(never)]
    fn enter(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), AcquireError>> {
        // Cloned before the lock is taken, and if it is not needed dropped after.
        let waker = cx.waker().clone();
        let state = &self.semaphore.state;
        // SAFETY: the node is idle (only the first poll comes here), used with this state
        // alone, and `Drop` unlinks it.
        let Poll::Ready((answer, waker)) = (unsafe { state.enter(self.waiter(), waker) }) else {
            return Poll::Pending;
        };
        let result = match answer {
            Take::Closed => Err(AcquireError::Closed),
            Take::TooMany(limit) => Err(self.too_many(limit)),
            // (`Short` is never an answer: it is queued.)
            Take::Taken | Take::Short => {
                // Should this drop panic, the permits must not be lost with it.
                let held = Held::new(&*self.semaphore, self.permits());
                drop(waker);
                mem::forget(held);
                Ok(())
            }
        };
        self.waiter.finish();
        Poll::Ready(result)
    }

    /// A later poll: the wait has ended, or the waker may have to change.
    #[inline(never)]
    fn look(&self, cx: &Context<'_>) -> Poll<Result<(), AcquireError>> {
        // SAFETY: the future's own node; once queued, it is looked at until it has an outcome.
        let won = self.waiter.stage() == Stage::Queued
            && unsafe {
                Look::take(
                    &self.semaphore.state,
                    &self.waiter,
                    inspect::inner(cx.waker()),
                )
            };
        let result = match self.waiter.stage() {
            _ if won => Ok(()),
            Stage::Ended(outcome) => self.result(outcome),
            Stage::Done => panic!("an acquire was polled after it had completed"),
            Stage::Idle | Stage::Queued => return Poll::Pending,
        };
        self.waiter.finish();
        Poll::Ready(result)
    }

    /// What a poll came to, noted if that is a wait.
    #[inline]
    fn noted<R>(&self, cx: &Context<'_>, polled: Poll<R>) -> Poll<R> {
        if polled.is_pending() {
            let resource = self.semaphore.resource();
            inspect::note(cx, WaitKind::Acquire, self.waiter.site(), resource);
        }
        polled
    }

    fn result(&self, outcome: Outcome) -> Result<(), AcquireError> {
        match outcome {
            Outcome::Granted => Ok(()),
            Outcome::Refused => Err(self.too_many(self.waiter.request().limit())),
            Outcome::Closed => Err(AcquireError::Closed),
        }
    }

    fn too_many(&self, limit: usize) -> AcquireError {
        AcquireError::TooMany {
            requested: self.permits(),
            limit,
        }
    }

    /// Gives up a place in the queue.
    #[cold]
    fn leave(&self) {
        let mut removed = Ok(None);
        let mut panic = FirstPanic::default();
        // SAFETY: the future's own node.
        panic.run(|| unsafe { self.semaphore.state.leave(&self.waiter, &mut removed) });
        match removed {
            Err(Outcome::Granted) => panic.run(|| self.semaphore.state.release(self.permits())),
            Err(Outcome::Refused | Outcome::Closed) => {}
            Ok(waker) => panic.run(|| drop(waker)),
        }
        panic.resume_in_drop();
    }
}

impl<S: Deref<Target = Semaphore> + Clone> Wait<S> {
    /// Polls, and gives what was acquired.
    #[inline]
    pub(super) fn poll_held(
        self: Pin<&Self>,
        cx: &Context<'_>,
    ) -> Poll<Result<Held<S>, AcquireError>> {
        self.poll(cx)
            .map_ok(|()| Held::by(cx, self.semaphore.clone(), self.permits()))
    }

    /// As `poll_held`, of a request for `permits`: this one, or a new one in its place.
    pub(super) fn poll_again(
        mut self: Pin<&mut Self>,
        cx: &Context<'_>,
        permits: usize,
    ) -> Poll<Result<Held<S>, AcquireError>> {
        if self.is_done() || self.permits() != permits {
            let semaphore = self.semaphore.clone();
            let mut again = Self::new(semaphore, permits);
            again.waiter.set_site(self.waiter.site().again());
            self.set(again);
        }
        self.as_ref().poll_held(cx)
    }
}

impl<S: Deref<Target = Semaphore>> Wait<S> {
    pub(super) fn is_done(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}

impl<S: Deref<Target = Semaphore>> Drop for Wait<S> {
    #[inline]
    fn drop(&mut self) {
        match self.waiter.stage() {
            Stage::Idle | Stage::Done => {}
            Stage::Ended(Outcome::Refused | Outcome::Closed) => {}
            // If it was granted, `leave` gives the permits back.
            Stage::Ended(Outcome::Granted) | Stage::Queued => self.leave(),
        }
    }
}

impl<S: Deref<Target = Semaphore>> fmt::Debug for Wait<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt(f)
    }
}

pin_project! {
    /// The future of [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
    ///
    /// It enters the queue when it is first polled, not when it is made. It is `Send`, not
    /// `Unpin`, and fused in the sense of [`FusedFuture`]; polling it after it has completed
    /// panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    #[derive(Debug)]
    pub struct Acquire<'a> {
        #[pin]
        wait: Wait<&'a Semaphore>,
    }
}

impl<'a> Acquire<'a> {
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(semaphore: &'a Semaphore, permits: usize) -> Self {
        Self {
            wait: Wait::new(semaphore, permits),
        }
    }

    /// Polls for `permits` permits, over and over: for futures, streams and services that are
    /// written by hand.
    ///
    /// Goes on with the request that is under way if it is for as many permits. Otherwise, and
    /// after one has completed, it becomes a new request at the end of the queue; the place or
    /// the permits of the old one are given up, as if it had been dropped. Nothing is allocated.
    ///
    /// # Cancel safety
    ///
    /// Not to poll on keeps the place in the queue, and permits that are granted meanwhile. To
    /// give both up drop this future, or [`set`](Pin::set) it to a new one.
    ///
    /// # Errors
    ///
    /// Those of [`Semaphore::acquire_many`].
    ///
    /// # Examples
    ///
    /// A service that is ready when there is a permit for the next call:
    ///
    /// ```
    /// use std::{pin::{Pin, pin}, task::{Context, Poll, ready}};
    /// use pin_project_lite::pin_project;
    /// use pleach::{Acquire, AcquireError, Permit, Semaphore};
    ///
    /// pin_project! {
    ///     struct Limited<'a> {
    ///         #[pin]
    ///         acquire: Acquire<'a>,
    ///         permit: Option<Permit<'a>>,
    ///     }
    /// }
    ///
    /// impl<'a> Limited<'a> {
    ///     fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), AcquireError>> {
    ///         let this = self.project();
    ///         if this.permit.is_none() {
    ///             *this.permit = Some(ready!(this.acquire.poll_acquire(cx, 1))?);
    ///         }
    ///         Poll::Ready(Ok(()))
    ///     }
    ///
    ///     fn call(self: Pin<&mut Self>) -> Permit<'a> {
    ///         self.project().permit.take().expect("polled ready before")
    ///     }
    /// }
    ///
    /// # pleach::block_on(async {
    /// let semaphore = Semaphore::new(2);
    /// let mut limited = pin!(Limited { acquire: semaphore.acquire(), permit: None });
    /// for _ in 0..3 {
    ///     std::future::poll_fn(|cx| limited.as_mut().poll_ready(cx)).await.unwrap();
    ///     let _during_the_call = limited.as_mut().call();
    /// }
    /// # });
    /// ```
    pub fn poll_acquire(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        permits: usize,
    ) -> Poll<Result<Permit<'a>, AcquireError>> {
        self.project().wait.poll_again(cx, permits).map_ok(Permit)
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let wait = self.project().wait;
        wait.as_ref().poll_held(cx).map_ok(Permit)
    }
}

impl FusedFuture for Acquire<'_> {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}
