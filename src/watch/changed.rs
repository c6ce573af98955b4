//! Waiting for a value that was not seen yet. The states of the node are those of `wait/list.rs`;
//! what it waits for is a word that differs, so that nothing is lost when it is dropped.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{
    future::FusedFuture,
    stream::{FusedStream, Stream},
};
use pin_project_lite::pin_project;

use super::{RecvError, Seen, Watched};
use crate::{
    inspect::{Site, WaitKind},
    sys::debug_fields,
    wait::{Stage, Waiter},
};

/// A place among those who wait.
struct Turn<'a, V> {
    watched: &'a Watched<V>,
    seen: &'a mut Seen<V>,
    waiter: Waiter<()>,
}

impl<'a, V> Turn<'a, V> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn new(watched: &'a Watched<V>, seen: &'a mut Seen<V>) -> Self {
        Self {
            watched,
            seen,
            waiter: Waiter::new(()),
        }
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<()>> {
        // SAFETY: structurally pinned: no method moves it, and `Drop` does not end before it is
        // unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    fn is_done(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }

    /// Whether there is something to tell.
    fn is_over(&self) -> bool {
        self.watched.is_news_or_end(self.seen)
    }

    fn poll(self: Pin<&mut Self>, cx: &Context<'_>) -> Poll<Result<V, RecvError>> {
        let this = self.as_ref();
        if this.is_over() {
            this.leave();
            this.waiter.finish();
        } else {
            let queue = &this.watched.queue;
            let start = || {
                // SAFETY: the node is idle (only the first poll comes here), is used with this
                // queue alone, and `Drop` leaves it.
                unsafe { queue.enter(this.waiter(), cx, |_| this.is_over().then_some(())) }
                    .map(drop)
            };
            // SAFETY: the node is this turn's own, used with this queue alone.
            if unsafe { queue.poll(&this.waiter, cx, WaitKind::Changed, start) }.is_pending() {
                return Poll::Pending;
            }
        }
        // SAFETY: the node, which alone is pinned, is not moved.
        let this = unsafe { self.get_unchecked_mut() };
        Poll::Ready(if this.watched.refresh(this.seen) {
            Ok((this.watched.copy)(&this.seen.value))
        } else {
            Err(RecvError)
        })
    }

    fn leave(&self) {
        // SAFETY: the node is this turn's own, used with this queue alone.
        unsafe { self.watched.queue.leave(&self.waiter, |_| ()) };
    }
}

impl<V> Drop for Turn<'_, V> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<V> fmt::Debug for Turn<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt(f)
    }
}

pin_project! {
    /// The future of a receiver's `changed`.
    ///
    /// It is `Send` if the values are, not `Unpin`, and fused in the sense of [`FusedFuture`];
    /// polling it after it has completed panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Changed<'a, V> {
        #[pin]
        turn: Turn<'a, V>,
    }
}

debug_fields!([V] Changed<'_, V>: turn);

impl<'a, V> Changed<'a, V> {
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(watched: &'a Watched<V>, seen: &'a mut Seen<V>) -> Self {
        Self {
            turn: Turn::new(watched, seen),
        }
    }
}

impl<V> Changed<'_, V> {
    /// For a wait that was begun there.
    pub(super) fn at(mut self, site: Site) -> Self {
        self.turn.waiter.set_site(site);
        self
    }
}

impl<V> Future for Changed<'_, V> {
    type Output = Result<V, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let turn = self.project().turn;
        assert!(
            !turn.is_done(),
            "`Changed` was polled after it had completed"
        );
        turn.poll(cx)
    }
}

impl<V> FusedFuture for Changed<'_, V> {
    fn is_terminated(&self) -> bool {
        self.turn.is_done()
    }
}

pin_project! {
    /// The stream of a receiver's `changes`.
    ///
    /// It is `Send` if the values are, and not `Unpin`: pin it before polling. It is fused: once
    /// nothing will come it stays at its end.
    #[must_use = "streams do nothing unless polled"]
    pub struct Changes<'a, V> {
        #[pin]
        turn: Turn<'a, V>,
    }
}

debug_fields!([V] Changes<'_, V>: turn);

impl<'a, V> Changes<'a, V> {
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(watched: &'a Watched<V>, seen: &'a mut Seen<V>) -> Self {
        Self {
            turn: Turn::new(watched, seen),
        }
    }
}

impl<V> Stream for Changes<'_, V> {
    type Item = V;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<V>> {
        let mut turn = self.project().turn;
        if turn.is_done() {
            return Poll::Ready(None);
        }
        let change = turn.as_mut().poll(cx).map(Result::ok);
        if let Poll::Ready(Some(_)) = &change {
            turn.waiter.renew();
        }
        change
    }
}

impl<V> FusedStream for Changes<'_, V> {
    fn is_terminated(&self) -> bool {
        self.turn.is_done()
    }
}
