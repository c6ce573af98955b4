//! Futures with a time limit.

use core::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{Instant, Timer};
use crate::inspect::{self, Site, WaitKind};

/// Runs `future` until it completes, for at most `duration` from now on.
///
/// When the time is over the future is dropped, and only then the error returned: nothing goes
/// on behind the caller's back, as it does with the usual timeout wrappers of Go. What has
/// completed is given out although the time is over, and a future gets one poll even if there is
/// no time at all.
///
/// # Cancel safety
///
/// Dropping it drops the future.
///
/// # Errors
///
/// [`Elapsed`].
///
/// # Examples
///
/// ```
/// use std::{future::pending, time::Duration};
/// use pleach::{block_on, runtime::StdTimer, time::timeout};
///
/// let limit = Duration::from_millis(1);
/// assert_eq!(block_on(timeout(StdTimer, limit, async { 1 })), Ok(1));
/// assert!(block_on(timeout(StdTimer, limit, pending::<()>())).is_err());
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn timeout<T: Timer, F: Future>(
    timer: T,
    duration: Duration,
    future: F,
) -> Timeout<F, T::Sleep> {
    let at = timer.now() + duration;
    timeout_at(timer, at, future)
}

/// Runs `future` until it completes, or `at` has come.
///
/// Otherwise as [`timeout`].
///
/// # Errors
///
/// [`Elapsed`].
#[cfg_attr(feature = "inspect", track_caller)]
pub fn timeout_at<T: Timer, F: Future>(timer: T, at: Instant, future: F) -> Timeout<F, T::Sleep> {
    Timeout {
        future: Some(future),
        sleep: timer.sleep_until(at),
        site: Site::here(),
    }
}

/// The time was over before the future was done. The future has been dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Elapsed {
    _made_here: (),
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time was over before there was a result: allow for more, or do less")
    }
}

impl Error for Elapsed {}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    ///
    /// Polling it after it has completed panics.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Timeout<F, S> {
        #[pin]
        future: Option<F>,
        #[pin]
        sleep: S,
        site: Site,
    }
}

impl<F: Future, S: Future<Output = ()>> Future for Timeout<F, S> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`Timeout` was polled after it had completed");
        };
        let sleep = this.sleep;
        let result = ready!(inspect::within(cx, |cx| {
            if let Poll::Ready(output) = future.poll(cx) {
                return Poll::Ready(Ok(output));
            }
            inspect::as_one(cx, WaitKind::Sleep, this.site, |cx| sleep.poll(cx))
                .map(|()| Err(Elapsed { _made_here: () }))
        }));
        this.future.set(None);
        Poll::Ready(result)
    }
}

impl<F: Future, S: Future<Output = ()>> FusedFuture for Timeout<F, S> {
    fn is_terminated(&self) -> bool {
        self.future.is_none()
    }
}

impl<F, S> fmt::Debug for Timeout<F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}
