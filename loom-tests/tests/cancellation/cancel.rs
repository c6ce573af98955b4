//! The cancellation tree: who is told, when, and why, under every interleaving.
//!
//! A walk takes one step a hold of the lock here, so that others come in between everywhere. That
//! nothing leaks is checked in every execution: cells and locks that are not freed fail it.

use std::{sync::Arc, task::Waker};

use crate::explore::{
    explore, is_ready, pending, poll_now,
    task::{Task, is_ready_for_another},
    token::{cancel_elsewhere, elsewhere, work_then},
};
use loom::{future::block_on, thread};
use pleach_loom::{
    CancelToken,
    cancel::{Cause, CauseKind, Phase, Root},
    internals::complete::Ordering,
};

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
        let (work, other) = work_then(move || token.cancel());
        let seen = child.is_cancelled().then(|| work.load(Ordering::Relaxed));
        if seen.is_some() {
            assert_eq!(child.cause(), Some(CauseKind::Requested.into()));
        }
        other.join().unwrap();
        seen
    });
}

#[test]
fn whoever_finds_its_phase_sees_what_was_done_before() {
    explore(&[None, Some(1)], || {
        let token = CancelToken::new();
        let child = token.child();
        let (work, other) = work_then(move || token.stop(CauseKind::Shutdown));
        let is_stopping = child.phase() == Phase::Stopping;
        let seen = is_stopping.then(|| work.load(Ordering::Relaxed));
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
        is_ready_for_another(&mut wait, other)
    });
}

#[test]
fn a_poll_with_the_same_waker_loses_no_wake() {
    // Whether it was found cancelled, whether the poll after that was ready, and how often it is
    // woken: not at all if it found out by itself.
    let outcomes = [
        (false, false, 1),
        (false, true, 0),
        (false, true, 1),
        (true, true, 0),
        (true, true, 1),
    ];
    explore(&outcomes, || {
        let token = CancelToken::new();
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut wait = Box::pin(token.cancelled());
        assert!(poll_now(wait.as_mut(), &waker).is_pending());
        let other = cancel_elsewhere(&token);
        let found = token.is_cancelled();
        let ready = poll_now(wait.as_mut(), &waker).is_ready();
        other.join().unwrap();
        assert!(ready || poll_now(wait.as_mut(), &waker).is_ready());
        (found, ready, task.wakes())
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
        let other = elsewhere(&token, |token| token.stop(CauseKind::Shutdown));
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
        let other = elsewhere(&token, |token| token.cancel_with(Cause::user(1)));
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
        let other = elsewhere(&token, |token| token.stop(CauseKind::Shutdown));
        child.cancel();
        assert!(leaf.is_cancelled());
        assert!(is_ready(&mut wait));
        let stopped = other.join().unwrap();
        assert!(stopped && token.phase() == Phase::Stopping);
        leaf.escalation().is_some()
    });
}

#[test]
fn whoever_finds_a_root_tripped_sees_what_was_done_before() {
    explore(&[None, Some(1)], || {
        let root = Box::into_raw(Box::new(Root::new()));
        // SAFETY: it stays until the other thread is gone.
        let token: &'static Root = unsafe { &*root };
        let (work, other) = work_then(move || token.trip());
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
        let other = elsewhere(&token, |token| {
            token.cancel_with_payload(CauseKind::User, payload)
        });
        let seen = child.payload::<u32>().map(|payload| *payload);
        other.join().unwrap();
        assert_eq!(child.payload::<u32>().as_deref(), Some(&7));
        drop((token, child));
        assert_eq!(Arc::strong_count(&count), 1);
        seen
    });
}
