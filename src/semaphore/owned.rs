//! The same for a semaphore behind an `Arc`: futures and permits that borrow nothing.

use alloc::sync::Arc;
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{AcquireError, Semaphore, TryAcquireError, acquire::Wait, permit::Held};

impl Semaphore {
    /// Waits for one permit that keeps the semaphore alive: for tasks that may not borrow.
    ///
    /// As [`acquire`](Self::acquire) otherwise. The future holds a count of the `Arc`, and so
    /// does the permit; nothing is allocated.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::Arc, thread};
    /// use pleach::{Semaphore, block_on};
    ///
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// let permit = block_on(semaphore.acquire_owned()).unwrap();
    /// let worker = thread::spawn(move || permit.permits());
    /// assert_eq!(worker.join().unwrap(), 1);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn acquire_owned(self: &Arc<Self>) -> AcquireOwned {
        self.acquire_many_owned(1)
    }

    /// Waits for `permits` permits that keep the semaphore alive.
    ///
    /// As [`acquire_many`](Self::acquire_many) otherwise.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn acquire_many_owned(self: &Arc<Self>, permits: usize) -> AcquireOwned {
        AcquireOwned {
            wait: Wait::new(Arc::clone(self), permits),
        }
    }

    /// Takes one permit that keeps the semaphore alive, if it is free and nobody waits.
    ///
    /// # Errors
    ///
    /// Those of [`try_acquire`](Self::try_acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = semaphore.try_acquire_owned().unwrap();
    /// assert!(semaphore.try_acquire_owned().is_err());
    /// # drop(permit);
    /// ```
    pub fn try_acquire_owned(self: &Arc<Self>) -> Result<OwnedPermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes `permits` permits that keep the semaphore alive, if they are free and nobody waits.
    ///
    /// # Errors
    ///
    /// Those of [`try_acquire_many`](Self::try_acquire_many).
    pub fn try_acquire_many_owned(
        self: &Arc<Self>,
        permits: usize,
    ) -> Result<OwnedPermit, TryAcquireError> {
        self.try_take(permits)?;
        Ok(OwnedPermit(Held::new(Arc::clone(self), permits)))
    }
}

pin_project! {
    /// The future of [`Semaphore::acquire_owned`] and [`Semaphore::acquire_many_owned`].
    ///
    /// As [`Acquire`](super::Acquire), but it borrows nothing.
    #[must_use = "futures do nothing unless awaited or polled"]
    #[derive(Debug)]
    pub struct AcquireOwned {
        #[pin]
        wait: Wait<Arc<Semaphore>>,
    }
}

impl AcquireOwned {
    /// Polls for `permits` permits, over and over: see
    /// [`Acquire::poll_acquire`](super::Acquire::poll_acquire).
    ///
    /// # Errors
    ///
    /// Those of [`Semaphore::acquire_many`].
    pub fn poll_acquire(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        permits: usize,
    ) -> Poll<Result<OwnedPermit, AcquireError>> {
        let wait = self.project().wait;
        wait.poll_again(cx, permits).map_ok(OwnedPermit)
    }
}

impl Future for AcquireOwned {
    type Output = Result<OwnedPermit, AcquireError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let wait = self.project().wait;
        wait.as_ref().poll_held(cx).map_ok(OwnedPermit)
    }
}

impl FusedFuture for AcquireOwned {
    fn is_terminated(&self) -> bool {
        self.wait.is_done()
    }
}

/// Permits of a [`Semaphore`] that keep it alive; they go back when this is dropped.
///
/// As [`Permit`](super::Permit), but it borrows nothing and can be moved into tasks and
/// threads.
#[must_use = "the permits go back at once if this is dropped"]
#[derive(Debug)]
pub struct OwnedPermit(Held<Arc<Semaphore>>);

impl OwnedPermit {
    /// How many permits this holds.
    pub fn permits(&self) -> usize {
        self.0.permits()
    }

    /// The semaphore that the permits go back to.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        self.0.semaphore()
    }

    /// Keeps the permits from going back: see [`Permit::forget`](super::Permit::forget).
    pub fn forget(self) {
        self.0.forget();
    }

    /// Splits `permits` of them off into a value of their own; `None`, and nothing changes, if
    /// there are not so many.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut all = semaphore.try_acquire_many_owned(3).unwrap();
    /// let one = all.split(1).unwrap();
    /// assert_eq!((all.permits(), one.permits()), (2, 1));
    /// ```
    #[must_use = "what was split off goes back at once if this is dropped"]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        self.0.split(permits).map(Self)
    }

    /// Adds the permits of `other` to these.
    ///
    /// # Panics
    ///
    /// If `other` is of another semaphore. Its permits go back there then.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}
