//! The clock that stands still.

use std::{
    cell::RefCell,
    future::pending as forever,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex},
    task::Waker,
};

use pleach::{
    scope,
    time::{Clock, Instant, ManualClock, ManualSleep, sleep},
};

use crate::{
    SECOND, at,
    support::{Hostile, forget, poll_now, poll_with},
};

static CLOCK: ManualClock = ManualClock::new();

fn asleep(clock: &ManualClock, until: Instant) -> Pin<Box<ManualSleep<'_>>> {
    let mut sleep = Box::pin(clock.sleep_until(until));
    assert!(poll_now(sleep.as_mut()).is_pending());
    sleep
}

#[test]
fn it_works_in_a_static_and_stands_still() {
    assert_eq!(CLOCK.now(), Instant::EPOCH);
    CLOCK.advance(SECOND);
    assert_eq!(CLOCK.now(), at(1));
    CLOCK.advance_to(at(0));
    assert_eq!(CLOCK.now(), at(1), "never back");
}

#[test]
fn sleepers_are_woken_in_order_each_at_its_own_time() {
    let clock = Arc::new(ManualClock::new());
    let woken = Arc::new(Mutex::new(Vec::new()));
    let wakers: Vec<Waker> = (0..3)
        .map(|n| {
            let (clock, woken) = (Arc::clone(&clock), Arc::clone(&woken));
            let note = move || woken.lock().unwrap().push((n, clock.now()));
            Hostile::default().on_wake(note).waker()
        })
        .collect();
    let mut sleeps: Vec<_> = [3, 1, 2]
        .into_iter()
        .map(|seconds| Box::pin(clock.sleep_until(at(seconds))))
        .collect();
    for (sleep, waker) in sleeps.iter_mut().zip(&wakers) {
        assert!(poll_with(sleep.as_mut(), waker).is_pending());
    }
    assert_eq!((clock.sleepers(), clock.next_deadline()), (3, Some(at(1))));
    clock.advance(SECOND * 10);
    assert_eq!(*woken.lock().unwrap(), [(1, at(1)), (2, at(2)), (0, at(3))]);
    assert_eq!((clock.now(), clock.sleepers()), (at(10), 0));
    assert!(
        sleeps
            .iter_mut()
            .all(|sleep| poll_now(sleep.as_mut()).is_ready())
    );
}

#[test]
fn many_are_woken_and_many_are_passed_over() {
    let clock = ManualClock::new();
    let mut soon: Vec<_> = (0..100).map(|_| asleep(&clock, at(1))).collect();
    let mut late: Vec<_> = (0..1000).map(|_| asleep(&clock, at(2))).collect();
    let mut more: Vec<_> = (0..100).map(|_| asleep(&clock, at(1))).collect();
    assert_eq!(clock.advance_to_next(), Some(at(1)));
    soon.append(&mut more);
    assert!(
        soon.iter_mut()
            .all(|sleep| poll_now(sleep.as_mut()).is_ready())
    );
    assert!(
        late.iter_mut()
            .all(|sleep| poll_now(sleep.as_mut()).is_pending())
    );
    drop(late);
    assert_eq!(clock.advance_to_next(), None);
}

#[test]
fn what_is_due_is_over_at_once_and_never_does_not_come() {
    let clock = ManualClock::new();
    clock.advance(SECOND);
    assert!(poll_now(Box::pin(clock.sleep_until(at(1))).as_mut()).is_ready());
    let mut never = Box::pin(clock.sleep_until(Instant::MAX));
    assert!(poll_now(never.as_mut()).is_pending());
    assert_eq!(clock.next_deadline(), None);
    clock.advance_to(Instant::MAX);
    assert!(poll_now(never.as_mut()).is_pending());
}

#[test]
fn a_program_of_many_sleeps_runs_in_no_time_and_in_order() {
    let clock = ManualClock::new();
    let log = RefCell::new(Vec::new());
    clock.run(async {
        scope!(|s| {
            let clock = &clock;
            let _ = s;
            let tasks = (0..5_u32).rev().map(|n| async move {
                sleep(clock, SECOND * n).await;
                n
            });
            for task in tasks {
                let n = task.await;
                log.borrow_mut().push(n);
            }
        })
        .await;
    });
    assert_eq!(*log.borrow(), [4, 3, 2, 1, 0]);
    assert_eq!(clock.now(), at(10));
}

#[test]
#[should_panic(expected = "the future waits for ever")]
fn a_deadlock_is_told() {
    ManualClock::new().run(forever::<()>());
}

#[test]
fn wakers_may_use_the_clock() {
    let clock = Arc::new(ManualClock::new());
    let inside = Arc::clone(&clock);
    let waker = Hostile::default()
        .on_wake(move || {
            inside.advance(SECOND);
            drop(asleep(&inside, at(100)));
        })
        .waker();
    let mut sleep = Box::pin(clock.sleep_until(at(1)));
    assert!(poll_with(sleep.as_mut(), &waker).is_pending());
    clock.advance(SECOND);
    assert_eq!(clock.now(), at(2));
}

#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    let clock = ManualClock::new();
    let waker = Hostile::default().on_wake(|| panic!("woken")).waker();
    let mut first = Box::pin(clock.sleep_until(at(1)));
    assert!(poll_with(first.as_mut(), &waker).is_pending());
    let mut others: Vec<_> = (0..20).map(|_| asleep(&clock, at(1))).collect();
    assert!(catch_unwind(AssertUnwindSafe(|| clock.advance(SECOND))).is_err());
    assert!(
        others
            .iter_mut()
            .all(|sleep| poll_now(sleep.as_mut()).is_ready())
    );
}

// Without `std` the panic is on its way at once.
#[cfg(feature = "std")]
#[test]
fn a_waker_that_panics_does_not_stop_the_clock() {
    let clock = ManualClock::new();
    let waker = Hostile::default().on_wake(|| panic!("woken")).waker();
    let mut first = Box::pin(clock.sleep_until(at(1)));
    assert!(poll_with(first.as_mut(), &waker).is_pending());
    let (wakes, waker) = crate::support::Wakes::new();
    let mut second = Box::pin(clock.sleep_until(at(2)));
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| clock.advance_to(at(9)))).is_err());
    assert_eq!((clock.now(), wakes.count()), (at(9), 1));
}

#[test]
fn a_sleep_that_is_leaked_harms_nobody() {
    let clock = ManualClock::new();
    forget(asleep(&clock, at(1)));
    let moved = Box::new(clock);
    moved.advance(SECOND);
    forget(asleep(&moved, at(5)));
    drop(moved);
}
