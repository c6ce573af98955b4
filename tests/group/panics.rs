//! Panics of children, destructors, sources and joiners.

use std::{
    any::Any,
    future::{pending, poll_fn},
    num::NonZeroUsize,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::Poll,
};

use futures_util::future::FusedFuture;
use pleach::{
    cancel::CauseKind,
    group::{Discard, Joiner, group},
};

use crate::{
    endings::{Log, waiting},
    support::{Hostile, block_on, message, poll_now, poll_with},
};

fn panics<T>(f: impl FnOnce() -> T) -> Box<dyn Any + Send> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => payload,
    }
}

#[test]
fn a_panic_goes_on_when_the_others_are_gone() {
    let log = Log::default();
    let mut joined = Box::pin(group(waiting(&log, 2, || panic!("two"))).join(Discard::new()));
    let payload = panics(|| block_on(joined.as_mut()));
    assert_eq!(message(&*payload), "two");
    assert_eq!(log.take(), ["2", "3", "1", "0"]);
    let again = panics(|| poll_now(joined.as_mut()).is_ready());
    assert_eq!(
        message(&*again),
        "a group was polled after it had completed"
    );
}

#[test]
fn the_first_panic_of_several_goes_on_and_everything_is_dropped() {
    struct PanicInDrop<'a>(&'a AtomicUsize, usize);
    impl Drop for PanicInDrop<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
            panic!("drop of {}", self.1);
        }
    }
    let drops = AtomicUsize::new(0);
    let children = (0..4).map(|n| {
        let guard = PanicInDrop(&drops, n);
        async move {
            let _guard = guard;
            pending::<()>().await;
        }
    });
    let mut joined = Box::pin(group(children).join(Discard::new()));
    assert!(poll_now(joined.as_mut()).is_pending());
    let payload = panics(|| drop(joined));
    assert_eq!(message(&*payload), "drop of 3");
    assert_eq!(drops.load(SeqCst), 4);
}

#[test]
fn a_destructor_that_panics_after_the_output_ends_the_group() {
    struct PanicInDrop;
    impl Drop for PanicInDrop {
        fn drop(&mut self) {
            panic!("done and dropped");
        }
    }
    let log = Log::default();
    let children = (0..2).map(|n| {
        let guard = log.guard(n.to_string());
        let mut bomb = (n == 1).then(|| PanicInDrop);
        let mut polled = false;
        poll_fn(move |_| {
            let _ = (&guard, &mut bomb);
            if n == 1 || std::mem::replace(&mut polled, true) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
    });
    let payload = panics(|| block_on(group(children).join(Discard::new())));
    assert_eq!(message(&*payload), "done and dropped");
    let mut dropped = log.take();
    dropped.sort();
    assert_eq!(dropped, ["0", "1"]);
}

#[test]
fn a_panic_of_the_source_or_of_the_joiner_is_one_of_the_group() {
    let log = Log::default();
    let children = waiting(&log, 9, || ()).chain(std::iter::from_fn(|| panic!("source")));
    let payload = panics(|| block_on(group(children).join(Discard::new())));
    assert_eq!(message(&*payload), "source");
    assert_eq!(log.take(), ["3", "2", "1", "0"]);

    struct Bomb(&'static str);
    impl Joiner<()> for Bomb {
        type Output = ();
        fn expect(&mut self, _: (usize, Option<usize>)) {
            assert_ne!(self.0, "expect");
        }
        fn on_done(&mut self, _: usize, (): ()) -> ControlFlow<()> {
            assert_ne!(self.0, "on_done");
            ControlFlow::Break(())
        }
        fn finish(self) {
            assert_ne!(self.0, "finish");
        }
    }
    for at in ["expect", "on_done", "finish"] {
        let mut joined = Box::pin(group(waiting(&log, 1, || ())).join(Bomb(at)));
        panics(|| block_on(joined.as_mut()));
        let mut dropped = log.take();
        dropped.sort();
        let expected: &[&str] = if at == "expect" {
            &[]
        } else {
            &["0", "1", "2", "3"]
        };
        assert_eq!(dropped, expected);
    }
}

/// What cuts a group short is user code like its children: its panic is one of the group.
#[test]
fn a_panic_of_what_cuts_a_group_short_goes_on_when_the_children_are_gone() {
    let log = Log::default();
    for polls in [0, 2] {
        let mut polled = 0;
        let end = poll_fn(|_| {
            assert!(polled < polls, "until");
            polled += 1;
            Poll::<CauseKind>::Pending
        });
        let joined = group(waiting(&log, 9, || ())).join(Discard::new());
        let mut joined = Box::pin(joined.until(end));
        while let Ok(polled) = catch_unwind(AssertUnwindSafe(|| poll_now(joined.as_mut()))) {
            assert!(polled.is_pending());
        }
        let expected: &[&str] = if polls == 0 {
            &[]
        } else {
            &["3", "2", "1", "0"]
        };
        assert_eq!(log.take(), expected);
        assert!(joined.is_terminated());
        let again = panics(|| poll_now(joined.as_mut()).is_ready());
        assert_eq!(
            message(&*again),
            "a group was polled after it had completed"
        );
    }
}

/// A stream of results that is dropped while a panic unwinds calls the task, whose waker panics too:
/// the first panic goes on, and the results are dropped.
#[test]
fn results_dropped_in_a_panic_survive_one_of_the_waker() {
    let log = Log::default();
    let guards = ["a", "b", "c"].map(|name| log.guard(name));
    let children = guards.map(|guard| async move { guard });
    let (driver, results) = group(children).limit(NonZeroUsize::MIN).results();
    let mut run = Box::pin(driver.run(pending::<()>()));
    let hostile = Hostile::default().on_wake(|| panic!("waker"));
    assert!(poll_with(run.as_mut(), &hostile.waker()).is_pending());
    assert_eq!(log.take(), [""; 0]);
    let payload = panics(move || {
        let _results = results;
        panic!("first");
    });
    assert_eq!(message(&*payload), "first");
    assert_eq!(log.take(), ["a"]);
}
