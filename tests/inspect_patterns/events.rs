//! What is counted wrongly, and what never comes.

use std::{future::pending, time::Duration};

use pleach::{Barrier, Latch, WaitGroup, channel, inspect::waiting, time::ManualClock};

use crate::{assert_says, at, cycles, stall};

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

/// By its name it is told apart from a child that nobody knows anything of.
#[test]
fn what_is_not_of_this_crate_comes_from_outside() {
    let at = at!(line!() + 2);
    let report = stall(|s| {
        s.spawn(async { waiting(&"the client's bytes", pending::<()>()).await })
            .named("client");
        s.spawn(pending::<()>()).named("nobody knows");
    });
    assert_eq!(report.from_outside().count(), 2);
    assert_eq!(report.without_hope().count(), 0);
    assert_says(&report, &["these may be woken from outside:"]);
    assert_says(
        &report,
        &[
            "client",
            "waits for the client's bytes at",
            &at,
            "from outside",
        ],
    );
    assert_says(&report, &["nobody knows", "what is not of this crate"]);
}

/// A name around a wait of this crate hides neither it nor a ring that it is part of.
#[test]
fn a_name_hides_no_ring() {
    let (to_one, one) = channel::bounded::<u8>(1);
    let (to_other, other) = channel::bounded::<u8>(1);
    let report = stall(|s| {
        let pairs = [("one", &one, &to_other), ("other", &other, &to_one)];
        for (name, from, to) in pairs {
            s.spawn(async move {
                to.send(1).await.unwrap();
                from.recv().await.unwrap();
                waiting(&"the peer", from.recv()).await
            })
            .named(name);
        }
    });
    assert_eq!(cycles(&report), [["one", "other"]]);
    assert_says(
        &report,
        &["one", "waits for a message", "so far sent there"],
    );
}

/// Nor a wait that nobody will end: nothing of it comes from outside.
#[test]
fn a_name_hides_no_wait_without_hope() {
    let (_kept, replies) = channel::bounded::<u8>(1);
    let report = stall(|s| {
        s.spawn(async { waiting(&"the reply", replies.recv()).await })
            .named("asks");
    });
    assert_eq!(report.without_hope().count(), 1);
    assert_eq!(report.from_outside().count(), 0, "{report}");
    assert_says(
        &report,
        &["nobody here is known to end what these wait for:"],
    );
}
