//! Who waits for whom, when nothing goes on.
//!
//! A picture has what each node waits for, and at what; and what each holds, and where it has sent and
//! received. Together they are a graph (`stall/graph.rs`): from who waits to what is waited at, and
//! from there to those who could end the wait. Its rings are found in one pass, without recursion
//! (`stall/cycles.rs`), and all of it is told in sentences (`stall/text.rs`).

mod cycles;
mod graph;
mod text;

use alloc::vec::Vec;
use core::fmt;

use self::graph::{Graph, Vertex};
use super::{Entry, Inspect, Node, NodeKind, Snapshot, State, Wait, WaitKind};

/// Why nothing goes on: who waits for what, and for whom.
///
/// It is made of a [`Snapshot`], and so of scopes, groups, tokens, and whatever else is [`Inspect`]. As a
/// `Display` it tells in sentences, with places in the code:
///
/// * whether anything can go on ([`is_stalled`](Self::is_stalled));
/// * who waits for one another ([`cycles`](Self::cycles));
/// * waits that nobody here is known to end ([`without_hope`](Self::without_hope));
/// * what may be woken from outside ([`from_outside`](Self::from_outside)): sleeps, and waits for what is not of
///   this crate, by their [names](super::waiting) if they have any;
/// * all others, and for whom they wait.
///
/// # What it knows
///
/// It is a picture: of a program that goes on meanwhile, parts of it may not fit together. Taken from within,
/// whoever takes it is running, so nothing is stalled then: look from outside. A
/// simulation of the test kit does when it has nothing left to do (`testing::Sim::watch`, feature `testing`).
///
/// A permit is held by the child that acquired it, as long as it was not given back. Who waits for a
/// message waits for those who have sent there, or hold a place there; who waits for room, for those who
/// have received. Who has done neither yet is not known, nor is who sets an event, opens a latch, closes a channel or
/// cancels a token: such a wait is told with the place of what is waited at. So a cycle through
/// permits, handles and scopes is a deadlock; one through channels is, if nobody else has an end
/// of them; and a node that waits for several things at a time may be ended by any of these.
///
/// An unstarted child of a scope with a limit counts as kept back while a sibling runs.
///
/// # Examples
///
/// ```
/// use std::{future::Future, pin::pin, task::{Context, Waker}};
/// use pleach::{Semaphore, inspect::StallReport, scope::scope};
///
/// let (left, right) = (Semaphore::new(1), Semaphore::new(1));
/// let both = async |first: &Semaphore, second: &Semaphore| {
///     let _first = first.acquire().await;
/// #   let mut is_new = true;
/// #   std::future::poll_fn(|cx| {
/// #       cx.waker().wake_by_ref();
/// #       match std::mem::take(&mut is_new) {
/// #           true => std::task::Poll::Pending,
/// #           false => std::task::Poll::Ready(()),
/// #       }
/// #   }).await;
///     // .. meanwhile the other one goes on ..
///     let _second = second.acquire().await;
/// };
///
/// let (driver, s) = scope();
/// s.spawn(both(&left, &right)).named("one");
/// s.spawn(both(&right, &left)).named("other");
/// let mut run = pin!(driver.run(async {}));
/// for _ in 0..3 {
///     let _ = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// }
///
/// let report = StallReport::of(&s);
/// assert!(report.is_stalled());
/// let ring: Vec<_> = report.cycles().next().unwrap().map(|entry| entry.node().name()).collect();
/// assert_eq!(ring, [Some("one"), Some("other")]);
/// println!("{report}");
/// ```
#[derive(Clone)]
pub struct StallReport {
    snapshot: Snapshot,
    graph: Graph,
    /// One of each set of vertices that lead to one another: the shortest from its first node.
    cycles: Vec<Vec<Vertex>>,
    /// Those of an older picture that are not in this one.
    gone: Vec<Node>,
}

impl StallReport {
    /// What is below `root` now.
    ///
    /// Allocates, in proportion to the number of nodes.
    #[must_use]
    pub fn of(root: &(impl Inspect + ?Sized)) -> Self {
        Self::new(Snapshot::of(root))
    }

    /// What a picture says: also one of several roots.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        let graph = Graph::new(&snapshot);
        let cycles = cycles::find(&graph);
        Self {
            snapshot,
            graph,
            cycles,
            gone: Vec::new(),
        }
    }

    /// The same, which also tells who had sent, received or held something in an older picture of the same
    /// roots, and has ended since.
    ///
    /// Nothing is noted of nodes that are gone, so without an older picture nobody knows.
    #[must_use]
    pub fn with_older(mut self, older: &Snapshot) -> Self {
        let gone = self.snapshot.since(older);
        self.gone = gone.gone().map(|entry| *entry.node()).collect();
        self
    }

    /// The picture that it is made of.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Whether somebody waits, and nobody is able to go on unless something from outside wakes it.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.waiting().next().is_some() && self.able().next().is_none()
    }

    /// What can go on: it is being polled, was woken, or is new and not kept back by a limit.
    pub fn able(&self) -> impl Iterator<Item = Entry<'_>> {
        let is_able = |entry: &Entry<'_>| match entry.node().state() {
            State::Running | State::Ready => true,
            State::Unstarted => !self.is_kept_back(*entry),
            State::Waiting => false,
        };
        self.nodes().filter(is_able)
    }

    /// Those who wait for one another, each for the next one and the last for the first: of each knot of such
    /// waits one ring, the shortest of its first node.
    ///
    /// One who waits for itself is a ring too.
    pub fn cycles(&self) -> impl ExactSizeIterator<Item = impl Iterator<Item = Entry<'_>>> {
        self.cycles.iter().map(|cycle| {
            let nodes = cycle.iter().filter_map(|vertex| match *vertex {
                Vertex::Node(at) | Vertex::End(at) => Some(at),
                Vertex::Resource(_) => None,
            });
            let mut last = None;
            nodes
                .filter(move |&at| last.replace(at) != Some(at))
                .map(|at| self.snapshot.entry(at))
        })
    }

    /// Waits that no node is known to end: nobody holds what is wanted, nobody that is left has sent or
    /// received there, or it is not known who will.
    pub fn without_hope(&self) -> impl Iterator<Item = (Entry<'_>, &Wait)> {
        let waits = self.waiting().flat_map(|entry| {
            let waits = entry.node().waits().iter();
            waits.map(move |wait| (entry, wait))
        });
        waits.filter(|(_, wait)| !is_from_outside(wait) && self.enders(wait).next().is_none())
    }

    /// What may be woken from outside: it sleeps, or waits for something that is not of this crate.
    ///
    /// Of a scope whose body waits for nothing known it is not told whether the body is over: it is not among
    /// these if it has children.
    pub fn from_outside(&self) -> impl Iterator<Item = Entry<'_>> {
        self.waiting().filter(|entry| {
            let waits = entry.node().waits();
            let is_known = waits.iter().next().is_some() || waits_for_children(*entry);
            waits.iter().any(is_from_outside) || waits.more() > 0 || !is_known
        })
    }

    /// Who could end the wait.
    fn enders(&self, wait: &Wait) -> impl Iterator<Item = Entry<'_>> {
        let ends = self.graph.target(wait).into_iter();
        ends.flat_map(|vertex| self.graph.nodes_of(vertex))
            .map(|at| self.snapshot.entry(at))
    }

    fn waiting(&self) -> impl Iterator<Item = Entry<'_>> {
        let is_waiting = |entry: &Entry<'_>| match entry.node().state() {
            State::Waiting => true,
            State::Unstarted => self.is_kept_back(*entry),
            State::Running | State::Ready => false,
        };
        self.nodes().filter(is_waiting)
    }

    /// All that is polled.
    fn nodes(&self) -> impl Iterator<Item = Entry<'_>> {
        let entries = self.snapshot.iter();
        entries.filter(|entry| entry.node().kind() != NodeKind::Token)
    }

    /// Whether it has no place, and there is somebody who has one.
    fn is_kept_back(&self, entry: Entry<'_>) -> bool {
        let mut waits = entry.node().waits().iter();
        waits.any(|wait| wait.kind() == WaitKind::Slot && self.enders(wait).next().is_some())
    }
}

impl From<Snapshot> for StallReport {
    fn from(snapshot: Snapshot) -> Self {
        Self::new(snapshot)
    }
}

impl fmt::Debug for StallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StallReport")
            .field("nodes", &self.snapshot.len())
            .field("is_stalled", &self.is_stalled())
            .field("cycles", &self.cycles.len())
            .finish_non_exhaustive()
    }
}

fn is_scope(entry: Entry<'_>) -> bool {
    matches!(entry.node().kind(), NodeKind::Scope | NodeKind::Group)
}

/// What a scope waits for before it ends.
fn is_awaited(entry: Entry<'_>) -> bool {
    use NodeKind::{Child, Parallel, Shielded};
    matches!(entry.node().kind(), Child | Shielded | Parallel)
}

/// Whether it is for what no node brings about.
fn is_from_outside(wait: &Wait) -> bool {
    matches!(wait.kind(), WaitKind::Sleep | WaitKind::Other)
}

fn waits_for_children(entry: Entry<'_>) -> bool {
    is_scope(entry) && entry.children().any(is_awaited)
}
