//! Random trees beside what is known of them otherwise.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};

use crate::{numbers, rng::Rng, snapshot};

/// Nodes in any order, with parents that are there or not, in rings or not.
fn forest(rng: &mut Rng, tidy: bool) -> Vec<Node> {
    let count = rng.below(30);
    let mut nodes: Vec<Node> = (0..count)
        .map(|number| {
            let id = NodeId::new(rng.below(3) as usize, number as usize);
            Node::new(id, NodeKind::Child).with_polls(rng.below(3) as usize)
        })
        .collect();
    for at in 0..nodes.len() {
        // Of tidy ones, the parent is an earlier one.
        let among = if tidy { at as u64 } else { count };
        if !rng.one_in(6) && among > 0 {
            let parent = nodes[rng.below(among) as usize].id();
            nodes[at] = nodes[at].with_parent(parent);
        } else if rng.one_in(2) {
            nodes[at] = nodes[at].with_parent(NodeId::new(7, 7));
        }
    }
    for at in (1..nodes.len()).rev() {
        nodes.swap(at, rng.below(at as u64 + 1) as usize);
    }
    nodes
}

/// The numbers in the order of the tree, by recursion over what is told.
fn by_recursion(nodes: &[Node]) -> Vec<(usize, usize)> {
    fn below(nodes: &[Node], of: Option<NodeId>, depth: usize, out: &mut Vec<(usize, usize)>) {
        let ids: BTreeSet<_> = nodes.iter().map(Node::id).collect();
        let parent = |node: &Node| node.parent().filter(|parent| ids.contains(parent));
        for node in nodes.iter().filter(|&node| parent(node) == of) {
            out.push((node.id().number(), depth));
            below(nodes, Some(node.id()), depth + 1, out);
        }
    }
    let mut out = Vec::new();
    below(nodes, None, 0, &mut out);
    out
}

#[test]
fn the_order_is_that_of_a_recursive_walk() {
    for seed in 0..2_000 {
        let nodes = forest(&mut Rng::new(seed), true);
        let taken = snapshot(nodes.iter().copied());
        let order: Vec<_> = taken
            .iter()
            .map(|entry| (entry.node().id().number(), entry.depth()))
            .collect();
        assert_eq!(order, by_recursion(&nodes), "seed {seed}");
    }
}

#[test]
fn whatever_is_told_has_one_place_and_what_entries_say_agrees() {
    for seed in 0..3_000 {
        let nodes = forest(&mut Rng::new(seed), false);
        let taken = snapshot(nodes.iter().copied());
        let mut sorted = numbers(&taken);
        sorted.sort_unstable();
        assert!(
            sorted.into_iter().eq(0..nodes.len()),
            "seed {seed}: one place each"
        );
        let mut below: HashMap<NodeId, usize> = HashMap::new();
        for entry in taken.iter().rev() {
            let id = entry.node().id();
            let counted: usize = entry.children().map(|child| 1 + child.below()).sum();
            assert_eq!(
                (entry.below(), below.remove(&id).unwrap_or(0)),
                (counted, counted),
                "seed {seed}"
            );
            assert_eq!(taken.get(id).unwrap().node(), entry.node(), "seed {seed}");
            if let Some(parent) = entry.parent() {
                assert_eq!(
                    Some(parent.node().id()),
                    entry.node().parent(),
                    "seed {seed}"
                );
                assert_eq!(parent.depth() + 1, entry.depth(), "seed {seed}");
                *below.entry(parent.node().id()).or_default() += counted + 1;
            } else {
                assert_eq!(entry.depth(), 0, "seed {seed}");
            }
        }
        assert!(below.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_difference_is_that_of_the_sets_of_ids() {
    for seed in 0..2_000 {
        let mut rng = Rng::new(seed);
        let (older, newer) = (forest(&mut rng, true), forest(&mut rng, true));
        let polls = |nodes: &[Node]| -> BTreeMap<_, _> {
            nodes.iter().map(|node| (node.id(), node.polls())).collect()
        };
        let (was, is) = (polls(&older), polls(&newer));
        let (older, newer) = (snapshot(older), snapshot(newer));
        let diff = newer.since(&older);
        let without = |a: &BTreeMap<NodeId, usize>, b: &BTreeMap<NodeId, usize>| -> BTreeSet<_> {
            a.keys().filter(|id| !b.contains_key(id)).copied().collect()
        };
        let added: BTreeSet<_> = diff.added().map(|entry| entry.node().id()).collect();
        let gone: BTreeSet<_> = diff.gone().map(|entry| entry.node().id()).collect();
        assert_eq!(
            (added, gone),
            (without(&is, &was), without(&was, &is)),
            "seed {seed}"
        );
        let stuck: BTreeSet<_> = diff
            .stuck()
            .map(|stuck| stuck.entry().node().id())
            .collect();
        let same = is.iter().filter(|&(id, polls)| was.get(id) == Some(polls));
        assert_eq!(stuck, same.map(|(&id, _)| id).collect(), "seed {seed}");
        assert_eq!(
            diff.stuck().count() + diff.went_on().count(),
            diff.kept().len(),
            "seed {seed}"
        );
    }
}

/// Reads a tree back from its text: the depth of each line, by the place of its label.
fn depths(text: &str) -> Vec<usize> {
    let depth = |line: &str| line.chars().take_while(|c| "│├└─ ".contains(*c)).count() / 4;
    text.lines().map(depth).collect()
}

#[test]
fn the_text_has_the_depths_of_the_tree_and_its_guides_meet() {
    for seed in 0..2_000 {
        let taken = snapshot(forest(&mut Rng::new(seed), true));
        let text = taken.to_string();
        assert!(
            taken.iter().map(|entry| entry.depth()).eq(depths(&text)),
            "seed {seed}:\n{text}"
        );
        check_guides(&text);
    }
}

/// A guide goes on in the line below, but the one that turned into the last branch.
fn check_guides(text: &str) {
    let is_guide = |c: &char| "│├└─ ".contains(*c);
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    for pair in lines.windows(2) {
        let (above, below) = (&pair[0], &pair[1]);
        let guides = above
            .iter()
            .zip(below)
            .take_while(|(a, b)| is_guide(a) && is_guide(b));
        for (above, below) in guides {
            let goes_on = matches!(below, '│' | '├' | '└');
            assert_eq!(goes_on, matches!(above, '│' | '├'), "{text}");
        }
    }
    let last = lines.last().into_iter().flatten();
    assert!(!last.into_iter().any(|c| matches!(c, '│' | '├')), "{text}");
}

#[test]
fn collapsing_loses_no_node() {
    for seed in 0..2_000 {
        let mut rng = Rng::new(seed);
        // Without ids in the text, many are alike.
        let taken: Snapshot = forest(&mut rng, true)
            .into_iter()
            .map(|node| node.with_polls(0))
            .collect();
        let text = taken.tree().collapse(2).to_string();
        let mut counted = 0;
        // How many each level stands for.
        let mut times = vec![1];
        for (line, depth) in text.lines().zip(depths(&text)) {
            let label = line.trim_start_matches(['│', '├', '└', '─', ' ']);
            let factor = label
                .split_once("*[")
                .map_or(1, |(count, _)| count.parse().unwrap());
            times.truncate(depth + 1);
            let all: usize = times[depth] * factor;
            times.push(all);
            counted += all;
        }
        assert_eq!(counted, taken.len(), "seed {seed}:\n{text}");
    }
}
