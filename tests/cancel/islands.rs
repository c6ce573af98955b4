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

/// Two tokens, and layers of two below both: the ways down double with each layer.
fn lattice(layers: usize) -> (CancelToken, Vec<[CancelToken; 2]>) {
    let root = CancelToken::new();
    let mut all = vec![[root.child_island(), root.child_island()]];
    for _ in 1..layers {
        let [a, b] = all.last().unwrap();
        let next = [(); 2].map(|()| CancelToken::any_of(&[a, b]));
        all.push(next);
    }
    (root, all)
}

#[test]
fn an_island_that_is_reached_by_many_ways_is_walked_once() {
    let (root, layers) = lattice(60);
    let bottom = layers.last().unwrap()[1].child();
    let wait = pending(bottom.cancelled());
    root.stop(Cause::user(1));
    assert_eq!(bottom.phase(), Phase::Stopping);
    assert!(layers[30][0].cancel_with(Cause::user(2)));
    assert_eq!(layers[30][1].phase(), Phase::Stopping);
    assert!(bottom.is_cancelled());
    root.cancel_with(Cause::user(3));
    assert!(layers.iter().flatten().all(|token| token.is_cancelled()));
    assert_eq!(bottom.cause(), Some(Cause::user(1)));
    assert_eq!(bottom.escalation(), Some(Cause::user(2)));
    assert!(!layers[59][0].cancel());
    drop((wait, layers, root));
    assert!(bottom.is_cancelled());
}

#[test]
fn a_parent_that_is_given_twice_counts_once() {
    let root = CancelToken::new();
    let mut chain = vec![root.clone()];
    for _ in 0..60 {
        let last = chain.last().unwrap();
        let next = CancelToken::any_of(&[last, last]);
        chain.push(next);
    }
    root.cancel();
    assert!(chain.iter().all(|token| token.is_cancelled()));
    // Whatever comes late is told by whoever makes it.
    assert!(CancelToken::any_of(&[&chain[60], &chain[59]]).is_cancelled());
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
