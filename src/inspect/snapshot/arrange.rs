//! Puts nodes into the order of the tree that their ids make.
//!
//! Whatever is told, each node gets one place. A parent is the first node that was told by the same root under
//! that id. Nodes without one are the tops. What hangs below none of these is part of a ring
//! of parents, or hangs below one: of those that have no place yet, the first that was told becomes a top.

use alloc::{vec, vec::Vec};

use super::Told;
use crate::inspect::NodeId;

/// A place in the tree.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// Which of the nodes is there.
    pub(super) node: usize,
    /// Where its parent is.
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    /// The place after the last one below it.
    pub(super) end: usize,
    /// How many leaves there are before it.
    pub(super) leaves: usize,
}

/// How the nodes hang together, by their indices.
#[derive(Clone, Copy, Default)]
struct Links {
    parent: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    next: Option<usize>,
}

struct Arrangement {
    links: Vec<Links>,
    /// Where each node was put.
    places: Vec<Option<usize>>,
    spots: Vec<Spot>,
    /// Leaves that were put.
    leaves: usize,
}

/// The places, and these sorted by the root and id of the node.
pub(super) fn arrange(nodes: &[Told]) -> (Vec<Spot>, Vec<usize>) {
    let ids = sorted_ids(nodes);
    let mut arrangement = Arrangement {
        links: linked(nodes, &ids),
        places: vec![None; nodes.len()],
        spots: Vec::with_capacity(nodes.len()),
        leaves: 0,
    };
    for node in 0..nodes.len() {
        if arrangement.links[node].parent.is_none() {
            arrangement.put_all_below(node);
        }
    }
    for node in 0..nodes.len() {
        if arrangement.places[node].is_none() {
            arrangement.put_all_below(node);
        }
    }
    let place = |&(_, node): &(_, usize)| arrangement.places[node];
    let by_id = ids.iter().filter_map(place).collect();
    (arrangement.spots, by_id)
}

/// Of one id, the first that was told comes first.
fn sorted_ids(nodes: &[Told]) -> Vec<((usize, NodeId), usize)> {
    let key = |(index, told): (usize, &Told)| ((told.root, told.node.id()), index);
    let mut ids: Vec<_> = nodes.iter().enumerate().map(key).collect();
    ids.sort_unstable();
    ids
}

fn linked(nodes: &[Told], ids: &[((usize, NodeId), usize)]) -> Vec<Links> {
    let mut links = vec![Links::default(); nodes.len()];
    for (node, told) in nodes.iter().enumerate() {
        let Some(parent) = told.node.parent() else {
            continue;
        };
        let key = (told.root, parent);
        let at = ids.partition_point(|&(id, _)| id < key);
        let Some(&(id, parent)) = ids.get(at) else {
            continue;
        };
        if id == key {
            links[node].parent = Some(parent);
            match links[parent].last.replace(node) {
                Some(last) => links[last].next = Some(node),
                None => links[parent].first = Some(node),
            }
        }
    }
    links
}

impl Arrangement {
    /// Puts `top` at the top, and whatever hangs below it after it.
    fn put_all_below(&mut self, top: usize) {
        let (mut node, mut parent, mut depth) = (top, None, 0);
        loop {
            let place = self.put(node, parent, depth);
            if let Some(child) = self.unput(self.links[node].first) {
                (node, parent, depth) = (child, Some(place), depth + 1);
                continue;
            }
            self.leaves += 1;
            // Up to where there is one more.
            loop {
                self.close(node);
                if node == top {
                    return;
                }
                if let Some(sibling) = self.unput(self.links[node].next) {
                    node = sibling;
                    break;
                }
                let Some(place) = parent else { return };
                node = self.spots[place].node;
                (parent, depth) = (self.spots[place].parent, depth - 1);
            }
        }
    }

    fn put(&mut self, node: usize, parent: Option<usize>, depth: usize) -> usize {
        let place = self.spots.len();
        self.places[node] = Some(place);
        self.spots.push(Spot {
            node,
            parent,
            depth,
            end: place + 1,
            leaves: self.leaves,
        });
        place
    }

    /// All that is below the node has been put.
    fn close(&mut self, node: usize) {
        if let Some(place) = self.places[node] {
            self.spots[place].end = self.spots.len();
        }
    }

    /// The first of these siblings that was not put; only where a ring was cut was one of them put.
    fn unput(&self, mut sibling: Option<usize>) -> Option<usize> {
        while let Some(node) = sibling {
            if self.places[node].is_none() {
                return sibling;
            }
            sibling = self.links[node].next;
        }
        None
    }
}
