//! Depth: nothing recurses.

use std::thread;

use pleach::CancelToken;

/// Runs `f` where a recursion of any depth would be found.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(128 * 1024).spawn(f);
    thread.unwrap().join().unwrap();
}

const DEPTH: usize = 1_000_000;

fn chain(depth: usize) -> Vec<CancelToken> {
    let mut chain = vec![CancelToken::new()];
    for _ in 0..depth {
        let next = chain[chain.len() - 1].child();
        chain.push(next);
    }
    chain
}

#[test]
fn a_chain_of_a_million_is_cancelled_and_dropped_from_the_root() {
    on_a_small_stack(|| {
        let chain = chain(DEPTH);
        chain[0].cancel();
        assert!(chain.iter().all(|token| token.is_cancelled()));
        drop(chain);
    });
}

#[test]
fn a_chain_of_a_million_is_dropped_from_the_leaf() {
    on_a_small_stack(|| {
        let mut chain = chain(DEPTH);
        while chain.pop().is_some() {}
    });
}

#[test]
fn only_the_last_of_a_million_is_held() {
    on_a_small_stack(|| {
        let root = CancelToken::new();
        let mut last = root.child();
        for _ in 0..DEPTH {
            last = last.child();
        }
        root.cancel();
        assert!(last.is_cancelled());
    });
}

#[test]
fn a_hundred_thousand_islands_within_one_another() {
    on_a_small_stack(|| {
        let root = CancelToken::new();
        let mut islands = vec![root.child_island()];
        for _ in 0..100_000 {
            let next = islands[islands.len() - 1].child_island();
            islands.push(next);
        }
        root.cancel();
        assert!(islands.iter().all(|island| island.is_cancelled()));
        // From the innermost, each of which keeps the one around it.
        let innermost = islands.pop().unwrap();
        drop((root, islands));
        drop(innermost);
    });
}

#[test]
fn middles_of_a_wide_tree_go_one_by_one() {
    let root = CancelToken::new();
    let middles: Vec<_> = (0..1000).map(|_| root.child()).collect();
    let leaves: Vec<_> = middles
        .iter()
        .flat_map(|middle| (0..100).map(|_| middle.child()))
        .collect();
    drop(middles);
    root.cancel();
    assert!(leaves.iter().all(|leaf| leaf.is_cancelled()));
}
