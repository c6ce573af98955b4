//! Which siblings in a row are drawn as one.

use alloc::{vec, vec::Vec};

use crate::inspect::{Entry, Node, Snapshot, Wait, Waits};

/// Siblings in a row that are alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) count: usize,
    /// The position after them, and all below them.
    pub(super) end: usize,
}

/// By positions: the siblings from there on that are like the one there, itself included.
///
/// Each is compared with its next sibling only, and only if there are as many nodes below both. What these two
/// hang below has more than twice as many, so each node is compared at no more levels than the logarithm of the number
/// of nodes.
pub(super) fn runs(snapshot: &Snapshot) -> Vec<Run> {
    let mut runs = vec![Run { count: 1, end: 0 }; snapshot.len()];
    // Backwards: what comes after it is known then.
    for entry in snapshot.iter().rev() {
        let end = entry.end();
        runs[entry.position] =
            if end < entry.end_of_siblings() && are_alike(entry, snapshot.entry(end)) {
                Run {
                    count: runs[end].count + 1,
                    ..runs[end]
                }
            } else {
                Run { count: 1, end }
            };
    }
    runs
}

/// Whether two siblings are drawn the same, with all below them.
fn are_alike(a: Entry<'_>, b: Entry<'_>) -> bool {
    // Their lines say so.
    let missing = |entry: Entry<'_>| {
        let parent = entry.node().parent().filter(|_| entry.is_orphan());
        parent.map(|parent| (entry.root(), parent))
    };
    let mut below = a.descendants().zip(b.descendants());
    a.below() == b.below()
        && missing(a) == missing(b)
        && are_nodes_alike(a.node(), b.node())
        && below.all(|(a, b)| a.depth() == b.depth() && are_nodes_alike(a.node(), b.node()))
}

fn are_nodes_alike(a: &Node, b: &Node) -> bool {
    let outside = |node: &Node| {
        let cancel = (node.phase(), node.cause());
        (
            node.name(),
            node.kind(),
            node.site(),
            node.state(),
            cancel,
            node.waits().more(),
        )
    };
    outside(a) == outside(b) && are_waits_alike(a.waits(), b.waits())
}

/// Whatever the order in which they were begun: it may be by chance.
fn are_waits_alike(a: &Waits, b: &Waits) -> bool {
    let what = |wait: &Wait| (wait.kind(), wait.name, wait.site(), wait.resource().site());
    let count = |waits: &Waits, wanted: &Wait| {
        let same = waits.iter().filter(|wait| what(wait) == what(wanted));
        same.count()
    };
    a.iter().count() == b.iter().count() && a.iter().all(|wait| count(a, wait) == count(b, wait))
}
