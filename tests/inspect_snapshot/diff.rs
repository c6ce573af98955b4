//! What has happened between two pictures.

use std::{panic::Location, time::Duration};

use pleach::{
    inspect::{Entry, Inspect, Node, NodeKind, Resource, Snapshot, State, Wait, WaitKind},
    time::Instant,
};

use crate::{Root, child, id, scope, snapshot};

fn ids<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<usize> {
    entries.map(|entry| entry.node().id().number()).collect()
}

#[test]
fn it_tells_what_is_new_and_what_is_gone_in_the_order_of_the_tree() {
    let older = snapshot([scope(1), child(9, 1), child(3, 9), child(4, 1)]);
    let newer = snapshot([scope(1), child(4, 1), child(8, 1), child(5, 8), child(7, 4)]);
    let diff = newer.since(&older);
    assert_eq!(ids(diff.added()), [7, 8, 5]);
    assert_eq!(ids(diff.gone()), [9, 3]);
    assert_eq!(ids(diff.kept().map(|(newer, _)| newer)), [1, 4]);
    let back = older.since(&newer);
    assert_eq!(ids(back.added()), [9, 3]);
    assert_eq!(ids(back.gone()), [7, 8, 5]);
}

#[test]
fn stuck_is_what_has_begun_and_was_not_polled() {
    let states = [
        State::Waiting,
        State::Ready,
        State::Running,
        State::Unstarted,
    ];
    let with = |polls: usize| {
        let children = (0..4).map(move |i| child(i + 1, 0).with_state(states[i]).with_polls(polls));
        let token = Node::new(id(9), NodeKind::Token);
        snapshot(children.chain([scope(0).with_polls(polls + 1), token]))
    };
    let older = with(4);
    let same = with(4);
    let diff = same.since(&older);
    assert_eq!(ids(diff.stuck().map(|stuck| stuck.entry())), [0, 1, 2, 3]);
    assert_eq!(diff.went_on().count(), 0);
    let later = with(6);
    let diff = later.since(&older);
    assert_eq!(diff.stuck().count(), 0);
    let polls: Vec<_> = diff
        .went_on()
        .map(|(entry, polls)| (entry.node().id().number(), polls))
        .collect();
    assert_eq!(polls, [(0, 2), (1, 2), (2, 2), (3, 2), (4, 2)]);
}

#[test]
fn stuck_for_as_long_as_the_wait_or_else_the_time_between() {
    let seconds = Duration::from_secs;
    let wait = Wait::new(WaitKind::Recv, Location::caller(), Resource::new(1, None));
    let nodes = [
        scope(1).with_polls(1),
        child(2, 1)
            .with_polls(1)
            .with_wait(wait.with_age(seconds(3)))
            .with_wait(wait.with_age(seconds(40))),
        child(3, 1).with_polls(1).with_wait(wait),
    ];
    let times = |older: &Snapshot, newer: &Snapshot| {
        newer
            .since(older)
            .stuck()
            .map(|stuck| stuck.time())
            .collect::<Vec<_>>()
    };
    let taken = snapshot(nodes);
    assert_eq!(times(&taken, &taken), [None, Some(seconds(40)), None]);
    let older = snapshot(nodes).with_moment(Instant::EPOCH + seconds(5));
    let newer = snapshot(nodes).with_moment(Instant::EPOCH + seconds(12));
    assert_eq!(newer.moment(), Some(Instant::EPOCH + seconds(12)));
    assert_eq!(
        times(&older, &newer),
        [Some(seconds(7)), Some(seconds(40)), Some(seconds(7))]
    );
}

#[test]
fn since_the_oldest_of_many_is_in_none_of_these() {
    // Of each picture, how often each of three was polled: the last one was, but not lately.
    let polls = [[1, 1, 1], [1, 2, 2], [1, 3, 3], [1, 4, 3]];
    let pictures = polls.map(|polls| {
        let children = polls.into_iter().enumerate();
        let children = children.map(|(at, polls)| child(at + 2, 1).with_polls(polls));
        snapshot([scope(1).with_polls(1)].into_iter().chain(children))
    });
    let [oldest, .., last, newest] = &pictures;
    let stuck = |older| ids(newest.since(older).stuck().map(|stuck| stuck.entry()));
    assert_eq!(stuck(last), [1, 2, 4]);
    assert_eq!(stuck(oldest), [1, 2]);
}

#[test]
fn roots_are_compared_each_with_itself() {
    let (a, b) = (Root::of([scope(1)]), Root::of([scope(1), child(2, 1)]));
    let older = Snapshot::of_all([&a as &dyn Inspect, &b]);
    let newer = Snapshot::of_all([&b as &dyn Inspect, &a]);
    let diff = newer.since(&older);
    let place = |entry: Entry<'_>| (entry.root(), entry.node().id().number());
    assert!(diff.added().map(place).eq([(0, 2)]));
    assert!(diff.gone().map(place).eq([(1, 2)]));
}

#[test]
fn its_text_counts() {
    let older = snapshot([scope(1).with_polls(1), child(2, 1)]);
    let newer = snapshot([scope(1).with_polls(2), child(3, 1), child(4, 1)]);
    assert_eq!(
        newer.since(&older).to_string(),
        "2 new, 1 gone, 0 stuck, 1 went on"
    );
}
