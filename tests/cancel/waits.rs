//! Waiting for a token.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Wake, Waker},
};

use futures_util::future::FusedFuture;
use pleach::{
    CancelToken,
    cancel::{Cause, CauseKind},
};

use crate::{is_ready, pending, poll, support::Hostile};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_wait_is_woken_once_and_gives_the_cause() {
    let token = CancelToken::new();
    let child = token.child();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut wait = Box::pin(child.cancelled());
    for _ in 0..3 {
        assert!(poll(wait.as_mut(), &waker).is_pending());
    }
    token.stop(CauseKind::Shutdown);
    assert_eq!(wakes.0.load(SeqCst), 0, "not what it waits for");
    token.cancel_with(Cause::user(5));
    token.cancel();
    assert_eq!(wakes.0.load(SeqCst), 1);
    assert!(!wait.is_terminated());
    for _ in 0..2 {
        assert_eq!(
            poll(wait.as_mut(), &waker),
            Poll::Ready(CauseKind::Shutdown.into())
        );
        assert!(wait.is_terminated());
    }
}

#[test]
fn a_wait_for_a_stop_ends_by_either() {
    let (stopped, cancelled) = (CancelToken::new(), CancelToken::new());
    let mut waits = [pending(stopped.stopping()), pending(cancelled.stopping())];
    stopped.stop(Cause::user(1));
    cancelled.cancel_with(Cause::user(2));
    assert!(waits.iter_mut().all(is_ready));
    assert!(is_ready(&mut Box::pin(stopped.stopping())), "a late one");
}

#[test]
fn a_stop_passes_many_over_and_wakes_those_who_wait_for_it() {
    let token = CancelToken::new();
    let mut cancelled: Vec<_> = (0..1000).map(|_| pending(token.cancelled())).collect();
    let mut stopping: Vec<_> = (0..100).map(|_| pending(token.stopping())).collect();
    token.stop(CauseKind::Shutdown);
    assert!(stopping.iter_mut().all(is_ready));
    assert!(!cancelled.iter_mut().any(is_ready));
    token.cancel();
    assert!(cancelled.iter_mut().all(is_ready));
}

#[test]
fn whoever_finds_the_token_cancelled_finds_no_wait_pending() {
    let token = CancelToken::new();
    let last = Arc::new(Mutex::new(None));
    let waker = {
        let (token, last) = (token.clone(), Arc::clone(&last));
        Hostile::default()
            .on_wake(move || {
                assert!(token.is_cancelled());
                let mut last = last.lock().unwrap();
                assert!(last.as_mut().is_some_and(is_ready), "not woken yet");
            })
            .waker()
    };
    let mut first = Box::pin(token.cancelled());
    assert!(poll(first.as_mut(), &waker).is_pending());
    // Enough in between that the last one is in a later batch.
    let _between: Vec<_> = (0..20).map(|_| pending(token.cancelled())).collect();
    *last.lock().unwrap() = Some(pending(token.clone().cancelled_owned()));
    token.cancel();
    assert!(last.lock().unwrap().take().unwrap().is_terminated());
}

#[test]
fn owned_waits_keep_their_token() {
    let token = CancelToken::new();
    let mut wait = pending(token.child().cancelled_owned());
    token.cancel();
    assert!(is_ready(&mut wait));
}

#[test]
fn the_drain_ends_when_no_descendant_has_a_handle() {
    let token = CancelToken::new();
    assert!(is_ready(&mut Box::pin(token.drained())), "there are none");
    let child = token.child();
    let grandchild = child.child();
    let mut drained = pending(token.drained());
    drop(child);
    assert!(!is_ready(&mut drained), "the grandchild is there");
    let other = grandchild.clone();
    drop(grandchild);
    assert!(!is_ready(&mut drained), "it has another handle");
    drop(other);
    assert!(is_ready(&mut drained));
}

#[test]
fn the_drain_of_many_waits_ends_for_all() {
    let token = CancelToken::new();
    let child = token.child();
    let mut waits: Vec<_> = (0..100).map(|_| pending(token.drained())).collect();
    let mut others: Vec<_> = (0..100).map(|_| pending(token.cancelled())).collect();
    drop(child);
    assert!(waits.iter_mut().all(is_ready));
    assert!(!others.iter_mut().any(is_ready));
}

#[test]
fn a_wait_that_is_dropped_is_not_woken() {
    let token = CancelToken::new();
    let wakes = Arc::new(Wakes::default());
    let mut wait = Box::pin(token.cancelled());
    assert!(poll(wait.as_mut(), &Waker::from(Arc::clone(&wakes))).is_pending());
    drop(wait);
    token.cancel();
    assert_eq!(wakes.0.load(SeqCst), 0);
    assert_eq!(Arc::strong_count(&wakes), 1);
}

#[test]
fn a_wait_may_change_tasks() {
    let token = CancelToken::new();
    let wakes = [(); 2].map(|()| Arc::new(Wakes::default()));
    let mut wait = Box::pin(token.cancelled());
    for wakes in &wakes {
        assert!(poll(wait.as_mut(), &Waker::from(Arc::clone(wakes))).is_pending());
    }
    token.cancel();
    assert_eq!(wakes.map(|wakes| wakes.0.load(SeqCst)), [0, 1]);
}
