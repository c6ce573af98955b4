//! The cancellation tree: cancels, waits and drops under every interleaving.
//!
//! A walk takes one step a hold of the lock here, so that others come in between everywhere. That
//! nothing leaks is checked in every execution: cells and locks that are not freed fail it.

mod explore;

use std::{
    sync::{Arc, Mutex as StdMutex},
    task::Waker,
};

use explore::{Explore, explore, is_ready, pending, poll_now, task::Task};
use loom::{future::block_on, thread};
use pleach_loom::{
    CancelToken,
    cancel::{Cause, CauseKind, Child, Close, Phase, Root},
    internals::complete::{AtomicUsize, Ordering},
};

fn cancel_elsewhere(token: &CancelToken) -> thread::JoinHandle<bool> {
    let token = token.clone();
    thread::spawn(move || token.cancel())
}

fn drop_elsewhere<T: Send + 'static>(value: T) -> thread::JoinHandle<()> {
    thread::spawn(move || drop(value))
}

#[test]
fn a_wait_for_a_cancel_ends() {
    explore(&[()], || {
        let token = CancelToken::new();
        let other = cancel_elsewhere(&token);
        let cause = block_on(token.cancelled());
        assert_eq!(cause.kind(), CauseKind::Requested);
        other.join().unwrap();
    });
}

#[test]
fn a_wait_at_a_child_ends_by_a_cancel_of_the_parent() {
    explore(&[()], || {
        let token = CancelToken::new();
        let child = token.child();
        let other = cancel_elsewhere(&token);
        block_on(child.cancelled());
        other.join().unwrap();
    });
}

#[test]
fn whoever_finds_it_cancelled_sees_what_was_done_before() {
    explore(&[None, Some(1)], || {
        let token = CancelToken::new();
        let child = token.child();
        let work = Arc::new(AtomicUsize::new(0));
        let other = {
            let work = Arc::clone(&work);
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                token.cancel();
            })
        };
        let seen = child.is_cancelled().then(|| work.load(Ordering::Relaxed));
        if seen.is_some() {
            assert_eq!(child.cause(), Some(CauseKind::Requested.into()));
        }
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let mut wait = pending(token.cancelled());
        let other = cancel_elsewhere(&token);
        let task = Arc::new(Task::default());
        let ready = poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task))).is_ready();
        other.join().unwrap();
        assert!(
            ready || task.take(),
            "the new waker was stored and not called"
        );
        ready
    });
}

#[test]
fn a_poll_with_the_same_waker_loses_no_wake() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut wait = Box::pin(token.cancelled());
        assert!(poll_now(wait.as_mut(), &waker).is_pending());
        let other = cancel_elsewhere(&token);
        let ready = poll_now(wait.as_mut(), &waker).is_ready();
        other.join().unwrap();
        assert_eq!(task.wakes(), 1);
        assert!(ready || poll_now(wait.as_mut(), &waker).is_ready());
        ready
    });
}

/// Cancels a token when it is woken.
struct Cancels(CancelToken);

impl std::task::Wake for Cancels {
    fn wake(self: Arc<Self>) {
        self.0.cancel();
    }
}

#[test]
fn a_wait_between_the_two_phases_of_a_token_ends() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        // More than a batch: woken before the stop comes to the child, which so is brought
        // through both phases at once.
        let mut stopping = [(); 3].map(|()| Box::pin(token.stopping()));
        for wait in &mut stopping {
            let waker = Waker::from(Arc::new(Cancels(token.clone())));
            assert!(poll_now(wait.as_mut(), &waker).is_pending());
        }
        let other = {
            let token = token.clone();
            thread::spawn(move || token.stop(CauseKind::Shutdown))
        };
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut wait = Box::pin(child.cancelled());
        let early = poll_now(wait.as_mut(), &waker).is_ready();
        other.join().unwrap();
        assert!(early || task.take(), "it is not woken");
        early
    });
}

#[test]
fn waits_that_are_dropped_leave_no_link() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        // More than a batch.
        let mut waits = [(); 3].map(|()| pending(token.cancelled()));
        let other = cancel_elsewhere(&token);
        let early = is_ready(&mut waits[2]);
        drop(waits);
        other.join().unwrap();
        early
    });
}

#[test]
fn a_cancel_passes_over_those_who_wait_for_something_else() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        let mut drained = [(); 3].map(|()| pending(token.drained()));
        // More than a batch, too.
        let mut cancelled = [(); 3].map(|()| pending(token.cancelled()));
        let other = cancel_elsewhere(&token);
        let early = is_ready(&mut cancelled[2]);
        other.join().unwrap();
        assert!(early || is_ready(&mut cancelled[2]));
        assert!(cancelled[..2].iter_mut().all(is_ready));
        assert!(!drained.iter_mut().any(is_ready));
        drop(child);
        assert!(drained.iter_mut().all(is_ready));
        early
    });
}

#[test]
fn a_child_is_told_or_born_cancelled() {
    explore(&[()], || {
        let token = CancelToken::new();
        let other = cancel_elsewhere(&token);
        let child = token.child();
        let grandchild = child.child();
        other.join().unwrap();
        assert!(child.is_cancelled() && grandchild.is_cancelled());
    });
}

#[test]
fn a_grandchild_is_told_or_born_cancelled() {
    explore(&[()], || {
        let token = CancelToken::new();
        let (before, child) = (token.child(), token.child());
        let other = cancel_elsewhere(&token);
        let grandchild = child.child();
        other.join().unwrap();
        for token in [&before, &child, &grandchild] {
            assert!(token.is_cancelled());
        }
    });
}

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
            let other = {
                let token = token.clone();
                thread::spawn(move || assert!(token.cause().is_some()))
            };
            drop(token);
            other.join().unwrap();
        });
    }
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
fn whoever_cancels_returns_when_all_are_cancelled() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        let leaf = child.child();
        let other = cancel_elsewhere(&token);
        let won = token.cancel();
        assert!(child.is_cancelled() && leaf.is_cancelled());
        assert_eq!(won, !other.join().unwrap());
        won
    });
}

#[test]
fn a_cancel_of_a_child_returns_when_all_below_are_cancelled() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        let leaf = child.child();
        let other = cancel_elsewhere(&token);
        let won = child.cancel();
        assert!(leaf.is_cancelled());
        other.join().unwrap();
        won
    });
}

#[test]
fn one_cause_wins_and_is_inherited() {
    explore(&[(Some(1), 1), (None, 1), (None, 2)], || {
        let token = CancelToken::new();
        let child = token.child();
        let other = {
            let token = token.clone();
            thread::spawn(move || token.cancel_with(Cause::user(1)))
        };
        let early = child.cause().map(|cause| cause.code());
        let won = token.cancel_with(Cause::user(2));
        let cause = token.cause().unwrap().code();
        assert_eq!(won, cause == 2);
        assert_eq!(other.join().unwrap(), cause == 1);
        assert_eq!(child.cause().unwrap().code(), cause);
        (early, cause)
    });
}

#[test]
fn phases_only_rise() {
    use Phase::{Cancelled, Running, Stopping};
    explore(
        &[
            (Running, Running),
            (Running, Stopping),
            (Running, Cancelled),
            (Stopping, Stopping),
            (Stopping, Cancelled),
            (Cancelled, Cancelled),
        ],
        || {
            let token = CancelToken::new();
            let child = token.child();
            let other = {
                let token = token.clone();
                thread::spawn(move || {
                    token.stop(Cause::user(1));
                    token.cancel_with(Cause::user(2));
                })
            };
            let seen = (child.phase(), child.phase());
            other.join().unwrap();
            assert_eq!(child.cause().unwrap().code(), 1);
            assert_eq!(child.escalation().unwrap().code(), 2);
            seen
        },
    );
}

#[test]
fn the_second_cause_is_there_when_it_is_seen() {
    explore(&[None, Some(2)], || {
        let token = CancelToken::new();
        let child = token.child();
        token.stop(Cause::user(1));
        let other = thread::spawn(move || token.cancel_with(Cause::user(2)));
        let seen = child.escalation().map(|cause| cause.code());
        other.join().unwrap();
        assert_eq!(child.cause(), Some(Cause::user(1)));
        seen
    });
}

#[test]
fn a_stop_beside_a_cancel_leaves_all_cancelled() {
    explore(&[true, false], || {
        let token = CancelToken::new();
        let child = token.child();
        let leaf = child.child();
        let mut wait = pending(leaf.stopping());
        let other = {
            let token = token.clone();
            thread::spawn(move || token.stop(CauseKind::Shutdown))
        };
        child.cancel();
        assert!(leaf.is_cancelled());
        assert!(is_ready(&mut wait));
        let stopped = other.join().unwrap();
        assert!(stopped && token.phase() == Phase::Stopping);
        leaf.escalation().is_some()
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

/// How often a callback has run, where loom does not look.
#[derive(Default)]
struct Runs(StdMutex<Vec<Cause>>);

impl Runs {
    fn callback(self: &Arc<Self>) -> impl FnOnce(Cause) + Send + 'static {
        let runs = Arc::clone(self);
        move |cause| runs.0.lock().unwrap().push(cause)
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[test]
fn a_callback_runs_once_or_was_stopped() {
    explore(&[true, false], || {
        let (token, runs) = (CancelToken::new(), Arc::new(Runs::default()));
        let registration = token.on_cancel(runs.callback());
        let other = cancel_elsewhere(&token);
        let prevented = registration.stop();
        other.join().unwrap();
        assert_eq!(runs.count(), usize::from(!prevented));
        prevented
    });
}

#[test]
fn a_callback_that_comes_late_runs_at_once() {
    explore(&[()], || {
        let (token, runs) = (CancelToken::new(), Arc::new(Runs::default()));
        let other = cancel_elsewhere(&token);
        token.on_cancel(runs.callback()).forget();
        other.join().unwrap();
        assert_eq!(runs.count(), 1);
    });
}

#[test]
fn a_forgotten_callback_runs_although_its_token_goes() {
    explore(&[()], || {
        let (token, runs) = (CancelToken::new(), Arc::new(Runs::default()));
        let child = token.child();
        for _ in 0..3 {
            child.on_cancel(runs.callback()).forget();
        }
        let other = {
            let child = child.clone();
            thread::spawn(move || child.cancel())
        };
        drop(child);
        other.join().unwrap();
        assert_eq!(runs.count(), 3);
    });
}

#[test]
fn a_callback_of_a_child_that_goes_meanwhile_runs_if_it_was_told() {
    explore(&[0, 3], || {
        let (token, runs) = (CancelToken::new(), Arc::new(Runs::default()));
        let child = token.child();
        for _ in 0..3 {
            child.on_cancel(runs.callback()).forget();
        }
        let other = cancel_elsewhere(&token);
        drop(child);
        other.join().unwrap();
        runs.count()
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

#[test]
fn whoever_finds_a_root_tripped_sees_what_was_done_before() {
    explore(&[None, Some(1)], || {
        let root = Box::into_raw(Box::new(Root::new()));
        // SAFETY: it stays until the other thread is gone.
        let token: &'static Root = unsafe { &*root };
        let work = Arc::new(AtomicUsize::new(0));
        let other = {
            let work = Arc::clone(&work);
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                token.trip();
            })
        };
        let token = token.token();
        let seen = token.is_cancelled().then(|| work.load(Ordering::Relaxed));
        other.join().unwrap();
        // SAFETY: from a box, and nobody uses it any more.
        drop(unsafe { Box::from_raw(root) });
        seen
    });
}

#[test]
fn a_payload_is_dropped_once() {
    explore(&[None, Some(7)], || {
        let token = CancelToken::new();
        let child = token.child();
        let payload = Arc::new(7_u32);
        let count = Arc::clone(&payload);
        let other = {
            let token = token.clone();
            thread::spawn(move || token.cancel_with_payload(CauseKind::User, payload))
        };
        let seen = child.payload::<u32>().map(|payload| *payload);
        other.join().unwrap();
        assert_eq!(child.payload::<u32>().as_deref(), Some(&7));
        drop((token, child));
        assert_eq!(Arc::strong_count(&count), 1);
        seen
    });
}

/// Counts how often it is closed, where loom does not look.
struct Closes(Arc<Runs>);

impl Close for Closes {
    fn close(&self, why: Option<Cause>) {
        let why = why.unwrap_or(CauseKind::Requested.into());
        self.0.0.lock().unwrap().push(why);
    }
}

#[test]
fn a_bound_resource_is_closed_once() {
    explore(&[true, false], || {
        let (token, closes) = (CancelToken::new(), Arc::new(Runs::default()));
        let bound = token.bind(Closes(Arc::clone(&closes)));
        let work = Arc::new(AtomicUsize::new(0));
        let other = {
            let work = Arc::clone(&work);
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                token.cancel();
            })
        };
        let here = bound.close();
        assert!(here || work.load(Ordering::Relaxed) == 1);
        other.join().unwrap();
        assert_eq!(closes.count(), 1);
        here
    });
}

#[test]
fn whoever_finds_a_resource_closed_sees_what_was_done_before() {
    explore(&[None, Some(1)], || {
        let (token, closes) = (CancelToken::new(), Arc::new(Runs::default()));
        let bound = token.bind(Closes(closes));
        let work = Arc::new(AtomicUsize::new(0));
        let other = {
            let work = Arc::clone(&work);
            thread::spawn(move || {
                work.store(1, Ordering::Relaxed);
                token.cancel();
            })
        };
        let seen = bound.is_closed().then(|| work.load(Ordering::Relaxed));
        other.join().unwrap();
        seen
    });
}
