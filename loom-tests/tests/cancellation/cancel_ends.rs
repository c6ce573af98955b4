//! Tokens that go while others are told, come or go, under every interleaving.

use std::panic::{self, AssertUnwindSafe};

use crate::explore::{
    Explore, explore, is_ready, pending,
    token::{cancel_elsewhere, drop_elsewhere, elsewhere},
};
use loom::{future::block_on, thread};
use pleach_loom::{CancelToken, cancel::Child};

#[test]
fn a_dropped_middle_cuts_nobody_off() {
    explore(&[()], || {
        let token = CancelToken::new();
        let middle = token.child();
        let leaves = [middle.child(), middle.child()];
        let other = cancel_elsewhere(&token);
        drop(middle);
        other.join().unwrap();
        assert!(leaves.iter().all(|leaf| leaf.is_cancelled()));
    });
}

#[test]
fn a_middle_with_one_child_gives_its_place() {
    explore(&[()], || {
        let token = CancelToken::new();
        let middle = token.child();
        let leaf = middle.child();
        let after = token.child();
        let other = cancel_elsewhere(&token);
        drop(middle);
        other.join().unwrap();
        assert!(leaf.is_cancelled() && after.is_cancelled());
    });
}

#[test]
fn a_ghost_goes_with_all_but_one_of_its_children() {
    explore(&[()], || {
        let token = CancelToken::new();
        let middle = token.child();
        let [first, second] = [middle.child(), middle.child()];
        drop(middle);
        let other = cancel_elsewhere(&token);
        drop(first);
        other.join().unwrap();
        assert!(second.is_cancelled());
    });
}

#[test]
fn a_leaf_that_goes_moves_the_walk_on() {
    explore(&[()], || {
        let token = CancelToken::new();
        let leaves = [token.child(), token.child(), token.child()];
        let other = cancel_elsewhere(&token);
        let [first, second, third] = leaves;
        drop(second);
        other.join().unwrap();
        assert!(first.is_cancelled() && third.is_cancelled());
    });
}

#[test]
fn parent_and_child_may_go_at_the_same_time() {
    explore(&[()], || {
        let token = CancelToken::new();
        let parent = token.child();
        let child = parent.child();
        let other = drop_elsewhere(parent);
        drop(child);
        other.join().unwrap();
    });
}

#[test]
fn all_of_a_tree_may_go_at_the_same_time() {
    explore(&[()], || {
        let token = CancelToken::new();
        let child = token.child();
        let other = drop_elsewhere(token);
        drop(child);
        other.join().unwrap();
    });
}

#[test]
fn handles_of_one_token_may_go_at_the_same_time() {
    explore(&[()], || {
        let token = CancelToken::new();
        let child = token.child();
        let other = drop_elsewhere(child.clone());
        drop(child);
        other.join().unwrap();
    });
}

#[test]
fn whoever_reads_a_cause_has_done_so_before_the_token_goes() {
    for is_root in [true, false] {
        explore(&[()], move || {
            let root = CancelToken::new();
            let token = if is_root { root } else { root.child() };
            token.cancel();
            let other = elsewhere(&token, |token| assert!(token.cause().is_some()));
            drop(token);
            other.join().unwrap();
        });
    }
}

/// As above, by a handle that a weak one has made meanwhile, and that is gone again.
#[test]
fn whoever_was_found_by_a_weak_handle_has_read_before_the_token_goes() {
    explore(&[true, false], || {
        let root = CancelToken::new();
        let token = root.child();
        let weak = token.downgrade();
        let other = thread::spawn(move || {
            let found = weak.upgrade();
            drop(weak);
            found.is_some_and(|found| found.deadline().is_none())
        });
        drop(token);
        other.join().unwrap()
    });
}

#[test]
fn drops_beside_a_cancel_free_everything_once() {
    Explore::new()
        .preemption_bound(4, "three threads")
        .run(&[()], || {
            let token = CancelToken::new();
            let parent = token.child();
            let child = parent.child();
            let others = [drop_elsewhere(parent), drop_elsewhere(child)];
            token.cancel();
            for other in others {
                other.join().unwrap();
            }
        });
}

#[test]
fn cancels_of_parent_and_child_beside_a_drop_tell_the_leaf() {
    Explore::new()
        .preemption_bound(4, "three threads")
        .run(&[()], || {
            let token = CancelToken::new();
            let middle = token.child();
            let leaf = middle.child();
            let other = cancel_elsewhere(&token);
            let dropped = drop_elsewhere(middle);
            leaf.cancel();
            assert!(leaf.is_cancelled());
            other.join().unwrap();
            dropped.join().unwrap();
        });
}

#[test]
fn a_wait_for_the_drain_ends_with_the_last_child() {
    explore(&[()], || {
        let token = CancelToken::new();
        let children = [token.child(), token.child()];
        let [first, second] = children;
        let other = drop_elsewhere(first);
        drop(second);
        block_on(token.drained());
        other.join().unwrap();
    });
}

#[test]
fn waits_for_the_drain_end_or_go_on_with_a_new_child() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        let mut waits = [(); 3].map(|()| pending(token.drained()));
        let other = drop_elsewhere(child);
        let new = token.child();
        // Who begins to wait now waits for the new one.
        let mut late = pending(token.drained());
        other.join().unwrap();
        assert!(!is_ready(&mut late));
        let ended = is_ready(&mut waits[2]);
        drop(new);
        assert!(is_ready(&mut late));
        assert!(waits[..2].iter_mut().all(is_ready));
        assert!(ended || is_ready(&mut waits[2]));
        ended
    });
}

#[test]
fn a_weak_handle_finds_the_token_or_nothing() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        child.cancel();
        let weak = child.downgrade();
        // Reading the cause is what must be over before the token goes, on either side.
        let other = thread::spawn(move || assert!(child.cause().is_some()));
        let found = weak.upgrade();
        // First, so that its lock does not order what comes after.
        drop(weak);
        let was_there = found.is_some();
        assert!(found.as_ref().is_none_or(|found| found.cause().is_some()));
        drop(found);
        other.join().unwrap();
        was_there
    });
}

#[test]
fn a_token_that_a_weak_handle_has_found_stays_in_its_tree() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        let weak = child.downgrade();
        let other = drop_elsewhere(child);
        let found = weak.upgrade();
        drop(weak);
        other.join().unwrap();
        token.cancel();
        assert!(found.as_ref().is_none_or(|found| found.is_cancelled()));
        found.is_some()
    });
}

#[test]
fn a_weak_handle_may_be_cloned_while_all_else_goes() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let weak = token.downgrade();
        let other = drop_elsewhere(token);
        let clone = weak.clone();
        drop(weak);
        let was_there = clone.upgrade().is_some();
        drop(clone);
        other.join().unwrap();
        was_there
    });
}

#[test]
fn a_weak_handle_may_be_the_last_to_leave() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let weak = token.downgrade();
        let other = drop_elsewhere(token);
        let was_there = weak.upgrade().is_some();
        drop(weak);
        other.join().unwrap();
        was_there
    });
}

/// What so many calls give. Those that panic are left out.
fn collect<T>(calls: usize, call: impl Fn() -> T) -> Vec<T> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let results = (0..calls).map(|_| panic::catch_unwind(AssertUnwindSafe(&call)));
    let given = results.filter_map(Result::ok).collect();
    panic::set_hook(hook);
    given
}

/// In the models few are too many.
#[test]
fn weak_handles_do_not_wrap_their_count() {
    explore(&[()], || {
        let token = CancelToken::new();
        let child = token.child();
        let weak = collect(40, || child.downgrade());
        assert_eq!(weak.len(), 32);
        drop(weak);
        let other = drop_elsewhere(child);
        drop(token);
        other.join().unwrap();
    });
}

#[test]
fn handles_do_not_wrap_their_count() {
    explore(&[()], || {
        let token = CancelToken::new();
        let weak = token.downgrade();
        let clones = collect(40, || token.clone());
        assert_eq!(clones.len(), 31);
        assert!(collect(2, || weak.upgrade()).is_empty());
        drop(clones);
        let other = drop_elsewhere(token);
        drop(weak);
        other.join().unwrap();
    });
}

/// In the models the counts have little room, and are settled at the 71st child for the fifth
/// time.
#[test]
fn a_tree_outlives_any_number_of_its_tokens() {
    explore(&[()], || {
        let token = CancelToken::new();
        let first = token.child();
        for _ in 0..69 {
            drop(token.child());
        }
        let other = drop_elsewhere(first);
        for _ in 0..3 {
            drop(token.child());
        }
        other.join().unwrap();
        token.cancel();
        assert!(token.child().is_cancelled());
    });
}

#[test]
fn a_pinned_child_is_told_until_it_leaves() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let after = token.child();
        let was_told = {
            let mut child = Box::pin(Child::new());
            let other = cancel_elsewhere(&token);
            let was_told = child.as_mut().attach(&token).is_cancelled();
            drop(child);
            other.join().unwrap();
            was_told
        };
        assert!(after.is_cancelled());
        was_told
    });
}

#[test]
fn what_is_below_a_pinned_child_is_told_although_that_goes() {
    explore(&[()], || {
        let token = CancelToken::new();
        let mut child = Box::pin(Child::new());
        let below = {
            let pinned = child.as_mut().attach(&token);
            [pinned.child(), pinned.child()]
        };
        let other = cancel_elsewhere(&token);
        drop(child);
        other.join().unwrap();
        assert!(below.iter().all(|token| token.is_cancelled()));
    });
}
