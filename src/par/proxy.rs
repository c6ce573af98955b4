//! The part of a parallel child that its scope has: it starts the task, and waits for it.
//!
//! The slot lies in the child's own memory, of which the task holds a count: one allocation less for
//! each child.

use core::{
    future::Future,
    marker::PhantomPinned,
    mem::{self, ManuallyDrop},
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll},
};

use super::{
    crew::{Crew, Member},
    job::Job,
    slot::{Outcome, Slot},
    task::Post,
};
use crate::{
    scope::Held,
    sys::{
        Shared,
        unwind::{self, Payload},
    },
};

/// A child of a scope whose work is done elsewhere.
pub(super) struct Proxy<J, T> {
    state: State<J, T>,
    // The task has a pointer to the slot.
    _pinned: PhantomPinned,
}

enum State<J, T> {
    Unstarted {
        job: J,
        crew: Shared<Crew>,
    },
    /// Ended by whoever comes second: see `slot.rs`.
    Started(ManuallyDrop<Slot<T>>),
    /// There is no task any more.
    Over,
}

impl<J, T> Proxy<J, T> {
    /// # Safety
    ///
    /// It is given to a scope as a child, and polled by that alone, with the child's own waker.
    pub(super) unsafe fn new(job: J, crew: Shared<Crew>) -> Self {
        Self {
            state: State::Unstarted { job, crew },
            _pinned: PhantomPinned,
        }
    }

    /// What was to be done, of one that was never polled.
    pub(super) fn into_job(mut self) -> J {
        match mem::replace(&mut self.state, State::Over) {
            State::Unstarted { job, .. } => job,
            _ => unreachable!("it was not polled"),
        }
    }
}

impl<J, T> Proxy<J, T>
where
    J: Job<ToChild<T>>,
    T: Send,
{
    /// Begins the work of a child that is unstarted.
    fn start(state: &mut State<J, T>, cx: &Context<'_>) {
        let started = State::Started(ManuallyDrop::new(Slot::new()));
        let State::Unstarted { job, crew } = mem::replace(state, State::Over) else {
            unreachable!("it is started once")
        };
        let Some(member) = Member::join(crew) else {
            unreachable!("a scope waits for its tasks when it has no children any more")
        };
        *state = started;
        let State::Started(slot) = state else {
            unreachable!("set just now")
        };
        // SAFETY: by the word given to `new`, it is a child that is polled.
        let held = unsafe { Held::of(cx) };
        let post = ToChild {
            slot: NonNull::from(&mut **slot),
            held,
        };
        job.start(post, member);
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
        let state = unsafe { &mut self.get_unchecked_mut().state };
        let slot = match state {
            State::Unstarted { .. } => {
                Self::start(state, cx);
                return Poll::Pending;
            }
            State::Started(slot) if slot.is_done() => slot,
            _ => return Poll::Pending,
        };
        // SAFETY: it is done.
        let outcome = unsafe { slot.take() };
        // SAFETY: the task has done with the slot, and the state says that it is no more.
        unsafe { ManuallyDrop::drop(slot) };
        *state = State::Over;
        match outcome {
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
        let State::Started(slot) = &mut self.state else {
            return;
        };
        let aborted = unwind::catch(|| slot.abort());
        let outcome = if slot.leave() {
            // SAFETY: it is done.
            let outcome = unsafe { slot.take() };
            // SAFETY: the task has done with the slot, and this is the child's end.
            unsafe { ManuallyDrop::drop(slot) };
            outcome
        } else {
            None
        };
        let mut panics = unwind::FirstPanic::default();
        panics.note(aborted);
        panics.note(unclaimed(outcome));
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

    fn is_aborted(&self) -> bool {
        self.slot().is_aborted()
    }

    fn listen(&self, cx: &Context<'_>) -> bool {
        self.slot().listen(cx)
    }

    fn working<R>(&self, poll: impl FnOnce() -> R) -> R {
        self.held.working(poll)
    }

    fn deliver(self, outcome: Option<Outcome<T>>) -> Result<(), Payload> {
        // SAFETY: the task does this once.
        if !unsafe { self.slot().put(outcome) } {
            self.held.wake();
            return Ok(());
        }
        // SAFETY: the child has left, and the slot is the task's, which is the waiter as well now.
        let outcome = unsafe { self.slot().take() };
        // SAFETY: the child has left the slot to the task; its memory is there by the count.
        unsafe { self.slot.drop_in_place() };
        unclaimed(outcome)
    }
}
