//! What a task and whoever waits for it share: where the one leaves its outcome, and the other that
//! it does not want it.
//!
//! | bit | set by | meaning |
//! |---|---|---|
//! | `DONE` | the task, last of all | its future is gone, and so is the task, as far as the slot knows |
//! | `OUTPUT`, `PANIC` | the task, with `DONE` | which outcome is in the slot; neither if it was lost |
//! | `LISTENS` | the task, which also clears it | the task's waker is there, for an abort to take |
//! | `ABORTED` | the waiter | the task is to drop its future |
//! | `LEFT` | the waiter, last of all | nobody wants the outcome |
//!
//! The outcome is the task's until `DONE`, and the waiter's after that. The waker is the task's but
//! where the waiter sets `ABORTED` while it finds `LISTENS`, and then that takes it. Whoever comes second
//! with `DONE` and `LEFT` takes the outcome, and ends the slot, where its memory is no matter of a
//! count.

use core::{
    marker::PhantomPinned,
    mem::{ManuallyDrop, MaybeUninit},
    ptr::NonNull,
    task::{Context, Waker},
};

use crate::sys::{
    atomic::{AtomicUsize, Ordering},
    cell::UnsafeCell,
    unwind::Payload,
};

const DONE: usize = 1 << 0;
const ABORTED: usize = 1 << 1;
const LEFT: usize = 1 << 2;
const OUTPUT: usize = 1 << 3;
const PANIC: usize = 1 << 4;
const LISTENS: usize = 1 << 5;

/// What a task came to: its output, or its panic.
pub(super) type Outcome<T> = Result<T, Payload>;

// The state is first, where `proxy.rs` has one of its own.
#[repr(C)]
pub(super) struct Slot<T> {
    state: AtomicUsize,
    outcome: UnsafeCell<MaybeUninit<Place<T>>>,
    /// By which the task hears that it is aborted.
    waker: UnsafeCell<Option<Waker>>,
    // A task may look at it while its owner is borrowed mutably.
    _pinned: PhantomPinned,
}

/// As the bits of the state say.
union Place<T> {
    output: ManuallyDrop<T>,
    panic: ManuallyDrop<Payload>,
}

// SAFETY: an outcome is made by one thread and taken by another, as the bits allow; the rest may be
// used from any thread.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above; through `&` nobody sees an outcome.
unsafe impl<T: Send> Sync for Slot<T> {}

/// The task's side.
impl<T> Slot<T> {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            outcome: UnsafeCell::new(MaybeUninit::uninit()),
            waker: UnsafeCell::new(None),
            _pinned: PhantomPinned,
        }
    }

    pub(super) fn is_aborted(&self) -> bool {
        // Relaxed: the future is dropped for that, and nothing else looked at. Whoever is woken by an
        // abort sees it.
        self.state.load(Ordering::Relaxed) & ABORTED != 0
    }

    /// Sees to it that the task of `cx` is woken when it is aborted; `false` if it is already.
    ///
    /// # Safety
    ///
    /// The caller is the task.
    pub(super) unsafe fn listen(&self, cx: &Context<'_>) -> bool {
        // Relaxed: without `ABORTED` the waiter has never had the waker.
        if self.state.fetch_and(!LISTENS, Ordering::Relaxed) & ABORTED != 0 {
            return false;
        }
        let is_known = self.waker.with(|waker| {
            // SAFETY: the task's, since the bit is clear and it was not aborted before.
            let waker = unsafe { &*waker };
            waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
        });
        if !is_known {
            let fresh = cx.waker().clone();
            // SAFETY: as above.
            drop(
                self.waker
                    .with_mut(|waker| unsafe { &mut *waker }.replace(fresh)),
            );
        }
        // Release: pairs with the acquire in `abort`, which finds the waker.
        self.state.fetch_or(LISTENS, Ordering::Release) & ABORTED == 0
    }

    /// Leaves what the task came to, or that it was lost; `true` if the waiter has left before, and
    /// the outcome is the task's to take. If not, the task must not use the slot any more.
    ///
    /// By pointer: the waiter may end the slot before this returns, and use its memory for something
    /// else, which no reference that is an argument may see.
    ///
    /// # Safety
    ///
    /// The slot is alive; the caller is the task, and has not done this before.
    pub(super) unsafe fn put(this: NonNull<Self>, outcome: Option<Outcome<T>>) -> bool {
        let (place, which) = match outcome {
            Some(Ok(output)) => {
                let output = ManuallyDrop::new(output);
                (MaybeUninit::new(Place { output }), OUTPUT)
            }
            Some(Err(panic)) => {
                let panic = ManuallyDrop::new(panic);
                (MaybeUninit::new(Place { panic }), PANIC)
            }
            None => (MaybeUninit::uninit(), 0),
        };
        // SAFETY: alive until `DONE`, and not used after that.
        let this = unsafe { this.as_ref() };
        // SAFETY: the task's, until `DONE`.
        this.outcome.with_mut(|outcome| unsafe { *outcome = place });
        // Release: pairs with the waiter's acquires in `is_done` and `leave`, which see the outcome.
        // Acquire: pairs with the release in `leave`; if that came first the slot is the task's.
        this.state.fetch_or(DONE | which, Ordering::AcqRel) & LEFT != 0
    }

    /// What the task came to; `None` if it was lost, or this was asked before.
    ///
    /// # Safety
    ///
    /// The caller is the waiter, and has seen that the task is [done](Self::is_done); or the task,
    /// when the waiter has left.
    pub(super) unsafe fn take(&self) -> Option<Outcome<T>> {
        // Relaxed, and no read-modify-write: nobody else changes the state now, and the caller has seen
        // why.
        let state = self.state.load(Ordering::Relaxed);
        if state & (OUTPUT | PANIC) == 0 {
            return None;
        }
        self.state
            .store(state & !(OUTPUT | PANIC), Ordering::Relaxed);
        let place = self.outcome.with_mut(|outcome| {
            // SAFETY: the caller's, by its word.
            let outcome = unsafe { &*outcome };
            // SAFETY: there is one, and it is read once: the bits are clear now.
            unsafe { outcome.assume_init_read() }
        });
        Some(if state & OUTPUT != 0 {
            // SAFETY: it was written with `OUTPUT`, and is read once.
            Ok(ManuallyDrop::into_inner(unsafe { place.output }))
        } else {
            // SAFETY: it was written with `PANIC`, and is read once.
            Err(ManuallyDrop::into_inner(unsafe { place.panic }))
        })
    }
}

/// The waiter's side.
impl<T> Slot<T> {
    pub(super) fn is_done(&self) -> bool {
        // Acquire: pairs with the release in `put`.
        self.state.load(Ordering::Acquire) & DONE != 0
    }

    /// Asks the task to drop its future.
    ///
    /// # Safety
    ///
    /// The caller is the waiter, and has not done this before.
    pub(super) unsafe fn abort(&self) {
        // Acquire: pairs with the release in `listen`. It publishes nothing: the task looks at the bit
        // alone.
        let before = self.state.fetch_or(ABORTED, Ordering::Acquire);
        if before & (DONE | LISTENS) == LISTENS {
            // SAFETY: the waiter's, by the two bits.
            let waker = self.waker.with_mut(|waker| unsafe { &mut *waker }.take());
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Goes; whether the task is done, and the outcome the waiter's to take. If not, the waiter must
    /// not use the slot any more.
    pub(super) fn leave(&self) -> bool {
        // Release: pairs with the acquire in `put`: the waiter has done with the slot. Acquire: pairs
        // with the release there.
        self.state.fetch_or(LEFT, Ordering::AcqRel) & DONE != 0
    }
}
