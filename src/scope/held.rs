//! A child whose work is done elsewhere: a count of it, for the place where that is.
//!
//! The child itself is polled by its scope as any other, starts the work, and waits to be woken.

use core::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    ptr,
    task::{Context, Poll},
};

use super::{
    Plain, Scope,
    child::{ABORTED, Child, DAEMON, Kind, LOST, child_of},
    crew::Crew,
    limit::Limits,
    registry::watched,
};
use crate::{
    cancel::CauseKind,
    sys::{
        atomic::Ordering,
        thread,
        unwind::{self, Payload},
    },
};

/// A counted pointer to a child: its memory stays, whatever becomes of its future.
#[derive(Debug)]
pub(crate) struct Held(Child);

// SAFETY: what this does to a child may be done from any thread, as by its wakers.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl Held {
    /// The child that is polled with `cx`.
    ///
    /// # Safety
    ///
    /// The context is that with which a scope polls a child.
    pub(crate) unsafe fn of(cx: &Context<'_>) -> Self {
        // SAFETY: a child is polled with a waker of its own table.
        let child = unsafe { child_of(cx.waker().data()) };
        // SAFETY: it is being polled, so alive.
        unsafe { child.acquire() };
        Self(child)
    }

    /// The crew of its scope.
    pub(crate) fn crew(&self) -> &Crew {
        // SAFETY: this holds a count.
        unsafe { self.0.header() }.scope.crew()
    }

    /// Has the child polled.
    pub(crate) fn wake(&self) {
        // SAFETY: this holds a count.
        unsafe { self.0.wake() };
    }

    /// Has the child dropped, with [`CauseKind::Lost`] for its handle, and cancels the scope for that.
    /// Called by the child while it is polled.
    pub(crate) fn lose(&self) {
        // SAFETY: this holds a count.
        unsafe { self.0.wake_as(ABORTED | LOST) };
        // SAFETY: as above.
        let scope = unsafe { &self.0.header().scope };
        scope.cancel_with(CauseKind::Lost.into());
    }

    /// Ends the scope with a panic of what was done for a child that is gone.
    ///
    /// # Errors
    ///
    /// The panic, if the scope is over.
    pub(crate) fn fail(&self, payload: Payload) -> Result<(), Payload> {
        // SAFETY: this holds a count.
        let shared = unsafe { &self.0.header().scope };
        let scope = Scope::<Infallible>::new(shared.clone());
        // It has a crew, so it is no local one; and it never breaks with a value.
        let pushed = scope.push::<_, Plain<Infallible>>(Panic(Some(payload)), Kind::Breaker, false);
        match pushed {
            Ok(_handle) => Ok(()),
            Err(mut refused) => refused.0.take().map_or(Ok(()), Err),
        }
    }

    /// Polls what is done for the child with `cx`, by whose waker the child is known; otherwise as
    /// [`working`](Self::working).
    pub(crate) fn polling<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        // SAFETY: this holds a count.
        unsafe { watched(self.0, cx, |cx| self.working(|| poll(cx))) }
    }

    /// Calls `work` as [`working`](Self::working) does, and counts it as a poll.
    pub(crate) fn calling<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: this holds a count.
        let _running = unsafe { self.0.header() }.card.calling();
        self.working(work)
    }

    /// Calls `work`, for which a handle that it polls belongs to this child: see `limit.rs`.
    fn working<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: this holds a count.
        let header = unsafe { self.0.header() };
        let limits = &header.scope.limits;
        // Relaxed: the kind is there from birth.
        let has_place = header.link.state.load(Ordering::Relaxed) & DAEMON == 0;
        if !has_place || limits.get().is_none() {
            return work();
        }
        let here = Working {
            limits,
            child: self.0,
            outer: thread::innermost(),
        };
        thread::set_innermost(ptr::from_ref(&here).cast());
        work()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: gives up the count of `of`.
        unsafe { self.0.release() };
    }
}

/// Panics when it is polled, or dropped instead.
struct Panic(Option<Payload>);

impl Future for Panic {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0
            .take()
            .map_or(Poll::Pending, |payload| unwind::resume(payload))
    }
}

impl Drop for Panic {
    fn drop(&mut self) {
        if let Some(payload) = self.0.take() {
            unwind::resume_unless_panicking(payload);
        }
    }
}

/// What runs on this thread for a child of a limited scope, innermost first: a list on the thread's
/// stack, of which each part ends before the one around it.
struct Working<'a> {
    limits: &'a Limits,
    child: Child,
    outer: *const (),
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        thread::set_innermost(self.outer);
    }
}

/// The child that the scope with these limits has at work on this thread.
pub(super) fn working_here(limits: &Limits) -> Option<Child> {
    let mut innermost = thread::innermost().cast::<Working<'_>>();
    // SAFETY: the list holds what is on this thread's stack now, put there by `working`.
    while let Some(working) = unsafe { innermost.as_ref() } {
        if ptr::eq(working.limits, limits) {
            return Some(working.child);
        }
        innermost = working.outer.cast();
    }
    None
}
