//! The two ends of a channel, borrowed: what there is to ask and to do at each.

use core::{fmt, iter::FusedIterator, ptr};

use super::{
    held::Admission,
    place::Place,
    ring::{End, Raw},
    {SendError, TryRecvError, TrySendError},
};
use crate::sys::debug_fields;

/// The sending end of a channel, borrowed.
///
/// It is reached through a [`Sender`](super::Sender) or a [`SenderRef`](super::SenderRef), which
/// relate to it as `String` does to `str`, or by [`Channel::send_end`](super::Channel::send_end). A
/// function that only sends takes a `&SendEnd<T>`.
#[repr(transparent)]
pub struct SendEnd<T> {
    raw: Raw<T>,
}

/// The receiving end of a channel, borrowed.
///
/// It is reached through a [`Receiver`](super::Receiver) or a [`ReceiverRef`](super::ReceiverRef),
/// which relate to it as `String` does to `str`, or by
/// [`Channel::recv_end`](super::Channel::recv_end). A function that only receives takes a
/// `&RecvEnd<T>`.
#[repr(transparent)]
pub struct RecvEnd<T> {
    raw: Raw<T>,
}

/// What both ends have.
macro_rules! end {
    ($end:ident) => {
        impl<T> $end<T> {
            #[inline]
            pub(super) fn of(raw: &Raw<T>) -> &Self {
                let end = ptr::from_ref(raw) as *const Self;
                // SAFETY: it is `repr(transparent)`.
                unsafe { &*end }
            }

            #[inline]
            pub(super) fn raw(&self) -> &Raw<T> {
                &self.raw
            }

            /// Closes the channel. Returns whether this call did.
            ///
            /// Nothing can be sent from then on: who waits to send is told so, and gets the message
            /// back. What is in the channel can still be received, and what somebody has a
            /// [permit](super::Permit) for can still be sent.
            ///
            /// # Examples
            ///
            /// ```
            /// # pleach::block_on(async {
            /// let (sender, receiver) = pleach::channel::bounded(4);
            /// sender.send(1).await.unwrap();
            /// assert!(receiver.close());
            /// assert!(sender.send(2).await.is_err());
            /// assert_eq!(receiver.recv().await, Ok(1));
            /// assert!(receiver.recv().await.is_err());
            /// # });
            /// ```
            pub fn close(&self) -> bool {
                self.raw.close()
            }

            /// Whether nothing can be sent any more: the channel was closed, or one of its ends has
            /// no handle left.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.raw.with(|held| held.is_closed())
            }

            /// How many messages are in the channel, including those that are promised to receivers
            /// which have been woken for them.
            #[must_use]
            pub fn len(&self) -> usize {
                self.raw.with(|held| held.len())
            }

            /// Whether there is no message in the channel.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether there is no room for a message.
            #[must_use]
            pub fn is_full(&self) -> bool {
                self.raw.with(|held| held.room()) == 0
            }

            /// How many messages the channel holds when nobody waits for them.
            #[must_use]
            pub fn capacity(&self) -> usize {
                self.raw.capacity()
            }

            /// How many senders there are.
            #[must_use]
            pub fn sender_count(&self) -> usize {
                self.raw.with(|held| held.handles(End::Send))
            }

            /// How many receivers there are.
            #[must_use]
            pub fn receiver_count(&self) -> usize {
                self.raw.with(|held| held.handles(End::Recv))
            }
        }

        impl<T> fmt::Debug for $end<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($end))
                    .field("len", &self.len())
                    .field("capacity", &self.capacity())
                    .field("is_closed", &self.is_closed())
                    .finish_non_exhaustive()
            }
        }
    };
}

end!(SendEnd);
end!(RecvEnd);

impl<T> SendEnd<T> {
    /// Sends a message if there is room for it, and nobody has been waiting for that.
    ///
    /// # Errors
    ///
    /// [`TrySendError`], with the message.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::channel::{self, TrySendError};
    ///
    /// let (sender, receiver) = channel::bounded(1);
    /// assert_eq!(sender.try_send('a'), Ok(()));
    /// assert_eq!(sender.try_send('b'), Err(TrySendError::Full('b')));
    /// drop(receiver);
    /// assert_eq!(sender.try_send('c'), Err(TrySendError::Closed('c')));
    /// ```
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.raw.step(|held| match held.admission(1) {
            Admission::Admitted => {
                held.push(message);
                Ok(())
            }
            Admission::Full => Err(TrySendError::Full(message)),
            Admission::Closed => Err(TrySendError::Closed(message)),
        })
    }

    /// Sends a message in any case, without waiting: if there is no room, the oldest message is
    /// pushed out and given back. For those who would rather lose what is old.
    ///
    /// It goes ahead of those who wait to send. What is pushed out may be promised to a receiver that
    /// was woken, which gets the next one then; at a capacity of zero it always is, or was to one that
    /// has left. Where there is nothing to push out, because all places are reserved, or the capacity
    /// is zero and no message on its way, the message is given back itself.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = pleach::channel::bounded(2);
    /// assert_eq!(sender.force_send(1), Ok(None));
    /// assert_eq!(sender.force_send(2), Ok(None));
    /// assert_eq!(sender.force_send(3), Ok(Some(1)));
    /// assert_eq!(receiver.drain().collect::<Vec<_>>(), [2, 3]);
    /// ```
    pub fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
        self.raw.step(|held| held.force(message)).map_err(SendError)
    }

    /// Whether this is an end of the very same channel as `other`.
    #[must_use]
    pub fn same_channel(&self, other: &SendEnd<T>) -> bool {
        ptr::addr_eq(&raw const self.raw, &raw const other.raw)
    }
}

impl<T> RecvEnd<T> {
    /// Receives a message if there is one, and it was not promised to somebody who waited.
    ///
    /// At a capacity of zero that is one in the hands of a [`send`](SendEnd::send) that waits. It does
    /// not meet a [`reserve`](SendEnd::reserve), a [`send_from`](SendEnd::send_from) or the `send` arm
    /// of a `select!`, which need a receiver that waits: see [`bounded`](super::bounded).
    ///
    /// # Errors
    ///
    /// [`TryRecvError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::channel::{self, TryRecvError};
    ///
    /// let (sender, receiver) = channel::bounded(1);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.try_send('a').unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Ok('a'));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut place = Place::new();
        let is_finished = self
            .raw
            .step(|held| !held.take(&mut place) && held.is_finished());
        place.take().ok_or(if is_finished {
            TryRecvError::Closed
        } else {
            TryRecvError::Empty
        })
    }

    /// Receives what is in the channel now, and does not wait for more.
    ///
    /// It ends after as many messages as there were when it was made, or earlier if others take
    /// them. Each is received as by [`try_recv`](Self::try_recv). Dropping it leaves the rest in the
    /// channel.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = pleach::channel::bounded(2);
    /// sender.try_send('a').unwrap();
    /// let mut drain = receiver.drain();
    /// sender.try_send('b').unwrap();
    /// assert_eq!(drain.next(), Some('a'));
    /// assert_eq!(drain.next(), None);
    /// ```
    pub fn drain(&self) -> Drain<'_, T> {
        Drain {
            end: self,
            left: self.raw.with(|held| held.len_with_waiting()),
        }
    }

    /// Whether the channel is closed and has nothing left, and nothing will come.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.raw.with(|held| held.is_finished())
    }

    /// Whether this is an end of the very same channel as `other`.
    #[must_use]
    pub fn same_channel(&self, other: &RecvEnd<T>) -> bool {
        ptr::addr_eq(&raw const self.raw, &raw const other.raw)
    }
}

/// The iterator of [`RecvEnd::drain`]. It is fused.
pub struct Drain<'a, T> {
    end: &'a RecvEnd<T>,
    left: usize,
}

debug_fields!([T] Drain<'_, T>: end, left);

impl<T> Iterator for Drain<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let left = self.left.checked_sub(1)?;
        let message = self.end.try_recv().ok();
        // What comes after it found nothing is not what was there.
        self.left = if message.is_some() { left } else { 0 };
        message
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

impl<T> FusedIterator for Drain<'_, T> {}
