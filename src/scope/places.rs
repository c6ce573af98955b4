//! The places that a limit gives: who has one, and who waits for one.
//!
//! A place is taken by a child from its spawn to its end, whether it was started or not, and by a
//! [`Slot`](super::Slot). A plain spawn takes one in any case, so that there may be more taken than
//! there are; others take one only below the limit, and those who wait in the order in which they
//! came.
//!
//! # The word
//!
//! | bits | set by | meaning |
//! |---|---|---|
//! | `WAITED` | who waits, under the lock | the list may have a waiter: a place that comes free is for it |
//! | `CLOSED` | who cancels or ends the scope | nobody may wait any more |
//! | the rest | whoever takes a place or gives it back | how many are taken |
//!
//! All of it is one word, so that its changes have an order, and no more than that is asked of them:
//! they are all relaxed. Who gives a place back either finds `WAITED` set, or came before it was, and
//! then whoever has set it finds the place. It is the same with `CLOSED`. `WAITED` is cleared under
//! the lock, when the list is empty.

use core::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        unwind::OnUnwind,
    },
    wait::{Held, Outcome, Queue, Waiter, wake_in_batches},
};

const WAITED: usize = 1 << 0;
const CLOSED: usize = 1 << 1;
/// One place.
const ONE: usize = 1 << 2;

pub(super) struct Places {
    word: AtomicUsize,
    waiting: Queue<(), ()>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            word: AtomicUsize::new(0),
            waiting: Queue::new(()),
        }
    }

    /// Takes one, whether it is there or not.
    pub(super) fn take(&self) {
        self.word.fetch_add(ONE, Ordering::Relaxed);
    }

    /// Takes one if there is one and nobody waits for it.
    pub(super) fn try_take(&self, limit: usize) -> bool {
        self.take_below(limit, WAITED)
    }

    /// Takes one if there is one, unless one of the bits `but` is set.
    fn take_below(&self, limit: usize, but: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & but == 0 && word / ONE < limit {
            match self.word.compare_exchange_weak(
                word,
                word + ONE,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(newer) => word = newer,
            }
        }
        false
    }

    /// Gives one back. If so it is for somebody who waits, and [`serve`](Self::serve) is to be
    /// called.
    #[must_use]
    pub(super) fn give_back(&self) -> bool {
        self.word.fetch_sub(ONE, Ordering::Relaxed) & WAITED != 0
    }

    /// Gives those who wait what places there are.
    #[cold]
    pub(super) fn serve(&self, limit: usize) {
        wake_in_batches(|batch| {
            self.waiting.with(|held| {
                while !held.waiters.is_empty() {
                    if batch.is_full() {
                        return true;
                    }
                    if !self.take_below(limit, 0) {
                        return false;
                    }
                    batch.push(held.waiters.pop_front(Outcome::Granted));
                }
                self.nobody_waits(held);
                false
            })
        });
    }

    /// Ends all waits, those to come too.
    pub(super) fn close(&self) {
        if self.word.fetch_or(CLOSED, Ordering::Relaxed) & WAITED == 0 {
            return;
        }
        wake_in_batches(|batch| {
            self.waiting.with(|held| {
                while !held.waiters.is_empty() {
                    if batch.is_full() {
                        return true;
                    }
                    batch.push(held.waiters.pop_front(Outcome::Closed));
                }
                self.nobody_waits(held);
                false
            })
        });
    }

    /// Begins to wait, or has the outcome already.
    ///
    /// # Safety
    ///
    /// `waiter` is idle and is used here alone, and its owner calls [`leave`](Self::leave) before
    /// it frees the node.
    pub(super) unsafe fn enter(
        &self,
        waiter: Pin<&Waiter<()>>,
        limit: usize,
        cx: &Context<'_>,
    ) -> Poll<Outcome> {
        let decide = |held: &mut Held<(), ()>| {
            let outcome = if self.word.fetch_or(WAITED, Ordering::Relaxed) & CLOSED != 0 {
                Some(Outcome::Closed)
            } else if held.waiters.is_empty() && self.take_below(limit, 0) {
                Some(Outcome::Granted)
            } else {
                None
            };
            if outcome.is_some() {
                self.nobody_waits(held);
            }
            outcome
        };
        // SAFETY: the caller's word.
        match unsafe { self.waiting.enter(waiter, cx, decide) } {
            Poll::Ready((Outcome::Granted, waker)) => {
                // Should this drop panic, the place must not be lost with it.
                let place = OnUnwind(|| self.give_back_and_serve(limit));
                drop(waker);
                mem::forget(place);
                Poll::Ready(Outcome::Granted)
            }
            Poll::Ready((outcome, _waker)) => Poll::Ready(outcome),
            Poll::Pending => Poll::Pending,
        }
    }

    /// A later look of one that waits: stores the waker, unless the wait is over.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own, was queued here, and is used here alone.
    pub(super) unsafe fn look(&self, waiter: &Waiter<()>, cx: &Context<'_>) -> Poll<()> {
        // SAFETY: the caller's word.
        unsafe { self.waiting.change_waker(waiter, cx) }
    }

    /// Stops waiting.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own and is used here alone.
    pub(super) unsafe fn leave(&self, waiter: &Waiter<()>) {
        // SAFETY: the caller's word.
        unsafe { self.waiting.leave(waiter, |held| self.nobody_waits(held)) };
    }

    /// Gives one back, to whoever waits for it.
    pub(super) fn give_back_and_serve(&self, limit: usize) {
        if self.give_back() {
            self.serve(limit);
        }
    }

    /// Clears `WAITED`, if so.
    fn nobody_waits(&self, held: &Held<(), ()>) {
        if held.waiters.is_empty() {
            self.word.fetch_and(!WAITED, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = self.word.load(Ordering::Relaxed) / ONE;
        f.debug_struct("Places")
            .field("taken", &taken)
            .finish_non_exhaustive()
    }
}
