//! The part of a parallel child that its scope has: it starts the task, and waits for it.
//!
//! The slot lies in the child's own memory, of which the task holds a count: one allocation less for
//! each child, and a small one.

use core::{
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    ptr::{self, NonNull},
    task::{Context, Poll},
};

use super::{
    job::Job,
    slot::{Outcome, Slot},
    task::Post,
};
use crate::{
    scope::{Crew, Held},
    sys::{
        atomic::{AtomicUsize, Ordering},
        unwind::{self, FirstPanic, Payload},
    },
};

/// A child of a scope whose work is done elsewhere.
pub(super) struct Proxy<J, T> {
    stage: Stage<J, T>,
}

/// A job, and then a slot: which, says the state, with which both begin. It is `UNSTARTED` or one of
/// a slot.
#[repr(C)]
union Stage<J, T> {
    unstarted: ManuallyDrop<Unstarted<J>>,
    /// Ended by whoever comes second: see `slot.rs`.
    slot: ManuallyDrop<Slot<T>>,
}

#[repr(C)]
struct Unstarted<J> {
    state: AtomicUsize,
    job: J,
}

/// None of the bits of a slot.
const UNSTARTED: usize = 1 << (usize::BITS - 1);

impl<J, T> Proxy<J, T> {
    /// # Safety
    ///
    /// It is given to a scope with a crew as a child, and polled by that alone, with the child's own
    /// waker.
    pub(super) unsafe fn new(job: J) -> Self {
        let unstarted = Unstarted {
            state: AtomicUsize::new(UNSTARTED),
            job,
        };
        Self {
            stage: Stage {
                unstarted: ManuallyDrop::new(unstarted),
            },
        }
    }

    fn is_unstarted(&self) -> bool {
        // SAFETY: both stages begin with it.
        let state = unsafe { &*(&raw const self.stage).cast::<AtomicUsize>() };
        // Relaxed: the child alone changes this.
        state.load(Ordering::Relaxed) == UNSTARTED
    }

    /// Takes the job out of one that is unstarted, of which nothing is left.
    ///
    /// # Safety
    ///
    /// It is unstarted, and from here on not this any more.
    unsafe fn take_job(&mut self) -> J {
        // SAFETY: the caller's word.
        let unstarted = unsafe { &mut self.stage.unstarted };
        // SAFETY: it is never looked at again, by the caller's word.
        unsafe { ManuallyDrop::take(unstarted) }.job
    }

    /// What was to be done, of one that was never polled.
    pub(super) fn into_job(self) -> J {
        let mut this = ManuallyDrop::new(self);
        assert!(
            this.is_unstarted(),
            "a job is taken back before the first poll"
        );
        // SAFETY: unstarted, and never looked at again.
        unsafe { this.take_job() }
    }

    /// The slot of one that was started.
    ///
    /// # Safety
    ///
    /// It is not unstarted.
    unsafe fn slot(&self) -> &Slot<T> {
        // SAFETY: the caller's word.
        unsafe { &self.stage.slot }
    }
}

impl<J, T> Proxy<J, T>
where
    J: Job<ToChild<T>>,
    T: Send,
{
    /// Begins the work.
    ///
    /// # Safety
    ///
    /// It is unstarted.
    unsafe fn start(&mut self, cx: &Context<'_>) {
        // SAFETY: unstarted, by the caller's word; and a slot in a moment.
        let job = unsafe { self.take_job() };
        self.stage.slot = ManuallyDrop::new(Slot::new());
        // SAFETY: by the word given to `new`, it is a child that is polled.
        let held = unsafe { Held::of(cx) };
        held.crew().join_as_child();
        job.start(ToChild {
            // SAFETY: a slot since just now. The pointer is one to the field, and not to a reference.
            slot: unsafe { NonNull::new_unchecked((&raw mut self.stage.slot).cast()) },
            held,
        });
    }
}

impl<J, T> Future for Proxy<J, T>
where
    J: Job<ToChild<T>>,
    T: Send,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // SAFETY: nothing is moved out but a job, which was not begun and so never pinned.
        let this = unsafe { self.get_unchecked_mut() };
        if this.is_unstarted() {
            // SAFETY: just seen.
            unsafe { this.start(cx) };
            return Poll::Pending;
        }
        // SAFETY: started.
        let slot = unsafe { this.slot() };
        if !slot.is_done() {
            return Poll::Pending;
        }
        // SAFETY: it is done, and this is who waits.
        match unsafe { slot.take() } {
            Some(Ok(output)) => Poll::Ready(output),
            Some(Err(payload)) => unwind::resume(payload),
            None => {
                // SAFETY: as in `start`.
                unsafe { Held::of(cx) }.lose();
                Poll::Pending
            }
        }
    }
}

impl<J, T> Drop for Proxy<J, T> {
    fn drop(&mut self) {
        if self.is_unstarted() {
            // SAFETY: unstarted, and it is the end.
            drop(unsafe { self.take_job() });
            return;
        }
        // SAFETY: started.
        let slot = unsafe { self.slot() };
        let mut panics = FirstPanic::default();
        let is_done = slot.is_done() || {
            // SAFETY: this is who waits, and it is the end.
            panics.run(|| unsafe { slot.abort() });
            slot.leave()
        };
        if is_done {
            // SAFETY: it is done, and this is who waits.
            panics.note(unclaimed(unsafe { slot.take() }));
            // SAFETY: a slot still.
            let slot = unsafe { &mut self.stage.slot };
            // SAFETY: the task has done with it, and it is the end.
            panics.run(|| unsafe { ManuallyDrop::drop(slot) });
        }
        panics.resume_in_drop();
    }
}

/// The panic in an outcome that nobody waits for. An output is dropped, and may panic itself.
pub(super) fn unclaimed<T>(outcome: Option<Outcome<T>>) -> Result<(), Payload> {
    match outcome {
        Some(Err(payload)) => Err(payload),
        output => unwind::catch(|| drop(output)),
    }
}

/// Where the task of a child delivers: to the child's memory.
pub(super) struct ToChild<T> {
    // In the memory of `held`, and alive until `put`, or longer if that says so.
    slot: NonNull<Slot<T>>,
    held: Held,
}

// SAFETY: it stands for a `&Slot`, which is `Sync` if the output is `Send`, and a count.
unsafe impl<T: Send> Send for ToChild<T> {}

impl<T> ToChild<T> {
    fn slot(&self) -> &Slot<T> {
        // SAFETY: alive until `put`.
        unsafe { self.slot.as_ref() }
    }
}

impl<T: Send> Post for ToChild<T> {
    type Output = T;

    fn crew(&self) -> &Crew {
        self.held.crew()
    }

    fn is_aborted(&self) -> bool {
        self.slot().is_aborted()
    }

    unsafe fn listen(&self, cx: &Context<'_>) -> bool {
        // SAFETY: the caller's word.
        unsafe { self.slot().listen(cx) }
    }

    fn polling<R>(&self, cx: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.held.polling(cx, poll)
    }

    fn calling<R>(&self, work: impl FnOnce() -> R) -> R {
        self.held.calling(work)
    }

    unsafe fn deliver(&self, outcome: Option<Outcome<T>>) -> Result<(), Payload> {
        // SAFETY: the task does this once, by the caller's word.
        if !unsafe { Slot::put(self.slot, outcome) } {
            self.held.wake();
            return Ok(());
        }
        let mut panics = FirstPanic::default();
        // SAFETY: the child has left, and the outcome is the task's.
        panics.note(unclaimed(unsafe { self.slot().take() }));
        // SAFETY: the child has left the slot to the task; its memory is there by the count.
        panics.run(|| unsafe { ptr::drop_in_place(self.slot.as_ptr()) });
        // The child is gone: it cannot be its panic any more.
        panics
            .into_result()
            .or_else(|payload| self.held.fail(payload))
    }
}
