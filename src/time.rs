//! Time, from whatever clock there is.
//!
//! A [`Clock`] tells the time, a [`Timer`] can also be slept by. Whoever needs one is given one,
//! by value: a unit struct such as `runtime::StdTimer`, or a reference such as `&ManualClock`.
//! There is no global clock, and no timer runs for nobody.
//!
//! An [`Instant`] counts from its timer's own epoch; those of two timers have nothing to do with
//! one another.
//!
//! # A timer of your own
//!
//! ```
//! use std::{future::Future, pin::Pin, task::{Context, Poll}};
//! use pleach::time::{Clock, Instant, Timer, sleep};
//! use std::time::Duration;
//!
//! /// Time that passes with every look at it.
//! #[derive(Clone, Copy)]
//! struct Hasty;
//!
//! # static LOOKS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
//! impl Clock for Hasty {
//!     fn now(&self) -> Instant {
//!         # use std::sync::atomic::Ordering::Relaxed;
//!         Instant::from_nanos(LOOKS.fetch_add(1, Relaxed))
//!     }
//! }
//!
//! impl Timer for Hasty {
//!     type Sleep = Nap;
//!
//!     fn sleep_until(&self, at: Instant) -> Nap {
//!         Nap(at)
//!     }
//! }
//!
//! struct Nap(Instant);
//!
//! impl Future for Nap {
//!     type Output = ();
//!
//!     fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
//!         if Hasty.now() >= self.0 {
//!             return Poll::Ready(());
//!         }
//!         // A real one gives its waker to an interrupt handler, a reactor, ...
//!         cx.waker().wake_by_ref();
//!         Poll::Pending
//!     }
//! }
//!
//! pleach::block_on(sleep(Hasty, Duration::from_nanos(5)));
//! ```

mod backoff;
mod instant;
mod interval;
mod manual;
mod retry;
mod timeout;

use core::{future::Future, time::Duration};

#[cfg(all(feature = "testing", not(loom)))]
pub(crate) use backoff::SplitMix64;
pub use backoff::{Backoff, Jitter};
pub use instant::Instant;
pub use interval::{Interval, MissedTicks, Tick, interval, interval_at};
pub use manual::{ManualClock, ManualSleep};
pub use retry::{Retry, retry};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};

/// Tells the time.
pub trait Clock {
    /// The time since the clock's epoch. It never goes back.
    fn now(&self) -> Instant;
}

/// A clock that one can sleep by.
pub trait Timer: Clock {
    /// The future of [`sleep_until`](Self::sleep_until).
    type Sleep: Future<Output = ()>;

    /// Completes when the clock has come to `at`; at once if it has already.
    ///
    /// Dropping the future must take it out of the timer.
    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> Self::Sleep;
}

/// Sleeps for `duration`, from now on.
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{block_on, runtime::StdTimer, time::sleep};
///
/// block_on(sleep(StdTimer, Duration::from_millis(1)));
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn sleep<T: Timer>(timer: T, duration: Duration) -> T::Sleep {
    timer.sleep_until(timer.now() + duration)
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Instant {
        C::now(self)
    }
}

impl<T: Timer + ?Sized> Timer for &T {
    type Sleep = T::Sleep;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> T::Sleep {
        T::sleep_until(self, at)
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod shared {
    use alloc::sync::Arc;

    use super::{Clock, Instant, Timer};

    impl<C: Clock + ?Sized> Clock for Arc<C> {
        fn now(&self) -> Instant {
            C::now(self)
        }
    }

    impl<T: Timer + ?Sized> Timer for Arc<T> {
        type Sleep = T::Sleep;

        #[cfg_attr(feature = "inspect", track_caller)]
        fn sleep_until(&self, at: Instant) -> T::Sleep {
            T::sleep_until(self, at)
        }
    }
}
