//! Acquiring until a token is cancelled.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{Acquire, AcquireError, Semaphore};
use crate::cancel::{self, OrCancel, Token};

impl Semaphore {
    /// Waits for one permit until `token` is cancelled.
    ///
    /// A token that is cancelled from the beginning wins over a permit that is free; after that
    /// a permit that was granted is given out. Go's `Acquire(ctx, 1)`. Otherwise as
    /// [`acquire`](Self::acquire); nothing is allocated.
    ///
    /// # Errors
    ///
    /// Those of [`acquire`](Self::acquire), and [`AcquireError::Cancelled`].
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{AcquireError, CancelToken, Semaphore, block_on};
    ///
    /// # block_on(async {
    /// let (semaphore, token) = (Semaphore::new(1), CancelToken::new());
    /// let _permit = semaphore.acquire_or_cancel(&token).await.unwrap();
    /// token.cancel();
    /// let error = semaphore.acquire_or_cancel(&token).await.unwrap_err();
    /// assert!(matches!(error, AcquireError::Cancelled(_)));
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn acquire_or_cancel<'a>(&self, token: &'a Token) -> AcquireOrCancel<'a, Acquire<'_>> {
        self.acquire_many_or_cancel(1, token)
    }

    /// Waits for `permits` permits at once until `token` is cancelled.
    ///
    /// As [`acquire_or_cancel`](Self::acquire_or_cancel) otherwise.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn acquire_many_or_cancel<'a>(
        &self,
        permits: usize,
        token: &'a Token,
    ) -> AcquireOrCancel<'a, Acquire<'_>> {
        AcquireOrCancel {
            run: self.acquire_many(permits).or_cancel(token),
        }
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod owned {
    use alloc::sync::Arc;

    use super::AcquireOrCancel;
    use crate::{
        Semaphore,
        cancel::{OrCancel, Token},
        semaphore::AcquireOwned,
    };

    impl Semaphore {
        /// Waits for one permit that keeps the semaphore alive until `token` is cancelled.
        ///
        /// As [`acquire_or_cancel`](Self::acquire_or_cancel) and
        /// [`acquire_owned`](Self::acquire_owned) otherwise.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub fn acquire_owned_or_cancel<'a>(
            self: &Arc<Self>,
            token: &'a Token,
        ) -> AcquireOrCancel<'a, AcquireOwned> {
            self.acquire_many_owned_or_cancel(1, token)
        }

        /// Waits for `permits` permits at once that keep the semaphore alive until `token` is
        /// cancelled.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub fn acquire_many_owned_or_cancel<'a>(
            self: &Arc<Self>,
            permits: usize,
            token: &'a Token,
        ) -> AcquireOrCancel<'a, AcquireOwned> {
            AcquireOrCancel {
                run: self.acquire_many_owned(permits).or_cancel(token),
            }
        }
    }
}

pin_project! {
    /// The future of [`Semaphore::acquire_or_cancel`] and its kin.
    ///
    /// Polling it after it has completed panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    #[derive(Debug)]
    pub struct AcquireOrCancel<'a, A> {
        #[pin]
        run: cancel::Run<'a, A>,
    }
}

impl<A, P> Future for AcquireOrCancel<'_, A>
where
    A: Future<Output = Result<P, AcquireError>>,
{
    type Output = Result<P, AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().run.poll(cx).map(|result| match result {
            Ok(acquired) => acquired,
            Err(cancelled) => Err(AcquireError::Cancelled(cancelled)),
        })
    }
}

impl<A, P> FusedFuture for AcquireOrCancel<'_, A>
where
    A: Future<Output = Result<P, AcquireError>>,
{
    fn is_terminated(&self) -> bool {
        self.run.is_terminated()
    }
}
