//! The futures of a receive. What they share is a [`Turn`]; its states are those of its node
//! (`wait/list.rs`):
//!
//! | the node | what dropping does |
//! |---|---|
//! | never queued, closed, or done | nothing |
//! | queued | unlinks it under the lock |
//! | granted | gives the ticket back; the message never left the channel, and another is told |

use core::{
    fmt,
    future::Future,
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{
    future::FusedFuture,
    stream::{FusedStream, Stream},
};
use pin_project_lite::pin_project;

use super::{RecvEnd, RecvError, place::Place, ring::Receiving};
use crate::{
    inspect::{self, Site, TieKind},
    sys::{debug_fields, unwind::FirstPanic},
    wait::{Outcome, Stage, Waiter},
};

impl<T> RecvEnd<T> {
    /// Receives the next message, and waits for it if there is none.
    ///
    /// Those who wait are served in the order in which they came. A receiver that was woken has a
    /// message promised, which nobody else takes. It is to be polled or dropped then: who keeps the
    /// future and does neither keeps the message from the others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message: until it is ready, its message stays in the channel,
    /// and the next receiver is told. So it can be an arm of a `select!`.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the channel is closed and nothing is left in it.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(8);
    /// sender.send("hello").await.unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Ok("hello"));
    /// assert!(receiver.recv().await.is_err());
    /// # });
    /// ```
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn recv(&self) -> Recv<'_, T> {
        Recv {
            turn: Turn::new(self),
        }
    }

    /// Receives up to `limit` messages at once: all that are there, and waits only if there is none.
    /// Returns how many were added to `into`.
    ///
    /// The lock is held for a few of them at a time, for one if they are large, and not while `into`
    /// grows. With a limit of zero it is ready at once.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message: what it has taken out of the channel is in `into`.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(8);
    /// for n in 0..5 {
    ///     sender.send(n).await.unwrap();
    /// }
    /// let mut batch = Vec::new();
    /// assert_eq!(receiver.recv_many(&mut batch, 3).await, Ok(3));
    /// assert_eq!(receiver.recv_many(&mut batch, 3).await, Ok(2));
    /// assert_eq!(batch, [0, 1, 2, 3, 4]);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn recv_many<'a, E: Extend<T>>(
        &'a self,
        into: &'a mut E,
        limit: usize,
    ) -> RecvMany<'a, T, E> {
        RecvMany {
            turn: Turn::new(self),
            into,
            limit,
        }
    }

    /// The messages as a [`Stream`], which ends when the channel is closed and empty.
    ///
    /// # Cancel safety
    ///
    /// Dropping the stream at any time loses no message.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn stream(&self) -> Messages<'_, T> {
        Messages {
            turn: Turn::new(self),
        }
    }
}

/// A place in the queue of receivers.
pub(super) struct Turn<T, E: Deref<Target = RecvEnd<T>>> {
    end: E,
    waiter: Waiter<Receiving>,
    _message: PhantomData<fn() -> T>,
}

impl<T, E: Deref<Target = RecvEnd<T>>> Turn<T, E> {
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(end: E) -> Self {
        Self {
            end,
            waiter: Waiter::new(Receiving),
            _message: PhantomData,
        }
    }

    /// For a future that was made there.
    pub(super) fn at(mut self, site: Site) -> Self {
        self.waiter.set_site(site);
        self
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<Receiving>> {
        // SAFETY: structurally pinned: no method moves it, and `Drop` does not end before it is
        // unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    pub(super) fn is_done(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }

    /// Makes a turn that is done a new one.
    pub(super) fn renew(&self) {
        self.waiter.renew();
    }

    /// Waits for a message and takes it.
    ///
    /// # Panics
    ///
    /// If it is done.
    #[inline(always)]
    pub(super) fn poll(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<T, RecvError>> {
        let mut place = Place::new();
        if self.waiter.is_idle() {
            if self.first(&mut place) {
                self.tie(cx);
                return Poll::Ready(place.take().ok_or(RecvError));
            }
            ready!(self.enter(cx, &mut place));
        } else {
            ready!(self.look(cx, &mut place));
        }
        self.tie(cx);
        // Nothing is there if nothing will come.
        Poll::Ready(place.take().ok_or(RecvError))
    }

    /// Notes that the task of `cx` receives here.
    #[inline(always)]
    fn tie(&self, cx: &Context<'_>) {
        inspect::tie(cx, TieKind::Received, self.end.raw().resource());
    }

    /// Takes what is there and not promised. Returns whether there was something.
    #[inline(always)]
    fn first(&self, place: &mut Place<T>) -> bool {
        self.end.raw().step(|held| {
            let is_taken = held.take(place);
            if is_taken {
                self.waiter.finish();
            }
            is_taken
        })
    }

    /// The polls after the first.
    #[inline(never)]
    fn look(self: Pin<&Self>, cx: &Context<'_>, place: &mut Place<T>) -> Poll<()> {
        let raw = self.end.raw();
        // SAFETY: the future's own node, used with this channel alone.
        if unsafe { raw.keeps_waiting(&self.waiter, cx) } {
            raw.note(&self.waiter, cx);
            return Poll::Pending;
        }
        let stage = self.waiter.stage();
        assert!(
            stage != Stage::Done,
            "a future of a receive was polled after it had completed"
        );
        self.waiter.finish();
        if stage == Stage::Ended(Outcome::Granted) {
            raw.step(|held| held.redeem(place));
        }
        Poll::Ready(())
    }

    /// Queues, unless there is something to take now, or nothing will come.
    #[inline(never)]
    fn enter(self: Pin<&Self>, cx: &Context<'_>, place: &mut Place<T>) -> Poll<()> {
        let mut waker = Some(cx.waker().clone());
        let is_done = self.end.raw().step(|held| {
            let is_done = held.take(place) || held.is_finished();
            if is_done {
                self.waiter.finish();
            } else if let Some(waker) = waker.take() {
                // SAFETY: idle, used with this list alone, and `Drop` takes it out.
                unsafe { held.enqueue(self.waiter(), waker) };
            }
            is_done
        });
        if is_done {
            Poll::Ready(())
        } else {
            self.end.raw().note(&self.waiter, cx);
            Poll::Pending
        }
    }

    /// Gives up. Returns how the wait had ended by then, if it had: what was promised is received.
    #[cold]
    fn give_up(&self) -> Option<Result<T, RecvError>> {
        let mut panic = FirstPanic::default();
        let mut place = Place::new();
        // SAFETY: the future's own node, used with this channel alone.
        let outcome = unsafe {
            self.end
                .raw()
                .withdraw(&self.waiter, &mut panic, |held| held.redeem(&mut place))
        };
        self.waiter.finish();
        panic.resume_in_drop();
        outcome.map(|_| place.take().ok_or(RecvError))
    }

    #[cold]
    fn leave(&self) {
        let mut panic = FirstPanic::default();
        // SAFETY: the future's own node, used with this channel alone.
        unsafe {
            self.end
                .raw()
                .withdraw(&self.waiter, &mut panic, |held| held.return_ticket())
        };
        panic.resume_in_drop();
    }
}

impl<T, E: Deref<Target = RecvEnd<T>>> Drop for Turn<T, E> {
    #[inline]
    fn drop(&mut self) {
        match self.waiter.stage() {
            Stage::Idle | Stage::Done | Stage::Ended(Outcome::Closed | Outcome::Refused) => {}
            Stage::Queued | Stage::Ended(Outcome::Granted) => self.leave(),
        }
    }
}

impl<T, E: Deref<Target = RecvEnd<T>>> fmt::Debug for Turn<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt(f)
    }
}

pin_project! {
    /// The future of [`RecvEnd::recv`].
    ///
    /// It is `Send` if the message is, not `Unpin`, and fused in the sense of [`FusedFuture`];
    /// polling it after it has completed panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Recv<'a, T> {
        #[pin]
        turn: Turn<T, &'a RecvEnd<T>>,
    }
}

debug_fields!([T] Recv<'_, T>: turn);

impl<T> Recv<'_, T> {
    /// Gives up its turn, as [`Turn::give_up`].
    pub(super) fn give_up(self: Pin<&mut Self>) -> Option<Result<T, RecvError>> {
        self.turn.give_up()
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().turn.into_ref().poll(cx)
    }
}

impl<T> FusedFuture for Recv<'_, T> {
    fn is_terminated(&self) -> bool {
        self.turn.is_done()
    }
}

pin_project! {
    /// The future of [`RecvEnd::recv_many`].
    ///
    /// As [`Recv`] otherwise.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct RecvMany<'a, T, E> {
        #[pin]
        turn: Turn<T, &'a RecvEnd<T>>,
        into: &'a mut E,
        limit: usize,
    }
}

impl<T, E: Extend<T>> Future for RecvMany<'_, T, E> {
    type Output = Result<usize, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let turn = this.turn.into_ref();
        let limit = *this.limit;
        if limit == 0 {
            turn.waiter.finish();
            return Poll::Ready(Ok(0));
        }
        let first = ready!(turn.poll(cx))?;
        this.into.extend(Some(first));
        let mut count = 1;
        while count < limit {
            match turn.end.recv_some(*this.into, limit - count) {
                0 => break,
                more => count += more,
            }
        }
        Poll::Ready(Ok(count))
    }
}

impl<T, E: Extend<T>> FusedFuture for RecvMany<'_, T, E> {
    fn is_terminated(&self) -> bool {
        self.turn.is_done()
    }
}

debug_fields!([T, E] RecvMany<'_, T, E>: turn, limit);

macro_rules! stream {
    ($(#[$meta:meta])* $name:ident $(<$life:lifetime>)?($end:ty)) => {
        pin_project! {
            $(#[$meta])*
            ///
            /// It is `Send` if the message is, and not `Unpin`: pin it before polling. It is fused:
            /// once the channel is closed and empty it stays at its end.
            #[must_use = "streams do nothing unless polled"]
            pub struct $name<$($life,)? T> {
                #[pin]
                turn: Turn<T, $end>,
            }
        }

        debug_fields!([$($life,)? T] $name<$($life,)? T>: turn);

        impl<$($life,)? T> Stream for $name<$($life,)? T> {
            type Item = T;

            #[inline]
            fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
                let turn = self.project().turn.into_ref();
                if turn.is_done() {
                    return Poll::Ready(None);
                }
                let message = ready!(turn.poll(cx)).ok();
                if message.is_some() {
                    turn.renew();
                }
                Poll::Ready(message)
            }
        }

        impl<$($life,)? T> FusedStream for $name<$($life,)? T> {
            fn is_terminated(&self) -> bool {
                self.turn.is_done()
            }
        }
    };
}

stream! {
    /// The stream of [`RecvEnd::stream`].
    Messages<'a>(&'a RecvEnd<T>)
}

#[cfg(feature = "alloc")]
mod owned {
    use core::{
        pin::Pin,
        task::{Context, Poll, ready},
    };

    use futures_core::stream::{FusedStream, Stream};
    use pin_project_lite::pin_project;

    use super::Turn;
    use crate::{channel::Receiver, sys::debug_fields};

    impl<T> Receiver<T> {
        /// As [`stream`](super::RecvEnd::stream), of a receiver that moves into the stream.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub fn into_stream(self) -> IntoMessages<T> {
            IntoMessages {
                turn: Turn::new(self),
            }
        }
    }

    stream! {
        /// The stream of [`Receiver::into_stream`].
        IntoMessages(Receiver<T>)
    }
}
#[cfg(feature = "alloc")]
pub use owned::IntoMessages;
