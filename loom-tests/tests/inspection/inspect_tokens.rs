//! Looking at a tree of tokens beside what goes on in it, under every interleaving.

use std::pin::pin;

use crate::explore::{Explore, explore};
use loom::thread;
use pleach_loom::{
    CancelToken,
    cancel::{Child, Phase, Token},
    inspect::{Inspect, Node},
};

/// What is told, in order. Nobody is told twice, and parents come first.
fn nodes(token: &Token) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    token.visit(&mut |node| {
        let known = |id| nodes.iter().any(|node| node.id() == id);
        assert!(!known(node.id()));
        assert_eq!(
            node.parent().map(known),
            (!nodes.is_empty()).then_some(true)
        );
        nodes.push(*node);
    });
    nodes
}

/// In which order they came into the tree: the root is 0.
fn numbers(token: &Token) -> Vec<usize> {
    let nodes = nodes(token);
    nodes.iter().map(|node| node.id().number()).collect()
}

/// A visit on another thread.
fn look(token: &CancelToken) -> thread::JoinHandle<Vec<usize>> {
    let token = token.clone();
    thread::spawn(move || numbers(&token))
}

#[test]
fn a_visit_beside_a_birth_tells_of_those_before_it() {
    explore(&[vec![0, 1], vec![0, 2, 1]], || {
        let root = CancelToken::new();
        let _first = root.child();
        let seen = look(&root);
        let _second = root.child();
        let seen = seen.join().unwrap();
        assert_eq!(numbers(&root), [0, 2, 1]);
        seen
    });
}

#[test]
fn a_visit_beside_a_drop_tells_of_all_that_stay() {
    explore(&[vec![0, 1], vec![0, 2, 1]], || {
        let root = CancelToken::new();
        let _first = root.child();
        let second = root.child();
        let seen = look(&root);
        drop(second);
        let seen = seen.join().unwrap();
        assert_eq!(numbers(&root), [0, 1]);
        seen
    });
}

#[test]
fn a_visit_beside_the_drop_of_one_in_the_middle_tells_of_those_below() {
    explore(&[vec![0, 1, 2], vec![0, 2]], || {
        let root = CancelToken::new();
        let middle = root.child();
        let _below = middle.child();
        let seen = look(&root);
        drop(middle);
        let seen = seen.join().unwrap();
        assert_eq!(numbers(&root), [0, 2]);
        seen
    });
}

#[test]
fn a_visit_beside_a_cancellation_tells_of_either_phase() {
    use Phase::{Cancelled, Running};
    let all = [
        vec![Running, Running],
        vec![Running, Cancelled],
        vec![Cancelled, Running],
        vec![Cancelled, Cancelled],
    ];
    explore(&all, || {
        let root = CancelToken::new();
        let _child = root.child();
        let seen = {
            let root = root.clone();
            thread::spawn(move || nodes(&root).iter().map(Node::phase).collect::<Vec<_>>())
        };
        root.cancel();
        let seen = seen.join().unwrap();
        assert!(nodes(&root).iter().all(|node| node.phase() == Cancelled));
        seen
    });
}

/// The visit may be the one that ends the island.
#[test]
fn a_visit_beside_the_end_of_an_island_tells_of_it_or_not() {
    explore(&[vec![0], vec![0, 0]], || {
        let root = CancelToken::new();
        let island = root.child_island();
        let seen = look(&root);
        drop(island);
        let seen = seen.join().unwrap();
        assert_eq!(numbers(&root), [0]);
        seen
    });
}

#[test]
fn a_visit_of_an_island_goes_on_behind_it() {
    explore(&[vec![0, 0, 1], vec![0, 0, 1, 1]], || {
        let root = CancelToken::new();
        let _last = root.child();
        let island = root.child_island();
        let seen = look(&root);
        let _within = island.child();
        seen.join().unwrap()
    });
}

#[test]
fn two_visits_of_an_island_beside_its_end_leave_nothing() {
    Explore::new().shallow(2).run(&[()], || {
        let root = CancelToken::new();
        let island = root.child_island();
        let seen = look(&root);
        drop(island);
        nodes(&root);
        seen.join().unwrap();
        assert_eq!(numbers(&root), [0]);
    });
}

/// Those below one that leaves its place are told once, though they change theirs.
#[test]
fn a_visit_beside_a_pinned_token_that_leaves_tells_of_those_below_once() {
    let all = [vec![0, 1, 2], vec![0, 2]];
    explore(&all, || {
        let root = CancelToken::new();
        let below;
        let seen = {
            let mut pinned = pin!(Child::new());
            below = pinned.as_mut().attach(&root).child();
            let seen = look(&root);
            pinned.as_mut().detach();
            seen
        };
        let seen = seen.join().unwrap();
        assert_eq!(numbers(&root), [0, 2]);
        drop(below);
        seen
    });
}
