//! Sending and receiving for those who do not wait for ever: until another future is ready, or
//! until a token is cancelled.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{Recv, RecvEnd, RecvUntilError, Send, SendEnd, SendUntilError};
use crate::{
    cancel::{self, Cancelled, OrCancel, Token, WaitCancelled},
    inspect,
    sys::debug_fields,
};

impl<'a, T> Send<'a, T> {
    /// Waits until `end` is ready, which is the sleep of any timer, and gives the message back then.
    ///
    /// A message for which there is room is sent although the time is over.
    ///
    /// # Cancel safety
    ///
    /// As [`SendEnd::send`].
    ///
    /// # Errors
    ///
    /// [`SendUntilError::Closed`] and [`SendUntilError::TimedOut`], with the message.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::{channel::{self, SendUntilError}, time::{ManualClock, sleep}};
    ///
    /// let clock = ManualClock::new();
    /// let (sender, _receiver) = channel::bounded(1);
    /// clock.run(async {
    ///     sender.send(1).or_until(sleep(&clock, Duration::from_secs(1))).await.unwrap();
    ///     let late = sender.send(2).or_until(sleep(&clock, Duration::from_secs(1))).await;
    ///     assert_eq!(late, Err(SendUntilError::TimedOut(2)));
    /// });
    /// ```
    pub fn or_until<F: Future>(self, end: F) -> SendUntil<'a, T, F> {
        SendUntil { send: self, end }
    }
}

impl<T> SendEnd<T> {
    /// Sends a message, and waits for room until `token` is cancelled; then the message comes back.
    ///
    /// A token that is cancelled from the beginning wins over room; after that room does. Go's
    /// `select` over a send and `ctx.Done()`, which leaves the choice to chance.
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// [`SendUntilError::Closed`] and [`SendUntilError::Cancelled`], with the message.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{CancelToken, channel};
    ///
    /// # pleach::block_on(async {
    /// let (token, (sender, _receiver)) = (CancelToken::new(), channel::bounded(1));
    /// sender.send_or_cancel(1, &token).await.unwrap();
    /// token.cancel();
    /// let error = sender.send_or_cancel(2, &token).await.unwrap_err();
    /// assert_eq!(error.into_inner(), 2);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn send_or_cancel<'a>(&'a self, message: T, token: &'a Token) -> SendOrCancel<'a, T> {
        SendOrCancel {
            until: self.send(message).or_until(token.cancelled()),
            token,
            begun: false,
        }
    }
}

impl<'a, T> Recv<'a, T> {
    /// Waits until `end` is ready, which is the sleep of any timer.
    ///
    /// A message that is there is received although the time is over. Otherwise it leaves the queue
    /// then, and nothing is promised to it any more.
    ///
    /// # Cancel safety
    ///
    /// As [`RecvEnd::recv`].
    ///
    /// # Errors
    ///
    /// [`RecvUntilError::Closed`] and [`RecvUntilError::TimedOut`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::{channel::{self, RecvUntilError}, time::{ManualClock, sleep}};
    ///
    /// let clock = ManualClock::new();
    /// let (_sender, receiver) = channel::bounded::<u8>(1);
    /// let result = clock.run(receiver.recv().or_until(sleep(&clock, Duration::from_secs(1))));
    /// assert_eq!(result, Err(RecvUntilError::TimedOut));
    /// ```
    pub fn or_until<F: Future>(self, end: F) -> RecvUntil<'a, T, F> {
        RecvUntil { recv: self, end }
    }
}

impl<T> RecvEnd<T> {
    /// Receives the next message, and waits for it until `token` is cancelled.
    ///
    /// A token that is cancelled from the beginning wins over a message; after that a message does.
    /// Nothing is lost: what is not received stays in the channel.
    ///
    /// # Cancel safety
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// [`RecvUntilError::Closed`] and [`RecvUntilError::Cancelled`].
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{CancelToken, channel::{self, RecvUntilError}};
    ///
    /// # pleach::block_on(async {
    /// let (token, (_sender, receiver)) = (CancelToken::new(), channel::bounded::<u8>(1));
    /// token.cancel();
    /// let error = receiver.recv_or_cancel(&token).await.unwrap_err();
    /// assert!(matches!(error, RecvUntilError::Cancelled(_)));
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn recv_or_cancel<'a>(&'a self, token: &'a Token) -> RecvOrCancel<'a, T> {
        RecvOrCancel {
            run: self.recv().or_cancel(token),
        }
    }
}

pin_project! {
    /// The future of [`Send::or_until`].
    ///
    /// It is fused in the sense of [`FusedFuture`]; polling it after it has completed panics. It never
    /// allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct SendUntil<'a, T, F> {
        #[pin]
        send: Send<'a, T>,
        #[pin]
        end: F,
    }
}

debug_fields!([T, F] SendUntil<'_, T, F>: send);

impl<T, F> SendUntil<'_, T, F> {
    /// The message comes back with the error for it, unless it has been sent.
    fn give_up(
        self: Pin<&mut Self>,
        error: impl FnOnce(T) -> SendUntilError<T>,
    ) -> Result<(), SendUntilError<T>> {
        match self.project().send.cancel() {
            Some(message) => Err(error(message)),
            None => Ok(()),
        }
    }
}

impl<T, F: Future> SendUntil<'_, T, F> {
    fn poll_or(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        error: impl FnOnce(T, F::Output) -> SendUntilError<T>,
    ) -> Poll<Result<(), SendUntilError<T>>> {
        inspect::within(cx, |cx| {
            let this = self.as_mut().project();
            if let Poll::Ready(result) = this.send.poll(cx) {
                return Poll::Ready(result.map_err(SendUntilError::from));
            }
            let end = ready!(this.end.poll(cx));
            Poll::Ready(self.give_up(|message| error(message, end)))
        })
    }
}

impl<T, F: Future> Future for SendUntil<'_, T, F> {
    type Output = Result<(), SendUntilError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_or(cx, |message, _| SendUntilError::TimedOut(message))
    }
}

impl<T, F: Future> FusedFuture for SendUntil<'_, T, F> {
    fn is_terminated(&self) -> bool {
        self.send.is_terminated()
    }
}

pin_project! {
    /// The future of [`SendEnd::send_or_cancel`].
    ///
    /// It is fused in the sense of [`FusedFuture`]; polling it after it has completed panics. It never
    /// allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct SendOrCancel<'a, T> {
        #[pin]
        until: SendUntil<'a, T, WaitCancelled<'a>>,
        token: &'a Token,
        begun: bool,
    }
}

debug_fields!([T] SendOrCancel<'_, T>: until);

impl<T> Future for SendOrCancel<'_, T> {
    type Output = Result<(), SendUntilError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if !core::mem::replace(this.begun, true) {
            if let Err(cancelled) = this.token.check() {
                let error = |message| SendUntilError::Cancelled(message, cancelled);
                return Poll::Ready(this.until.give_up(error));
            }
        }
        this.until.poll_or(cx, |message, cause| {
            SendUntilError::Cancelled(message, Cancelled::from(cause))
        })
    }
}

impl<T> FusedFuture for SendOrCancel<'_, T> {
    fn is_terminated(&self) -> bool {
        self.until.is_terminated()
    }
}

pin_project! {
    /// The future of [`Recv::or_until`].
    ///
    /// It is fused in the sense of [`FusedFuture`]; polling it after it has completed panics. It never
    /// allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct RecvUntil<'a, T, F> {
        #[pin]
        recv: Recv<'a, T>,
        #[pin]
        end: F,
    }
}

debug_fields!([T, F] RecvUntil<'_, T, F>: recv);

impl<T, F: Future> Future for RecvUntil<'_, T, F> {
    type Output = Result<T, RecvUntilError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let received = ready!(inspect::within(cx, |cx| {
            if let Poll::Ready(received) = this.recv.as_mut().poll(cx) {
                return Poll::Ready(Some(received));
            }
            ready!(this.end.poll(cx));
            Poll::Ready(this.recv.as_mut().give_up())
        }));
        Poll::Ready(match received {
            Some(received) => received.map_err(RecvUntilError::from),
            None => Err(RecvUntilError::TimedOut),
        })
    }
}

impl<T, F: Future> FusedFuture for RecvUntil<'_, T, F> {
    fn is_terminated(&self) -> bool {
        self.recv.is_terminated()
    }
}

pin_project! {
    /// The future of [`RecvEnd::recv_or_cancel`].
    ///
    /// It is fused in the sense of [`FusedFuture`]; polling it after it has completed panics. It never
    /// allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct RecvOrCancel<'a, T> {
        #[pin]
        run: cancel::Run<'a, Recv<'a, T>>,
    }
}

debug_fields!([T] RecvOrCancel<'_, T>: run);

impl<T> Future for RecvOrCancel<'_, T> {
    type Output = Result<T, RecvUntilError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().run.poll(cx).map(|result| match result {
            Ok(received) => received.map_err(RecvUntilError::from),
            Err(cancelled) => Err(RecvUntilError::Cancelled(cancelled)),
        })
    }
}

impl<T> FusedFuture for RecvOrCancel<'_, T> {
    fn is_terminated(&self) -> bool {
        self.run.is_terminated()
    }
}
