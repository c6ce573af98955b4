//! The sending end as a [`Sink`].
//!
//! | its claim | it has | dropping it |
//! |---|---|---|
//! | idle or queued | no room yet | leaves the queue |
//! | done | room for one message | gives it back |
//! | gone | been closed, or has found the channel closed | does nothing |

use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_sink::Sink;
use pin_project_lite::pin_project;

use super::{SendEnd, SendError, reserve::Claim};

impl<T> SendEnd<T> {
    /// The sending end as a [`Sink`], for `forward`, `send_all` and whatever else takes one. Needs
    /// the feature `sink`.
    ///
    /// The sink reserves room for a message before it takes one, and sends it at once: there is
    /// nothing to flush. Closing the sink does not close the channel, as other senders may be
    /// left; dropping the last one does.
    ///
    /// # Cancel safety
    ///
    /// A sink that was ready and is dropped gives its room back.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the channel is closed, with the message if there was one already.
    ///
    /// # Panics
    ///
    /// `start_send` without `poll_ready` before.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::{SinkExt, StreamExt, stream};
    ///
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(8);
    /// let numbers = stream::iter(0..3).map(Ok);
    /// numbers.forward(sender.into_sink()).await.unwrap();
    /// assert_eq!(receiver.stream().collect::<Vec<_>>().await, [0, 1, 2]);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn sink(&self) -> SendSink<'_, T> {
        SendSink {
            claim: Some(Claim::new(self, 1)),
        }
    }
}

macro_rules! sink {
    ($(#[$meta:meta])* $name:ident $(<$life:lifetime>)?($end:ty)) => {
        pin_project! {
            $(#[$meta])*
            ///
            /// It is `Send` if the message is, and not `Unpin`: pin it before use. It never
            /// allocates.
            #[must_use = "sinks do nothing unless polled"]
            pub struct $name<$($life,)? T> {
                #[pin]
                claim: Option<Claim<T, $end>>,
            }

            impl<$($life,)? T> PinnedDrop for $name<$($life,)? T> {
                fn drop(this: Pin<&mut Self>) {
                    give_room_back(this.project().claim.as_ref());
                }
            }
        }

        impl<$($life,)? T> Sink<T> for $name<$($life,)? T> {
            type Error = SendError<Option<T>>;

            fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
                let mut claim = self.project().claim;
                let Some(waiting) = claim.as_ref().as_pin_ref() else {
                    return Poll::Ready(Err(SendError(None)));
                };
                if !waiting.is_done() && ready!(waiting.poll(cx)).is_err() {
                    claim.set(None);
                    return Poll::Ready(Err(SendError(None)));
                }
                Poll::Ready(Ok(()))
            }

            fn start_send(self: Pin<&mut Self>, message: T) -> Result<(), Self::Error> {
                let mut claim = self.project().claim;
                let Some(done) = claim.as_ref().as_pin_ref() else {
                    return Err(SendError(Some(message)));
                };
                assert!(done.is_done(), "a sink was sent to that was not ready");
                // First, or a panic of a waker would have the room given back that was used.
                done.renew();
                let sent = done.end.fulfil(message);
                sent.map_err(|SendError(message)| {
                    claim.set(None);
                    SendError(Some(message))
                })
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
                let mut claim = self.project().claim;
                give_room_back(claim.as_ref());
                claim.set(None);
                Poll::Ready(Ok(()))
            }
        }

        impl<$($life,)? T> fmt::Debug for $name<$($life,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("claim", &self.claim)
                    .finish()
            }
        }
    };
}

sink! {
    /// The sink of [`SendEnd::sink`].
    SendSink<'a>(&'a SendEnd<T>)
}

/// Gives back the room of a claim that is done; a panic of those who are told goes on.
fn give_room_back<T, E>(claim: Pin<&Option<Claim<T, E>>>)
where
    E: core::ops::Deref<Target = SendEnd<T>>,
{
    if let Some(done) = claim.as_pin_ref() {
        if done.is_done() {
            done.renew();
            done.end.give_back(1);
        }
    }
}

#[cfg(feature = "alloc")]
mod owned {
    use core::{
        fmt,
        pin::Pin,
        task::{Context, Poll, ready},
    };

    use futures_sink::Sink;
    use pin_project_lite::pin_project;

    use super::{Claim, SendError, give_room_back};
    use crate::channel::Sender;

    impl<T> Sender<T> {
        /// As [`sink`](super::SendEnd::sink), of a sender that moves into the sink; closing the
        /// sink drops it.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub fn into_sink(self) -> IntoSink<T> {
            IntoSink {
                claim: Some(Claim::new(self, 1)),
            }
        }
    }

    sink! {
        /// The sink of [`Sender::into_sink`].
        IntoSink(Sender<T>)
    }
}
#[cfg(feature = "alloc")]
pub use owned::IntoSink;
