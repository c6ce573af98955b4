//! Places in a channel, to be filled later: what is sent is decided when there is room.
//!
//! A [`Claim`] is a place in the queue of senders without a message. Its states are those of its
//! node (`wait/list.rs`):
//!
//! | the node | what dropping does |
//! |---|---|
//! | never queued, closed, or done | nothing |
//! | queued | unlinks it under the lock, and lets in those behind it |
//! | granted | gives the places back |

use core::{
    fmt,
    future::Future,
    iter::FusedIterator,
    mem::ManuallyDrop,
    ops::Deref,
    pin::Pin,
    ptr,
    task::{Context, Poll, ready},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{ReserveError, SendEnd, SendError, TryReserveError, held::Admission, ring::Sending};
use crate::{
    inspect::{self, TieKind},
    sys::{
        debug_fields,
        unwind::{self, FirstPanic},
    },
    wait::{Outcome, Stage, Waiter},
};

impl<T> SendEnd<T> {
    /// Waits for room for one message, and holds it.
    ///
    /// In the same queue as [`send`](Self::send). At a capacity of zero there is room when a receiver
    /// waits, as [`recv`](super::RecvEnd::recv) does; a `try_recv`, `drain` or `ready` makes none. The
    /// `send` arm of a `select!` is one of these.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a place that it got is given back.
    ///
    /// # Errors
    ///
    /// [`ReserveError::Closed`].
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(1);
    /// let permit = sender.reserve().await.unwrap();
    /// assert!(sender.try_send(1).unwrap_err().is_full());
    /// permit.send(2).unwrap();
    /// assert_eq!(receiver.recv().await, Ok(2));
    /// # });
    /// ```
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve {
            claim: Claim::new(self, 1),
        }
    }

    /// Waits for room for `n` messages at once, and holds it.
    ///
    /// # Cancel safety
    ///
    /// As [`reserve`](Self::reserve).
    ///
    /// # Errors
    ///
    /// [`ReserveError::TooMany`] for more than the capacity (or one, if that is zero); otherwise as
    /// [`reserve`](Self::reserve).
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(4);
    /// let permits = sender.reserve_many(2).await.unwrap();
    /// for (permit, message) in permits.zip(["a", "b"]) {
    ///     permit.send(message).unwrap();
    /// }
    /// assert_eq!(receiver.len(), 2);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn reserve_many(&self, n: usize) -> ReserveMany<'_, T> {
        ReserveMany {
            claim: Claim::new(self, n),
        }
    }

    /// Holds room for one message, if there is some and nobody has been waiting for it.
    ///
    /// # Errors
    ///
    /// [`TryReserveError`].
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TryReserveError> {
        self.try_hold(1).map(|()| Permit { end: self })
    }

    /// Holds room for `n` messages, if there is some and nobody has been waiting for it.
    ///
    /// # Errors
    ///
    /// [`TryReserveError`].
    pub fn try_reserve_many(&self, n: usize) -> Result<Permits<'_, T>, TryReserveError> {
        self.try_hold(n).map(|()| Permits { end: self, left: n })
    }

    /// Sends what is in `slot`, and waits for room as [`reserve`](Self::reserve) does if there is none.
    /// The message stays in `slot` until there is, and moves but once.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what was not sent is in `slot`.
    ///
    /// # Errors
    ///
    /// [`ReserveError::Closed`]; the message is still in `slot`.
    ///
    /// # Panics
    ///
    /// If there is nothing in `slot` when it is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(1);
    /// let mut slot = Some([0_u8; 1024]);
    /// sender.send_from(&mut slot).await.unwrap();
    /// assert!(slot.is_none());
    /// # assert!(receiver.try_recv().is_ok());
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn send_from<'a>(&'a self, slot: &'a mut Option<T>) -> SendFrom<'a, T> {
        SendFrom {
            claim: Claim::new(self, 1),
            slot,
        }
    }

    /// How many places may be asked for at once.
    #[inline]
    fn most(&self) -> usize {
        self.capacity().max(1)
    }

    #[inline]
    pub(super) fn try_hold(&self, n: usize) -> Result<(), TryReserveError> {
        let limit = self.most();
        if n > limit {
            return Err(TryReserveError::TooMany {
                requested: n,
                limit,
            });
        }
        let admission = self.raw().with(|held| {
            let admission = held.admission(n);
            if admission == Admission::Admitted {
                held.reserve(n as u32);
            }
            admission
        });
        match admission {
            Admission::Admitted => Ok(()),
            Admission::Full => Err(TryReserveError::Full),
            Admission::Closed => Err(TryReserveError::Closed),
        }
    }

    pub(super) fn give_back(&self, places: u32) {
        unwind::run_in_drop(|| self.raw().step(|held| held.unreserve(places)));
    }

    #[inline]
    pub(super) fn fulfil(&self, message: T) -> Result<(), SendError<T>> {
        // By reference, so that it moves but once.
        let message = ManuallyDrop::new(message);
        // SAFETY: the value is there.
        if self.raw().step(|held| unsafe { held.fulfil(&message) }) {
            return Ok(());
        }
        // It was not taken.
        Err(SendError(ManuallyDrop::into_inner(message)))
    }
}

/// Room for one message in a channel; from [`SendEnd::reserve`].
///
/// Dropping it gives the room back. It stays good when the channel is closed, as long as there is a
/// receiver.
#[must_use = "dropping it gives the room back"]
pub struct Permit<'a, T> {
    end: &'a SendEnd<T>,
}

impl<T> Permit<'_, T> {
    /// Sends a message, without waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message, if there is no receiver any more.
    #[inline]
    pub fn send(self, message: T) -> Result<(), SendError<T>> {
        let end = self.end;
        core::mem::forget(self);
        end.fulfil(message)
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.end.give_back(1);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Room for some messages in a channel; from [`SendEnd::reserve_many`].
///
/// It is an iterator of [`Permit`]s. Dropping it gives back what is left.
#[must_use = "dropping it gives the room back"]
pub struct Permits<'a, T> {
    end: &'a SendEnd<T>,
    left: usize,
}

impl<'a, T> Iterator for Permits<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.left = self.left.checked_sub(1)?;
        Some(Permit { end: self.end })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Permits<'_, T> {}
impl<T> FusedIterator for Permits<'_, T> {}

impl<T> Drop for Permits<'_, T> {
    fn drop(&mut self) {
        if self.left > 0 {
            self.end.give_back(self.left as u32);
        }
    }
}

impl<T> fmt::Debug for Permits<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// A request for places.
pub(super) struct Claim<T, E: Deref<Target = SendEnd<T>>> {
    pub(super) end: E,
    waiter: Waiter<Sending<T>>,
}

impl<T, E: Deref<Target = SendEnd<T>>> Claim<T, E> {
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(end: E, places: usize) -> Self {
        Self {
            end,
            waiter: Waiter::new(Sending::new(places)),
        }
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<Sending<T>>> {
        // SAFETY: structurally pinned: no method moves it, and `Drop` does not end before it is
        // unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    fn places(&self) -> usize {
        self.waiter.request().need
    }

    pub(super) fn is_done(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }

    /// Makes a claim that is done a new one.
    #[cfg(feature = "sink")]
    pub(super) fn renew(&self) {
        self.waiter.renew();
    }

    /// Waits for the places, which are then the caller's. Not for a claim that is done.
    #[inline]
    pub(super) fn poll(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), ReserveError>> {
        let polled = if self.waiter.is_idle() {
            self.first(cx)
        } else {
            self.look(cx)
        };
        let raw = self.end.raw();
        match &polled {
            Poll::Pending => raw.note(&self.waiter, cx),
            Poll::Ready(_) => inspect::tie(cx, TieKind::Sent, raw.resource()),
        }
        polled
    }

    /// The polls after the first.
    #[inline(never)]
    fn look(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), ReserveError>> {
        // SAFETY: the future's own node, used with this channel alone.
        if unsafe { self.end.raw().keeps_waiting(&self.waiter, cx) } {
            return Poll::Pending;
        }
        let is_granted = self.waiter.is_granted();
        self.waiter.finish();
        Poll::Ready(if is_granted {
            Ok(())
        } else {
            Err(ReserveError::Closed)
        })
    }

    #[inline]
    fn first(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), ReserveError>> {
        let result = match self.end.try_hold(self.places()) {
            Ok(()) => Ok(()),
            Err(TryReserveError::Closed) => Err(ReserveError::Closed),
            Err(TryReserveError::TooMany { requested, limit }) => {
                Err(ReserveError::TooMany { requested, limit })
            }
            Err(TryReserveError::Full) => ready!(self.enter(cx)),
        };
        self.waiter.finish();
        Poll::Ready(result)
    }

    /// Queues, unless there is room now.
    #[inline(never)]
    fn enter(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), ReserveError>> {
        let mut waker = Some(cx.waker().clone());
        let admission = self.end.raw().with(|held| {
            let admission = held.admission(self.places());
            match (admission, waker.take()) {
                (Admission::Full, Some(waker)) => {
                    self.waiter.request().set_value(ptr::null());
                    // SAFETY: idle, used with this list alone, and `Drop` takes it out.
                    unsafe { held.enqueue(self.waiter(), waker) };
                }
                (Admission::Admitted, unneeded) => {
                    held.reserve(self.places() as u32);
                    waker = unneeded;
                }
                (_, unneeded) => waker = unneeded,
            }
            admission
        });
        match admission {
            Admission::Full => Poll::Pending,
            Admission::Closed => Poll::Ready(Err(ReserveError::Closed)),
            Admission::Admitted => {
                // Should this drop panic, the places must not be lost with it.
                let permits = Permits {
                    end: &self.end,
                    left: self.places(),
                };
                drop(waker);
                core::mem::forget(permits);
                Poll::Ready(Ok(()))
            }
        }
    }

    #[cold]
    fn leave(&self) {
        let mut panic = FirstPanic::default();
        // SAFETY: the future's own node, used with this channel alone.
        unsafe {
            self.end.raw().withdraw(&self.waiter, &mut panic, |held| {
                held.unreserve(self.places() as u32)
            })
        };
        panic.resume_in_drop();
    }
}

impl<T, E: Deref<Target = SendEnd<T>>> Drop for Claim<T, E> {
    #[inline]
    fn drop(&mut self) {
        match self.waiter.stage() {
            Stage::Idle | Stage::Done | Stage::Ended(Outcome::Closed | Outcome::Refused) => {}
            Stage::Queued | Stage::Ended(Outcome::Granted) => self.leave(),
        }
    }
}

impl<T, E: Deref<Target = SendEnd<T>>> fmt::Debug for Claim<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("places", &self.places())
            .field("stage", &self.waiter.stage())
            .finish_non_exhaustive()
    }
}

macro_rules! claim_future {
    ($(#[$meta:meta])* $name:ident, $output:ident, $this:ident => $get:expr) => {
        pin_project! {
            $(#[$meta])*
            ///
            /// It is `Send` if the message is, not `Unpin`, and fused in the sense of
            /// [`FusedFuture`]; polling it after it has completed panics. It never allocates.
            #[must_use = "futures do nothing unless awaited or polled"]
            pub struct $name<'a, T> {
                #[pin]
                claim: Claim<T, &'a SendEnd<T>>,
            }
        }

        impl<'a, T> Future for $name<'a, T> {
            type Output = Result<$output<'a, T>, ReserveError>;

            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let $this = self.project().claim.into_ref();
                assert!(
                    !$this.is_done(),
                    concat!("`", stringify!($name), "` was polled after it had completed")
                );
                $this.poll(cx).map_ok(|()| $get)
            }
        }

        impl<T> FusedFuture for $name<'_, T> {
            fn is_terminated(&self) -> bool {
                self.claim.is_done()
            }
        }

        debug_fields!([T] $name<'_, T>: claim);
    };
}

claim_future! {
    /// The future of [`SendEnd::reserve`].
    Reserve, Permit, claim => Permit { end: claim.end }
}
claim_future! {
    /// The future of [`SendEnd::reserve_many`].
    ReserveMany, Permits, claim => Permits { end: claim.end, left: claim.places() }
}

pin_project! {
    /// The future of [`SendEnd::send_from`].
    ///
    /// It is `Send` if the message is, not `Unpin`, and fused in the sense of [`FusedFuture`];
    /// polling it after it has completed panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct SendFrom<'a, T> {
        #[pin]
        claim: Claim<T, &'a SendEnd<T>>,
        slot: &'a mut Option<T>,
    }
}

impl<T> Future for SendFrom<'_, T> {
    type Output = Result<(), ReserveError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let claim = this.claim.into_ref();
        assert!(
            !claim.is_done(),
            "`SendFrom` was polled after it had completed"
        );
        assert!(
            this.slot.is_some(),
            "`send_from` needs a message in its slot"
        );
        ready!(claim.poll(cx))?;
        let permit = Permit { end: claim.end };
        let Some(message) = this.slot.take() else {
            unreachable!("it was there above");
        };
        Poll::Ready(permit.send(message).map_err(|error| {
            **this.slot = Some(error.into_inner());
            ReserveError::Closed
        }))
    }
}

impl<T> FusedFuture for SendFrom<'_, T> {
    fn is_terminated(&self) -> bool {
        self.claim.is_done()
    }
}

debug_fields!([T] SendFrom<'_, T>: claim);
