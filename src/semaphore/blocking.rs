//! Acquiring for threads: what a future waits for, the thread sleeps for.

use core::pin::pin;

use super::{AcquireError, Permit, Semaphore};
use crate::{
    cancel::Token,
    sys::park::{self, Instant},
};

/// Polls `acquire` until it is ready, asleep in between.
impl Semaphore {
    /// Waits for one permit and blocks the thread meanwhile.
    ///
    /// Threads and tasks wait in one queue. Where several threads fight over few permits, see
    /// [`with_bypass`](Self::with_bypass). A thread allocates once, the first time it waits.
    ///
    /// Not for use in async code: the executor's thread would sleep.
    ///
    /// # Errors
    ///
    /// Those of [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use pleach::Semaphore;
    ///
    /// static DISKS: Semaphore = Semaphore::new(1);
    ///
    /// let permit = DISKS.acquire_blocking().unwrap();
    /// let other = thread::spawn(|| DISKS.acquire_blocking().map(|permit| permit.permits()));
    /// drop(permit);
    /// assert_eq!(other.join().unwrap(), Ok(1));
    /// ```
    pub fn acquire_blocking(&self) -> Result<Permit<'_>, AcquireError> {
        self.acquire_many_blocking(1)
    }

    /// Waits for `permits` permits at once and blocks the thread meanwhile.
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking) otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`acquire_many`](Self::acquire_many).
    pub fn acquire_many_blocking(&self, permits: usize) -> Result<Permit<'_>, AcquireError> {
        self.block(permits, None)
    }

    /// Waits for one permit until `deadline` and blocks the thread meanwhile.
    ///
    /// As [`acquire_blocking`](Self::acquire_blocking) otherwise. With a deadline that has
    /// passed it takes what is free.
    ///
    /// # Errors
    ///
    /// Those of [`acquire`](Self::acquire), and [`AcquireError::TimedOut`]; the place in the
    /// queue is lost then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use pleach::{AcquireError, Semaphore};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let _permit = semaphore.acquire_blocking().unwrap();
    /// let soon = Instant::now() + Duration::from_millis(1);
    /// assert_eq!(semaphore.acquire_blocking_until(soon).unwrap_err(), AcquireError::TimedOut);
    /// ```
    pub fn acquire_blocking_until(&self, deadline: Instant) -> Result<Permit<'_>, AcquireError> {
        self.acquire_many_blocking_until(1, deadline)
    }

    /// Waits for `permits` permits at once until `deadline` and blocks the thread meanwhile.
    ///
    /// As [`acquire_blocking_until`](Self::acquire_blocking_until) otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`acquire_many`](Self::acquire_many), and [`AcquireError::TimedOut`].
    pub fn acquire_many_blocking_until(
        &self,
        permits: usize,
        deadline: Instant,
    ) -> Result<Permit<'_>, AcquireError> {
        self.block(permits, Some(deadline))
    }

    /// Waits for `permits` permits at once until `token` is cancelled, and blocks the thread
    /// meanwhile.
    ///
    /// As [`acquire_or_cancel`](Self::acquire_or_cancel) and
    /// [`acquire_many_blocking`](Self::acquire_many_blocking) otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`acquire_many`](Self::acquire_many), and [`AcquireError::Cancelled`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use pleach::{CancelToken, Semaphore};
    ///
    /// let (semaphore, token) = (Semaphore::new(0), CancelToken::new());
    /// thread::scope(|s| {
    ///     let waiter = s.spawn(|| semaphore.acquire_many_blocking_or_cancel(1, &token).is_err());
    ///     token.cancel();
    ///     assert!(waiter.join().unwrap());
    /// });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn acquire_many_blocking_or_cancel(
        &self,
        permits: usize,
        token: &Token,
    ) -> Result<Permit<'_>, AcquireError> {
        park::wait(pin!(self.acquire_many_or_cancel(permits, token)))
    }

    fn block(&self, permits: usize, deadline: Option<Instant>) -> Result<Permit<'_>, AcquireError> {
        if let Ok(permit) = self.try_acquire_many(permits) {
            return Ok(permit);
        }
        let mut acquire = pin!(self.acquire_many(permits));
        match deadline {
            None => park::wait(acquire),
            Some(deadline) => {
                park::wait_until(acquire.as_mut(), deadline).unwrap_or(Err(AcquireError::TimedOut))
            }
        }
    }
}
