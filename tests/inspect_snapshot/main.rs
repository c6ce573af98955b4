//! Pictures of trees, through the public API, of nodes made by hand.

#[path = "../support/golden.rs"]
mod golden;
#[path = "../support/rng.rs"]
#[allow(dead_code, reason = "others need bytes")]
mod rng;

mod alike;
mod deep;
mod diff;
mod leak;
mod order;
mod pictures;
mod random;
mod server;
mod timeline;
mod watch;

use std::cell::RefCell;

use pleach::inspect::{Inspect, Node, NodeId, NodeKind, Snapshot};

fn id(number: usize) -> NodeId {
    NodeId::new(0, number)
}

fn scope(number: usize) -> Node {
    Node::new(id(number), NodeKind::Scope)
}

fn child(number: usize, parent: usize) -> Node {
    Node::new(id(number), NodeKind::Child).with_parent(id(parent))
}

fn snapshot(nodes: impl IntoIterator<Item = Node>) -> Snapshot {
    nodes.into_iter().collect()
}

fn numbers(snapshot: &Snapshot) -> Vec<usize> {
    let number = |entry: pleach::inspect::Entry<'_>| entry.node().id().number();
    snapshot.iter().map(number).collect()
}

/// A root whose nodes are what the test says, the first one itself.
#[derive(Default)]
struct Root(RefCell<Vec<Node>>);

impl Root {
    fn of(nodes: impl IntoIterator<Item = Node>) -> Self {
        Self(RefCell::new(nodes.into_iter().collect()))
    }

    fn begin(&self, node: Node) {
        self.0.borrow_mut().push(node);
    }

    fn end(&self, number: usize) {
        self.0.borrow_mut().retain(|node| node.id() != id(number));
    }
}

impl Inspect for Root {
    fn visit(&self, each: &mut dyn FnMut(&Node)) {
        for node in self.0.borrow().clone() {
            each(&node);
        }
    }

    fn live(&self) -> usize {
        self.0.borrow().len().saturating_sub(1)
    }
}
