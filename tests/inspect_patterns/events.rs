//! What is counted wrongly, and what never comes.

use std::time::Duration;

use pleach::{Barrier, Latch, WaitGroup, time::ManualClock};

use crate::{assert_says, at, stall};

#[test]
fn a_wait_group_with_a_member_too_many_is_never_empty() {
    let (group, made) = (WaitGroup::new(), at!(line!()));
    let kept = [group.add(), group.add()];
    let at = at!(line!() + 5);
    let report = stall(|s| {
        for member in kept.into_iter().take(2) {
            s.spawn(async { std::mem::forget(member) });
        }
        s.spawn(async { group.wait().await }).named("joiner");
    });
    assert_eq!(report.without_hope().count(), 1);
    assert_says(&report, &["joiner", "event", &at, &made]);
}

#[test]
fn a_latch_that_is_counted_down_too_seldom_stays_shut() {
    let (latch, made) = (Latch::new(3), at!(line!()));
    let report = stall(|s| {
        for _ in 0..2 {
            s.spawn(async { latch.count_down() });
        }
        s.spawn(async { latch.wait().await }).named("gate");
    });
    assert_says(&report, &["gate", "event", &made]);
}

#[test]
fn a_barrier_with_one_missing_keeps_all_others() {
    let (barrier, made) = (Barrier::new(3), at!(line!()));
    let report = stall(|s| {
        for name in ["first", "second"] {
            s.spawn(async { barrier.wait().await.is_leader() })
                .named(name);
        }
    });
    assert_eq!(report.without_hope().count(), 2);
    assert_says(&report, &["first", "event", &made]);
    assert_says(&report, &["second", "event", &made]);
}

/// It may yet: so it is told apart from what nobody ends.
#[test]
fn a_timer_that_never_fires_may_be_woken_from_outside() {
    let clock = ManualClock::new();
    let at = at!(line!() + 2);
    let report = stall(|s| {
        s.spawn(async { pleach::time::sleep(&clock, Duration::from_secs(1)).await })
            .named("sleeper");
    });
    let outside: Vec<_> = report
        .from_outside()
        .map(|entry| entry.node().name())
        .collect();
    assert_eq!(outside, [Some("sleeper")]);
    assert_eq!(report.without_hope().count(), 0);
    assert_says(&report, &["sleeper", "sleeps", &at, "its timer may"]);
}
