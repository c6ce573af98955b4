//! Children that are calls on threads where they may block.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

use pleach::{cancel::CauseKind, par_scope};

use crate::{
    Census, Threads, block_on,
    census::{OnDrop, Slow},
    executors::Shelf,
    limit,
    support::{message, yield_now},
};

#[test]
fn a_call_runs_elsewhere_and_gives_what_it_returns() {
    let census = Census::default();
    let here = thread::current().id();
    let there = block_on(par_scope!(Threads, |s| {
        let owned = census.guard();
        let call = s.spawn_blocking(move || (owned, thread::current().id()));
        call.await.unwrap().1
    }));
    assert_ne!(here, there);
    census.assert_empty();
}

#[test]
fn calls_and_futures_are_under_one_limit() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    block_on(par_scope!(Threads, limit = limit(2), |s| {
        for n in 0..30 {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            let work = move || {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                thread::yield_now();
                now.fetch_sub(1, SeqCst);
            };
            if n % 2 == 0 {
                drop(s.spawn_blocking(work));
            } else {
                drop(s.spawn(async move { work() }));
            }
        }
    }));
    assert!(most.load(SeqCst) <= 2);
}

#[test]
fn a_call_that_awaits_a_sibling_lends_its_place() {
    let census = Census::default();
    block_on(par_scope!(Threads, limit = limit(1), |s| {
        let handle = {
            let s = s.clone();
            let gives = census.gives(1);
            s.clone()
                .spawn_blocking(move || block_on(s.spawn(gives)).is_ok())
        };
        assert_eq!(handle.await, Ok(true));
    }));
    census.assert_empty();
}

#[test]
fn a_call_that_was_begun_is_waited_for() {
    let census = Census::default();
    let (begin, begun) = mpsc::channel();
    let slow = Slow(census.guard());
    let scope = par_scope!(Threads, |s| {
        let call = s.spawn_blocking(move || {
            begin.send(()).unwrap();
            drop(slow);
        });
        yield_now().await;
        begun.recv().unwrap();
        call.abort();
        assert_eq!(call.await.unwrap_err().cause().kind(), CauseKind::Aborted);
    });
    block_on(scope);
    census.assert_empty();
}

#[test]
fn a_call_that_was_not_begun_is_dropped() {
    let (census, shelf) = (Census::default(), Shelf::default());
    block_on(par_scope!(shelf.clone(), |s| {
        let owned = census.guard();
        let call = s.spawn_blocking(move || {
            drop(owned);
            panic!("called");
        });
        yield_now().await;
        call.abort();
        assert!(call.await.is_err());
        assert_eq!(census.alive(), 1);
        shelf.poll_all();
        census.assert_empty();
    }));
}

#[test]
fn its_panic_ends_the_scope() {
    let census = Census::default();
    let scope = par_scope!(Threads, |s| {
        s.spawn(census.stays());
        let owned = Slow(census.guard());
        s.spawn_blocking(move || {
            let _owned = owned;
            panic!("call");
        });
        std::future::pending::<()>().await
    });
    let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
    assert_eq!(message(&*payload), "call");
    census.assert_empty();
}

#[test]
fn what_a_call_owns_may_panic_when_it_is_dropped_instead() {
    for goes_away in [false, true] {
        let (census, shelf) = (Census::default(), Shelf::default());
        let (guard, panics) = (census.guard(), OnDrop(|| panic!("owned")));
        let scope = par_scope!(shelf.clone(), |s| {
            let call = s.spawn_blocking(move || drop((guard, panics)));
            yield_now().await;
            if goes_away {
                let gone = catch_unwind(AssertUnwindSafe(|| shelf.go_away()));
                assert!(gone.is_ok(), "it is no matter of the runtime");
            } else {
                call.abort();
                yield_now().await;
                shelf.poll_all();
            }
            let _ = call.await;
            std::future::pending::<()>().await
        });
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
        assert_eq!(message(&*payload), "owned");
        census.assert_empty();
    }
}
