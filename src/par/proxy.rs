//! The part of a parallel child that its scope has: it starts the task, and waits for it.
//!
//! The slot lies in the child's own memory: one allocation less for each child, and a small one. That
//! memory stays for the task without a count of its own, until it is done. Only a child that goes
//! before its task leaves it a count, and a place in the crew of the scope, whose end waits for that.

use core::{
    future::Future,
    marker::PhantomData,
    mem::ManuallyDrop,
    pin::Pin,
    ptr::{self, NonNull},
    task::{Context, Poll},
};

use super::{
    job::Job,
    slot::{Outcome, Slot},
    task::{Post, unclaimed},
};
use crate::{
    scope::Held,
    sys::unwind::{self, FirstPanic, Payload},
};

/// A child of a scope whose work is done elsewhere.
#[repr(C)]
pub(super) struct Proxy<J, T> {
    // First, where the task finds the slot.
    stage: Stage<J, T>,
    /// The child itself, once its work was begun.
    held: Option<Held>,
}

/// A job, and then a slot.
union Stage<J, T> {
    job: ManuallyDrop<J>,
    /// Ended by whoever comes second: see `slot.rs`.
    slot: ManuallyDrop<Slot<T>>,
}

impl<J, T> Proxy<J, T> {
    /// # Safety
    ///
    /// It is given to a scope with a crew as a child, and polled by that alone, with the child's own
    /// waker.
    pub(super) unsafe fn new(job: J) -> Self {
        Self {
            stage: Stage {
                job: ManuallyDrop::new(job),
            },
            held: None,
        }
    }

    /// Takes the job out of one whose work was not begun.
    ///
    /// # Safety
    ///
    /// It was not, and this is not called again.
    unsafe fn take_job(&mut self) -> J {
        // SAFETY: the caller's word.
        let job = unsafe { &mut self.stage.job };
        // SAFETY: as above.
        unsafe { ManuallyDrop::take(job) }
    }

    /// What was to be done, of one that was never polled.
    pub(super) fn into_job(self) -> J {
        let mut this = ManuallyDrop::new(self);
        assert!(
            this.held.is_none(),
            "a job is taken back before the first poll"
        );
        // SAFETY: not begun, and never looked at again.
        unsafe { this.take_job() }
    }

    /// # Safety
    ///
    /// The work was begun.
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
    /// It was not begun.
    unsafe fn start(&mut self, cx: &Context<'_>) {
        // SAFETY: not begun, by the caller's word; and a slot in a moment.
        let job = unsafe { self.take_job() };
        self.stage.slot = ManuallyDrop::new(Slot::new());
        // SAFETY: by the word given to `new`, it is a child that is polled.
        let held = unsafe { Held::of(cx) };
        self.held = Some(held);
        job.start(ToChild {
            held,
            _output: PhantomData,
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
        let Some(held) = this.held else {
            // SAFETY: just seen.
            unsafe { this.start(cx) };
            return Poll::Pending;
        };
        // SAFETY: begun.
        let slot = unsafe { this.slot() };
        if !slot.is_done() {
            return Poll::Pending;
        }
        // SAFETY: it is done, and this is who waits.
        match unsafe { slot.take() } {
            Some(Ok(output)) => Poll::Ready(output),
            Some(Err(payload)) => unwind::resume(payload),
            None => {
                held.lose();
                Poll::Pending
            }
        }
    }
}

impl<J, T> Drop for Proxy<J, T> {
    fn drop(&mut self) {
        let Some(held) = self.held else {
            // SAFETY: not begun, and it is the end.
            drop(unsafe { self.take_job() });
            return;
        };
        // SAFETY: begun.
        let slot = unsafe { self.slot() };
        let mut panics = FirstPanic::default();
        let is_done = slot.is_done() || {
            held.leave_a_count();
            // SAFETY: this is who waits, and it is the end.
            panics.run(|| unsafe { slot.abort() });
            let is_done = slot.leave();
            if is_done {
                // SAFETY: that of just now, of which the task, which did not find this gone, knows nothing.
                unsafe { held.let_go() };
            }
            is_done
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

/// Where the task of a child delivers: to the child's memory.
pub(super) struct ToChild<T> {
    held: Held,
    _output: PhantomData<fn() -> T>,
}

impl<T> ToChild<T> {
    fn place(&self) -> NonNull<Slot<T>> {
        // The future of the child is a `Proxy`, and that begins with it.
        self.held.future().cast()
    }
}

impl<T: Send> Post for ToChild<T> {
    type Output = T;

    fn slot(&self) -> &Slot<T> {
        // SAFETY: alive as long as this is.
        unsafe { self.place().as_ref() }
    }

    fn polling<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.held.polling(cx, poll)
    }

    fn calling<R>(&self, work: impl FnOnce() -> R) -> R {
        self.held.calling(work)
    }

    fn fail(&self, payload: Payload) {
        self.held.fail(payload);
    }

    unsafe fn deliver(self, outcome: Option<Outcome<T>>) {
        // Before the child can know: if it does, its memory stays for this alone.
        let wake = self.held.begin_wake();
        // SAFETY: the task does this once, by the caller's word.
        let Err(unwanted) = (unsafe { Slot::put(self.place(), outcome) }) else {
            wake.finish();
            return;
        };
        wake.finish();
        if let Err(payload) = unclaimed(unwanted) {
            // The child is gone: it cannot be its panic any more.
            self.held.fail(payload);
        }
        // SAFETY: the child has left the slot to the task; its memory is there by the count.
        unsafe { ptr::drop_in_place(self.place().as_ptr()) };
        // SAFETY: the child has left it a count, which nobody else gives up.
        unsafe { self.held.let_go() };
    }
}
