//! smol's timer.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::StdTimer;
use crate::time::{Clock, Instant, Timer};

/// The timer of smol, by the crate `async-io`: it works on every executor, and in
/// [`block_on`](crate::block_on).
///
/// The clock is that of [`StdTimer`], so moments of the one are moments of the other.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{runtime::SmolTimer, time::sleep};
///
/// smol::block_on(sleep(SmolTimer, Duration::from_millis(1)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SmolTimer;

impl Clock for SmolTimer {
    fn now(&self) -> Instant {
        StdTimer.now()
    }
}

impl Timer for SmolTimer {
    type Sleep = SmolSleep;

    fn sleep_until(&self, at: Instant) -> SmolSleep {
        SmolSleep {
            timer: StdTimer::to_std(at).map_or_else(async_io::Timer::never, async_io::Timer::at),
            is_over: false,
        }
    }
}

/// A sleep by a [`SmolTimer`].
#[must_use = "futures do nothing unless awaited or polled"]
pub struct SmolSleep {
    timer: async_io::Timer,
    is_over: bool,
}

impl Future for SmolSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_over {
            self.is_over = Pin::new(&mut self.timer).poll(cx).is_ready();
        }
        if self.is_over {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl FusedFuture for SmolSleep {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for SmolSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolSleep")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
