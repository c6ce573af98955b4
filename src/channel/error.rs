//! Why something was not sent or received.

use core::{error::Error, fmt};

use crate::Cancelled;

/// A message was not sent, because the channel is closed: by hand, or because there is no receiver
/// any more. The message comes back in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendError<T>(pub T);

impl<T> SendError<T> {
    /// The message that was not sent.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// Why a message was not sent by somebody who does not wait for ever; it comes back in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendUntilError<T> {
    /// The channel is closed: by hand, or because there is no receiver any more.
    Closed(T),
    /// The time was over first.
    TimedOut(T),
    /// The token was cancelled first.
    Cancelled(T, Cancelled),
}

impl<T> SendUntilError<T> {
    /// The message that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Closed(message) | Self::TimedOut(message) | Self::Cancelled(message, _) => {
                message
            }
        }
    }

    /// Whether the channel is closed, so that to try again would be in vain.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

impl<T> From<SendError<T>> for SendUntilError<T> {
    fn from(error: SendError<T>) -> Self {
        Self::Closed(error.0)
    }
}

/// Why [`try_send`](super::SendEnd::try_send) sent nothing; the message comes back in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrySendError<T> {
    /// There is no room just now, or others have been waiting for it.
    Full(T),
    /// The channel is closed: by hand, or because there is no receiver any more.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// The message that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(message) | Self::Closed(message) => message,
        }
    }

    /// Whether there was no room.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether the channel is closed, so that to try again would be in vain.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

/// Why no place was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReserveError {
    /// The channel is closed: by hand, or because there is no receiver any more.
    Closed,
    /// There will never be so many places at once.
    TooMany {
        /// What was asked for.
        requested: usize,
        /// The most that can be asked for.
        limit: usize,
    },
}

/// Why [`try_reserve`](super::SendEnd::try_reserve) reserved nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TryReserveError {
    /// There is no room just now, or others have been waiting for it.
    Full,
    /// The channel is closed: by hand, or because there is no receiver any more.
    Closed,
    /// There will never be so many places at once.
    TooMany {
        /// What was asked for.
        requested: usize,
        /// The most that can be asked for.
        limit: usize,
    },
}

/// Nothing was received, because the channel is closed and has nothing left, and nothing will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecvError;

/// Why nothing was received by somebody who does not wait for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecvUntilError {
    /// The channel is closed and has nothing left, and nothing will come.
    Closed,
    /// The time was over first.
    TimedOut,
    /// The token was cancelled first.
    Cancelled(Cancelled),
}

impl From<RecvError> for RecvUntilError {
    fn from(RecvError: RecvError) -> Self {
        Self::Closed
    }
}

/// Why [`try_recv`](super::RecvEnd::try_recv) received nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TryRecvError {
    /// There is nothing just now, or what there is was promised to those who have been waiting.
    Empty,
    /// The channel is closed and has nothing left, and nothing will come.
    Closed,
}

const CLOSED_TO_SENDERS: &str = "the channel is closed: nothing more can be sent";
const FULL: &str = "the channel is full, or others wait: await `send` or try again later";
const FINISHED: &str = "the channel is closed and empty";
const TOO_LATE: &str = "the time was over before the channel was ready";

fn too_many(f: &mut fmt::Formatter<'_>, requested: usize, limit: usize) -> fmt::Result {
    write!(
        f,
        "{requested} places were requested but there can be at most {limit}: ask for fewer"
    )
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED_TO_SENDERS)
    }
}

impl<T> fmt::Display for SendUntilError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(_) => f.write_str(CLOSED_TO_SENDERS),
            Self::TimedOut(_) => f.write_str(TOO_LATE),
            Self::Cancelled(_, cancelled) => cancelled.fmt(f),
        }
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => FULL,
            Self::Closed(_) => CLOSED_TO_SENDERS,
        })
    }
}

impl fmt::Display for ReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Closed => f.write_str(CLOSED_TO_SENDERS),
            Self::TooMany { requested, limit } => too_many(f, requested, limit),
        }
    }
}

impl fmt::Display for TryReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Full => f.write_str(FULL),
            Self::Closed => f.write_str(CLOSED_TO_SENDERS),
            Self::TooMany { requested, limit } => too_many(f, requested, limit),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FINISHED)
    }
}

impl fmt::Display for RecvUntilError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str(FINISHED),
            Self::TimedOut => f.write_str(TOO_LATE),
            Self::Cancelled(cancelled) => cancelled.fmt(f),
        }
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the channel is empty: await `recv` or try again later",
            Self::Closed => FINISHED,
        })
    }
}

// Without the message, which need not be `Debug`.
impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Debug for SendUntilError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(_) => f.write_str("Closed(..)"),
            Self::TimedOut(_) => f.write_str("TimedOut(..)"),
            Self::Cancelled(_, cancelled) => write!(f, "Cancelled(.., {cancelled:?})"),
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> Error for SendError<T> {}
impl<T> Error for SendUntilError<T> {}
impl<T> Error for TrySendError<T> {}
impl Error for ReserveError {}
impl Error for TryReserveError {}
impl Error for RecvError {}
impl Error for RecvUntilError {}
impl Error for TryRecvError {}
