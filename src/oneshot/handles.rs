//! The two sides, on the heap and of a [`Oneshot`].

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{Oneshot, RecvError, SendError, TryRecvError};
use crate::inspect::Site;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
use crate::{inspect::Made, sys::Shared};

/// The two sides of a new handover. One allocation, and none later.
///
/// # Examples
///
/// ```
/// use pleach::oneshot;
///
/// let (sender, mut receiver) = oneshot::channel();
/// assert_eq!(receiver.try_recv(), Err(oneshot::TryRecvError::Empty));
/// sender.send("value").unwrap();
/// assert_eq!(receiver.try_recv(), Ok("value"));
/// assert_eq!(receiver.try_recv(), Err(oneshot::TryRecvError::Closed));
/// ```
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[cfg_attr(feature = "inspect", track_caller)]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    channel_made(Made::here())
}

/// The same, as one that was made there.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[cfg_attr(feature = "inspect", track_caller)]
pub(crate) fn channel_made<T>(made: Made) -> (Sender<T>, Receiver<T>) {
    let mut oneshot = Oneshot::new();
    oneshot.made = made;
    let shared = Shared::new(oneshot);
    shared.open();
    (Sender::of(Shared::clone(&shared)), Receiver::of(shared))
}

macro_rules! sides {
    (
        $(#[$sender_meta:meta])* $sender:ident, $(#[$receiver_meta:meta])* $receiver:ident,
        [$($life:lifetime)?] $pointer:ty
    ) => {
        $(#[$sender_meta])*
        pub struct $sender<$($life,)? T> {
            // `None` once it has sent.
            shared: Option<$pointer>,
        }

        impl<$($life,)? T> $sender<$($life,)? T> {
            pub(super) fn of(shared: $pointer) -> Self {
                Self { shared: Some(shared) }
            }

            fn shared(&self) -> &Oneshot<T> {
                match &self.shared {
                    Some(shared) => shared,
                    None => unreachable!("sending consumes the sender"),
                }
            }

            /// Sends the value. It never waits.
            ///
            /// # Errors
            ///
            /// [`SendError`], with the value, if the receiver is gone or has closed.
            pub fn send(mut self, value: T) -> Result<(), SendError<T>> {
                match self.shared.take() {
                    Some(shared) => shared.send(value),
                    None => unreachable!("sending consumes the sender"),
                }
            }

            /// Whether the receiver is gone or has closed, so that sending would be in vain.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.shared().is_closed()
            }

            /// Waits until the receiver is gone or has closed.
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing.
            #[cfg_attr(feature = "inspect", track_caller)]
            pub fn closed(&mut self) -> WaitClosed<'_, T> {
                WaitClosed { shared: Some(self.shared()), site: Site::here() }
            }
        }

        impl<$($life,)? T> Drop for $sender<$($life,)? T> {
            fn drop(&mut self) {
                if let Some(shared) = self.shared.take() {
                    shared.leave_sender();
                }
            }
        }

        impl<$($life,)? T> fmt::Debug for $sender<$($life,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($sender)).field(self.shared()).finish()
            }
        }

        $(#[$receiver_meta])*
        #[must_use = "futures do nothing unless awaited or polled"]
        pub struct $receiver<$($life,)? T> {
            shared: $pointer,
            is_over: bool,
            site: Site,
        }

        impl<$($life,)? T> $receiver<$($life,)? T> {
            #[cfg_attr(feature = "inspect", track_caller)]
            pub(super) fn of(shared: $pointer) -> Self {
                Self { shared, is_over: false, site: Site::here() }
            }

            /// Takes the value, if it is there.
            ///
            /// # Errors
            ///
            /// [`TryRecvError::Empty`] if it was not sent yet, [`TryRecvError::Closed`] if it will
            /// not come or was taken already.
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                self.shared.try_recv()
            }

            /// Refuses what was not sent yet. What was can still be received.
            pub fn close(&mut self) {
                self.shared.close();
            }

            /// Waits for the value; the thread sleeps meanwhile. Not for async code.
            ///
            /// # Errors
            ///
            /// [`RecvError`], if the sender was dropped.
            #[cfg(feature = "std")]
            pub fn recv_blocking(mut self) -> Result<T, RecvError> {
                crate::sys::park::wait(Pin::new(&mut self))
            }

            /// The same, but for no longer than until `deadline`: then it is `None`.
            ///
            /// # Errors
            ///
            /// [`RecvError`], if the sender was dropped, or the value was received already.
            #[cfg(feature = "std")]
            pub fn recv_blocking_until(
                &mut self,
                deadline: crate::sys::park::Instant,
            ) -> Option<Result<T, RecvError>> {
                crate::sys::park::wait_until(Pin::new(self), deadline)
            }
        }

        // No value is pinned in it.
        impl<$($life,)? T> Unpin for $receiver<$($life,)? T> {}

        impl<$($life,)? T> Future for $receiver<$($life,)? T> {
            type Output = Result<T, RecvError>;

            #[inline]
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let received = self.shared.poll_recv(cx, &self.site);
                self.is_over = received.is_ready();
                received
            }
        }

        impl<$($life,)? T> FusedFuture for $receiver<$($life,)? T> {
            fn is_terminated(&self) -> bool {
                self.is_over
            }
        }

        impl<$($life,)? T> Drop for $receiver<$($life,)? T> {
            fn drop(&mut self) {
                self.shared.leave_receiver();
            }
        }

        impl<$($life,)? T> fmt::Debug for $receiver<$($life,)? T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($receiver)).field(&&*self.shared).finish()
            }
        }
    };
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
sides! {
    /// The side that sends; from [`channel`].
    Sender,
    /// The side that receives: the future of the value. From [`channel`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops a value that was sent already. Polling `&mut receiver` and giving that up
    /// loses nothing.
    ///
    /// # Errors
    ///
    /// [`RecvError`], if the sender was dropped, or the value was received already.
    Receiver,
    [] Shared<Oneshot<T>>
}
sides! {
    /// The side of a [`Oneshot`] that sends; from [`Oneshot::split`].
    SenderRef,
    /// The side of a [`Oneshot`] that receives: the future of the value. From [`Oneshot::split`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops a value that was sent already. Polling `&mut receiver` and giving that up
    /// loses nothing.
    ///
    /// # Errors
    ///
    /// [`RecvError`], if the sender was dropped, or the value was received already.
    ReceiverRef,
    ['a] &'a Oneshot<T>
}

/// The future of [`Sender::closed`] and [`SenderRef::closed`].
///
/// It is `Unpin`, and fused in the sense of [`FusedFuture`]; polling it after it has completed
/// panics.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct WaitClosed<'a, T> {
    // `None` once it has completed.
    shared: Option<&'a Oneshot<T>>,
    site: Site,
}

impl<T> Future for WaitClosed<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(shared) = self.shared else {
            panic!("`WaitClosed` was polled after it had completed");
        };
        let closed = shared.poll_closed(cx, &self.site);
        if closed.is_ready() {
            self.shared = None;
        }
        closed
    }
}

impl<T> FusedFuture for WaitClosed<'_, T> {
    fn is_terminated(&self) -> bool {
        self.shared.is_none()
    }
}

impl<T> Drop for WaitClosed<'_, T> {
    fn drop(&mut self) {
        if let Some(shared) = self.shared {
            shared.stop_waiting_for_close();
        }
    }
}

impl<T> fmt::Debug for WaitClosed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WaitClosed").field(&self.shared).finish()
    }
}
