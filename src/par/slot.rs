//! What a task and whoever waits for it share: where the one leaves its outcome, and the other that
//! it does not want it.
//!
//! | bit | set by | meaning |
//! |---|---|---|
//! | `DONE` | the task, last of all | its future is gone; the outcome, if there is one, is in the slot |
//! | `ABORTED` | the waiter | the task is to drop its future |
//! | `LEFT` | the waiter, last of all | nobody wants the outcome |
//!
//! The outcome is the task's until `DONE`, and the waiter's after that. Whoever comes second with
//! `DONE` and `LEFT` ends the slot, where its memory is no matter of a count.

use core::{marker::PhantomPinned, task::Context};

use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        cell::UnsafeCell,
        unwind::Payload,
    },
    wait::WakerCell,
};

const DONE: usize = 1 << 0;
const ABORTED: usize = 1 << 1;
const LEFT: usize = 1 << 2;

/// What a task came to: its output, or its panic.
pub(super) type Outcome<T> = Result<T, Payload>;

#[derive(Debug)]
pub(super) struct Slot<T> {
    state: AtomicUsize,
    outcome: UnsafeCell<Option<Outcome<T>>>,
    /// By which the task hears that it is aborted.
    task: WakerCell,
    // A task may look at it while its owner is borrowed mutably.
    _pinned: PhantomPinned,
}

// SAFETY: an outcome is made by one thread and taken by another, as the bits above allow; the rest
// may be used from any thread.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above; through `&` nobody sees an outcome.
unsafe impl<T: Send> Sync for Slot<T> {}

/// The task's side.
impl<T> Slot<T> {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            outcome: UnsafeCell::new(None),
            task: WakerCell::new(),
            _pinned: PhantomPinned,
        }
    }

    pub(super) fn is_aborted(&self) -> bool {
        // Relaxed: the future is dropped for that, and nothing else looked at.
        self.state.load(Ordering::Relaxed) & ABORTED != 0
    }

    /// Sees to it that the task of `cx` is woken when it is aborted; `false` if it is already.
    pub(super) fn listen(&self, cx: &Context<'_>) -> bool {
        self.task.register(cx);
        // An abort that this does not see comes to the lock of `task` later, and finds the waker.
        !self.is_aborted()
    }

    /// Leaves what the task came to, or that it was lost; whether the waiter has left before.
    ///
    /// The task must not use the slot after this, unless the waiter has left.
    ///
    /// # Safety
    ///
    /// The caller is the task, and has not done this before.
    pub(super) unsafe fn put(&self, outcome: Option<Outcome<T>>) -> bool {
        // SAFETY: the task's, until `DONE`.
        self.outcome.with_mut(|slot| unsafe { *slot = outcome });
        // Release: pairs with the waiter's acquires in `is_done` and `leave`, which see the outcome.
        // Acquire: pairs with the release in `leave`; if that came first the slot is the task's.
        self.state.fetch_or(DONE, Ordering::AcqRel) & LEFT != 0
    }
}

/// The waiter's side.
impl<T> Slot<T> {
    pub(super) fn is_done(&self) -> bool {
        // Acquire: pairs with the release in `put`.
        self.state.load(Ordering::Acquire) & DONE != 0
    }

    /// What the task came to; `None` if it was lost.
    ///
    /// # Safety
    ///
    /// The caller is the waiter, and has seen that the task is [done](Self::is_done).
    pub(super) unsafe fn take(&self) -> Option<Outcome<T>> {
        // SAFETY: the waiter's, after `DONE`.
        self.outcome.with_mut(|slot| unsafe { (*slot).take() })
    }

    /// Asks the task to drop its future.
    pub(super) fn abort(&self) {
        // Relaxed: the task sees it when it is woken, by the lock of `task`.
        if self.state.fetch_or(ABORTED, Ordering::Relaxed) & DONE == 0 {
            self.task.wake();
        }
    }

    /// Goes; whether the task is done, and the slot the waiter's to end. If not, the waiter must not
    /// use it any more.
    pub(super) fn leave(&self) -> bool {
        // Release: pairs with the acquire in `put`: the waiter has done with the slot. Acquire: pairs
        // with the release there.
        self.state.fetch_or(LEFT, Ordering::AcqRel) & DONE != 0
    }
}
