//! Who waits at what, and who could end that.
//!
//! A vertex is a node, the end of a scope (or of a child), or something that is waited at. A node leads to what
//! it waits at; that leads to those who could end the wait; and the end of a scope leads to its body and
//! its children. Waits and ties meet in the things between them, so there are as many links as waits and ties.

use alloc::vec::Vec;

use super::{is_awaited, is_scope};
use crate::inspect::{Entry, NodeKind, Snapshot, State, Tie, TieKind, Wait, WaitKind};

/// By its position in the picture, or by that in [`Graph::resources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Vertex {
    Node(usize),
    /// That of a scope, with all its children.
    End(usize),
    Resource(usize),
}

/// What is waited at, and so who could end the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Holder,
    Sender,
    Receiver,
    /// A child that has a place of the scope's limit.
    Started,
    /// A child of the group.
    Member,
}

#[derive(Clone, Debug)]
pub(super) struct Graph {
    /// Of all nodes but tokens, sorted by address.
    by_address: Vec<(usize, Vertex)>,
    /// Sorted.
    resources: Vec<(usize, Role)>,
    /// Sorted; each once.
    links: Vec<(Vertex, Vertex)>,
}

/// Who ends a wait of this kind, if that can be known of any.
fn role(kind: WaitKind) -> Option<Role> {
    Some(match kind {
        WaitKind::Acquire | WaitKind::Lock => Role::Holder,
        WaitKind::Recv | WaitKind::Changed => Role::Sender,
        WaitKind::Send => Role::Receiver,
        WaitKind::Slot => Role::Started,
        WaitKind::Result => Role::Member,
        WaitKind::Join | WaitKind::Scope | WaitKind::Token | WaitKind::Event => return None,
        WaitKind::Sleep | WaitKind::Other => return None,
    })
}

const fn role_of(tie: TieKind) -> Role {
    match tie {
        TieKind::Holds => Role::Holder,
        TieKind::Sent => Role::Sender,
        TieKind::Received => Role::Receiver,
    }
}

impl Graph {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let mut graph = Self {
            by_address: Vec::new(),
            resources: Vec::new(),
            links: Vec::new(),
        };
        let nodes = || {
            let entries = snapshot.iter();
            entries.filter(|entry| entry.node().kind() != NodeKind::Token)
        };
        for entry in nodes() {
            let node = entry.node();
            if node.address() != 0 {
                graph.by_address.push((node.address(), end_of(entry)));
            }
            let waits = node.waits().iter();
            graph.resources.extend(waits.filter_map(resource_of));
        }
        graph.by_address.sort_unstable();
        graph.resources.sort_unstable();
        graph.resources.dedup();
        for entry in nodes() {
            graph.link(entry);
        }
        graph.links.sort_unstable();
        graph.links.dedup();
        graph
    }

    /// All links to and from a node, but those to its children.
    fn link(&mut self, entry: Entry<'_>) {
        let (vertex, node) = (Vertex::Node(entry.position), entry.node());
        for wait in node.waits().iter() {
            let target = self.target(wait);
            self.links.extend(target.map(|target| (vertex, target)));
        }
        for tie in node.ties().iter() {
            let tied = self.tied(tie);
            self.links.extend(tied.map(|tied| (tied, vertex)));
        }
        if is_scope(entry) {
            self.links.push((Vertex::End(entry.position), vertex));
        }
        let Some(parent) = entry.parent().filter(|parent| is_scope(*parent)) else {
            return;
        };
        if !is_awaited(entry) {
            return;
        }
        self.links.push((end_of(parent), vertex));
        let address = parent.node().address();
        self.link_resource((address, Role::Member), vertex);
        // Who waits for a sibling has lent its place.
        let has_lent = node
            .waits()
            .iter()
            .any(|wait| wait.kind() == WaitKind::Join);
        if node.state() != State::Unstarted && !has_lent {
            self.link_resource((address, Role::Started), vertex);
        }
    }

    fn link_resource(&mut self, resource: (usize, Role), to: Vertex) {
        if let Ok(at) = self.resources.binary_search(&resource) {
            self.links.push((Vertex::Resource(at), to));
        }
    }

    /// What a wait leads to, if anybody is known there.
    pub(super) fn target(&self, wait: &Wait) -> Option<Vertex> {
        if let Some(resource) = resource_of(wait) {
            let at = self.resources.binary_search(&resource).ok()?;
            return Some(Vertex::Resource(at));
        }
        if !matches!(wait.kind(), WaitKind::Join | WaitKind::Scope) {
            return None;
        }
        let address = wait.resource().address();
        let at = self
            .by_address
            .binary_search_by_key(&address, |&(address, _)| address);
        at.ok().map(|at| self.by_address[at].1)
    }

    /// What those wait at who wait for a node with that tie, if anybody does.
    pub(super) fn tied(&self, tie: &Tie) -> Option<Vertex> {
        let resource = (tie.address(), role_of(tie.kind()));
        let at = self.resources.binary_search(&resource).ok()?;
        Some(Vertex::Resource(at))
    }

    /// The nodes that it is, or that it leads to.
    pub(super) fn nodes_of(&self, vertex: Vertex) -> impl Iterator<Item = usize> {
        let (itself, next) = match vertex {
            Vertex::Node(at) | Vertex::End(at) => (Some(at), &[][..]),
            Vertex::Resource(_) => (None, self.next(vertex)),
        };
        let next = next.iter().filter_map(|&(_, to)| match to {
            Vertex::Node(at) => Some(at),
            Vertex::End(_) | Vertex::Resource(_) => None,
        });
        itself.into_iter().chain(next)
    }

    /// The links that begin there.
    pub(super) fn next(&self, vertex: Vertex) -> &[(Vertex, Vertex)] {
        let from = self.links.partition_point(|&(from, _)| from < vertex);
        let rest = &self.links[from..];
        &rest[..rest.partition_point(|&(from, _)| from == vertex)]
    }

    /// Where links begin, in order.
    pub(super) fn vertices(&self) -> impl Iterator<Item = Vertex> {
        let links = self.links.chunk_by(|one, next| one.0 == next.0);
        links.map(|links| links[0].0)
    }
}

fn resource_of(wait: &Wait) -> Option<(usize, Role)> {
    role(wait.kind()).map(|role| (wait.resource().address(), role))
}

/// What those wait for who wait for it.
fn end_of(entry: Entry<'_>) -> Vertex {
    if is_scope(entry) {
        Vertex::End(entry.position)
    } else {
        Vertex::Node(entry.position)
    }
}
