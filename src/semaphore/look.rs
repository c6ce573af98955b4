//! A waiter that is polled again looks at its place in the queue.
//!
//! First come, first served it can only find that its task has changed, or that its wait has
//! ended. Under `BYPASS` it may have been called (`state.rs`): then it takes its permits, or has
//! lost a race.

use core::{mem, task::Waker};

use super::state::{Request, State, Take};
use crate::{sys::unwind, wait::Waiter};

/// A waiter's look at its place in the queue: what it brings, and what it finds.
///
/// Gives permits that it won back when it is dropped, unless [`keep`](Self::keep) has come
/// first: other wakers may panic in between.
#[derive(Debug)]
pub(super) struct Look<'a> {
    state: &'a State,
    waiter: &'a Waiter<Request>,
    /// That of the task that polls.
    waker: &'a Waker,
    /// A clone of it, if one was found to be needed.
    fresh: Option<Waker>,
    /// What was stored before: to be dropped outside the lock.
    old: Option<Waker>,
    seen: Seen,
}

/// What a waiter finds that looks at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// It goes on waiting.
    Waits,
    /// As above, but another waker has to be stored and no clone was there.
    NeedsWaker,
    /// It had been called, and came too late. It waits, unless it was served since.
    Lost,
    /// It has taken its permits and is out of the queue.
    Won,
    /// Its wait has an outcome.
    Ended,
}

impl<'a> Look<'a> {
    /// Looks for a waiter that was polled, which leaves the queue if it takes its permits.
    /// Returns whether they are its own now.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own, is used with `state` alone, and has been queued.
    pub(super) unsafe fn take(
        state: &'a State,
        waiter: &'a Waiter<Request>,
        waker: &'a Waker,
    ) -> bool {
        let mut look = Self {
            state,
            waiter,
            waker,
            fresh: None,
            old: None,
            seen: Seen::NeedsWaker,
        };
        // SAFETY: the caller's word.
        unsafe { look.now() };
        if look.seen == Seen::NeedsWaker {
            look.fresh = Some(waker.clone());
            // SAFETY: the caller's word.
            unsafe { look.now() };
        }
        look.keep()
    }

    /// # Safety
    ///
    /// As for `take`.
    unsafe fn now(&mut self) {
        let state = self.state;
        state.settle_after(|queue| {
            let first = state.bypasses() && queue.waiters.is_front(self.waiter);
            if first && state.take(self.waiter.request().permits) == Take::Taken {
                self.seen = Seen::Won;
                // SAFETY: the caller's word.
                self.old = unsafe { queue.waiters.remove(self.waiter) }.unwrap_or(None);
                return true;
            }
            let waiter = self.waiter;
            // SAFETY: the caller's word.
            let seen = unsafe { queue.waiters.with_waker(waiter, |stored| self.at(stored)) };
            self.seen = seen.unwrap_or(Seen::Ended);
            if self.seen == Seen::Lost {
                waiter.request().lose_race();
            }
            self.seen == Seen::Lost
        });
    }

    /// Under the lock: looks at the stored waker, which is missing if the waiter was called.
    fn at(&mut self, stored: &mut Option<Waker>) -> Seen {
        if matches!(stored, Some(waker) if waker.will_wake(self.waker)) {
            return Seen::Waits;
        }
        if self.fresh.is_none() {
            return Seen::NeedsWaker;
        }
        self.old = mem::replace(stored, self.fresh.take());
        match self.old {
            Some(_) => Seen::Waits,
            None => Seen::Lost,
        }
    }

    /// Drops the wakers that are not needed, and then keeps what was won.
    fn keep(mut self) -> bool {
        drop(self.fresh.take());
        drop(self.old.take());
        mem::replace(&mut self.seen, Seen::Ended) == Seen::Won
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        // Wakers are left here only while another's panic unwinds: a second one would abort.
        for waker in [self.fresh.take(), self.old.take()].into_iter().flatten() {
            unwind::swallow(|| drop(waker));
        }
        if self.seen == Seen::Won {
            self.state.release(self.waiter.request().permits);
        }
    }
}
