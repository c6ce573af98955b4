use std::time::Duration;

use pleach::inspect::{State, WaitKind};

use super::{Frame, History, Look, Row, Totals};
use crate::{
    counts::Counts,
    samples::{at, cancelled, child, id, look, scope, server, wait},
};

const STUCK: Duration = Duration::from_secs(5);

fn history() -> History {
    History::new(at(0), STUCK)
}

fn row<'a>(frame: &'a Frame, name: &str) -> &'a Row {
    let mut rows = frame.rows.iter();
    rows.find(|row| row.node.name() == Some(name))
        .expect("it is there")
}

fn names(frame: &Frame, is_so: impl Fn(&Row) -> bool) -> Vec<&str> {
    let rows = frame.rows.iter().filter(|row| is_so(row));
    rows.filter_map(|row| row.node.name()).collect()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn rates_are_those_between_two_snapshots() {
    let mut history = history();
    let first = history.take(at(2), server(2));
    assert_eq!(row(&first, "accept").rate, 10.0, "20 polls since it began");
    let second = history.take(at(6), server(6));
    assert_eq!(row(&second, "accept").rate, 10.0);
    assert_eq!(row(&second, "flush").rate, 3.0);
    assert_eq!(row(&second, "hangs").rate, 0.0);
    assert_eq!(row(&second, "session").rate, 1.0);
}

#[test]
fn what_comes_and_goes_unseen_is_counted_and_tokens_are_counted_apart() {
    let mut history = history();
    let with = |spawned, ended, polls| Look {
        counts: Counts {
            spawned,
            ended,
            polls,
        },
        ..look([scope(), child(1, "old", 0)])
    };
    let rates = |totals: Totals| (totals.spawned, totals.ended, totals.polls);
    let first = history.take(at(2), with(6, 1, 10)).totals;
    assert_eq!(rates(first), (3.0, 0.5, 5.0), "since it began");
    let second = history.take(at(6), with(8, 7, 10)).totals;
    assert_eq!(rates(second), (0.5, 1.5, 0.0));
    assert_eq!((second.live, second.tokens), (2, 0), "those that are seen");
    let totals = self::history().take(at(4), server(4)).totals;
    assert_eq!((totals.live, totals.tokens), (7, 1));
    assert_eq!(totals.oldest_wait, Some(seconds(4)));
}

#[test]
fn two_looks_at_the_same_moment_have_no_rate() {
    let mut history = history();
    history.take(at(1), server(1));
    let totals = history.take(at(1), server(2)).totals;
    assert_eq!((totals.polls, totals.spawned), (0.0, 0.0));
}

#[test]
fn who_was_not_polled_for_long_is_stuck_unless_time_or_its_children_will_wake_it() {
    let mut history = history();
    let stuck = |frame: &Frame| names(frame, |row| row.is_stuck).join(" ");
    for second in 1..6 {
        assert_eq!(
            stuck(&history.take(at(second), server(second))),
            "",
            "after {second} s"
        );
    }
    let frame = history.take(at(6), server(6));
    assert_eq!(stuck(&frame), "worker hangs");
    assert_eq!(frame.totals.stuck, 2);
    assert_eq!(row(&frame, "holder").still, seconds(5));
    assert_eq!(row(&frame, "accept").still, seconds(0));
}

#[test]
fn a_poll_ends_it_and_what_has_not_begun_is_never_stuck() {
    let mut history = history();
    let unstarted = child(2, "unstarted", 0).with_state(State::Unstarted);
    let with_polls = |polls| {
        let waiter = child(1, "waiter", 0)
            .with_polls(polls)
            .with_wait(wait(WaitKind::Recv, 1));
        look([scope(), waiter, unstarted])
    };
    history.take(at(0), with_polls(1));
    let frame = history.take(at(9), with_polls(1));
    assert_eq!(names(&frame, |row| row.is_stuck), ["server", "waiter"]);
    let frame = history.take(at(10), with_polls(2));
    assert_eq!(names(&frame, |row| row.is_stuck), ["server"]);
}

#[test]
fn a_number_that_is_used_again_by_another_root_is_another_node() {
    let mut history = history();
    history.take(at(0), look([scope(), child(1, "one", 0)]));
    history.take(at(9), look([scope()]));
    let frame = history.take(at(10), look([scope(), child(1, "one", 0)]));
    assert_eq!(
        row(&frame, "one").still,
        seconds(0),
        "it was gone in between"
    );
}

#[test]
fn what_hangs_below_something_cancelled_is_late_too() {
    let mut history = history();
    let nodes = [
        scope(),
        cancelled(child(1, "cancelled", 0), 3),
        child(2, "below", 1),
        cancelled(child(3, "itself", 2), 1),
        child(4, "beside", 0),
    ];
    let frame = history.take(at(1), look(nodes));
    let late: Vec<_> = frame.rows.iter().map(|row| row.late).collect();
    let [three, one] = [3, 1].map(|n| Some(seconds(n)));
    assert_eq!(late, [None, three, three, one, None]);
    assert_eq!(frame.totals.late, 3);
}

#[test]
fn it_is_known_who_has_to_do_with_what_is_waited_for() {
    let frame = history().take(at(1), server(1));
    let of = |name| {
        let wait = row(&frame, name)
            .node
            .waits()
            .iter()
            .next()
            .expect("it waits");
        frame
            .waited_for(wait)
            .map(|row| row.node.id())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("worker"), [id(1)], "who has sent there");
    assert_eq!(of("hangs"), [id(6)], "who holds it");
}
