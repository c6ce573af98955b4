//! Channels without a heap: in a `static`, on the stack, in a struct.

use core::{fmt, ops::Deref};

use super::{
    Drain, Recv, RecvEnd, Send, SendEnd, SendError, TryRecvError, TrySendError,
    ring::{End, PLACES, Raw, Ring, Slot},
};
use crate::sys::const_new;

/// A channel for up to `N` messages that allocates nothing.
///
/// Its constructor is `const`: it can be a `static`. There are two ways to use it:
///
/// * By the channel itself: the methods here, and all others of its [`send_end`](Self::send_end) and
///   [`recv_end`](Self::recv_end). Nothing is counted, and the channel is open until somebody closes
///   it. With the feature `critical-section` and without `std`, an interrupt handler may use what of
///   it does not wait.
/// * By handles, which borrow it and are otherwise those of [`bounded`](super::bounded): when the
///   last of the senders or of the receivers that were made is dropped, the channel is closed, for
///   good. So keep them: `CHANNEL.sender().send(1).await` closes it if there is no other sender.
///
/// Dropping the channel drops what is in it.
///
/// # Examples
///
/// ```
/// use pleach::channel::Channel;
///
/// static READINGS: Channel<u16, 8> = Channel::new();
///
/// // In an interrupt handler:
/// let _lost = READINGS.try_send(17).is_err();
/// // In a task:
/// # pleach::block_on(async {
/// assert_eq!(READINGS.recv().await, Ok(17));
/// # });
/// ```
///
/// All there is to do at an end, without a handle:
///
/// ```
/// use pleach::{channel::Channel, select};
///
/// static JOBS: Channel<&str, 2> = Channel::new();
///
/// # pleach::block_on(async {
/// let permit = JOBS.send_end().reserve().await.unwrap();
/// permit.send("first").unwrap();
/// select! {
///     send(JOBS.send_end(), "second") => {}
///     () = JOBS.send_end().closed() => unreachable!(),
/// }
/// let mut jobs = Vec::new();
/// JOBS.recv_end().recv_many(&mut jobs, 9).await.unwrap();
/// assert_eq!(jobs, ["first", "second"]);
/// assert!(!JOBS.is_closed());
/// # });
/// ```
pub struct Channel<T, const N: usize> {
    ring: Ring<T, [Slot<T>; N]>,
}

impl<T, const N: usize> Channel<T, N> {
    const_new! {
        /// An empty channel. Up to four receivers that wait count as places beside the capacity.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self { ring: Ring::new(PLACES as u8) }
        }
    }

    const_new! {
        /// An empty channel that never holds more than `N` messages, also while receivers wait.
        ///
        /// # Panics
        ///
        /// If `N` is zero; in a `const` context that is an error at compile time.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn strict() -> Self {
            assert!(N > 0, "a strict channel needs a capacity");
            Self { ring: Ring::new(0) }
        }
    }

    #[inline]
    fn raw(&self) -> &Raw<T> {
        &self.ring
    }

    /// The sending end, borrowed. It does not count as a sender: the channel is not closed when
    /// nobody has it any more.
    #[must_use]
    #[inline]
    pub fn send_end(&self) -> &SendEnd<T> {
        SendEnd::of(self.raw())
    }

    /// The receiving end, borrowed. It does not count as a receiver: the channel is not closed when
    /// nobody has it any more.
    #[must_use]
    #[inline]
    pub fn recv_end(&self) -> &RecvEnd<T> {
        RecvEnd::of(self.raw())
    }

    /// A sender. When the last one is dropped the channel is closed, also if it was but a temporary;
    /// [`send_end`](Self::send_end) is not counted.
    pub fn sender(&self) -> SenderRef<'_, T> {
        SenderRef::new(self.send_end())
    }

    /// A receiver. When the last one is dropped the channel is closed and what is in it is dropped,
    /// also if it was but a temporary; [`recv_end`](Self::recv_end) is not counted.
    pub fn receiver(&self) -> ReceiverRef<'_, T> {
        ReceiverRef::new(self.recv_end())
    }

    /// A sender and a receiver.
    pub fn split(&self) -> (SenderRef<'_, T>, ReceiverRef<'_, T>) {
        (self.sender(), self.receiver())
    }

    /// As [`SendEnd::try_send`], without a handle.
    ///
    /// # Errors
    ///
    /// [`TrySendError`], with the message.
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.send_end().try_send(message)
    }

    /// As [`SendEnd::force_send`], without a handle.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message.
    pub fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
        self.send_end().force_send(message)
    }

    /// As [`SendEnd::send`], without a handle.
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn send(&self, message: T) -> Send<'_, T> {
        self.send_end().send(message)
    }

    /// As [`RecvEnd::try_recv`], without a handle.
    ///
    /// # Errors
    ///
    /// [`TryRecvError`].
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.recv_end().try_recv()
    }

    /// As [`RecvEnd::recv`], without a handle.
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn recv(&self) -> Recv<'_, T> {
        self.recv_end().recv()
    }

    /// As [`RecvEnd::drain`], without a handle.
    pub fn drain(&self) -> Drain<'_, T> {
        self.recv_end().drain()
    }

    /// As [`SendEnd::close`], without a handle.
    pub fn close(&self) -> bool {
        self.raw().close()
    }

    /// Whether nothing can be sent any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.send_end().is_closed()
    }
}

impl<T, const N: usize> Default for Channel<T, N> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Drop for Channel<T, N> {
    fn drop(&mut self) {
        self.raw().abandon();
    }
}

impl<T, const N: usize> fmt::Debug for Channel<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.send_end()).finish()
    }
}

macro_rules! handle {
    ($(#[$meta:meta])* $handle:ident, $end:ident, $side:expr) => {
        $(#[$meta])*
        pub struct $handle<'a, T> {
            end: &'a $end<T>,
        }

        impl<'a, T> $handle<'a, T> {
            fn new(end: &'a $end<T>) -> Self {
                end.raw().join($side);
                Self { end }
            }
        }

        impl<T> Clone for $handle<'_, T> {
            fn clone(&self) -> Self {
                Self::new(self.end)
            }
        }

        impl<T> Deref for $handle<'_, T> {
            type Target = $end<T>;

            #[inline]
            fn deref(&self) -> &$end<T> {
                self.end
            }
        }

        impl<T> Drop for $handle<'_, T> {
            fn drop(&mut self) {
                self.end.raw().leave($side);
            }
        }

        impl<T> fmt::Debug for $handle<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($handle)).field(&&**self).finish()
            }
        }
    };
}

handle! {
    /// A handle to the sending end of a [`Channel`]; from [`Channel::sender`].
    ///
    /// It derefs to the [`SendEnd`], where sending is.
    SenderRef, SendEnd, End::Send
}
handle! {
    /// A handle to the receiving end of a [`Channel`]; from [`Channel::receiver`].
    ///
    /// It derefs to the [`RecvEnd`], where receiving is. Each message goes to one receiver.
    ReceiverRef, RecvEnd, End::Recv
}
