//! Islands and links: trees that hang in other trees, under every interleaving.
//!
//! A walk through one tree takes one hold of its lock here, since `cancel.rs` has what happens
//! when it takes more: the steps in between are those from tree to tree.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

use crate::explore::{
    Explore, is_ready, pending, poll_now,
    token::{cancel_elsewhere, elsewhere},
};
use loom::thread;
use pleach_loom::{
    CancelToken,
    cancel::{Cause, Phase, STEPS},
    internals::complete::{AtomicUsize, Ordering},
};

/// Runs every interleaving.
#[track_caller]
fn explore<T>(expected: &[T], model: impl Fn() -> T + Send + Sync + 'static)
where
    T: Ord + Clone + std::fmt::Debug + Send + 'static,
{
    in_one_hold(Explore::new()).run(expected, model);
}

/// As [`explore`], or, but in a deep run, those with few preemptions.
#[track_caller]
fn shallow<T>(expected: &[T], model: impl Fn() -> T + Send + Sync + 'static)
where
    T: Ord + Clone + std::fmt::Debug + Send + 'static,
{
    in_one_hold(Explore::new()).shallow(3).run(expected, model);
}

fn in_one_hold(explore: Explore) -> Explore {
    STEPS.store(64, std::sync::atomic::Ordering::Relaxed);
    explore
}

#[test]
fn an_island_is_told_or_born_cancelled() {
    explore(&[()], || {
        let token = CancelToken::new();
        let other = cancel_elsewhere(&token);
        let island = token.child_island();
        other.join().unwrap();
        assert!(island.is_cancelled() && island.child().is_cancelled());
    });
}

#[test]
fn whoever_cancels_returns_when_islands_are_cancelled() {
    shallow(&[true, false], || {
        let token = CancelToken::new();
        let island = token.child_island();
        let below = island.child();
        let other = cancel_elsewhere(&token);
        let won = token.cancel();
        // The innermost first, so that no other look orders this one.
        assert!(below.is_cancelled() && island.is_cancelled());
        other.join().unwrap();
        won
    });
}

#[test]
fn an_island_may_go_beside_a_cancel() {
    explore(&[()], || {
        let token = CancelToken::new();
        let island = token.child_island();
        let after = token.child();
        let other = cancel_elsewhere(&token);
        drop(island);
        other.join().unwrap();
        assert!(after.is_cancelled());
    });
}

#[test]
fn what_is_left_of_an_island_is_told() {
    explore(&[()], || {
        let token = CancelToken::new();
        let island = token.child_island();
        let below = island.child();
        let other = cancel_elsewhere(&token);
        drop(island);
        other.join().unwrap();
        assert!(below.is_cancelled());
    });
}

#[test]
fn an_island_and_its_parent_may_go_at_the_same_time() {
    explore(&[()], || {
        let token = CancelToken::new();
        let island = token.child_island();
        let other = thread::spawn(move || drop(token));
        drop(island);
        other.join().unwrap();
    });
}

#[test]
fn the_drain_waits_for_islands() {
    explore(&[()], || {
        let token = CancelToken::new();
        let island = token.child_island();
        let mut drained = pending(token.drained());
        let other = thread::spawn(move || drop(island));
        loom::future::block_on(drained.as_mut());
        other.join().unwrap();
    });
}

#[test]
fn any_of_takes_the_cause_of_the_first() {
    shallow(&[1, 2], || {
        let parents = [CancelToken::new(), CancelToken::new()];
        let any = CancelToken::any_of(&[&parents[0], &parents[1]]);
        let other = elsewhere(&parents[0], |parent| parent.cancel_with(Cause::user(1)));
        parents[1].cancel_with(Cause::user(2));
        assert!(any.is_cancelled());
        other.join().unwrap();
        any.cause().unwrap().code()
    });
}

#[test]
fn all_of_waits_for_the_last() {
    shallow(&[1, 2], || {
        let parents = [CancelToken::new(), CancelToken::new()];
        let all = CancelToken::all_of(&[&parents[0], &parents[1]]);
        let other = elsewhere(&parents[0], |parent| parent.cancel_with(Cause::user(1)));
        parents[1].cancel_with(Cause::user(2));
        other.join().unwrap();
        assert!(all.is_cancelled());
        all.cause().unwrap().code()
    });
}

/// Looks at the work when it is woken.
struct Looks {
    work: Arc<AtomicUsize>,
    seen: std::sync::atomic::AtomicUsize,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let seen = self.work.load(Ordering::Relaxed);
        self.seen.store(seen, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn who_is_told_of_all_of_them_sees_what_was_done_before_each() {
    explore(&[1], || {
        let parents = [CancelToken::new(), CancelToken::new()];
        let all = CancelToken::all_of(&[&parents[0], &parents[1]]);
        let work = Arc::new(AtomicUsize::new(0));
        let looks = Arc::new(Looks {
            work: Arc::clone(&work),
            seen: std::sync::atomic::AtomicUsize::new(0),
        });
        let mut wait = Box::pin(all.stopping());
        assert!(poll_now(wait.as_mut(), &Waker::from(Arc::clone(&looks))).is_pending());
        let other = {
            let parent = parents[0].clone();
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                parent.stop(Cause::user(1));
            })
        };
        // Whichever of the two is the last wakes, in the middle of its walk.
        parents[1].stop(Cause::user(2));
        other.join().unwrap();
        looks.seen.load(std::sync::atomic::Ordering::Relaxed)
    });
}

#[test]
fn who_comes_back_to_tell_sees_what_was_done_before_each() {
    explore(&[1], || {
        let parents = [CancelToken::new(), CancelToken::new()];
        let all = CancelToken::all_of(&[&parents[0], &parents[1]]);
        // Visited before the other: whoever stops the first parent comes back when this is done,
        // and may find then that all of them are stopped.
        let island = parents[0].child_island();
        let work = Arc::new(AtomicUsize::new(0));
        let looks = Arc::new(Looks {
            work: Arc::clone(&work),
            seen: std::sync::atomic::AtomicUsize::new(0),
        });
        let mut wait = Box::pin(all.stopping());
        assert!(poll_now(wait.as_mut(), &Waker::from(Arc::clone(&looks))).is_pending());
        let other = elsewhere(&parents[0], |parent| parent.stop(Cause::user(1)));
        work.store(1, Ordering::Relaxed);
        parents[1].stop(Cause::user(2));
        other.join().unwrap();
        drop(island);
        looks.seen.load(std::sync::atomic::Ordering::Relaxed)
    });
}

#[test]
fn all_of_stops_when_all_stop_in_whatever_way() {
    explore(&[Phase::Stopping], || {
        let parents = [CancelToken::new(), CancelToken::new()];
        let all = CancelToken::all_of(&[&parents[0], &parents[1]]);
        let other = elsewhere(&parents[0], |parent| parent.stop(Cause::user(1)));
        parents[1].cancel();
        other.join().unwrap();
        all.phase()
    });
}

#[test]
fn a_linked_token_may_go_beside_cancels() {
    shallow(&[()], || {
        let parents = [CancelToken::new(), CancelToken::new()];
        let any = CancelToken::any_of(&[&parents[0], &parents[1]]);
        let other = thread::spawn(move || {
            for parent in &parents {
                parent.cancel();
            }
            parents
        });
        drop(any);
        drop(other.join().unwrap());
    });
}

#[test]
fn a_linked_token_may_go_beside_a_parent_that_goes() {
    shallow(&[()], || {
        let [first, second] = [CancelToken::new(), CancelToken::new()];
        let any = CancelToken::any_of(&[&first, &second]);
        let other = thread::spawn(move || {
            first.cancel();
            drop(first);
        });
        drop(any);
        other.join().unwrap();
        drop(second);
    });
}

#[test]
fn nested_islands_are_told_by_whoever_cancels() {
    let reason =
        "448,479 executions without, which were all run once, and take a minute and a half";
    Explore::new()
        .preemption_bound(4, reason)
        .run(&[true, false], || {
            let token = CancelToken::new();
            let island = token.child_island();
            let nested = island.child_island();
            let other = cancel_elsewhere(&token);
            let won = island.cancel();
            assert!(nested.is_cancelled());
            other.join().unwrap();
            won
        });
}

/// Cancels a token when it is woken, in the middle of another's walk.
struct Cancels {
    token: CancelToken,
    below: CancelToken,
}

impl Wake for Cancels {
    fn wake(self: Arc<Self>) {
        self.token.cancel();
        assert!(self.below.is_cancelled());
    }
}

#[test]
fn whoever_cancels_in_the_middle_of_a_walk_tells_what_is_reached_by_two_ways() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let last = token.child_island();
        let island = token.child_island();
        // Whoever cancels `token` comes here first; then to `island`, from where this is known by
        // then; then to the last, where somebody waits; and then to what is below this.
        let both = CancelToken::any_of(&[&island, &token]);
        let below = both.child_island();
        let mut wait = Box::pin(last.cancelled());
        let cancels = Arc::new(Cancels {
            token: island.clone(),
            below: below.clone(),
        });
        assert!(poll_now(wait.as_mut(), &Waker::from(cancels)).is_pending());
        let other = cancel_elsewhere(&token);
        let early = below.is_cancelled();
        other.join().unwrap();
        early
    });
}

#[test]
fn those_who_wait_at_several_tokens_are_woken_though_a_batch_is_full() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let children = [token.child(), token.child()];
        let mut waits = [0, 0, 1, 1].map(|child: usize| pending(children[child].cancelled()));
        let mut own = pending(token.cancelled());
        let other = cancel_elsewhere(&token);
        let early = is_ready(&mut own);
        other.join().unwrap();
        assert!(early || is_ready(&mut own));
        assert!(waits.iter_mut().all(is_ready));
        early
    });
}
