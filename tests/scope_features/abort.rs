//! `Handle::abort`.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
};

use pleach::{Handle, cancel::CauseKind, scope, try_scope};

use crate::{
    Log, OnDrop, kind, limit, panics,
    support::{Wakes, block_on, poll_now, poll_with, yield_now},
};

const ABORTED: Option<CauseKind> = Some(CauseKind::Aborted);

#[test]
fn an_aborted_child_is_dropped_in_the_next_pass_wherever_it_stands() {
    let log = Log::default();
    let polls = AtomicUsize::new(0);
    block_on(scope!(limit = limit(1), |s| {
        let running = s.spawn(log.stays("running"));
        let held_back = s.spawn(async {
            polls.fetch_add(1, SeqCst);
        });
        yield_now().await;
        yield_now().await;
        let queued = s.spawn(async {
            polls.fetch_add(1, SeqCst);
        });
        queued.abort();
        held_back.abort();
        assert_eq!(kind(held_back.await), ABORTED);
        assert_eq!(kind(queued.await), ABORTED);
        assert_eq!(log.take(), [""; 0]);
        running.abort();
        running.abort();
        assert_eq!(kind(running.await), ABORTED);
        assert_eq!(log.take(), ["running"]);
    }));
    assert_eq!(polls.into_inner(), 0);
}

#[test]
fn an_abort_wakes_a_scope_that_is_parked_and_frees_a_place() {
    let log = Log::default();
    let (driver, s) = scope::scope();
    let first = s.spawn(log.stays("first"));
    let second = s.spawn(async { 2 });
    let mut running = Box::pin(driver.limit(limit(1)).run(second));
    let (wakes, waker) = Wakes::new();
    let mut woken = 0;
    while poll_with(running.as_mut(), &waker).is_pending() && wakes.count() > woken {
        woken = wakes.count();
    }
    std::thread::scope(|threads| {
        threads.spawn(|| first.abort());
    });
    assert_eq!(wakes.count(), woken + 1);
    assert_eq!(block_on(running), Ok(2));
    assert_eq!(log.take(), ["first"]);
    assert_eq!(kind(block_on(first)), ABORTED);
}

#[test]
fn a_child_may_abort_itself_while_it_is_polled() {
    let log = Log::default();
    let own: Mutex<Option<Handle<()>>> = Mutex::new(None);
    block_on(scope!(|s| {
        let handle = s.spawn(async {
            let _guard = log.guard("dropped");
            own.lock().unwrap().as_ref().unwrap().abort();
            log.push("goes on to its next wait");
            pending().await
        });
        *own.lock().unwrap() = Some(handle);
    }));
    assert_eq!(log.take(), ["goes on to its next wait", "dropped"]);
    assert_eq!(kind(block_on(own.into_inner().unwrap().unwrap())), ABORTED);
}

#[test]
fn one_that_ends_in_the_poll_in_which_it_was_aborted_gives_its_output() {
    let own: Mutex<Option<Handle<i32>>> = Mutex::new(None);
    block_on(scope!(|s| {
        let handle = s.spawn(async {
            own.lock().unwrap().as_ref().unwrap().abort();
            7
        });
        *own.lock().unwrap() = Some(handle);
    }));
    assert_eq!(block_on(own.into_inner().unwrap().unwrap()), Ok(7));
}

#[test]
fn what_is_done_or_was_refused_is_not_touched() {
    block_on(scope!(|s| {
        let done = s.spawn(async { 1 });
        yield_now().await;
        done.abort();
        assert_eq!(done.await, Ok(1));
        s.cancel();
        let refused = s.spawn(async { 1 });
        refused.abort();
        assert_eq!(kind(refused.await), Some(CauseKind::Requested));
    }));
}

#[test]
fn a_handle_that_was_taken_or_outlives_its_scope_may_abort() {
    let (driver, s) = scope::scope();
    let mut done = s.spawn(async {});
    let lost = s.spawn(pending::<()>());
    let mut running = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(poll_now(Pin::new(&mut done)).is_ready());
    drop(running);
    done.abort();
    lost.abort();
    // It was dropped for another reason before, but that is what was asked for.
    assert!(block_on(lost).is_err());
}

#[test]
fn those_that_siblings_wait_for_under_a_limit_are_reached() {
    let ran = AtomicUsize::new(0);
    block_on(scope!(limit = limit(1), |s| {
        let (ran, own) = (&ran, &s);
        s.spawn(async move {
            // Three that are held back and awaited; one place is lent, to the first of them.
            let children: Vec<Handle<()>> = (0..3)
                .map(|_| {
                    own.spawn(async move {
                        ran.fetch_add(1, SeqCst);
                        for _ in 0..5 {
                            yield_now().await;
                        }
                    })
                })
                .collect();
            let mut children = children.into_iter().map(Some).collect::<Vec<_>>();
            let mut outputs = [None; 3];
            let mut passes = 0;
            poll_fn(|cx| {
                for (child, output) in children.iter_mut().zip(&mut outputs) {
                    if let Some(handle) = child {
                        if let Poll::Ready(result) = Pin::new(handle).poll(cx) {
                            *output = Some(kind(result));
                            *child = None;
                        }
                    }
                }
                passes += 1;
                if passes == 2 {
                    children[1].as_ref().unwrap().abort();
                    children[2].as_ref().unwrap().abort();
                }
                if outputs[1].is_some() && outputs[2].is_some() {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            assert!(passes < 6, "{passes}");
            assert_eq!(outputs, [None, Some(ABORTED), Some(ABORTED)]);
        });
    }));
    assert_eq!(ran.into_inner(), 1);
}

#[test]
fn a_destructor_that_aborts_and_spawns_is_heard() {
    let log = Log::default();
    let other: Mutex<Option<Handle<()>>> = Mutex::new(None);
    block_on(scope!(|s| {
        let (log, other) = (&log, &other);
        *other.lock().unwrap() = Some(s.spawn(log.stays("second")));
        let first = s.spawn_with(|s| async move {
            let _guard = OnDrop(move || {
                log.push("first");
                other.lock().unwrap().as_ref().unwrap().abort();
                s.spawn(async move { log.push("spawned") });
            });
            pending::<()>().await
        });
        yield_now().await;
        first.abort();
    }));
    assert_eq!(log.take(), ["first", "second", "spawned"]);
}

#[test]
fn a_destructor_that_panics_ends_the_scope() {
    let log = Log::default();
    let what = panics(|| {
        block_on(scope!(|s| {
            s.spawn(log.stays("sibling"));
            let child = s.spawn(async {
                let _guard = OnDrop(|| panic!("in a destructor"));
                pending::<()>().await
            });
            yield_now().await;
            child.abort();
            pending::<()>().await
        }))
    });
    assert_eq!(
        (what.as_str(), log.take()),
        ("in a destructor", vec!["sibling".into()])
    );
}

#[test]
fn dropping_the_scope_after_an_abort_drops_the_child_once() {
    let log = Log::default();
    for polled in [true, false] {
        let (driver, s) = scope::try_scope::<()>();
        let handle = s.spawn(log.stays("child"));
        let mut running = Box::pin(driver.run_try(pending::<Result<(), ()>>()));
        if polled {
            assert!(poll_now(running.as_mut()).is_pending());
        }
        handle.abort();
        drop(running);
        assert_eq!(log.take(), ["child"]);
        assert_eq!(kind(block_on(handle)), ABORTED);
    }
}

#[test]
fn an_abort_in_the_pass_that_ends_the_scope_is_harmless() {
    let result: Result<(), _> = block_on(try_scope!(|s| {
        let child = s.spawn(pending::<()>());
        yield_now().await;
        child.abort();
        Err("ended")
    }));
    assert_eq!(result, Err("ended"));
}
