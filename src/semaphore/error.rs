//! Why permits were not acquired.

use core::{error::Error, fmt};

use crate::Cancelled;

/// Why [`Semaphore::acquire`](crate::Semaphore::acquire) and its kin gave no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcquireError {
    /// The semaphore was closed before the request was granted.
    Closed,
    /// The request asks for more permits than there can ever be.
    TooMany {
        /// What was asked for.
        requested: usize,
        /// The most that could be asked for then.
        limit: usize,
    },
    /// The deadline came first. Only of the blocking forms that have one.
    TimedOut,
    /// The token was cancelled first. Only of the forms that have one.
    Cancelled(Cancelled),
}

/// Why [`Semaphore::try_acquire`](crate::Semaphore::try_acquire) gave no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TryAcquireError {
    /// Too few permits are free, or others have been waiting longer.
    NoPermits,
    /// The semaphore is closed.
    Closed,
    /// The request asks for more permits than there can ever be.
    TooMany {
        /// What was asked for.
        requested: usize,
        /// The most that could be asked for then.
        limit: usize,
    },
}

const CLOSED: &str = "the semaphore is closed: no more permits will be given out";

fn too_many(f: &mut fmt::Formatter<'_>, requested: usize, limit: usize) -> fmt::Result {
    write!(
        f,
        "{requested} permits were requested but there can be at most {limit}: ask for fewer"
    )
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Closed => f.write_str(CLOSED),
            Self::TooMany { requested, limit } => too_many(f, requested, limit),
            Self::TimedOut => f.write_str("the deadline came before the permits did"),
            Self::Cancelled(cancelled) => cancelled.fmt(f),
        }
    }
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoPermits => f.write_str(
                "too few permits are free, or others wait: await `acquire` or try again later",
            ),
            Self::Closed => f.write_str(CLOSED),
            Self::TooMany { requested, limit } => too_many(f, requested, limit),
        }
    }
}

impl Error for AcquireError {}
impl Error for TryAcquireError {}
