//! A server in the middle of its work: nodes for pictures. Its lines are in the golden files.

use std::{panic::Location, time::Duration};

use pleach::{
    cancel::{Cause, CauseKind, Phase},
    inspect::{
        Activity, Node, NodeId, NodeKind, Resource, Snapshot, State, Timeline, Wait, WaitKind,
    },
    time::Instant,
};

#[track_caller]
const fn here() -> &'static Location<'static> {
    Location::caller()
}

const fn id(group: usize, number: usize) -> NodeId {
    NodeId::new(group, number)
}

const fn node(group: usize, number: usize, kind: NodeKind, name: &'static str) -> Node {
    Node::new(id(group, number), kind)
        .with_name(name)
        .with_polls(1 + number)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn snapshot() -> Snapshot {
    let jobs = here();
    let pool = here();
    let listener = here();
    let queue = Resource::new(0x7f10, Some(jobs));
    let connections = Resource::new(0x7f40, Some(pool));
    let socket = Resource::new(0x7f80, None);
    let recv = Wait::new(WaitKind::Recv, here(), queue);
    let acquire = Wait::new(WaitKind::Acquire, here(), connections);
    let accept = Wait::new(WaitKind::Event, listener, socket);
    let sleep = Wait::new(WaitKind::Sleep, here(), Resource::new(0, None));
    let worker = |number| {
        let worker = node(0, number, NodeKind::Child, "worker").with_parent(id(0, 0));
        worker
            .with_site(jobs)
            .with_age(seconds(7500))
            .with_wait(recv.with_age(seconds(4)))
    };
    let leaving = |node: Node, ago| {
        let cause = Cause::new(CauseKind::Deadline);
        node.with_phase(Phase::Cancelled, Some(cause))
            .with_cancelled(ago)
    };
    let request = node(2, 0, NodeKind::Scope, "request").with_parent(id(0, 2));
    let late = Duration::from_millis(5250);
    [
        node(0, 0, NodeKind::Scope, "server")
            .with_site(here())
            .with_age(seconds(7500)),
        node(0, 1, NodeKind::Child, "accept")
            .with_parent(id(0, 0))
            .with_site(here())
            .with_age(seconds(7500))
            .with_wait(accept.with_age(Duration::from_millis(350))),
        node(0, 2, NodeKind::Child, "connection")
            .with_parent(id(0, 0))
            .with_site(here()),
        leaving(request, late).with_site(here()),
        leaving(
            node(2, 1, NodeKind::Child, "query").with_parent(id(2, 0)),
            late,
        )
        .with_site(here())
        .with_wait(acquire.with_age(seconds(9)))
        .with_wait(sleep.with_age(seconds(9))),
        node(2, 2, NodeKind::Shielded, "audit")
            .with_parent(id(2, 0))
            .with_site(here())
            .with_state(State::Running),
        Node::new(id(2, 3), NodeKind::Child)
            .with_parent(id(2, 0))
            .with_site(here())
            .with_state(State::Unstarted),
        worker(3),
        worker(4),
        worker(5),
        node(0, 6, NodeKind::Daemon, "flush")
            .with_parent(id(0, 0))
            .with_site(here())
            .with_state(State::Ready),
        node(1, 0, NodeKind::Token, "shutdown")
            .with_parent(id(0, 0))
            .with_site(here()),
    ]
    .into_iter()
    .collect()
}

/// Names and causes that are made of what the languages of the pictures are made of.
pub(crate) fn odd() -> Snapshot {
    const NAMES: [&str; 10] = [
        "say \"hello\" \\ \\n",
        "a < b && c > d",
        "]]> <!-- --> </text>",
        "two\nlines\tand \u{1b}[31mred\u{7f}\u{85}",
        "&lt;&#10;",
        "\u{0}\u{fffe}",
        "Ä ß 日本 🦀",
        "{\"}\\",
        "del\u{7f}",
        "next line\u{85}",
    ];
    let site = here();
    let wait = Wait::new(WaitKind::Send, site, Resource::new(0x10, Some(site)));
    let foreign = Wait::new(WaitKind::Other, site, Resource::new(0, None));
    let name = |(number, name)| {
        let cause = Cause::user(1).text(name);
        node(0, number, NodeKind::Child, name)
            .with_site(site)
            .with_wait(wait)
            .with_wait(foreign.with_name(name))
            .with_phase(Phase::Stopping, Some(cause))
    };
    NAMES.into_iter().enumerate().map(name).collect()
}

/// A request that asks two others, and gives up at its deadline.
pub(crate) fn timeline() -> Timeline {
    use Activity::{Cancelled, Polled, Waiting};
    let below =
        |parent, number, name| node(0, number, NodeKind::Child, name).with_parent(id(0, parent));
    let mut timeline = Timeline::new();
    let mut row = |node: Node, spans: &[(Activity, u64, u64)]| {
        let row = timeline.row(&node);
        for &(activity, from, to) in spans {
            let at = |millis| Instant::EPOCH + Duration::from_millis(1_000 + millis);
            timeline.span(row, activity, at(from), at(to));
        }
    };
    let request = node(0, 0, NodeKind::Scope, "request");
    row(
        request,
        &[(Polled, 0, 9), (Waiting, 9, 400), (Cancelled, 400, 460)],
    );
    let body = [
        (Polled, 2, 12),
        (Waiting, 12, 85),
        (Polled, 85, 97),
        (Waiting, 97, 400),
        (Cancelled, 400, 404),
    ];
    row(below(0, 1, "respond"), &body);
    row(
        below(0, 2, "fetch user"),
        &[(Polled, 12, 30), (Waiting, 30, 78), (Polled, 78, 84)],
    );
    // The row of the query comes before that of its retry, and after that of the orders.
    row(
        below(3, 5, "retry"),
        &[
            (Polled, 210, 222),
            (Waiting, 222, 400),
            (Cancelled, 400, 455),
        ],
    );
    let orders = [
        (Polled, 14, 34),
        (Waiting, 34, 208),
        (Polled, 208, 214),
        (Waiting, 214, 400),
        (Cancelled, 400, 458),
    ];
    row(below(0, 3, "fetch orders"), &orders);
    row(
        below(3, 4, "query"),
        &[(Polled, 34, 52), (Waiting, 52, 190), (Polled, 190, 206)],
    );
    let audit = node(0, 6, NodeKind::Daemon, "audit").with_parent(id(0, 0));
    row(
        audit,
        &[(Polled, 16, 19), (Waiting, 19, 300), (Polled, 300, 330)],
    );
    timeline
}
