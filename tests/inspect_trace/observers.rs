//! Observers that do more than listen.

use std::{
    future::pending,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use pleach::{
    Scope, block_on,
    inspect::{Event, Inspect, Observer, Subject},
    scope,
};

use crate::{Log, support::yield_now};

/// Calls a closure with each event.
struct Calls<F>(F);

impl<F: Fn(&Subject<'_>, Event) + Send + Sync> Observer for Calls<F> {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        (self.0)(subject, event);
    }
}

#[test]
fn one_that_panics_at_every_event_disturbs_nobody() {
    let told = Arc::new(AtomicUsize::new(0));
    let log = Log::default();
    let panics = {
        let told = told.clone();
        Calls(move |_: &Subject<'_>, _| {
            told.fetch_add(1, Ordering::Relaxed);
            panic!("an observer's");
        })
    };
    let sum = block_on(scope!(observe = panics, observe = log.clone(), |s| {
        let (a, b) = (s.spawn(async { 1 }), s.spawn(yield_now()));
        s.spawn(pending::<()>()).abort();
        let one = a.await.unwrap();
        b.await.unwrap();
        s.cancel();
        one + 1
    }));
    assert_eq!(sum, 2);
    let lines = log.take();
    assert_eq!(told.load(Ordering::Relaxed), lines.len());
    assert_eq!(lines.last().unwrap(), "0#0 - completed");
}

#[test]
fn one_that_panics_while_a_panic_unwinds_does_not_abort() {
    let panics = Calls(|_: &Subject<'_>, _| panic!("an observer's"));
    let run = || {
        block_on(scope!(observe = panics, |s| {
            s.spawn(async { panic!("of the child") });
            s.spawn(pending::<()>());
        }));
    };
    let payload = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"of the child"));
}

#[test]
fn one_may_spawn_look_and_cancel_while_it_is_told() {
    static SCOPE: OnceLock<Scope<'static>> = OnceLock::new();
    let (driver, s) = pleach::scope::scope();
    SCOPE.set(s).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let reenters = {
        let seen = seen.clone();
        Calls(move |subject: &Subject<'_>, event| {
            let s = SCOPE.get().unwrap();
            let mut nodes = 0;
            s.visit(&mut |_| nodes += 1);
            assert_eq!(nodes, s.live() + 1);
            seen.lock().unwrap().push((subject.id().number(), nodes));
            if (subject.id().number(), event) == (1, Event::Spawned) {
                s.spawn(async {}).named("by the observer");
            }
            if let (1, Event::Ended(_)) = (subject.id().number(), event) {
                s.cancel();
            }
        })
    };
    let log = Log::default();
    let body = async {
        SCOPE.get().unwrap().spawn(async {});
    };
    block_on(driver.observe(log.clone()).observe(reenters).run(body));
    assert!(SCOPE.get().unwrap().is_cancelled());
    let lines = log.take();
    assert!(
        lines.contains(&"by the observer - completed".to_owned()),
        "{lines:?}"
    );
    // What is told of the end of a child is told when it is no longer there.
    let told = seen.lock().unwrap();
    assert_eq!(told.last(), Some(&(0, 1)));
}

#[test]
fn one_may_wake_the_child_that_is_being_woken() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let waker = Arc::new(Mutex::new(None::<std::task::Waker>));
    let again = {
        let (wakes, waker) = (wakes.clone(), waker.clone());
        Calls(move |subject: &Subject<'_>, event| {
            if (subject.id().number(), event) == (1, Event::Woken) {
                wakes.fetch_add(1, Ordering::Relaxed);
                let waker = waker.lock().unwrap().clone();
                waker.unwrap().wake();
            }
        })
    };
    block_on(scope!(observe = again, |s| {
        s.spawn(async {
            std::future::poll_fn(|cx| {
                *waker.lock().unwrap() = Some(cx.waker().clone());
                std::task::Poll::Ready(())
            })
            .await;
            yield_now().await;
        });
    }));
    assert_eq!(wakes.load(Ordering::Relaxed), 1);
}

#[test]
fn several_are_told_in_their_order_and_dropped_with_the_scope() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let one = |n: u32| {
        let order = order.clone();
        Calls(move |_: &Subject<'_>, _| order.lock().unwrap().push(n))
    };
    block_on(scope!(
        observe = one(1),
        observe = (one(2), one(3)),
        |_s| {}
    ));
    assert_eq!(*order.lock().unwrap(), [1, 2, 3].repeat(4));
    assert_eq!(Arc::strong_count(&order), 1);
}

#[test]
fn an_observer_lives_as_long_as_who_may_tell_it() {
    let kept = Arc::new(());
    let keeps = {
        let kept = kept.clone();
        Calls(move |_: &Subject<'_>, _| {
            let _ = &kept;
        })
    };
    let mut handle = None;
    block_on(scope!(observe = keeps, |s| {
        scope!(|inner| {
            handle = Some(inner.spawn(async {}));
        })
        .await;
        let _ = &s;
    }));
    // The handle keeps the block of its scope.
    assert_eq!(Arc::strong_count(&kept), 2);
    drop(handle);
    assert_eq!(Arc::strong_count(&kept), 1);
}
