//! The tree of scopes, groups and children, looked at through `Inspect`.

#[path = "../support/mod.rs"]
mod support;

mod ages;
mod children;
mod groups;
mod memory;
mod nested;
mod parallel;

use std::num::NonZeroUsize;

use pleach::inspect::{Inspect, Node};

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// All that is told, in order.
///
/// What must be so whatever is told is asserted here: nobody is told twice, parents come first, and
/// the number of those alive is right.
fn nodes(it: &impl Inspect) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    it.visit(&mut |node| nodes.push(*node));
    assert_eq!(nodes[0].parent(), None);
    for (at, node) in nodes.iter().enumerate().skip(1) {
        let before = &nodes[..at];
        let id = node.id();
        assert!(before.iter().all(|other| other.id() != id), "{id} twice");
        let parent = node.parent().expect("only the first has none");
        assert!(
            before.iter().any(|other| other.id() == parent),
            "{id} first"
        );
    }
    assert_eq!(it.live(), nodes.len() - 1);
    nodes
}

/// All but the first.
fn below(it: &impl Inspect) -> Vec<Node> {
    nodes(it).split_off(1)
}

/// What is told, each as `name` or number in its parent, in brackets what is below it.
fn tree(it: &impl Inspect) -> String {
    fn write(nodes: &[Node], at: &Node, to: &mut String) {
        match at.name() {
            Some(name) => to.push_str(name),
            None => to.push_str(&at.id().to_string()),
        }
        let below = || nodes.iter().filter(|node| node.parent() == Some(at.id()));
        if below().next().is_some() {
            to.push('[');
            for (n, node) in below().enumerate() {
                if n > 0 {
                    to.push(' ');
                }
                write(nodes, node, to);
            }
            to.push(']');
        }
    }
    let nodes = nodes(it);
    let mut text = String::new();
    write(&nodes, &nodes[0], &mut text);
    text
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What the payload of the panic in `f` says.
fn panics<T>(f: impl FnOnce() -> T) -> String {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => support::message(&*payload).to_owned(),
    }
}
