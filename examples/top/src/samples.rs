//! Snapshots made by hand.

use std::{panic::Location, time::Duration};

use pleach::{
    cancel::{Cause, CauseKind, Phase},
    inspect::{Node, NodeId, NodeKind, Resource, State, TieKind, Wait, WaitKind},
    time::Instant,
};

use crate::{counts::Counts, history::Look};

/// The addresses of a channel and of a lock.
const CHANNEL: usize = 0x40;
const LOCK: usize = 0x80;

fn here() -> &'static Location<'static> {
    Location::caller()
}

pub(crate) fn at(seconds: u64) -> Instant {
    Instant::EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn id(number: usize) -> NodeId {
    NodeId::new(0, number)
}

/// A child of the scope, or of the child of that number.
pub(crate) fn child(number: usize, name: &'static str, parent: usize) -> Node {
    Node::new(id(number), NodeKind::Child)
        .with_name(name)
        .with_parent(id(parent))
}

pub(crate) fn scope() -> Node {
    Node::new(id(0), NodeKind::Scope).with_name("server")
}

pub(crate) fn wait(kind: WaitKind, seconds: u64) -> Wait {
    let resource = match kind {
        WaitKind::Recv => Resource::new(CHANNEL, Some(here())),
        WaitKind::Acquire => Resource::new(LOCK, None),
        _ => Resource::new(0, None),
    };
    Wait::new(kind, here(), resource).with_age(Duration::from_secs(seconds))
}

pub(crate) fn cancelled(node: Node, seconds: u64) -> Node {
    let cause = Cause::from(CauseKind::Deadline);
    let node = node.with_phase(Phase::Cancelled, Some(cause));
    node.with_cancelled(Duration::from_secs(seconds))
}

/// A look at these, of which nothing was counted.
pub(crate) fn look(nodes: impl IntoIterator<Item = Node>) -> Look {
    Look {
        snapshot: nodes.into_iter().collect(),
        counts: Counts::default(),
    }
}

/// A server at work, after so many seconds: what hangs is not polled. In each second three were spawned
/// and two have ended that are in no snapshot, and there were twenty polls, those of these included.
pub(crate) fn server(seconds: u64) -> Look {
    let count = seconds as usize;
    let age = Duration::from_secs(seconds);
    let session = Node::new(id(3), NodeKind::Scope).with_name("session");
    let nodes = [
        scope()
            .with_polls(1)
            .with_wait(wait(WaitKind::Join, seconds)),
        child(1, "accept", 0)
            .with_polls(10 * count)
            .with_tie(TieKind::Sent, CHANNEL),
        child(2, "worker", 0)
            .with_polls(2)
            .with_wait(wait(WaitKind::Recv, seconds)),
        cancelled(session.with_parent(id(0)).with_polls(count), 2),
        child(4, "flush", 3)
            .with_state(State::Ready)
            .with_polls(3 * count),
        child(5, "hangs", 0)
            .with_polls(7)
            .with_wait(wait(WaitKind::Acquire, seconds)),
        child(6, "holder", 0)
            .with_polls(1)
            .with_tie(TieKind::Holds, LOCK)
            .with_wait(wait(WaitKind::Sleep, 1)),
        Node::new(NodeId::new(9, 0), NodeKind::Token).with_name("shutdown"),
    ];
    let nodes = nodes.map(|node| node.with_age(age).with_site(here()));
    let counts = Counts {
        spawned: 3 * seconds,
        ended: 2 * seconds,
        polls: 20 * seconds,
    };
    Look {
        counts,
        ..look(nodes)
    }
}
