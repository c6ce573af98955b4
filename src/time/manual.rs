//! A clock that stands until it is told to go on.
//!
//! The time is a number under the lock of those who sleep. Moving it goes from deadline to
//! deadline, and wakes those who are due at each; both the search for the next deadline and the
//! waking go through the list in bounded holds of the lock.

use core::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use futures_core::future::FusedFuture;

use super::{Clock, Instant, Timer};
use crate::{
    inspect::WaitKind,
    sys::{const_new, unwind::FirstPanic},
    wait::{Held, Queue, Stage, Waiter, wake_in_batches},
};

/// A clock that stands still until it is told to go on: for tests, and for what has a time of
/// its own, such as a simulation.
///
/// It is a timer by reference. It begins at [`Instant::EPOCH`], can be a `static`, and allocates
/// nothing. Moving it takes time in proportion to those who sleep, for each of the deadlines
/// that it passes.
///
/// # Examples
///
/// With [`run`](Self::run) a test that sleeps for hours takes no time:
///
/// ```
/// use std::time::Duration;
/// use pleach::time::{Clock, ManualClock, sleep};
///
/// let clock = ManualClock::new();
/// clock.run(async {
///     sleep(&clock, Duration::from_secs(3600)).await;
///     assert_eq!(clock.now().as_nanos(), 3_600_000_000_000);
/// });
/// ```
pub struct ManualClock {
    sleepers: Queue<Instant, Instant>,
}

impl ManualClock {
    const_new! {
        /// A clock at [`Instant::EPOCH`].
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self { sleepers: Queue::new(Instant::EPOCH) }
        }
    }

    /// Moves the clock on by `duration`, and wakes those who are due.
    ///
    /// They are woken in the order of their deadlines, each while the clock stands at its
    /// deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{pin::pin, task::{Context, Waker}, time::Duration};
    /// use pleach::time::{ManualClock, sleep};
    ///
    /// let clock = ManualClock::new();
    /// let mut nap = pin!(sleep(&clock, Duration::from_secs(5)));
    /// let mut cx = Context::from_waker(Waker::noop());
    /// assert!(nap.as_mut().poll(&mut cx).is_pending());
    /// clock.advance(Duration::from_secs(5));
    /// assert!(nap.as_mut().poll(&mut cx).is_ready());
    /// ```
    pub fn advance(&self, duration: Duration) {
        self.advance_to(self.now() + duration);
    }

    /// Moves the clock on to `target`; not back if it is there already.
    ///
    /// Should wakers panic, the first panic comes out of here when the clock is there.
    pub fn advance_to(&self, target: Instant) {
        let mut panics = FirstPanic::default();
        while let Some(next) = self.next_deadline().filter(|next| *next <= target) {
            panics.run(|| self.set(next));
        }
        panics.run(|| self.set(target));
        panics.resume_in_drop();
    }

    /// Moves the clock on to the earliest deadline that somebody sleeps for; `None` if nobody
    /// sleeps.
    pub fn advance_to_next(&self) -> Option<Instant> {
        let next = self.next_deadline()?;
        self.set(next);
        Some(next)
    }

    /// Sleeps until the clock is moved to `at`, or further.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn sleep_until(&self, at: Instant) -> ManualSleep<'_> {
        ManualSleep {
            clock: self,
            waiter: Waiter::new(at),
        }
    }

    /// The earliest deadline that somebody sleeps for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let mut next = None;
        self.sweep(|at, _| {
            next = Some(next.map_or(at, |next: Instant| next.min(at)));
            false
        });
        next
    }

    /// How many sleep.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.sleepers.with(|held| held.waiters.len())
    }

    /// Moves the clock, and wakes those whose deadline that is, or was before.
    fn set(&self, now: Instant) {
        self.sleepers.with(|held| held.state = held.state.max(now));
        self.sweep(|at, now| at <= now);
    }

    /// Wakes those whose sleep is over, by what `is_over` says of their deadline and the time.
    fn sweep(&self, mut is_over: impl FnMut(Instant, Instant) -> bool) {
        // Never due: neither is the mark of another sweep.
        let mark = pin!(Waiter::new(Instant::MAX));
        let mark = mark.into_ref();
        wake_in_batches(|batch| {
            self.sleepers.with(|held| {
                if mark.is_idle() {
                    // SAFETY: idle, used with this list alone, and taken out by the sweep, which
                    // goes on to its end whoever panics.
                    unsafe { held.waiters.push_mark(mark) };
                }
                let now = held.state;
                // SAFETY: linked above, and nobody else takes it out.
                unsafe { held.sweep(&mark, batch, |at| *at < Instant::MAX && is_over(*at, now)) }
            })
        });
    }
}

impl Default for ManualClock {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.sleepers.with(|held| held.state)
    }
}

impl<'a> Timer for &'a ManualClock {
    type Sleep = ManualSleep<'a>;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> ManualSleep<'a> {
        ManualClock::sleep_until(self, at)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock")
            .field("now", &self.now())
            .field("sleepers", &self.sleepers())
            .finish()
    }
}

/// A sleep by a [`ManualClock`].
///
/// It is `Send`, not `Unpin`, and fused: once ready it is ready at every poll. A sleep until
/// [`Instant::MAX`] does not end.
#[must_use = "futures do nothing unless awaited or polled"]
#[derive(Debug)]
pub struct ManualSleep<'a> {
    clock: &'a ManualClock,
    waiter: Waiter<Instant>,
}

impl ManualSleep<'_> {
    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<Instant>> {
        // SAFETY: `waiter` is structurally pinned: no method moves it, and `Drop` does not
        // end before it is unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    fn start(self: Pin<&Self>, cx: &Context<'_>) -> Poll<()> {
        let at = *self.waiter.request();
        let is_over = |held: &mut Held<Instant, Instant>| {
            (at <= held.state && at < Instant::MAX).then_some(())
        };
        // SAFETY: the node is idle (only the first poll comes here), is used with this queue
        // alone, and `Drop` leaves it.
        unsafe { self.clock.sleepers.enter(self.waiter(), cx, is_over) }.map(drop)
    }
}

impl Future for ManualSleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.into_ref();
        if this.is_terminated() {
            return Poll::Ready(());
        }
        let sleepers = &this.clock.sleepers;
        // SAFETY: the node is this future's own, used with this queue alone.
        unsafe { sleepers.poll(&this.waiter, cx, WaitKind::Sleep, || this.start(cx)) }
    }
}

impl FusedFuture for ManualSleep<'_> {
    fn is_terminated(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}

impl Drop for ManualSleep<'_> {
    fn drop(&mut self) {
        // SAFETY: the node is this future's own, used with this queue alone.
        unsafe { self.clock.sleepers.leave(&self.waiter, |_| ()) };
    }
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod run {
    use alloc::{sync::Arc, task::Wake};
    use core::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::ManualClock;
    use crate::Event;

    impl ManualClock {
        /// Runs a future on this thread, and moves the clock on to the next deadline whenever
        /// there is nothing else to do.
        ///
        /// What other threads do takes no time by this clock, and they are not waited for.
        ///
        /// # Panics
        ///
        /// If nothing has woken the future and nobody sleeps: it would wait for ever.
        #[track_caller]
        pub fn run<F: Future>(&self, future: F) -> F::Output {
            let woken = Arc::new(Woken(Event::new()));
            let waker = Waker::from(Arc::clone(&woken));
            let mut cx = Context::from_waker(&waker);
            let mut future = pin!(future);
            loop {
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return output;
                }
                while !woken.take() {
                    assert!(
                        self.advance_to_next().is_some(),
                        "the future waits for ever: nothing has woken it, and nobody sleeps by \
                         this clock"
                    );
                }
            }
        }
    }

    struct Woken(Event);

    impl Woken {
        fn take(&self) -> bool {
            self.0.reset()
        }
    }

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.wake_by_ref();
        }

        fn wake_by_ref(self: &Arc<Self>) {
            self.0.set();
        }
    }
}
