//! A child whose work is done elsewhere: for the child itself, and for the place where that is.
//!
//! The child is polled by its scope as any other, starts the work, and waits to be woken.
//!
//! # Invariants
//!
//! 1. The work takes no count of the child. As long as it is not done the driver has one, which it gives
//!    up for a child that is dropped, and such a child [leaves one](Held::leave_a_count) to its work.
//! 2. Work is done when the child can know of it. From before that until it has woken the child, which
//!    may be over then, the [place in the queue](Held::begin_wake) keeps the memory (`child.rs`,
//!    invariant 3), or a count if it is somebody else who fills that.

use core::{
    convert::Infallible,
    future::Future,
    mem,
    pin::Pin,
    ptr::{self, NonNull},
    task::{Context, Poll},
};

use super::{
    Plain, Scope,
    child::{ABORTED, Child, DAEMON, Kind, LOST, RETIRED, Release, child_of},
    crew::Crew,
    limit::Limits,
    ready::{Pushed, QUEUED, ReadyQueue},
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

/// A child whose work was begun, for that work and the child itself. It holds no count: invariant 1.
#[derive(Clone, Copy, Debug)]
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
    /// The context is that with which a scope polls a child. What is made of it is used by that child
    /// as long as it is not dropped, and by its work as the invariants say.
    pub(crate) unsafe fn of(cx: &Context<'_>) -> Self {
        // SAFETY: a child is polled with a waker of its own table.
        Self(unsafe { child_of(cx.waker().data()) })
    }

    /// Where the child has its future, until it is over.
    pub(crate) fn future(&self) -> NonNull<()> {
        // SAFETY: alive (invariant 1).
        unsafe { self.0.slot() }
    }

    /// For a child that goes before its work: leaves that a count, and a place in the crew.
    pub(crate) fn leave_a_count(&self) {
        // SAFETY: the driver has a count as long as the child is not dropped.
        unsafe { self.0.acquire() };
        // SAFETY: as above.
        let header = unsafe { self.0.header() };
        // SAFETY: not retired, so linked; given back with the count.
        unsafe { header.scope.branch.lend(&header.card) };
        self.crew().join_late();
    }

    /// Gives up what the child has left.
    ///
    /// # Safety
    ///
    /// It has, and nobody else gives it up.
    pub(crate) unsafe fn let_go(self) {
        // Also if it wakes whoever waits for the crew, and that panics.
        let _count = Release(self.0);
        // SAFETY: alive by the count.
        let header = unsafe { self.0.header() };
        // SAFETY: as above.
        let card = unsafe { self.0.card() };
        // SAFETY: lent with the count.
        unsafe { header.scope.branch.give_back(card) };
        self.crew().leave();
    }

    /// Begins to wake the child: what comes before it [finishes](Wake::finish) is seen by the poll.
    #[inline]
    pub(crate) fn begin_wake(&self) -> Wake {
        // SAFETY: alive (invariant 1).
        let before = unsafe { self.0.header() }.link.queue(0);
        let is_its_own = before & (QUEUED | RETIRED) == 0;
        if !is_its_own {
            // Whoever fills the place may do so at any time, and the child be over.
            // SAFETY: as above.
            mem::forget(unsafe { count_of(self.0) });
        }
        Wake {
            child: self.0,
            is_its_own,
        }
    }

    /// The crew of its scope.
    fn crew(&self) -> &Crew {
        // SAFETY: alive (invariant 1).
        unsafe { self.0.header() }.scope.crew()
    }

    /// Has the child dropped, with [`CauseKind::Lost`] for its handle, and cancels the scope for that.
    /// Called by the child while it is polled.
    pub(crate) fn lose(&self) {
        // SAFETY: alive (invariant 1).
        unsafe { self.0.wake_as(ABORTED | LOST) };
        // SAFETY: as above.
        let scope = unsafe { &self.0.header().scope };
        scope.cancel_with(CauseKind::Lost.into());
    }

    /// Ends the scope with a panic of what was done for a child that is gone, or about to be.
    pub(crate) fn fail(&self, payload: Payload) {
        // SAFETY: alive (invariant 1).
        let shared = unsafe { &self.0.header().scope };
        let scope = Scope::<Infallible>::new(shared.clone());
        // It has a crew, so it is no local one; and it never breaks with a value.
        let push =
            || scope.push::<_, Plain<Infallible>>(Panic(Some(payload)), Kind::Breaker, false);
        let left = match unwind::catch(push) {
            Ok(Ok(_handle)) => return,
            Ok(Err(mut refused)) => refused.0.take(),
            Err(payload) => Some(payload),
        };
        if let Some(payload) = left {
            self.crew().note(payload);
        }
    }

    /// Polls what is done for the child with `cx`, by whose waker the child is known; otherwise as
    /// [`working`](Self::working).
    pub(crate) fn polling<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        // SAFETY: alive (invariant 1).
        unsafe { watched(self.0, cx, |cx| self.working(|| poll(cx))) }
    }

    /// Calls `work` as [`working`](Self::working) does, and counts it as a poll.
    pub(crate) fn calling<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: alive (invariant 1).
        let branch = unsafe { &self.0.header().scope.branch };
        // SAFETY: as above.
        let card = unsafe { self.0.card() };
        // SAFETY: as above.
        let _polling = unsafe { branch.calling(card) };
        self.working(work)
    }

    /// Calls `work`, for which a handle that it polls belongs to this child: see `limit.rs`.
    fn working<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: alive (invariant 1).
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

/// A wake that was begun, and is to be finished.
pub(crate) struct Wake {
    child: Child,
    /// Whether the place in the queue is this one's to fill. If not, this has a count.
    is_its_own: bool,
}

impl Wake {
    /// Has the child polled, if it is not over.
    #[inline]
    pub(crate) fn finish(self) {
        let child = self.child;
        if !self.is_its_own {
            let count = Release(child);
            // SAFETY: by the count.
            return noting(count, || unsafe { child.wake() });
        }
        // SAFETY: the place keeps the child (invariant 2).
        let header = unsafe { child.header() };
        let queue = NonNull::from(&header.scope.ready);
        // SAFETY: the place is not filled yet, so the child is alive still.
        let keep = || unsafe { count_of(child) };
        // SAFETY: the bit was set by `begin_wake`, so the link is this one's; `keep` takes a count.
        match unsafe { ReadyQueue::push_keeping(queue, child.as_link(), keep) } {
            Pushed::Queued => {}
            // SAFETY: by the count.
            Pushed::Unparked(count) => noting(count, || unsafe { queue.as_ref() }.wake_parent()),
            Pushed::Refused => {
                // The driver may find the place empty then, and does not acquire what this did.
                let _count = keep();
                // SAFETY: refused, so the place is this one's still.
                unsafe { child.give_place_up() };
            }
        }
    }
}

/// # Safety
///
/// The child is alive.
#[cold]
#[inline(never)]
unsafe fn count_of(child: Child) -> Release {
    // SAFETY: the caller's word.
    unsafe { child.acquire() };
    Release(child)
}

/// Wakes, and keeps what that panics with for whoever waits for the crew, if somebody still does.
#[cold]
#[inline(never)]
fn noting(count: Release, wake: impl FnOnce()) {
    if let Err(payload) = unwind::catch(wake) {
        // SAFETY: by the count.
        unsafe { count.0.header() }.scope.crew().note(payload);
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
