//! Callbacks and closers: they run once, or were stopped, under every interleaving.

use std::sync::{Arc, Mutex as StdMutex};

use crate::explore::{
    explore,
    token::{cancel_elsewhere, elsewhere, work_then},
};
use pleach_loom::{
    CancelToken,
    cancel::{Cause, CauseKind, Close},
    internals::complete::Ordering,
};

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
        let other = elsewhere(&child, |child| child.cancel());
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
        let (work, other) = work_then(move || token.cancel());
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
        let (work, other) = work_then(move || token.cancel());
        let seen = bound.is_closed().then(|| work.load(Ordering::Relaxed));
        other.join().unwrap();
        seen
    });
}
