//! The waker of a child whose future a runtime polls.
//!
//! It is the runtime's, in an envelope on the stack by which the child is known. A clone of it is one of
//! the runtime's own, so nothing of it outlives the poll.

use core::{
    mem::ManuallyDrop,
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

use crate::scope::{child::Child, node::Progress};

/// What the waker's data leads to.
pub(in crate::scope) struct Watched<'a> {
    inner: &'a Waker,
    child: Child,
}

/// Runs a poll with the waker of `cx` as that of `child`.
///
/// # Safety
///
/// The child stays alive until it returns.
pub(in crate::scope) unsafe fn watched<R>(
    child: Child,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let watched = Watched {
        inner: cx.waker(),
        child,
    };
    // SAFETY: the table keeps the contract of `RawWaker` while `watched` is there, which is longer than the
    // waker: that is only lent out. Nothing is to be done when it goes.
    let waker = ManuallyDrop::new(unsafe { Waker::new((&raw const watched).cast(), &WATCHED) });
    // SAFETY: the caller's word.
    let branch = unsafe { &child.header().scope.branch };
    // SAFETY: as above.
    let card = unsafe { child.card() };
    // SAFETY: as above.
    let polling = unsafe { branch.calling(card) };
    let polled = poll(&mut Context::from_waker(&waker));
    polling.came_to(match polled {
        Poll::Pending => Progress::Pending,
        Poll::Ready(_) => Progress::Done,
    });
    polled
}

static WATCHED: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: the data of this table is always an envelope.
        let inner = ManuallyDrop::new(unsafe { &*data.cast::<Watched<'_>>() }.inner.clone());
        RawWaker::new(inner.data(), inner.vtable())
    },
    // SAFETY: as above.
    |data| unsafe { &*data.cast::<Watched<'_>>() }.inner.wake_by_ref(),
    // SAFETY: as above.
    |data| unsafe { &*data.cast::<Watched<'_>>() }.inner.wake_by_ref(),
    |_| {},
);

impl Watched<'_> {
    /// The envelope, if the waker is one.
    pub(in crate::scope) fn of(waker: &Waker) -> Option<&Self> {
        // SAFETY: that of this table; it is there for longer than its waker.
        core::ptr::eq(waker.vtable(), &WATCHED).then(|| unsafe { &*waker.data().cast::<Self>() })
    }

    pub(in crate::scope) fn child(&self) -> Child {
        self.child
    }

    pub(in crate::scope) fn inner(&self) -> &Waker {
        self.inner
    }
}
