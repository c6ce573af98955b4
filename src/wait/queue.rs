//! A list behind its lock, and what every future that waits in one does with its node.
//!
//! The calls in here keep the rules of `wait.rs` for their users: a waker is cloned before
//! the lock is taken, compared under it, and dropped after it is released.

use core::{
    mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{List, Outcome, Stage, Swept, Waiter, WakeBatch};
use crate::{
    inspect::{self, Made, Resource, WaitKind},
    sys::{const_new, lock::Lock, unwind},
};

/// Waiters that one hold of the lock may pass over in a sweep. Few in the models, as with
/// batches.
const STEPS: usize = if cfg!(loom) { 2 } else { 32 };

/// A list of waiters behind its lock.
pub(crate) struct Queue<T, S> {
    lock: Lock<Held<T, S>>,
    made: Made,
}

/// What the lock guards.
pub(crate) struct Held<T, S> {
    pub(crate) waiters: List<T>,
    /// What the primitive keeps beside the list.
    pub(crate) state: S,
}

impl<T, S> Queue<T, S> {
    const_new! {
        /// An empty queue.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(crate) const fn new(state: S) -> Self {
            Self {
                lock: Lock::new(Held { waiters: List::new(), state }),
                made: Made::here(),
            }
        }
    }

    /// What those who wait here are said to wait at.
    #[inline]
    pub(crate) fn resource(&self) -> Resource {
        self.made.resource()
    }

    /// Runs `f` under the lock.
    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Held<T, S>) -> R) -> R {
        self.lock.with(f)
    }

    /// A first poll: links the node, unless `decide`, under the lock, has an answer already.
    /// With an answer comes the waker that was cloned in vain, to be dropped when that may
    /// panic.
    ///
    /// # Safety
    ///
    /// `waiter` is idle, is used with this queue alone, and its owner calls
    /// [`leave`](Self::leave) before it frees the node, unless it has an outcome.
    pub(crate) unsafe fn enter<R>(
        &self,
        waiter: Pin<&Waiter<T>>,
        cx: &Context<'_>,
        decide: impl FnOnce(&mut Held<T, S>) -> Option<R>,
    ) -> Poll<(R, Waker)> {
        let waker = cx.waker().clone();
        self.with(|held| match decide(held) {
            Some(answer) => Poll::Ready((answer, waker)),
            None => {
                // SAFETY: the caller's promise.
                unsafe { held.waiters.push_back(waiter, waker) };
                Poll::Pending
            }
        })
    }

    /// A poll of a wait of this kind: `start` makes the first one, by [`enter`](Self::enter). Most
    /// of them find nothing new, and need no lock for that.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own and is used with this queue alone.
    #[inline]
    pub(crate) unsafe fn poll(
        &self,
        waiter: &Waiter<T>,
        cx: &Context<'_>,
        kind: WaitKind,
        start: impl FnOnce() -> Poll<()>,
    ) -> Poll<()> {
        // SAFETY: the caller's promise, found queued, and no queue takes wakers.
        let ended = if waiter.stage() == Stage::Queued
            && unsafe { waiter.will_wake(inspect::inner(cx.waker())) }
        {
            Poll::Pending
        } else {
            // SAFETY: the caller's promise.
            unsafe { self.look(waiter, cx, start) }
        };
        if ended.is_pending() {
            inspect::note(cx, kind, waiter.site(), self.resource());
        }
        ended
    }

    /// The other polls.
    ///
    /// # Safety
    ///
    /// As for [`poll`](Self::poll).
    #[inline(never)]
    unsafe fn look(
        &self,
        waiter: &Waiter<T>,
        cx: &Context<'_>,
        start: impl FnOnce() -> Poll<()>,
    ) -> Poll<()> {
        let ended = match waiter.stage() {
            Stage::Idle => start(),
            // SAFETY: the caller's promise.
            Stage::Queued => unsafe { self.change_waker(waiter, cx) },
            Stage::Ended(_) => Poll::Ready(()),
            Stage::Done => panic!("`Wait` was polled after it had completed"),
        };
        if ended.is_ready() {
            waiter.finish();
        }
        ended
    }

    /// Stores another waker, unless the wait has ended. Of a node that was found queued.
    ///
    /// # Safety
    ///
    /// As for [`poll`](Self::poll).
    pub(crate) unsafe fn change_waker(&self, waiter: &Waiter<T>, cx: &Context<'_>) -> Poll<()> {
        let mut fresh = Some(cx.waker().clone());
        // The replaced waker, or the fresh one if the wait has ended meanwhile, is dropped with
        // `fresh`, outside the lock.
        let swapped = self.with(|held| {
            // SAFETY: the caller's promise.
            unsafe {
                held.waiters
                    .with_waker(waiter, |stored| mem::swap(stored, &mut fresh))
            }
        });
        match swapped {
            Ok(()) => Poll::Pending,
            Err(_) => Poll::Ready(()),
        }
    }

    /// A drop: unlinks a node that is still queued, and then lets `left`, under the same
    /// hold of the lock, see to what that changes. (Its wait may have ended just before.)
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own and is used with this queue alone.
    #[inline]
    pub(crate) unsafe fn leave(&self, waiter: &Waiter<T>, left: impl FnOnce(&mut Held<T, S>)) {
        if waiter.stage() == Stage::Queued {
            // SAFETY: the caller's promise.
            unsafe { self.remove(waiter, left) };
        }
    }

    /// # Safety
    ///
    /// As for [`leave`](Self::leave).
    #[cold]
    unsafe fn remove(&self, waiter: &Waiter<T>, left: impl FnOnce(&mut Held<T, S>)) {
        let removed = self.with(|held| {
            // SAFETY: the caller's promise.
            let removed = unsafe { held.waiters.remove(waiter) };
            left(held);
            removed
        });
        unwind::run_in_drop(|| drop(removed));
    }
}

impl<T, S> Held<T, S> {
    /// Ends the waits of all up to `last` and `last` itself, as far as the batch has room.
    /// Returns whether there is more to end. Does nothing when `last` is not in the list,
    /// or no longer: then somebody else has passed it and all before it.
    pub(crate) fn end_through(&mut self, last: &Waiter<T>, batch: &mut WakeBatch) -> bool {
        while last.stage() == Stage::Queued {
            if batch.is_full() {
                return true;
            }
            batch.push(self.waiters.pop_front(Outcome::Granted));
        }
        false
    }

    /// Ends the waits behind `mark` that `picks` chooses, one batch of them or of those that
    /// are passed over. Returns whether there may be more; if not, the mark is out of the list.
    ///
    /// # Safety
    ///
    /// `mark` was linked by [`List::push_mark`], and nobody but the caller takes it out, unless
    /// by ending its wait.
    pub(crate) unsafe fn sweep(
        &mut self,
        mark: &Waiter<T>,
        batch: &mut WakeBatch,
        mut picks: impl FnMut(&T) -> bool,
    ) -> bool {
        for _ in 0..STEPS {
            if batch.is_full() {
                return true;
            }
            if mark.stage() != Stage::Queued {
                return false;
            }
            // SAFETY: linked.
            match unsafe { self.waiters.sweep(mark, &mut picks) } {
                Swept::Passed => {}
                Swept::Ended(waker) => batch.push(waker),
                Swept::All => {
                    // SAFETY: the caller's own. It has no waker to drop.
                    let _ = unsafe { self.waiters.remove(mark) };
                    return false;
                }
            }
        }
        true
    }
}
