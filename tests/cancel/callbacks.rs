//! Callbacks and closers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use pleach::{
    CancelToken, Semaphore,
    cancel::{Cause, CauseKind, Close},
    channel,
};

use crate::{is_ready, pending};

type Log = Arc<Mutex<Vec<Option<Cause>>>>;

fn logging(log: &Log) -> impl FnOnce(Cause) + Send + 'static {
    let log = Arc::clone(log);
    move |cause| log.lock().unwrap().push(Some(cause))
}

#[test]
fn a_callback_runs_with_the_cause_when_an_ancestor_is_cancelled() {
    let (token, log) = (CancelToken::new(), Log::default());
    let child = token.child();
    let registration = child.on_cancel(logging(&log));
    token.stop(CauseKind::Shutdown);
    assert!(log.lock().unwrap().is_empty());
    token.cancel_with(CauseKind::Deadline);
    assert_eq!(*log.lock().unwrap(), [Some(CauseKind::Shutdown.into())]);
    assert!(!registration.stop());
}

#[test]
fn islands_are_told_after_the_tree_that_they_hang_in() {
    let root = CancelToken::new();
    let tokens = [
        root.child(),
        root.child_island(),
        root.child(),
        CancelToken::any_of(&[&root]),
    ];
    let told = Arc::new(Mutex::new(Vec::new()));
    let children = tokens.each_ref().map(|token| token.child());
    for (n, (token, below)) in tokens.iter().zip(&children).enumerate() {
        for (name, token) in [(n, token), (n + 10, below)] {
            let told = Arc::clone(&told);
            let registration = token.on_cancel(move |_| told.lock().unwrap().push(name));
            registration.forget();
        }
    }
    root.cancel();
    assert_eq!(*told.lock().unwrap(), [2, 12, 0, 10, 3, 13, 1, 11]);
}

#[test]
fn a_callback_that_is_stopped_or_dropped_does_not_run_and_is_freed_at_once() {
    let (token, log) = (CancelToken::new(), Log::default());
    let stopped = token.on_cancel(logging(&log));
    let dropped = token.on_cancel(logging(&log));
    assert!(stopped.stop());
    drop(dropped);
    assert_eq!(Arc::strong_count(&log), 1);
    token.cancel();
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn a_callback_of_a_cancelled_token_runs_at_once() {
    let (token, log) = (CancelToken::new(), Log::default());
    token.cancel_with(Cause::user(1));
    let registration = token.on_cancel(logging(&log));
    assert_eq!(*log.lock().unwrap(), [Some(Cause::user(1))]);
    assert!(!registration.stop());
}

#[test]
fn a_callback_whose_token_has_ended_can_be_stopped() {
    let (token, log) = (CancelToken::new(), Log::default());
    let registration = token.on_cancel(logging(&log));
    drop(token);
    assert_eq!(Arc::strong_count(&log), 1, "it never runs");
    assert!(registration.stop());
}

#[test]
fn a_forgotten_callback_runs_or_is_dropped_with_its_token() {
    let log = Log::default();
    let (cancelled, dropped) = (CancelToken::new(), CancelToken::new());
    for token in [&cancelled, &dropped, &dropped.child()] {
        token.on_cancel(logging(&log)).forget();
    }
    cancelled.cancel();
    drop(dropped);
    assert_eq!(log.lock().unwrap().len(), 1);
    drop(cancelled);
    assert_eq!(Arc::strong_count(&log), 1, "the others are gone");
}

#[test]
fn a_callback_may_do_anything_with_any_token() {
    let token = CancelToken::new();
    let child = token.child();
    let (sender, told) = mpsc::channel();
    let (root, sibling) = (token.clone(), token.child());
    let registration = child.on_cancel(move |_| {
        root.cancel();
        let late = root.child();
        assert!(late.is_cancelled());
        late.on_cancel(move |cause| sender.send(cause).unwrap())
            .forget();
        drop(sibling);
        drop(root);
    });
    token.cancel();
    assert!(told.try_recv().is_ok());
    registration.forget();
}

#[test]
fn a_registration_may_be_stopped_in_its_own_callback() {
    let token = CancelToken::new();
    let slot = Arc::new(Mutex::new(None));
    let inside = Arc::clone(&slot);
    let registration = token.on_cancel(move |_| {
        let own: Option<pleach::cancel::Registration> = inside.lock().unwrap().take();
        assert!(!own.unwrap().stop(), "it is running");
    });
    *slot.lock().unwrap() = Some(registration);
    token.cancel();
    assert!(slot.lock().unwrap().is_none());
}

// Without `std` a second panic aborts.
#[cfg(feature = "std")]
#[test]
fn a_callback_that_panics_keeps_nobody_from_being_told() {
    let (token, log) = (CancelToken::new(), Log::default());
    let mut waits: Vec<_> = (0..20).map(|_| crate::pending(token.cancelled())).collect();
    let callbacks: Vec<_> = (0..20)
        .map(|n| {
            let log = logging(&log);
            token.child_island().on_cancel(move |cause| {
                log(cause);
                assert!(n % 3 > 0, "callback {n}");
            })
        })
        .collect();
    let own = token.on_cancel(|_| panic!("the first"));
    let panic = catch_unwind(AssertUnwindSafe(|| token.cancel())).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"the first"));
    assert!(waits.iter_mut().all(is_ready));
    drop((callbacks, own));
}

#[test]
fn islands_are_told_although_a_callback_panics() {
    let (token, log) = (CancelToken::new(), Log::default());
    let first = token.on_cancel(|_| panic!("the first"));
    let islands: Vec<_> = (0..20).map(|_| token.child_island()).collect();
    for island in &islands {
        island.on_cancel(logging(&log)).forget();
    }
    assert!(catch_unwind(AssertUnwindSafe(|| token.cancel())).is_err());
    assert_eq!(log.lock().unwrap().len(), 20);
    drop(first);
}

#[derive(Default)]
struct Resource(Log);

impl Close for Resource {
    fn close(&self, why: Option<Cause>) {
        self.0.lock().unwrap().push(why);
    }
}

#[test]
fn a_resource_is_closed_once_by_whoever_comes_first() {
    let log = Log::default();
    let token = CancelToken::new();
    let by_hand = token.bind(Resource(Arc::clone(&log)));
    let by_token = token.bind(Resource(Arc::clone(&log)));
    let left_alone = token.bind(Resource(Arc::clone(&log)));
    assert!(by_hand.close() && by_hand.is_closed());
    assert!(!by_token.is_closed());
    drop(left_alone);
    token.cancel_with(Cause::user(4));
    assert!(!by_hand.close() && !by_token.close() && by_token.is_closed());
    assert_eq!(*log.lock().unwrap(), [None, Some(Cause::user(4))]);
    let late = token.bind(Resource(Arc::clone(&log)));
    assert!(late.is_closed());
    drop((by_hand, by_token, late, token));
    assert_eq!(Arc::strong_count(&log), 1);
}

#[test]
fn a_channel_is_closed_with_its_token() {
    let token = CancelToken::new();
    let [(one, receiver), (sender, other)] = [(); 2].map(|()| channel::bounded(1));
    let (sender, receiver) = (token.bind(sender), token.bind(receiver));
    let mut wait = pending(other.recv());
    one.try_send(1).unwrap();
    token.cancel();
    assert!(is_ready(&mut wait), "nothing will come");
    assert!(one.is_closed() && sender.is_closed());
    assert_eq!(receiver.try_recv(), Ok(1), "it is still there");
    one.try_send(2).unwrap_err();
}

#[test]
fn a_semaphore_is_closed_with_its_token() {
    let token = CancelToken::new();
    let semaphore = token.bind(Arc::new(Semaphore::new(0)));
    let waiter = {
        let semaphore = Arc::clone(&semaphore);
        thread::spawn(move || {
            let mut acquire = Box::pin(semaphore.acquire());
            while !is_ready(&mut acquire) {
                thread::yield_now();
            }
            semaphore.is_closed()
        })
    };
    token.cancel();
    assert!(waiter.join().unwrap());
}
