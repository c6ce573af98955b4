//! embassy's time driver, with one alarm for all who sleep.
//!
//! Sleeps wait in a list of this crate, and one task, the [`EmbassyAlarm`], is what the driver
//! wakes at the earliest deadline. The queue of the driver itself would not do:
//!
//! * unless the program chose its generic one it takes wakers of embassy's own tasks alone, and
//!   children of a scope have others;
//! * the generic one has room for so many, and keeps the waker of a sleep that was dropped, and
//!   with it the memory of a child, until the time has come.
//!
//! Invariant: for whoever is in the list, either the driver was told of a moment that is not later
//! ([`State::next`]), or the alarm's task is awake and is going to look. Who enters does so before
//! it compares with `next`, and the alarm sets that to never before it looks through the list.

#[cfg(feature = "embassy-executor")]
mod tasks;

use core::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;
#[cfg(feature = "embassy-executor")]
pub use tasks::{Embassy, EmbassyTasks};

use crate::{
    sys::lock::Lock,
    time::{Clock, Instant, ManualClock, ManualSleep, Timer},
    wait::WakerCell,
};

/// Those who sleep. The alarm moves this clock to the driver's time.
static SLEEPERS: ManualClock = ManualClock::new();

static STATE: Lock<State> = Lock::new(State {
    has_alarm: false,
    next: Instant::MAX,
});

/// The task of the alarm.
static ALARM: WakerCell = WakerCell::new();

struct State {
    /// Whether there is an [`EmbassyAlarm`].
    has_alarm: bool,
    /// When the alarm will look at the list without being woken by a sleep.
    next: Instant,
}

/// The timer of [embassy](https://embassy.dev), by the time driver of the program.
///
/// Which driver that is, and how long a tick is, are up to the program, as for the crate
/// `embassy-time`. An [`Instant`] of this timer counts from the driver's tick zero.
///
/// One task wakes all who sleep: [`alarm`](Self::alarm), to be spawned before anybody sleeps. So a
/// sleep may be polled with any waker, in a child of a scope too; there may be any number of them;
/// one that is dropped leaves nothing behind; and they are `Send`. Nothing allocates. To begin or to
/// end a sleep takes time in proportion to the number of those who sleep, in bounded holds of the
/// lock.
///
/// The feature `embassy` implies `critical-section`: without `std` the list is behind a critical
/// section, so that executors of different interrupt priorities may share it.
///
/// # Panics
///
/// A sleep panics when it is polled and there is no alarm: nobody would wake it.
///
/// # Examples
///
/// ```no_run
/// use core::time::Duration;
/// use pleach::{runtime::EmbassyTimer, time::{sleep, timeout}};
///
/// # fn spawn_in_a_task(_: impl Future<Output = ()>) {}
/// # async fn measure() -> u32 { 0 }
/// // Once, when the program starts. `EmbassyTasks` has an example with embassy's executor.
/// spawn_in_a_task(EmbassyTimer::alarm());
///
/// // Anywhere:
/// async fn blink() {
///     sleep(EmbassyTimer, Duration::from_millis(500)).await;
///     let measured = timeout(EmbassyTimer, Duration::from_millis(20), measure()).await;
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbassyTimer;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

impl EmbassyTimer {
    /// What wakes all who sleep: a future to be spawned in a task of its own, once.
    ///
    /// It is polled when the next deadline has come, and when a sleep begins that is to end
    /// before that. Its task must be one that the time driver can wake: of embassy's executor, or
    /// any if the program enables a generic timer queue of `embassy-time`.
    ///
    /// # Panics
    ///
    /// If there is one already.
    #[track_caller]
    pub fn alarm() -> EmbassyAlarm {
        let had_one = STATE.with(|state| mem::replace(&mut state.has_alarm, true));
        assert!(
            !had_one,
            "there is an `EmbassyTimer::alarm` already: one is enough for all who sleep"
        );
        EmbassyAlarm { _made_here: () }
    }

    /// The moment of a tick of the driver, such as `embassy_time::Instant::as_ticks` gives.
    #[must_use]
    pub const fn from_ticks(ticks: u64) -> Instant {
        // In two parts, so that 64 bits suffice: there are less than 2^33 ticks a second.
        const HZ: u64 = embassy_time_driver::TICK_HZ;
        let seconds = (ticks / HZ).saturating_mul(NANOS_PER_SECOND);
        Instant::from_nanos(seconds.saturating_add(ticks % HZ * NANOS_PER_SECOND / HZ))
    }

    /// The first tick of the driver that is not before a moment; `u64::MAX` of
    /// [`Instant::MAX`], which is never for the driver too.
    #[must_use]
    pub const fn to_ticks(moment: Instant) -> u64 {
        const HZ: u64 = embassy_time_driver::TICK_HZ;
        let nanos = moment.as_nanos();
        if nanos == u64::MAX {
            return u64::MAX;
        }
        let ticks = (nanos % NANOS_PER_SECOND * HZ).div_ceil(NANOS_PER_SECOND);
        (nanos / NANOS_PER_SECOND)
            .saturating_mul(HZ)
            .saturating_add(ticks)
    }
}

impl Clock for EmbassyTimer {
    fn now(&self) -> Instant {
        Self::from_ticks(embassy_time_driver::now())
    }
}

impl Timer for EmbassyTimer {
    type Sleep = EmbassySleep;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> EmbassySleep {
        EmbassySleep {
            at,
            place: Some(SLEEPERS.sleep_until(at)),
        }
    }
}

/// The task that wakes all who sleep by an [`EmbassyTimer`].
///
/// It never completes. When it is dropped, those who sleep go on sleeping until there is another.
#[must_use = "it wakes nobody unless it is spawned"]
#[derive(Debug)]
pub struct EmbassyAlarm {
    _made_here: (),
}

impl Future for EmbassyAlarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ALARM.register(cx);
        STATE.with(|state| state.next = Instant::MAX);
        SLEEPERS.advance_to(EmbassyTimer.now());
        if let Some(next) = SLEEPERS.next_deadline() {
            STATE.with(|state| state.next = next);
            embassy_time_driver::schedule_wake(EmbassyTimer::to_ticks(next), cx.waker());
        }
        Poll::Pending
    }
}

impl Drop for EmbassyAlarm {
    fn drop(&mut self) {
        STATE.with(|state| state.has_alarm = false);
        ALARM.clear();
    }
}

pin_project! {
    /// A sleep by an [`EmbassyTimer`].
    ///
    /// It is `Send`, not `Unpin`, and fused: once ready it is ready at every poll. A sleep until
    /// [`Instant::MAX`] does not end.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct EmbassySleep {
        at: Instant,
        // Gone when the sleep is over.
        #[pin]
        place: Option<ManualSleep<'static>>,
    }
}

impl Future for EmbassySleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(place) = this.place.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        // The driver's time is ahead of the list's.
        if EmbassyTimer.now() < *this.at && place.poll(cx).is_pending() {
            ring_at(*this.at);
            return Poll::Pending;
        }
        this.place.set(None);
        Poll::Ready(())
    }
}

/// Sees to it that the alarm looks at the list at that moment; to be called after one has entered.
fn ring_at(at: Instant) {
    let (has_alarm, next) = STATE.with(|state| (state.has_alarm, state.next));
    assert!(
        has_alarm,
        "nobody would wake this sleep: spawn the future `EmbassyTimer::alarm()` first"
    );
    if at < next {
        ALARM.wake();
    }
}

impl FusedFuture for EmbassySleep {
    fn is_terminated(&self) -> bool {
        self.place.is_none()
    }
}

impl fmt::Debug for EmbassySleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbassySleep")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
