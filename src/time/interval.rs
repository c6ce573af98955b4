//! Ticks.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{Instant, Timer};
use crate::inspect::{self, Site, WaitKind};

/// Ticks every `period`: the first time at once.
///
/// # Panics
///
/// If `period` is zero.
///
/// # Examples
///
/// ```
/// use std::{pin::pin, time::Duration};
/// use pleach::{block_on, runtime::StdTimer, time::interval};
///
/// # block_on(async {
/// let mut ticks = pin!(interval(StdTimer, Duration::from_millis(1)));
/// for _ in 0..3 {
///     ticks.as_mut().tick().await;
/// }
/// # });
/// ```
#[track_caller]
pub fn interval<T: Timer>(timer: T, period: Duration) -> Interval<T> {
    let start = timer.now();
    interval_at(timer, start, period)
}

/// Ticks every `period`, for the first time at `start`.
///
/// # Panics
///
/// If `period` is zero.
#[track_caller]
pub fn interval_at<T: Timer>(timer: T, start: Instant, period: Duration) -> Interval<T> {
    assert!(!period.is_zero(), "the period of an interval is not zero");
    Interval {
        sleep: timer.sleep_until(start),
        timer,
        period,
        next: start,
        missed: MissedTicks::Burst,
        site: Site::here(),
    }
}

/// What an [`Interval`] does when ticks were not waited for in time.
///
/// The three ways are those of tokio's `MissedTickBehavior`. With a period of 10, ticks waited
/// for promptly at 0 and 10, then not before 35:
///
/// | | ticks at |
/// |---|---|
/// | `Burst` | 35 (of 20), 35 (of 30), 40, 50 |
/// | `Delay` | 35 (of 20), 45, 55 |
/// | `Skip` | 35 (of 20), 40, 50 |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTicks {
    /// Makes up for them, one right after the other: as many ticks as periods.
    #[default]
    Burst,
    /// Goes on a period after the late one: never less than a period between two.
    Delay,
    /// Leaves them out: ticks stay multiples of the period.
    Skip,
}

pin_project! {
    /// Ticks; from [`interval`] and [`interval_at`].
    ///
    /// It is a stream too, one that does not end.
    pub struct Interval<T: Timer> {
        #[pin]
        sleep: T::Sleep,
        timer: T,
        period: Duration,
        // When the next tick is due.
        next: Instant,
        missed: MissedTicks,
        site: Site,
    }
}

impl<T: Timer> Interval<T> {
    /// Chooses what to do about missed ticks.
    #[must_use]
    pub fn missed_ticks(self, missed: MissedTicks) -> Self {
        Self { missed, ..self }
    }

    /// The time from tick to tick.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Waits for the next tick; gives the moment at which it was due.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no tick.
    pub fn tick(self: Pin<&mut Self>) -> Tick<'_, T> {
        Tick { interval: self }
    }

    /// As [`tick`](Self::tick), for futures that are written by hand.
    pub fn poll_tick(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        let mut this = self.as_mut().project();
        let sleep = this.sleep.as_mut();
        ready!(inspect::as_one(cx, WaitKind::Sleep, this.site, |cx| sleep.poll(cx)));
        this.site.renew();
        let due = *this.next;
        let now = this.timer.now();
        *this.next = match this.missed {
            MissedTicks::Burst => due + *this.period,
            MissedTicks::Delay => now.max(due) + *this.period,
            MissedTicks::Skip => {
                let period = this.period.as_nanos();
                let periods = (now - due).as_nanos() / period + 1;
                let ahead = u64::try_from(periods * period).unwrap_or(u64::MAX);
                due + Duration::from_nanos(ahead)
            }
        };
        this.sleep.set(this.timer.sleep_until(*this.next));
        Poll::Ready(due)
    }

    /// Begins anew: the next tick is a period from now.
    pub fn reset(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.next = this.timer.now() + *this.period;
        this.sleep.set(this.timer.sleep_until(*this.next));
    }
}

impl<T: Timer> Stream for Interval<T> {
    type Item = Instant;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}

impl<T: Timer> fmt::Debug for Interval<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("period", &self.period)
            .field("next", &self.next)
            .field("missed_ticks", &self.missed)
            .finish_non_exhaustive()
    }
}

/// The future of [`Interval::tick`].
#[must_use = "futures do nothing unless awaited or polled"]
#[derive(Debug)]
pub struct Tick<'a, T: Timer> {
    interval: Pin<&'a mut Interval<T>>,
}

impl<T: Timer> Future for Tick<'_, T> {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.as_mut().poll_tick(cx)
    }
}
