//! What a task and whoever waits for it share: where the one leaves its outcome, and the other that
//! it does not want it.
//!
//! | bit | set by | meaning |
//! |---|---|---|
//! | `DONE` | the task, last of all | its future is gone, and so is the task, as far as the slot knows |
//! | `OUTPUT`, `PANIC` | the task, with `DONE` | which outcome is in the place; neither if it was lost |
//! | `LISTENS` | the task, which also clears it | the task's waker is in the place, for an abort to take |
//! | `ABORTED` | the waiter | the task is to drop its future |
//! | `LEFT` | the waiter, last of all | nobody wants the outcome any more |
//!
//! The place is the task's until `DONE`, and the waiter's after that. But where the waiter sets `ABORTED`
//! while it finds `LISTENS` the place is the waiter's from then on, who takes the waker. (The task, which
//! may not know yet, reads that once more to compare it, and nobody writes there.) So a task that
//! knows of the abort leaves its place alone, and ends its outcome itself, before it is done. Whoever
//! comes second with `DONE` and `LEFT` takes the outcome. The memory is the child's, by its counts; a slot
//! that lies in no child has two bits more for that: see `desk.rs`.

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
const WAITS: usize = 1 << 6;
const GONE: usize = 1 << 7;

/// The waiter does not want the outcome.
struct Aborted;

/// What a task came to: its output, or its panic.
pub(super) type Outcome<T> = Result<T, Payload>;

pub(super) struct Slot<T> {
    state: AtomicUsize,
    place: UnsafeCell<MaybeUninit<Place<T>>>,
    // A task may look at it while its owner is borrowed mutably.
    _pinned: PhantomPinned,
}

/// As the bits of the state say.
union Place<T> {
    /// By which the task hears that it is aborted.
    waker: ManuallyDrop<Waker>,
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
        Self::with(0)
    }

    /// One whose waiter has its waker at the desk.
    pub(super) fn awaited() -> Self {
        Self::with(WAITS)
    }

    fn with(state: usize) -> Self {
        Self {
            state: AtomicUsize::new(state),
            place: UnsafeCell::new(MaybeUninit::uninit()),
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
        // Relaxed: only the task sets the bit. An abort that is not seen finds it, and wakes.
        let state = self.state.load(Ordering::Relaxed);
        if state & ABORTED != 0 {
            return false;
        }
        if state & LISTENS != 0 {
            // SAFETY: it is there; and if an abort takes it now, it is only compared.
            let known = ManuallyDrop::new(unsafe { self.waker_in_place() });
            if known.will_wake(cx.waker()) {
                return true;
            }
        }
        let waker = cx.waker().clone();
        // SAFETY: the caller's word.
        let Ok(known) = (unsafe { self.take_waker() }) else {
            return false;
        };
        // While nothing is in the place: it may panic.
        drop(known);
        let waker = MaybeUninit::new(Place {
            waker: ManuallyDrop::new(waker),
        });
        // SAFETY: the task's, which is not aborted as far as it knows, and empty.
        self.place.with_mut(|place| unsafe { *place = waker });
        // Release: pairs with the acquire in `abort`, which finds the waker.
        if self.state.fetch_or(LISTENS, Ordering::Release) & ABORTED == 0 {
            return true;
        }
        // The waiter looked before that, and left the place to the task.
        // SAFETY: the task's; it was put there just now.
        drop(unsafe { self.waker_in_place() });
        false
    }

    /// Forgets by what the task was to be woken; whether the place is the task's, for its outcome.
    /// If not, the task was aborted, and nobody wants that.
    ///
    /// # Safety
    ///
    /// The caller is the task, and does not listen after this.
    pub(super) unsafe fn stop_listening(&self) -> bool {
        // SAFETY: the caller's word.
        unsafe { self.take_waker() }.map(drop).is_ok()
    }

    /// Takes the task's waker back, if there is one, unless the task was aborted.
    ///
    /// # Safety
    ///
    /// The caller is the task.
    unsafe fn take_waker(&self) -> Result<Option<Waker>, Aborted> {
        // Relaxed, here and below: without `ABORTED` the waiter has never had the place.
        let mut state = self.state.load(Ordering::Relaxed);
        let listens = state & LISTENS != 0;
        if listens {
            state = self.state.fetch_and(!LISTENS, Ordering::Relaxed);
        }
        if state & ABORTED != 0 {
            return Err(Aborted);
        }
        // SAFETY: the bit was set, and is clear since before the task was aborted, if it was: the
        // waker is the task's.
        Ok(listens.then(|| unsafe { self.waker_in_place() }))
    }

    /// # Safety
    ///
    /// The waker is in the place. Who uses what this gives for more than to compare it has the place, and
    /// the waker is there no more after this.
    unsafe fn waker_in_place(&self) -> Waker {
        // SAFETY: the caller's word.
        let place = unsafe { self.read_place() };
        // SAFETY: as above.
        ManuallyDrop::into_inner(unsafe { place.waker })
    }

    /// # Safety
    ///
    /// There is something in the place, which nobody writes. What this gives is used as the caller may.
    unsafe fn read_place(&self) -> Place<T> {
        self.place.with(|place| {
            // SAFETY: not written, by the caller's word.
            let place = unsafe { &*place };
            // SAFETY: there is something, by the caller's word.
            unsafe { place.assume_init_read() }
        })
    }

    /// Leaves what the task came to, or that it was lost; whether the waiter waits at the desk.
    ///
    /// By pointer: the waiter may end the slot before this returns, and use its memory for something
    /// else, which no reference that is an argument may see.
    ///
    /// # Errors
    ///
    /// The outcome, if the waiter has left before. If not, the task must not use the slot any more.
    ///
    /// # Safety
    ///
    /// The slot is alive; the caller is the task, has stopped listening, and has not done this before.
    /// There is an outcome only if the place is the task's.
    pub(super) unsafe fn put(
        this: NonNull<Self>,
        outcome: Option<Outcome<T>>,
    ) -> Result<bool, Option<Outcome<T>>> {
        let (place, which) = match outcome {
            Some(Ok(output)) => {
                let output = ManuallyDrop::new(output);
                (Some(Place { output }), OUTPUT)
            }
            Some(Err(panic)) => {
                let panic = ManuallyDrop::new(panic);
                (Some(Place { panic }), PANIC)
            }
            None => (None, 0),
        };
        // SAFETY: alive until `DONE`, and not used after that but where the waiter has left.
        let this = unsafe { this.as_ref() };
        if let Some(filled) = place {
            let filled = MaybeUninit::new(filled);
            // SAFETY: the task's, until `DONE`.
            this.place.with_mut(|place| unsafe { *place = filled });
        }
        // Release: pairs with the waiter's acquires, which see the outcome. Acquire: pairs with the
        // releases in `leave` and `leave_undone`, if one came first and the slot is the task's, and in
        // `wait`. The bits are clear, and to add them is one instruction where to set them is a loop.
        let before = this.state.fetch_add(DONE | which, Ordering::AcqRel);
        if before & LEFT == 0 {
            return Ok(before & WAITS != 0);
        }
        // SAFETY: the waiter has left.
        Err(unsafe { this.take() })
    }

    /// Has done with the desk, after the task was done; whether the waiter had before, and the memory is
    /// the task's.
    ///
    /// By pointer: if not, the waiter frees it.
    pub(super) fn go(this: NonNull<Self>) -> bool {
        // SAFETY: alive until then.
        let this = unsafe { this.as_ref() };
        // Release, acquire: pairs with `leave_done`. Whoever frees it sees the other one done with it.
        this.state.fetch_or(GONE, Ordering::AcqRel) & LEFT != 0
    }

    /// What the task came to; `None` if it was lost, or this was asked before.
    ///
    /// # Safety
    ///
    /// The caller is the waiter, and has seen that the task is [done](Self::is_done); or the task,
    /// when the waiter has left.
    pub(super) unsafe fn take(&self) -> Option<Outcome<T>> {
        // SAFETY: the caller's word; it is read once: the bits are clear then.
        let outcome = unsafe { self.read_outcome() };
        if outcome.is_some() {
            // Relaxed, and no read-modify-write: nobody else changes the state now.
            let state = self.state.load(Ordering::Relaxed);
            self.state
                .store(state & !(OUTPUT | PANIC), Ordering::Relaxed);
        }
        outcome
    }

    /// The same, to be asked once.
    ///
    /// # Safety
    ///
    /// As for [`take`](Self::take), and the outcome was not taken before.
    pub(super) unsafe fn read_outcome(&self) -> Option<Outcome<T>> {
        // Relaxed: the caller has seen why the bits do not change any more.
        let state = self.state.load(Ordering::Relaxed);
        if state & (OUTPUT | PANIC) == 0 {
            return None;
        }
        // SAFETY: the caller's, by its word; there is one, and it is read once.
        let place = unsafe { self.read_place() };
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
        if before & LISTENS != 0 {
            // SAFETY: the waiter's, by the two bits; it is there as long as the task listens.
            unsafe { self.waker_in_place() }.wake();
        }
    }

    /// Goes; whether the task is done, and the outcome the waiter's to take. If not, the waiter must
    /// not use the slot any more.
    pub(super) fn leave(&self) -> bool {
        // Release: pairs with the acquire in `put`: the waiter has done with the slot. Acquire: pairs
        // with the release there.
        self.state.fetch_or(LEFT, Ordering::AcqRel) & DONE != 0
    }

    /// Takes its waker at the desk back, to change it; `false` if the task is done.
    pub(super) fn stop_waiting(&self) -> bool {
        // Acquire: pairs with the release in `put`.
        self.state.fetch_and(!WAITS, Ordering::Acquire) & DONE == 0
    }

    /// Leaves a waker at the desk; `false` if the task was done without.
    pub(super) fn wait(&self) -> bool {
        // Release: pairs with the acquire in `put`, which finds the waker. Acquire: pairs with the release
        // there.
        self.state.fetch_or(WAITS, Ordering::AcqRel) & DONE == 0
    }

    /// Leaves the desk, and the waker there is its own; `false` if the task was done before.
    ///
    /// By pointer: once it has left, the task may free it before this returns.
    pub(super) fn leave_undone(this: NonNull<Self>) -> bool {
        // SAFETY: alive until then.
        let this = unsafe { this.as_ref() };
        // Acquire: pairs with the release in `put`.
        let mut state = this.state.load(Ordering::Acquire);
        while state & DONE == 0 {
            // Release: pairs with the acquire in `put`: the waiter has done with the desk. Acquire: as
            // above.
            let swap = this.state.compare_exchange_weak(
                state,
                state | LEFT,
                Ordering::Release,
                Ordering::Acquire,
            );
            match swap {
                Ok(_) => return true,
                Err(newer) => state = newer,
            }
        }
        false
    }

    /// Leaves the desk of a task that is done, with the outcome; whether that has gone, and the memory
    /// is the waiter's.
    ///
    /// By pointer: if not, the task frees it.
    pub(super) fn leave_done(this: NonNull<Self>) -> bool {
        // SAFETY: alive until then.
        let this = unsafe { this.as_ref() };
        // Acquire, release: pairs with `go`. Whoever frees it sees the other one done with it.
        this.state.load(Ordering::Acquire) & GONE != 0
            || this.state.fetch_or(LEFT, Ordering::AcqRel) & GONE != 0
    }
}
