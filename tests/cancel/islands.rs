//! Islands and links.

use pleach::{
    CancelToken,
    cancel::{Cause, CauseKind, Phase},
};

use crate::{is_ready, pending};

#[test]
fn an_island_is_a_child_in_all_but_its_lock() {
    let token = CancelToken::new();
    let island = token.child_island();
    let below = island.child();
    token.stop(CauseKind::Shutdown);
    assert_eq!(below.phase(), Phase::Stopping);
    token.cancel_with(Cause::user(1));
    assert_eq!(below.escalation(), Some(Cause::user(1)));
    assert!(token.child_island().is_cancelled(), "a late one");
    let alone = CancelToken::new();
    let island = alone.child_island();
    island.cancel();
    assert!(!alone.is_cancelled());
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

#[test]
fn what_is_left_of_an_island_is_told() {
    let token = CancelToken::new();
    let island = token.child_island();
    let below = [island.child(), island.child()];
    drop(island);
    token.cancel();
    assert!(below.iter().all(|token| token.is_cancelled()));
}

#[test]
fn the_drain_counts_an_island_until_all_of_it_is_gone() {
    let token = CancelToken::new();
    let island = token.child_island();
    let below = island.child();
    let mut drained = pending(token.drained());
    drop(island);
    assert!(!is_ready(&mut drained));
    drop(below);
    assert!(is_ready(&mut drained));
}

#[test]
fn any_of_takes_the_first_and_all_of_the_last() {
    let parents: Vec<_> = (0..3).map(|_| CancelToken::new()).collect();
    let refs: Vec<_> = parents.iter().collect();
    let (any, all) = (CancelToken::any_of(&refs), CancelToken::all_of(&refs));
    for (n, parent) in (1..).zip(&parents) {
        assert!(!all.is_cancelled());
        parent.cancel_with(Cause::user(n));
        assert_eq!(any.cause(), Some(Cause::user(1)));
    }
    assert_eq!(all.cause(), Some(Cause::user(3)));
}

#[test]
fn links_to_what_is_cancelled_are_born_cancelled() {
    let [live, dead] = [CancelToken::new(), CancelToken::new()];
    dead.cancel_with(Cause::user(1));
    assert_eq!(
        CancelToken::any_of(&[&live, &dead]).cause(),
        Some(Cause::user(1))
    );
    let all = CancelToken::all_of(&[&live, &dead]);
    assert!(!all.is_cancelled());
    live.cancel();
    assert!(all.is_cancelled());
    assert!(CancelToken::all_of(&[&live, &dead]).is_cancelled());
}

#[test]
fn phases_are_counted_apart() {
    let parents = [CancelToken::new(), CancelToken::new()];
    let all = CancelToken::all_of(&[&parents[0], &parents[1]]);
    parents[0].cancel();
    assert_eq!(all.phase(), Phase::Running);
    parents[1].stop(CauseKind::Shutdown);
    assert_eq!(all.phase(), Phase::Stopping);
    parents[1].cancel();
    assert_eq!(all.phase(), Phase::Cancelled);
    parents[0].cancel();
    assert!(all.is_cancelled());
}

#[test]
fn the_same_parent_twice_counts_twice() {
    let token = CancelToken::new();
    let all = CancelToken::all_of(&[&token, &token]);
    token.cancel();
    assert!(all.is_cancelled());
}

#[test]
fn without_parents_nothing_cancels_it_but_itself() {
    for token in [CancelToken::any_of(&[]), CancelToken::all_of(&[])] {
        assert!(!token.is_cancelled());
        token.cancel();
        assert!(token.is_cancelled());
    }
}

#[test]
fn a_diamond_of_links_is_walked_to_its_end() {
    let root = CancelToken::new();
    let (left, right) = (root.child_island(), root.child_island());
    let bottom = CancelToken::any_of(&[&left, &right]);
    let below = CancelToken::any_of(&[&bottom, &right]);
    root.cancel();
    assert!(bottom.is_cancelled() && below.child().is_cancelled());
    // All is done: a second cancel finds nothing to do.
    assert!(!root.cancel());
}

#[test]
fn a_long_lived_parent_keeps_no_link_that_is_gone() {
    let (long, short) = (CancelToken::new(), CancelToken::new());
    for _ in 0..1000 {
        drop(CancelToken::any_of(&[&long, &short]));
    }
    assert!(is_ready(&mut Box::pin(long.drained())));
}
