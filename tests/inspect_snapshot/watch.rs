//! What a `LeakWatch` tells, and what not.

use std::{panic::Location, time::Duration};

use pleach::{
    inspect::{Counts, LeakEvent, LeakWatch, Resource, Wait, WaitKind},
    time::Instant,
};

use crate::{child, scope, snapshot};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Feeds it with one picture in each half minute.
fn feed(
    watch: &mut LeakWatch,
    counts: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<(u64, LeakEvent)> {
    let mut told = Vec::new();
    for (i, (live, blocked)) in counts.into_iter().enumerate() {
        let at = 30 * i as u64;
        let events = watch.feed(Instant::EPOCH + seconds(at), Counts { live, blocked });
        told.extend(events.map(|event| (at, event)));
    }
    told
}

fn grow(watch: &mut LeakWatch, counts: impl IntoIterator<Item = usize>) -> Vec<(u64, LeakEvent)> {
    feed(watch, counts.into_iter().map(|live| (live, 0)))
}

#[test]
fn growth_needs_more_nodes_than_that_and_as_many_percent() {
    // 51 more in 5 minutes, and 15 percent of 340.
    assert_eq!(
        grow(&mut LeakWatch::new(), [340, 350, 391]),
        [(
            60,
            LeakEvent::Growth {
                from: 340,
                to: 391,
                over: seconds(60)
            }
        )]
    );
    // One node less.
    assert_eq!(grow(&mut LeakWatch::new(), [340, 350, 390]), []);
    // Not quite as many percent.
    assert_eq!(grow(&mut LeakWatch::new(), [341, 350, 392]), []);
}

#[test]
fn growth_is_told_only_while_it_goes_on() {
    // A step is no leak.
    assert_eq!(grow(&mut LeakWatch::new(), [100, 500, 500, 500, 500]), []);
    assert_eq!(grow(&mut LeakWatch::new(), [100, 500, 490, 510, 500]), []);
    // Two pictures are too few.
    assert_eq!(grow(&mut LeakWatch::new(), [100, 500]), []);
    let two = LeakWatch::new().keep(2);
    assert_eq!(grow(&mut two.clone(), [100, 500]).len(), 1);
    assert_eq!(grow(&mut two.clone(), [100, 100, 100]), []);
}

#[test]
fn growth_is_that_of_the_last_five_minutes() {
    // Ten minutes for 60 nodes.
    assert_eq!(
        grow(&mut LeakWatch::new(), (0..20).map(|i| 100 + 3 * i)),
        []
    );
    // Within ten, they count.
    let mut long = LeakWatch::new().growth(50, seconds(600));
    let told = grow(&mut long, (0..20).map(|i| 100 + 3 * i));
    assert_eq!(
        told,
        [(
            510,
            LeakEvent::Growth {
                from: 100,
                to: 151,
                over: seconds(510)
            }
        )]
    );
    // Exactly five minutes still count.
    let told = grow(
        &mut LeakWatch::new(),
        (0..11).map(|i| if i == 10 { 161 } else { 100 + i }),
    );
    assert_eq!(
        told,
        [(
            300,
            LeakEvent::Growth {
                from: 100,
                to: 161,
                over: seconds(300)
            }
        )]
    );
}

#[test]
fn more_kept_pictures_than_the_time_holds_are_kept_all_the_same() {
    let mut watch = LeakWatch::new().keep(4).growth(50, seconds(30));
    let told = grow(&mut watch, [100, 120, 140, 160]);
    assert_eq!(
        told,
        [(
            90,
            LeakEvent::Growth {
                from: 100,
                to: 160,
                over: seconds(90)
            }
        )]
    );
}

#[test]
fn blocked_needs_more_than_that_part_and_twice() {
    let blocked = |counts: &[usize]| {
        feed(
            &mut LeakWatch::new(),
            counts.iter().map(|&blocked| (100, blocked)),
        )
    };
    let event = |blocked| LeakEvent::Blocked { blocked, live: 100 };
    assert_eq!(blocked(&[21]), []);
    assert_eq!(blocked(&[20, 20, 20, 20]), []);
    assert_eq!(blocked(&[21, 30]), [(30, event(30))]);
    assert_eq!(blocked(&[21, 20, 21, 20]), []);
    // And afresh.
    assert_eq!(blocked(&[30, 30, 30]), [(30, event(30))]);
    assert_eq!(
        blocked(&[30, 30, 30, 31]),
        [(30, event(30)), (90, event(31))]
    );
    let mut strict = LeakWatch::new().blocked_percent(0).blocked_in_a_row(1);
    assert_eq!(feed(&mut strict, [(100, 0), (100, 1)]), [(30, event(1))]);
}

#[test]
fn both_can_be_told_at_once() {
    let told = feed(&mut LeakWatch::new(), [(100, 0), (200, 90), (300, 90)]);
    let growth = LeakEvent::Growth {
        from: 100,
        to: 300,
        over: seconds(60),
    };
    assert_eq!(
        told,
        [
            (60, growth),
            (
                60,
                LeakEvent::Blocked {
                    blocked: 90,
                    live: 300
                }
            )
        ]
    );
    assert_eq!(told[0].1.to_string(), "grew from 100 to 300 nodes in 60s");
    assert_eq!(told[1].1.to_string(), "90 of 300 nodes are blocked");
}

#[test]
fn what_comes_too_soon_is_left_out_and_what_comes_late_is_not() {
    let mut watch = LeakWatch::new().blocked_in_a_row(1);
    let mut takes = |millis| {
        let now = Instant::EPOCH + Duration::from_millis(millis);
        watch
            .feed(
                now,
                Counts {
                    live: 1,
                    blocked: 1,
                },
            )
            .count()
            == 1
    };
    assert!(takes(7_000));
    assert!(!takes(36_999));
    assert!(takes(37_500));
    // The next is due 60 seconds after the first, though the second was late.
    assert!(!takes(66_999));
    assert!(takes(67_000));
    // After a gap, on the same beat.
    assert!(takes(500_000));
    assert!(!takes(516_999));
    assert!(takes(517_000));
    let mut all = LeakWatch::new().every(Duration::ZERO).blocked_in_a_row(1);
    for _ in 0..3 {
        assert_eq!(
            all.feed(
                Instant::EPOCH,
                Counts {
                    live: 1,
                    blocked: 1
                }
            )
            .count(),
            1
        );
    }
}

#[test]
fn blocked_are_those_that_wait_for_others_for_long() {
    let wait = |kind, age| {
        Wait::new(kind, Location::caller(), Resource::new(1, None)).with_age(seconds(age))
    };
    let taken = snapshot([
        scope(1),
        child(2, 1).with_wait(wait(WaitKind::Recv, 31)),
        child(3, 1).with_wait(wait(WaitKind::Recv, 30)),
        child(4, 1).with_wait(wait(WaitKind::Sleep, 99)),
        child(5, 1)
            .with_wait(wait(WaitKind::Join, 99))
            .with_wait(wait(WaitKind::Acquire, 99)),
        child(6, 1).with_wait(wait(WaitKind::Scope, 99)),
        child(7, 1).with_wait(Wait::new(
            WaitKind::Recv,
            Location::caller(),
            Resource::new(1, None),
        )),
    ]);
    assert_eq!(
        Counts::of(&taken, seconds(30)),
        Counts {
            live: 7,
            blocked: 2
        }
    );
    let blocked = |longer_than| {
        let blocked = taken.blocked_for(seconds(longer_than));
        blocked
            .map(|(entry, time)| (entry.node().id().number(), time.as_secs()))
            .collect::<Vec<_>>()
    };
    assert_eq!(blocked(30), [(5, 99), (2, 31)]);
    assert_eq!(blocked(29), [(5, 99), (2, 31), (3, 30)]);
    assert_eq!(blocked(99), []);
}

#[test]
fn of_those_that_are_blocked_for_as_long_the_first_of_the_tree_comes_first() {
    let wait = |kind, age| {
        Wait::new(kind, Location::caller(), Resource::new(1, None)).with_age(seconds(age))
    };
    let taken = snapshot([
        scope(1),
        child(9, 1).with_wait(wait(WaitKind::Recv, 5)),
        child(3, 1)
            .with_wait(wait(WaitKind::Send, 2))
            .with_wait(wait(WaitKind::Recv, 7)),
        child(4, 9).with_wait(wait(WaitKind::Lock, 5)),
    ]);
    let blocked = taken.blocked_for(Duration::ZERO);
    let numbers = blocked.map(|(entry, _)| entry.node().id().number());
    assert_eq!(numbers.collect::<Vec<_>>(), [3, 9, 4]);
}

#[test]
fn or_those_that_were_not_polled_between_two_pictures() {
    let older = snapshot([
        scope(1).with_polls(1),
        child(2, 1).with_polls(1),
        child(3, 1).with_polls(1),
    ]);
    let newer = snapshot([
        scope(1).with_polls(2),
        child(2, 1).with_polls(1),
        child(4, 1).with_polls(1),
    ]);
    assert_eq!(
        Counts::between(&newer.since(&older)),
        Counts {
            live: 3,
            blocked: 1
        }
    );
}
