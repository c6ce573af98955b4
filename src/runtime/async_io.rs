//! The timer of smol and of async-std, which have it from one crate.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::StdTimer;
use crate::{
    inspect::{self, Resource, Site, WaitKind},
    time::{Clock, Instant, Timer},
};

/// The timer of the crate `async-io`, which smol and async-std sleep by: it works on every
/// executor, and in [`block_on`](crate::block_on).
///
/// The clock is that of [`StdTimer`], so moments of the one are moments of the other. What is not
/// polled by smol's or async-std's own `block_on` is woken by a thread that the crate starts.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// # #[cfg(not(feature = "smol"))]
/// # use pleach::runtime::AsyncStdTimer as SmolTimer;
/// # #[cfg(feature = "smol")]
/// use pleach::runtime::SmolTimer;
/// use pleach::time::sleep;
///
/// smol::block_on(sleep(SmolTimer, Duration::from_millis(1)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct IoTimer;

impl Clock for IoTimer {
    fn now(&self) -> Instant {
        StdTimer.now()
    }
}

impl Timer for IoTimer {
    type Sleep = IoSleep;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> IoSleep {
        IoSleep {
            timer: StdTimer::to_std(at).map_or_else(async_io::Timer::never, async_io::Timer::at),
            is_over: false,
            site: Site::here(),
        }
    }
}

/// A sleep by the timer of `async-io`.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct IoSleep {
    timer: async_io::Timer,
    is_over: bool,
    site: Site,
}

impl Future for IoSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_over {
            self.is_over = Pin::new(&mut self.timer).poll(cx).is_ready();
        }
        if self.is_over {
            Poll::Ready(())
        } else {
            inspect::note(cx, WaitKind::Sleep, &self.site, Resource::UNKNOWN);
            Poll::Pending
        }
    }
}

impl FusedFuture for IoSleep {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for IoSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoSleep")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
