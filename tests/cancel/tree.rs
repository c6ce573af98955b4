//! The tree: who is cancelled with whom, and what drops do.

use pleach::{
    CancelToken,
    cancel::{Cause, CauseKind, Phase},
};

#[test]
fn a_cancel_reaches_all_below_and_nobody_else() {
    let root = CancelToken::new();
    let (a, b) = (root.child(), root.child());
    let (aa, ab) = (a.child(), a.child());
    a.cancel_with(Cause::user(3));
    for token in [&a, &aa, &ab] {
        assert_eq!(token.cause(), Some(Cause::user(3)));
    }
    for token in [&root, &b] {
        assert_eq!(token.phase(), Phase::Running);
    }
}

#[test]
fn dropping_the_middle_cuts_nobody_off() {
    let root = CancelToken::new();
    let middle = root.child();
    let leaves: Vec<_> = (0..3).map(|_| middle.child()).collect();
    drop(middle);
    root.cancel();
    assert!(leaves.iter().all(|leaf| leaf.is_cancelled()));
}

#[test]
fn the_root_may_go_first() {
    let root = CancelToken::new();
    let middle = root.child();
    let leaf = middle.child();
    drop(root);
    middle.cancel();
    assert!(leaf.is_cancelled());
}

#[test]
fn a_child_of_a_cancelled_token_is_born_cancelled() {
    let root = CancelToken::new();
    root.stop(CauseKind::Shutdown);
    assert_eq!(root.child().phase(), Phase::Stopping);
    root.cancel_with(CauseKind::Deadline);
    let child = root.child();
    assert_eq!(child.phase(), Phase::Cancelled);
    assert_eq!(child.cause(), Some(CauseKind::Deadline.into()));
}

#[test]
fn islands_within_islands_are_reached() {
    let root = CancelToken::new();
    let mut islands = vec![root.child_island()];
    for _ in 0..1000 {
        let next = islands.last().unwrap().child().child_island();
        islands.push(next);
    }
    root.cancel();
    assert!(islands.iter().all(|island| island.is_cancelled()));
}
