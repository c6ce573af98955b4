//! Sending and receiving for threads: what a future waits for, the thread sleeps for.

use core::pin::pin;

use super::{RecvEnd, RecvError, RecvUntilError, SendEnd, SendError, SendUntilError};
use crate::{
    cancel::Token,
    sys::park::{self, Instant},
};

impl<T> SendEnd<T> {
    /// Sends a message; the thread sleeps until there is room.
    ///
    /// It waits in the same queue as the futures of [`send`](Self::send). Not for async code, whose
    /// other tasks would not go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message, if the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// let (sender, receiver) = pleach::channel::bounded(1);
    /// let worker = std::thread::spawn(move || {
    ///     for n in 0..3 {
    ///         sender.send_blocking(n).unwrap();
    ///     }
    /// });
    /// assert_eq!(receiver.iter_blocking().sum::<u32>(), 3);
    /// # worker.join().unwrap();
    /// ```
    pub fn send_blocking(&self, message: T) -> Result<(), SendError<T>> {
        park::wait(pin!(self.send(message)))
    }

    /// As [`send_blocking`](Self::send_blocking), but gives the message back at `deadline`.
    ///
    /// # Errors
    ///
    /// [`SendUntilError::Closed`] and [`SendUntilError::TimedOut`], with the message.
    pub fn send_blocking_until(
        &self,
        message: T,
        deadline: Instant,
    ) -> Result<(), SendUntilError<T>> {
        let mut send = pin!(self.send(message));
        match park::wait_until(send.as_mut(), deadline) {
            Some(result) => result.map_err(SendUntilError::from),
            None => match send.cancel() {
                Some(message) => Err(SendUntilError::TimedOut(message)),
                None => Ok(()),
            },
        }
    }

    /// As [`send_blocking`](Self::send_blocking), but gives the message back when `token` is
    /// cancelled.
    ///
    /// # Errors
    ///
    /// [`SendUntilError::Closed`] and [`SendUntilError::Cancelled`], with the message.
    pub fn send_blocking_or_cancel(
        &self,
        message: T,
        token: &Token,
    ) -> Result<(), SendUntilError<T>> {
        park::wait(pin!(self.send_or_cancel(message, token)))
    }
}

impl<T> RecvEnd<T> {
    /// Receives the next message; the thread sleeps until there is one.
    ///
    /// It waits in the same queue as the futures of [`recv`](Self::recv). Not for async code, whose
    /// other tasks would not go on meanwhile.
    ///
    /// # Errors
    ///
    /// [`RecvError`], if the channel is closed and nothing is left in it.
    pub fn recv_blocking(&self) -> Result<T, RecvError> {
        park::wait(pin!(self.recv()))
    }

    /// As [`recv_blocking`](Self::recv_blocking), but for no longer than until `deadline`.
    ///
    /// # Errors
    ///
    /// [`RecvUntilError::Closed`] and [`RecvUntilError::TimedOut`].
    pub fn recv_blocking_until(&self, deadline: Instant) -> Result<T, RecvUntilError> {
        match park::wait_until(pin!(self.recv()), deadline) {
            Some(result) => result.map_err(RecvUntilError::from),
            None => Err(RecvUntilError::TimedOut),
        }
    }

    /// As [`recv_blocking`](Self::recv_blocking), but until `token` is cancelled.
    ///
    /// # Errors
    ///
    /// [`RecvUntilError::Closed`] and [`RecvUntilError::Cancelled`].
    pub fn recv_blocking_or_cancel(&self, token: &Token) -> Result<T, RecvUntilError> {
        park::wait(pin!(self.recv_or_cancel(token)))
    }

    /// The messages, as an iterator for threads: each step is a
    /// [`recv_blocking`](Self::recv_blocking), and it ends when the channel is closed and empty.
    pub fn iter_blocking(&self) -> impl Iterator<Item = T> {
        core::iter::from_fn(|| self.recv_blocking().ok())
    }
}
