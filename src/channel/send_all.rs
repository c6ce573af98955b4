//! Sending all that an iterator gives.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{Send, SendEnd, SendError, TrySendError};
use crate::{
    inspect::{self, Site, TieKind},
    sys::debug_fields,
};

impl<T> SendEnd<T> {
    /// Sends all that `items` gives, one after the other, and waits for room where there is none.
    ///
    /// Others may send in between. The iterator is asked for a message when the one before has been
    /// sent. Give `&mut iterator` to go on with the rest after an error.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message that waits for room is dropped with it;
    /// [`SendAll::cancel`] gives it back. The iterator was not asked for more.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message that was not sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{channel, scope};
    ///
    /// # pleach::block_on(async {
    /// let (sender, receiver) = channel::bounded(2);
    /// scope!(|s| {
    ///     s.spawn(async move { sender.send_all(1..=4).await });
    ///     let mut sum = 0;
    ///     while let Ok(n) = receiver.recv().await {
    ///         sum += n;
    ///     }
    ///     assert_eq!(sum, 10);
    /// })
    /// .await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn send_all<I: IntoIterator<Item = T>>(&self, items: I) -> SendAll<'_, T, I::IntoIter> {
        SendAll {
            end: self,
            items: items.into_iter(),
            send: None,
            is_done: false,
            site: Site::here(),
        }
    }
}

pin_project! {
    /// The future of [`SendEnd::send_all`].
    ///
    /// It is `Send` if iterator and messages are, not `Unpin`, and fused in the sense of
    /// [`FusedFuture`]; polling it after it has completed panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct SendAll<'a, T, I> {
        end: &'a SendEnd<T>,
        items: I,
        // The message that waits for room.
        #[pin]
        send: Option<Send<'a, T>>,
        is_done: bool,
        site: Site,
    }
}

impl<T, I> SendAll<'_, T, I> {
    /// Gives up. Returns the message that waited for room, if there is one.
    pub fn cancel(self: Pin<&mut Self>) -> Option<T> {
        let mut this = self.project();
        *this.is_done = true;
        let message = this.send.as_mut().as_pin_mut().and_then(Send::cancel);
        this.send.set(None);
        message
    }
}

impl<T, I: Iterator<Item = T>> Future for SendAll<'_, T, I> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        assert!(
            !*this.is_done,
            "`SendAll` was polled after it had completed"
        );
        let result = loop {
            if let Some(send) = this.send.as_mut().as_pin_mut() {
                let sent = ready!(send.poll(cx));
                this.send.set(None);
                if sent.is_err() {
                    break sent;
                }
            }
            let Some(message) = this.items.next() else {
                break Ok(());
            };
            match this.end.try_send(message) {
                Ok(()) => inspect::tie(cx, TieKind::Sent, this.end.raw().resource()),
                Err(TrySendError::Full(message)) => {
                    let send = this.end.send(message).at(this.site.again());
                    this.send.set(Some(send));
                }
                Err(TrySendError::Closed(message)) => break Err(SendError(message)),
            }
        };
        *this.is_done = true;
        Poll::Ready(result)
    }
}

impl<T, I: Iterator<Item = T>> FusedFuture for SendAll<'_, T, I> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

debug_fields!([T, I] SendAll<'_, T, I>: send, is_done);
