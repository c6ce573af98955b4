//! What children wait for, where they began to, and what they hold: feature `inspect`.

#[path = "../support/mod.rs"]
mod support;

mod foreign;
mod kinds;
mod over;
mod stages;
mod threads;
mod ties;
mod tokens;

use std::panic::Location;

use pleach::{
    Scope,
    inspect::{Inspect, Node, Wait, WaitKind},
    scope::ChildId,
};

/// Looks at a child, which must be there.
fn look<B, K>(s: &Scope<'_, B, K>, id: ChildId) -> Node {
    let mut seen = None;
    let mut root = None;
    s.visit(&mut |node| {
        let parent = *root.get_or_insert(node.id());
        if node.parent() == Some(parent) && node.id().number() == id.get() {
            seen = Some(*node);
        }
    });
    seen.expect("the child is there")
}

/// What a child waits for, in order.
fn waits<B, K>(s: &Scope<'_, B, K>, id: ChildId) -> Vec<Wait> {
    let seen = look(s, id);
    assert_eq!(seen.waits().more(), 0);
    seen.waits().iter().copied().collect()
}

/// The only wait of a child.
fn wait_of<B, K>(s: &Scope<'_, B, K>, id: ChildId) -> Wait {
    let waits = waits(s, id);
    assert_eq!(waits.len(), 1, "{waits:?}");
    waits[0]
}

fn kinds<B, K>(s: &Scope<'_, B, K>, id: ChildId) -> Vec<WaitKind> {
    waits(s, id).iter().map(Wait::kind).collect()
}

/// The line of a place in the tests.
fn line(site: &Location<'_>) -> u32 {
    assert!(site.file().contains("inspect_waits"), "{site}");
    site.line()
}

/// Where what is waited at was made, if it knows: a line of the tests.
fn made(wait: &Wait) -> Option<u32> {
    wait.resource().site().map(line)
}
