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
    assert_eq!(child.cause(), Some(CauseKind::Shutdown.into()));
    assert_eq!(child.escalation(), Some(CauseKind::Deadline.into()));
}

#[test]
fn tokens_are_the_same_by_identity() {
    let root = CancelToken::new();
    let child = root.child();
    assert!(child.same(&child.clone()) && !child.same(&root));
    let weak = child.downgrade();
    assert!(weak.upgrade().unwrap().same(&child));
    drop(child);
    assert!(weak.upgrade().is_none());
    let of_root = root.downgrade();
    drop(root);
    assert!(of_root.upgrade().is_none());
}

#[test]
fn weak_handles_can_be_cloned_whatever_has_become_of_the_token() {
    let token = CancelToken::new();
    let child = token.child();
    let weak = [child.downgrade(), token.downgrade()];
    let mut clones = weak.to_vec();
    assert!(clones[0].upgrade().unwrap().same(&child));
    drop(child);
    clones.extend(weak.to_vec());
    assert!(clones[1].upgrade().unwrap().same(&token));
    drop(token);
    clones.extend(clones.clone());
    drop(weak);
    assert!(clones.iter().all(|weak| weak.upgrade().is_none()));
}

#[test]
fn weak_handles_do_not_count_among_the_living() {
    let root = CancelToken::new();
    let child = root.child();
    let weak = child.downgrade();
    drop(child);
    assert!(crate::is_ready(&mut Box::pin(root.drained())));
    drop(weak);
}

#[test]
fn a_detached_token_is_on_its_own() {
    let root = CancelToken::new();
    let detached = root.detached();
    root.cancel();
    assert!(!detached.is_cancelled());
}

#[test]
fn debug_output_tells_the_phase_and_the_cause() {
    let token = CancelToken::new();
    token.cancel();
    let text = format!("{token:?}");
    assert!(
        text.contains("Cancelled") && text.contains("Requested"),
        "{text}"
    );
}
