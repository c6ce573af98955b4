//! What a report says of pictures made by hand.

use std::{collections::BTreeSet, panic::Location};

use pleach::inspect::{
    Node, NodeId, NodeKind, Resource, Snapshot, StallReport, State, TieKind, Wait, WaitKind,
};

use crate::{assert_says, support::rng::Rng};

fn id(number: usize) -> NodeId {
    NodeId::new(0, number)
}

fn root() -> Node {
    Node::new(id(0), NodeKind::Scope).with_polls(1)
}

fn child(number: usize) -> Node {
    Node::new(id(number), NodeKind::Child)
        .with_parent(id(0))
        .with_polls(1)
        .with_address(1000 + 8 * number)
}

fn wait(kind: WaitKind, address: usize) -> Wait {
    Wait::new(kind, Location::caller(), Resource::new(address, None))
}

fn join(number: usize) -> Wait {
    wait(WaitKind::Join, 1000 + 8 * number)
}

fn report(nodes: impl IntoIterator<Item = Node>) -> StallReport {
    StallReport::new([root()].into_iter().chain(nodes).collect())
}

fn rings(report: &StallReport) -> Vec<Vec<usize>> {
    let rings = report.cycles();
    rings
        .map(|ring| ring.map(|entry| entry.node().id().number()).collect())
        .collect()
}

#[test]
fn whoever_can_go_on_is_named_and_nothing_is_stalled() {
    let report = report([
        child(1).with_state(State::Ready),
        child(2).with_wait(join(1)),
    ]);
    assert!(!report.is_stalled());
    assert_eq!(report.able().count(), 1);
    assert_says(&report, &["not stalled: 1 can go on, child 0#1 (ready)"]);
    assert_says(&report, &["child 0#2", "of child 0#1"]);
    let empty = StallReport::new(Snapshot::from_iter([]));
    assert!(!empty.is_stalled());
    assert_says(&empty, &["nobody waits"]);
}

#[test]
fn what_has_no_name_is_something() {
    let foreign = wait(WaitKind::Other, 0);
    assert_eq!(foreign.name(), None);
    assert_eq!(foreign.with_name("bytes").name(), Some("bytes"));
    let report = report([child(1).with_wait(foreign)]);
    assert_says(&report, &["child 0#1", "waits for something at"]);
}

/// One that was not started and is not kept back can go on, one that is cannot.
#[test]
fn a_limit_keeps_back_only_while_somebody_has_a_place() {
    let root = root().with_address(64);
    let unstarted = child(2)
        .with_state(State::Unstarted)
        .with_wait(wait(WaitKind::Slot, 64));
    let of = |nodes: &[Node]| StallReport::new(nodes.iter().copied().collect());
    assert!(!of(&[root, unstarted]).is_stalled());
    let runs = child(1).with_wait(wait(WaitKind::Event, 32));
    assert!(of(&[root, runs, unstarted]).is_stalled());
    // It waits for a sibling, and so has lent its place.
    let lends = child(1).with_wait(join(2));
    assert!(!of(&[root, lends, unstarted]).is_stalled());
}

#[test]
fn several_rings_are_told_apart() {
    let report = report([
        child(1).with_wait(join(2)),
        child(2).with_wait(join(1)),
        child(3).with_wait(join(3)),
        child(4).with_wait(join(3)),
    ]);
    assert_eq!(rings(&report), [vec![1, 2], vec![3]]);
    assert_says(&report, &["child 0#4", "of child 0#3"]);
}

/// Of a ring and a longer one over the same nodes the short one is named.
#[test]
fn the_shortest_ring_is_named() {
    let report = report([
        child(1).with_wait(join(2)).with_wait(join(3)),
        child(2).with_wait(join(3)),
        child(3).with_wait(join(1)),
    ]);
    assert_eq!(rings(&report), [vec![1, 3]]);
    assert_says(&report, &["child 0#1", "one of 2 waits", "of child 0#3"]);
}

/// A body that still sleeps may send: only a scope's end waits for its children.
#[test]
fn a_scope_is_not_in_a_ring_with_those_who_wait_for_its_body() {
    let body = root()
        .with_wait(wait(WaitKind::Sleep, 0))
        .with_tie(TieKind::Sent, 64);
    let nodes = [body, child(1).with_wait(wait(WaitKind::Recv, 64))];
    let report = StallReport::new(nodes.into_iter().collect());
    assert_eq!(rings(&report), [[0; 0]; 0]);
    assert_says(&report, &["child 0#1", "sent there: scope 0#0"]);
    assert_eq!(report.from_outside().count(), 1);
}

/// What waits for a place in a channel waits for those who receive, not for those who send.
#[test]
fn ties_of_the_other_kind_do_not_count() {
    let report = report([
        child(1)
            .with_wait(wait(WaitKind::Send, 64))
            .with_tie(TieKind::Sent, 64),
        child(2)
            .with_wait(wait(WaitKind::Recv, 96))
            .with_tie(TieKind::Received, 96),
    ]);
    assert_eq!(rings(&report), [[0; 0]; 0]);
    assert_eq!(report.without_hope().count(), 2);
}

#[test]
fn who_has_ended_is_told_by_an_older_picture() {
    let waits = child(1).with_wait(wait(WaitKind::Acquire, 64));
    let older = [
        root(),
        waits,
        child(2).with_name("thief").with_tie(TieKind::Holds, 64),
    ];
    let report = report([waits]).with_older(&older.into_iter().collect());
    assert_says(&report, &["nobody here holds it", "thief 0#2", "has ended"]);
}

/// A chain of twenty thousand that wait, each for the next, in a ring: without a stack of that depth.
#[test]
fn a_long_ring_takes_no_stack() {
    const LONG: usize = 20_000;
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let looks = small.spawn(|| {
        let nodes = (1..=LONG).map(|n| child(n).with_wait(join(n % LONG + 1)));
        let report = report(nodes);
        assert_eq!(report.cycles().next().unwrap().count(), LONG);
        assert!(report.to_string().starts_with("stalled"));
    });
    looks.unwrap().join().unwrap();
}

/// The same nodes are in rings that are found by walking from each node to wherever it leads.
#[test]
fn rings_are_found_where_there_are_any() {
    const NODES: usize = 7;
    for seed in 0..500 {
        let mut rng = Rng::new(seed);
        let mut targets = vec![Vec::new(); NODES + 1];
        let mut nodes = Vec::new();
        for (from, targets) in targets.iter_mut().enumerate().skip(1) {
            let mut node = child(from);
            for _ in 0..rng.below(3) {
                let to = 1 + rng.below(NODES as u64) as usize;
                targets.push(to);
                node = node.with_wait(join(to));
            }
            nodes.push(node);
        }
        let reach = |from: usize| {
            let (mut seen, mut next) = (BTreeSet::new(), targets[from].clone());
            while let Some(at) = next.pop() {
                if seen.insert(at) {
                    next.extend(&targets[at]);
                }
            }
            seen
        };
        // One ring for each set of nodes that lead to one another.
        let knots: BTreeSet<Vec<usize>> = (1..=NODES)
            .filter(|&n| reach(n).contains(&n))
            .map(|n| {
                let both = reach(n).into_iter().filter(|&m| reach(m).contains(&n));
                both.collect()
            })
            .collect();
        let found = rings(&report(nodes));
        assert_eq!(found.len(), knots.len(), "seed {seed}");
        for ring in &found {
            assert!(
                knots
                    .iter()
                    .any(|knot| ring.iter().all(|n| knot.contains(n)))
            );
            for (i, from) in ring.iter().enumerate() {
                assert!(targets[*from].contains(&ring[(i + 1) % ring.len()]));
            }
        }
    }
}
