//! Timelines: of spans, and of pictures taken one after the other.

use std::time::Duration;

use pleach::{
    cancel::Phase,
    inspect::{Activity, Inspect, Snapshot, State, Timeline},
    time::Instant,
};

use crate::{Root, child, scope, snapshot};

fn at(seconds: u64) -> Instant {
    Instant::EPOCH + Duration::from_secs(seconds)
}

/// What the bars say, in the order in which they are drawn.
fn bars(timeline: &Timeline) -> Vec<String> {
    let picture = timeline.svg().to_string();
    let titles = picture.split("<title>").skip(1);
    let titles = titles.filter_map(|title| title.split_once("</title></rect>"));
    titles.map(|(title, _)| title.to_owned()).collect()
}

fn ticks(timeline: &Timeline) -> Vec<String> {
    let picture = timeline.svg().to_string();
    let texts = picture.split("text-anchor=\"middle\">").skip(1);
    texts
        .map(|text| text.split_once("</text>").unwrap().0.to_owned())
        .collect()
}

#[test]
fn rows_are_in_the_order_of_the_tree_and_spans_in_that_of_their_rows() {
    let mut timeline = Timeline::new();
    let inner = timeline.row(&child(2, 1).with_name("inner"));
    let other = timeline.row(&child(3, 0).with_name("other"));
    let outer = timeline.row(&child(1, 0).with_name("outer"));
    let root = timeline.row(&scope(0).with_name("root"));
    // The first time counts.
    assert_eq!(timeline.row(&child(2, 3).with_name("later")), inner);
    timeline.span(inner, Activity::Waiting, at(3), at(4));
    timeline.span(other, Activity::Polled, at(2), at(4));
    timeline.span(outer, Activity::Cancelled, at(4), at(7));
    timeline.span(inner, Activity::Polled, at(2), at(3));
    timeline.span(root, Activity::Waiting, at(1), at(9));
    assert_eq!(
        bars(&timeline),
        [
            "root (scope): waiting for 8s, from 0s",
            "other: polled for 2s, from 1s",
            "outer: cancelled for 3s, from 3s",
            "inner: waiting for 1s, from 2s",
            "inner: polled for 1s, from 1s",
        ]
    );
}

#[test]
fn what_goes_on_in_the_same_way_is_one_span() {
    let mut timeline = Timeline::new();
    let (a, b) = (
        timeline.row(&scope(1).with_name("a")),
        timeline.row(&scope(2).with_name("b")),
    );
    for second in 0..5 {
        timeline.span(a, Activity::Waiting, at(second), at(second + 1));
        timeline.span(b, Activity::Polled, at(second), at(second + 1));
    }
    timeline.span(a, Activity::Waiting, at(6), at(7));
    timeline.span(b, Activity::Waiting, at(5), at(6));
    assert_eq!(
        bars(&timeline),
        [
            "a (scope): waiting for 5s, from 0s",
            "a (scope): waiting for 1s, from 6s",
            "b (scope): polled for 5s, from 0s",
            "b (scope): waiting for 1s, from 5s",
        ]
    );
}

#[test]
fn pictures_tell_what_was_done_between_them() {
    let cancelled = |polls| {
        child(2, 0)
            .with_name("c")
            .with_polls(polls)
            .with_phase(Phase::Cancelled, None)
    };
    let root = |polls| scope(0).with_name("root").with_polls(polls);
    let a = |polls| child(1, 0).with_name("a").with_polls(polls);
    let c = child(2, 0).with_name("c").with_polls(1);
    let new = child(3, 0)
        .with_name("n")
        .with_age(Duration::from_secs(4))
        .with_polls(1);
    // Older than the last look at which it was not there: moved below it since.
    let moved = child(5, 0).with_name("m").with_age(Duration::from_secs(40));
    let busy = child(4, 0)
        .with_name("busy")
        .with_polls(1)
        .with_state(State::Running);
    let taken = [
        snapshot([root(1), a(1), c, busy]).with_moment(at(100)),
        // Of no known time.
        snapshot([root(9)]),
        snapshot([root(2), a(1), c, busy]).with_moment(at(110)),
        snapshot([root(3), a(2), cancelled(2), new, moved]).with_moment(at(120)),
        snapshot([root(3), cancelled(2), new]).with_moment(at(130)),
    ];
    assert_eq!(
        bars(&Timeline::of_snapshots(&taken)),
        [
            "root (scope): polled for 20s, from 0s",
            "root (scope): waiting for 10s, from 20s",
            "a: polled for 0s, from 0s",
            "a: waiting for 10s, from 0s",
            "a: polled for 10s, from 10s",
            "c: polled for 0s, from 0s",
            "c: waiting for 10s, from 0s",
            "c: cancelled for 20s, from 10s",
            "busy: polled for 10s, from 0s",
            "n: polled for 4s, from 16s",
            "n: waiting for 10s, from 20s",
            "m: waiting for 10s, from 10s",
        ]
    );
}

#[test]
fn nodes_of_different_roots_have_rows_of_their_own() {
    let (a, b) = (
        Root::of([scope(0).with_name("a")]),
        Root::of([scope(0).with_name("b")]),
    );
    let look = |at| Snapshot::of_all([&a as &dyn Inspect, &b]).with_moment(at);
    let timeline = Timeline::of_snapshots(&[look(at(0)), look(at(1))]);
    let bars = bars(&timeline);
    assert_eq!(
        bars,
        [
            "a (scope): waiting for 1s, from 0s",
            "b (scope): waiting for 1s, from 0s"
        ]
    );
}

#[test]
fn the_axis_has_round_numbers_and_not_too_many() {
    let ticks = |nanos| {
        let mut timeline = Timeline::new();
        let row = timeline.row(&scope(0));
        timeline.span(
            row,
            Activity::Waiting,
            at(5),
            at(5) + Duration::from_nanos(nanos),
        );
        ticks(&timeline)
    };
    const SECOND: u64 = 1_000_000_000;
    assert_eq!(ticks(0), ["0s", "1ns"]);
    assert_eq!(
        ticks(460_000_000),
        ["0s", "100ms", "200ms", "300ms", "400ms"]
    );
    assert_eq!(
        ticks(16 * SECOND),
        ["0s", "2s", "4s", "6s", "8s", "10s", "12s", "14s", "16s"]
    );
    assert_eq!(
        ticks(100 * SECOND),
        ["0s", "15s", "30s", "45s", "1m", "1m 15s", "1m 30s"]
    );
    assert_eq!(ticks(7200 * SECOND)[1], "30m");
    assert_eq!(ticks(30 * 86_400 * SECOND)[1], "4d");
    let mut nanos = 1;
    while nanos < u64::MAX / 3 {
        let count = ticks(nanos).len();
        assert!((2..=9).contains(&count), "{count} ticks for {nanos}");
        nanos += nanos / 5 * 2 + 1;
    }
}

#[test]
fn an_empty_one_is_a_picture_too() {
    let picture = Timeline::new().svg().to_string();
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
}
