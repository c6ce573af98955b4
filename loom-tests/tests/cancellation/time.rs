//! The manual clock: sleeps, drops and the clock's moves under every interleaving.

use std::{sync::Arc, time::Duration};

use crate::explore::{
    explore,
    guarded::{Guarded, beside},
    is_ready, pending,
    task::is_ready_for_another,
};
use loom::future::block_on;
use pleach_loom::time::{Clock, Instant, ManualClock, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn clock() -> Arc<Guarded<ManualClock>> {
    Guarded::with(ManualClock::new())
}

fn nap(clock: &Guarded<ManualClock>) -> pleach_loom::time::ManualSleep<'_> {
    sleep(&**clock, SECOND)
}

#[test]
fn a_sleep_ends_and_sees_what_was_done_before() {
    explore(&[1], || {
        let clock = clock();
        let mut nap = Box::pin(nap(&clock));
        let other = beside(&clock, |clock| {
            clock.write();
            clock.advance(SECOND);
        });
        block_on(nap.as_mut());
        let seen = clock.read();
        other.join().unwrap();
        seen
    });
}

#[test]
fn sleeps_that_are_dropped_leave_no_link() {
    explore(&[true, false], || {
        let clock = clock();
        // More than a batch.
        let mut naps = [(); 3].map(|()| pending(nap(&clock)));
        let other = beside(&clock, |clock| clock.advance(SECOND));
        let early = is_ready(&mut naps[1]);
        drop(naps);
        other.join().unwrap();
        assert_eq!(clock.sleepers(), 0);
        early
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let clock = clock();
        let mut nap = pending(nap(&clock));
        let other = beside(&clock, |clock| clock.advance(SECOND));
        is_ready_for_another(&mut nap, other)
    });
}

#[test]
fn those_who_are_not_due_are_passed_over() {
    explore(&[true, false], || {
        let clock = clock();
        let mut late = [(); 3].map(|()| pending(sleep(&**clock, 2 * SECOND)));
        let mut soon = pending(nap(&clock));
        let other = beside(&clock, |clock| clock.advance(SECOND));
        let early = is_ready(&mut soon);
        other.join().unwrap();
        assert!(early || is_ready(&mut soon));
        assert!(!late.iter_mut().any(is_ready));
        early
    });
}

#[test]
fn the_clock_goes_to_the_later_of_two_moments() {
    explore(&[()], || {
        let clock = clock();
        let other = beside(&clock, |clock| {
            clock.advance_to(Instant::EPOCH + 3 * SECOND)
        });
        clock.advance_to(Instant::EPOCH + 2 * SECOND);
        other.join().unwrap();
        assert_eq!(clock.now(), Instant::EPOCH + 3 * SECOND);
    });
}
