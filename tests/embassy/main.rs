//! embassy's timer on a time driver that the tests move by hand.

#[path = "../support/mod.rs"]
mod support;

mod driver;
#[cfg(all(feature = "embassy-executor", feature = "std"))]
mod executor;

use std::{
    panic::{self, AssertUnwindSafe},
    pin::{Pin, pin},
    sync::Arc,
    task::Waker,
    time::Duration,
};

use driver::Time;
use pleach::{
    runtime::{EmbassyAlarm, EmbassySleep, EmbassyTimer},
    time::{Clock, Instant, Timer, sleep},
};
use support::{Wakes, message, poll_now, poll_with};

/// The driver, and the alarm in a task.
struct Running {
    alarm: Pin<Box<EmbassyAlarm>>,
    woken: Arc<Wakes>,
    waker: Waker,
    seen: usize,
    time: Time,
}

impl Running {
    fn new() -> Self {
        let time = Time::take();
        let (woken, waker) = Wakes::new();
        let alarm = Box::pin(EmbassyTimer::alarm());
        let mut running = Self {
            alarm,
            woken,
            waker,
            seen: 0,
            time,
        };
        running.poll();
        running
    }

    fn poll(&mut self) {
        assert!(poll_with(self.alarm.as_mut(), &self.waker).is_pending());
    }

    /// Polls the alarm if it was woken, as an executor does, and tells whether it was.
    fn run(&mut self) -> bool {
        let woken = self.woken.count() > self.seen;
        self.seen = self.woken.count();
        if woken {
            self.poll();
        }
        woken
    }
}

fn sleep_for(ticks: u64) -> Pin<Box<EmbassySleep>> {
    Box::pin(sleep(EmbassyTimer, Duration::from_micros(ticks)))
}

#[test]
fn who_sleeps_is_woken_when_it_is_time_and_not_before() {
    let mut running = Running::new();
    let (mut long, mut short) = (sleep_for(20), sleep_for(10));
    let (long_wakes, long_waker) = Wakes::new();
    let (short_wakes, short_waker) = Wakes::new();
    assert!(poll_with(long.as_mut(), &long_waker).is_pending());
    assert!(running.run());
    assert_eq!(running.time.asked(), [20]);
    assert!(poll_with(short.as_mut(), &short_waker).is_pending());
    assert!(running.run(), "this one ends before");
    assert_eq!(running.time.asked(), [10, 20]);

    running.time.advance(9);
    assert!(!running.run());
    running.time.advance(1);
    assert!(running.run());
    assert_eq!((short_wakes.count(), long_wakes.count()), (1, 0));
    assert!(poll_now(short.as_mut()).is_ready());
    running.time.advance(10);
    assert!(running.run());
    assert_eq!(long_wakes.count(), 1);
    assert!(poll_now(long.as_mut()).is_ready());
    assert!(poll_now(long.as_mut()).is_ready(), "it is fused");
}

#[test]
fn who_sleeps_no_less_than_the_next_one_does_not_wake_the_alarm() {
    let mut running = Running::new();
    let mut first = sleep_for(10);
    assert!(poll_now(first.as_mut()).is_pending());
    assert!(running.run());
    let (mut later, mut same) = (sleep_for(11), sleep_for(10));
    assert!(poll_now(later.as_mut()).is_pending());
    assert!(poll_now(same.as_mut()).is_pending());
    let mut never = Box::pin(EmbassyTimer.sleep_until(Instant::MAX));
    assert!(poll_now(never.as_mut()).is_pending());
    assert!(!running.run());
}

#[test]
fn a_sleep_that_is_dropped_is_gone() {
    let mut running = Running::new();
    let (wakes, waker) = Wakes::new();
    let mut dropped = sleep_for(10);
    assert!(poll_with(dropped.as_mut(), &waker).is_pending());
    assert!(running.run());
    drop(dropped);
    assert_eq!(Arc::strong_count(&wakes), 2, "the waker is gone with it");
    running.time.advance(10);
    assert!(running.run());
    assert_eq!(wakes.count(), 0);
    assert_eq!(
        running.time.asked(),
        [],
        "nobody sleeps, and nothing is asked for"
    );
    let mut another = sleep_for(10);
    assert!(poll_now(another.as_mut()).is_pending());
    assert!(running.run());
    assert_eq!(running.time.asked(), [10]);
}

#[test]
fn a_sleep_whose_time_has_come_is_over_before_the_alarm_has_run() {
    let mut running = Running::new();
    assert!(poll_now(sleep_for(0).as_mut()).is_ready());
    let mut sleep = sleep_for(5);
    running.time.advance(5);
    assert!(poll_now(sleep.as_mut()).is_ready());
    let (wakes, waker) = Wakes::new();
    let mut sleep = sleep_for(5);
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    assert!(running.run());
    running.time.advance(5);
    assert!(poll_with(sleep.as_mut(), &waker).is_ready());
    running.run();
    assert_eq!(wakes.count(), 0, "it has left the list");
}

#[test]
fn an_alarm_that_comes_late_or_again_finds_those_who_sleep() {
    let running = Running::new();
    let (wakes, waker) = Wakes::new();
    let mut sleep = sleep_for(10);
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    let Running { alarm, time, .. } = running;
    drop(alarm);
    time.advance(10);
    assert_eq!(wakes.count(), 0);
    let mut again = pin!(EmbassyTimer::alarm());
    assert!(poll_now(again.as_mut()).is_pending());
    assert_eq!(wakes.count(), 1);
}

#[test]
fn a_sleep_without_an_alarm_and_a_second_alarm_panic() {
    let time = Time::take();
    let mut sleep = sleep_for(1);
    let why = panic_of(|| assert!(poll_now(sleep.as_mut()).is_pending()));
    assert!(why.contains("spawn the future"), "{why}");
    let alarm = EmbassyTimer::alarm();
    let why = panic_of(|| drop(EmbassyTimer::alarm()));
    assert!(why.contains("already"), "{why}");
    // The refused one has not taken the alarm away.
    assert!(poll_now(sleep.as_mut()).is_pending());
    drop((sleep, alarm, time));
}

fn panic_of(f: impl FnOnce()) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    message(&*payload).to_owned()
}

#[cfg(feature = "std")]
#[test]
fn the_timer_keeps_its_contract() {
    let mut running = Running::new();
    let (wakes, waker) = Wakes::new();
    let suite = pleach::runtime::conformance::Suite::new();
    let mut suite = pin!(suite.timer(&EmbassyTimer));
    let mut seen = wakes.count();
    while poll_with(suite.as_mut(), &waker).is_pending() {
        while wakes.count() == seen {
            if !running.run() {
                let next = running.time.asked().first().copied();
                running.time.advance(next.expect("somebody sleeps"));
            }
        }
        seen = wakes.count();
    }
}

#[test]
fn ticks_are_moments_and_moments_are_the_tick_after_them() {
    // A tick is a microsecond, as nobody has asked for another rate.
    assert_eq!(
        EmbassyTimer::from_ticks(1_000_001).as_nanos(),
        1_000_001_000
    );
    assert_eq!(EmbassyTimer::to_ticks(Instant::from_nanos(1_000)), 1);
    assert_eq!(EmbassyTimer::to_ticks(Instant::from_nanos(1_001)), 2);
    assert_eq!(
        EmbassyTimer::to_ticks(Instant::from_nanos(u64::MAX - 1)),
        18_446_744_073_709_552
    );
    assert_eq!(EmbassyTimer::to_ticks(Instant::MAX), u64::MAX);
    assert_eq!(EmbassyTimer::from_ticks(u64::MAX), Instant::MAX);
    let time = Time::take();
    let before = EmbassyTimer.now();
    time.advance(3);
    assert_eq!(EmbassyTimer.now() - before, Duration::from_micros(3));
}
