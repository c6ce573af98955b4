//! The future of a send. Its states are those of its node (`wait/list.rs`):
//!
//! | the node | the message is | what dropping does |
//! |---|---|---|
//! | never queued | here | drops it |
//! | queued | here | unlinks the node under the lock, lets others in, drops the message |
//! | granted | in the channel, or received | nothing |
//! | closed | here | drops it |
//! | done | gone | nothing |

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{
    SendEnd, SendError,
    held::{Admission, Held},
    ring::{Sending, Slot},
};
use crate::{
    inspect::{self, Site, TieKind},
    sys::unwind::FirstPanic,
    wait::{Outcome, Stage, Waiter},
};

impl<T> SendEnd<T> {
    /// Sends a message, and waits for room if there is none.
    ///
    /// Those who wait are let in in the order in which they came.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the message was either not sent, and is dropped
    /// with the future, or has been taken in already. To know which, and to have the message back,
    /// use [`Send::cancel`]; to decide what to send when there is room,
    /// [`reserve`](Self::reserve).
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{channel, scope};
    ///
    /// # pleach::block_on(async {
    /// let (sender, receiver) = channel::bounded(1);
    /// scope!(|s| {
    ///     s.spawn(async move {
    ///         for n in 0..3 {
    ///             sender.send(n).await.unwrap();
    ///         }
    ///     });
    ///     let mut sum = 0;
    ///     while let Ok(n) = receiver.recv().await {
    ///         sum += n;
    ///     }
    ///     assert_eq!(sum, 3);
    /// })
    /// .await;
    /// # });
    /// ```
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn send(&self, message: T) -> Send<'_, T> {
        Send {
            end: self,
            waiter: Waiter::new(Sending::new(1)),
            value: Slot::full(message),
        }
    }
}

/// The future of [`SendEnd::send`].
///
/// It is `Send` if the message is, not `Unpin`, and fused in the sense of [`FusedFuture`]; polling
/// it after it has completed panics. It never allocates.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct Send<'a, T> {
    end: &'a SendEnd<T>,
    waiter: Waiter<Sending<T>>,
    value: Slot<T>,
}

impl<T> Send<'_, T> {
    /// Gives up. Returns the message, unless it was sent: then it is in the channel or has been
    /// received.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::Future, pin::pin, task::{Context, Waker}};
    ///
    /// let (sender, receiver) = pleach::channel::bounded(1);
    /// sender.try_send("first").unwrap();
    /// let mut send = pin!(sender.send("second"));
    /// assert!(send.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    /// assert_eq!(send.as_mut().cancel(), Some("second"));
    /// ```
    pub fn cancel(self: Pin<&mut Self>) -> Option<T> {
        self.give_up()
    }

    fn give_up(&self) -> Option<T> {
        let mut panic = FirstPanic::default();
        let is_here = match self.waiter.stage() {
            Stage::Idle | Stage::Ended(Outcome::Closed | Outcome::Refused) => true,
            Stage::Ended(Outcome::Granted) | Stage::Done => false,
            Stage::Queued => {
                let raw = self.end.raw();
                // SAFETY: the future's own node, used with this channel alone.
                let outcome = unsafe { raw.withdraw(&self.waiter, &mut panic, |_| ()) };
                outcome != Some(Outcome::Granted)
            }
        };
        self.waiter.finish();
        // SAFETY: the node is not linked, and the value has not been moved.
        let value = is_here.then(|| unsafe { self.value.read() });
        panic.resume_in_drop();
        value
    }

    #[inline(always)]
    fn first(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let admission = self.end.raw().step(|held| {
            let admission = held.admission(1);
            if admission == Admission::Admitted {
                self.hand_in(held);
            }
            admission
        });
        if admission == Admission::Admitted {
            self.tie(cx);
            return Poll::Ready(Ok(()));
        }
        self.enter(cx)
    }

    /// Queues, unless there is room now or never will be.
    #[inline(never)]
    fn enter(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let mut waker = Some(cx.waker().clone());
        let admission = self.end.raw().step(|held| {
            let admission = held.admission(1);
            match admission {
                Admission::Admitted => self.hand_in(held),
                Admission::Full => {
                    self.waiter.request().set_value(&raw const self.value);
                    if let Some(waker) = waker.take() {
                        // SAFETY: idle, used with this list alone, and `Drop` takes it out.
                        unsafe { held.enqueue(self.waiter(), waker) };
                    }
                }
                Admission::Closed => {}
            }
            admission
        });
        match admission {
            Admission::Admitted => {
                self.tie(cx);
                Poll::Ready(Ok(()))
            }
            Admission::Full => {
                self.end.raw().note(&self.waiter, cx);
                Poll::Pending
            }
            Admission::Closed => self.refused(),
        }
    }

    /// Moves the message into the channel, which has room for it.
    #[inline]
    fn hand_in(&self, held: &mut Held<'_, T>) {
        // SAFETY: the value is here, for the node is idle, and is not any more when it is done.
        unsafe { held.push_from(&self.value) };
        self.waiter.finish();
    }

    /// The polls after the first.
    #[inline(never)]
    fn look(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        // SAFETY: the future's own node, used with this channel alone.
        if unsafe { self.end.raw().keeps_waiting(&self.waiter, cx) } {
            self.end.raw().note(&self.waiter, cx);
            return Poll::Pending;
        }
        match self.waiter.stage() {
            Stage::Done => panic!("`Send` was polled after it had completed"),
            Stage::Ended(Outcome::Granted) => {
                self.waiter.finish();
                self.tie(cx);
                Poll::Ready(Ok(()))
            }
            _ => self.refused(),
        }
    }

    /// For a future that was made there.
    pub(super) fn at(mut self, site: Site) -> Self {
        self.waiter.set_site(site);
        self
    }

    /// Notes that the task of `cx` sends here.
    #[inline(always)]
    fn tie(&self, cx: &Context<'_>) {
        inspect::tie(cx, TieKind::Sent, self.end.raw().resource());
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<Sending<T>>> {
        // SAFETY: structurally pinned: no method moves it, and `Drop` does not end before it is
        // unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    /// The channel is closed, and the message still here.
    fn refused(&self) -> Poll<Result<(), SendError<T>>> {
        self.waiter.finish();
        // SAFETY: the node is not linked; `finish` has noted that the value is gone.
        let value = unsafe { self.value.read() };
        Poll::Ready(Err(SendError(value)))
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.into_ref();
        if this.waiter.is_idle() {
            return this.first(cx);
        }
        this.look(cx)
    }
}

impl<T> FusedFuture for Send<'_, T> {
    fn is_terminated(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}

impl<T> Drop for Send<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.waiter.stage() != Stage::Done {
            drop(self.give_up());
        }
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("stage", &self.waiter.stage())
            .finish_non_exhaustive()
    }
}
