//! `Scope::spawn_shielded`.

use std::{
    future::pending,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Waker,
    time::Duration,
};

use futures_util::future::FusedFuture;
use pleach::{
    Scope, scope,
    time::{ManualClock, sleep},
    try_scope,
};

#[cfg(feature = "std")]
use crate::panics;
use crate::{
    Log, OnDrop, kind, limit,
    support::{block_on, poll_now, yield_now},
};

/// Takes a few passes and says when it is done.
async fn work(log: &Log, name: &str) {
    for _ in 0..3 {
        yield_now().await;
    }
    log.push(name);
}

#[test]
fn an_error_drops_the_others_at_once_and_waits_for_shielded_children() {
    let log = Log::default();
    let result = block_on(try_scope!(|s| {
        s.spawn_shielded(work(&log, "first done"));
        s.spawn_daemon(log.stays("daemon"));
        s.spawn(log.stays("child"));
        s.spawn_shielded(work(&log, "second done"));
        let _body = log.guard("body");
        yield_now().await;
        Err::<(), _>("failed")
    }));
    log.push("resolved");
    assert_eq!(result, Err("failed"));
    let order = [
        "body",
        "child",
        "first done",
        "second done",
        "daemon",
        "resolved",
    ];
    assert_eq!(log.take(), order);
}

#[test]
fn those_that_were_not_started_are_started_and_finish() {
    let log = Log::default();
    // The error comes in the first pass: nobody else has been polled.
    let result = block_on(try_scope!(|s| {
        s.spawn(log.stays("child"));
        s.spawn_shielded(work(&log, "done"));
        Err::<(), _>("failed")
    }));
    assert_eq!(
        (result, log.take()),
        (Err("failed"), vec!["child".into(), "done".into()])
    );
}

#[test]
fn a_break_waits_for_them_too_and_under_a_limit_they_take_turns() {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let result = block_on(try_scope!(limit = limit(2), |s| {
        for _ in 0..5 {
            s.spawn_shielded(async {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                yield_now().await;
                running.fetch_sub(1, SeqCst);
            });
        }
        s.spawn(pending::<()>());
        s.break_with("broken").unwrap();
        pending::<Result<(), _>>().await
    }));
    assert_eq!(result, Err("broken"));
    assert_eq!(most.into_inner(), 2);
}

#[test]
#[cfg(feature = "std")]
fn a_panic_waits_for_them_and_goes_on() {
    let log = Log::default();
    let what = panics(|| {
        block_on(scope!(|s| {
            s.spawn_shielded(work(&log, "done"));
            s.spawn(async { panic!("of a child") });
            pending::<()>().await
        }))
    });
    assert_eq!(
        (what.as_str(), log.take()),
        ("of a child", vec!["done".into()])
    );
}

#[test]
#[cfg(feature = "std")]
fn one_that_panics_ends_the_scope_and_the_others_of_its_kind_finish() {
    let log = Log::default();
    let what = panics(|| {
        block_on(try_scope!(|s| -> &str {
            s.spawn_shielded(work(&log, "done"));
            s.spawn_shielded(async {
                let _guard = log.guard("dropped");
                panic!("the first")
            });
            s.spawn_shielded(async {
                yield_now().await;
                panic!("the second")
            });
            s.spawn(log.stays("child"));
            pending::<Result<(), _>>().await
        }))
    });
    assert_eq!(what, "the first");
    assert_eq!(log.take(), ["dropped", "child", "done"]);
}

#[test]
#[cfg(feature = "std")]
fn a_panic_while_they_finish_beats_the_error() {
    let what = panics(|| {
        block_on(try_scope!(|s| {
            s.spawn_shielded(async {
                yield_now().await;
                panic!("later")
            });
            Err::<(), _>("an error")
        }))
    });
    assert_eq!(what, "later");
}

#[test]
fn cancel_and_grace_leave_them_alone_started_or_not() {
    let clock = ManualClock::new();
    let log = Log::default();
    clock.run(async {
        let grace = (&clock, Duration::from_secs(1));
        scope!(limit = limit(2), grace = grace, |s| {
            s.spawn(log.stays("child"));
            let slow = |name| {
                let (clock, log) = (&clock, &log);
                async move {
                    sleep(clock, Duration::from_secs(5)).await;
                    log.push(name);
                }
            };
            s.spawn_shielded(slow("started"));
            yield_now().await;
            s.spawn_shielded(slow("held back"));
            s.spawn(log.stays("unstarted"));
            yield_now().await;
            s.cancel();
            assert_eq!(
                kind(s.spawn_shielded(async {}).await),
                Some(pleach::cancel::CauseKind::Requested)
            );
        })
        .await;
    });
    assert_eq!(log.take(), ["unstarted", "child", "started", "held back"]);
}

#[test]
fn a_scope_that_ends_refuses_and_says_that_it_is_not_over() {
    let waker: Mutex<Option<Waker>> = Mutex::default();
    let (driver, s) = scope::try_scope();
    let (inner, waker) = (s.clone(), &waker);
    s.spawn_shielded(async move {
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            *waker.lock().unwrap() = Some(cx.waker().clone());
            if polls > 1 {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        assert!(inner.spawn(async {}).await.is_err());
        assert!(inner.spawn_shielded(async {}).await.is_err());
        assert!(inner.spawn_daemon(async {}).await.is_err());
        assert!(
            inner
                .try_spawn(async {})
                .is_err_and(|refused| !refused.is_full())
        );
        assert_eq!(inner.break_with("too late"), Err("too late"));
    });
    let mut running = Box::pin(driver.run_try(async { Err::<(), _>("failed") }));
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(poll_now(running.as_mut()).is_pending(), "it waits, parked");
    assert!(!running.is_terminated());
    waker.lock().unwrap().take().unwrap().wake();
    assert_eq!(block_on(running.as_mut()), Err("failed"));
    assert!(running.is_terminated());
}

#[test]
fn dropping_the_scope_drops_them_at_each_point() {
    let log = Log::default();
    for (fails, passes) in [
        (false, 0),
        (false, 1),
        (false, 2),
        (true, 1),
        (true, 2),
        (true, 3),
    ] {
        let (driver, s) = scope::try_scope();
        s.spawn_shielded(log.stays("shielded"));
        s.spawn_daemon(log.stays("daemon"));
        let body = async move {
            match fails {
                true => Err::<(), _>(log_error()),
                false => pending().await,
            }
        };
        let mut running = Box::pin(driver.run_try(body));
        for _ in 0..passes {
            assert!(poll_now(running.as_mut()).is_pending());
        }
        assert_eq!(log.take(), [""; 0]);
        drop(running);
        let dropped = log.take();
        assert_eq!(dropped.len(), 2, "{fails} {passes} {dropped:?}");
        if passes > 1 {
            assert_eq!(dropped, ["shielded", "daemon"]);
        }
    }
}

fn log_error() -> String {
    "an error that is dropped with the scope".into()
}

#[test]
fn an_abort_reaches_them_also_while_the_scope_ends() {
    let log = Log::default();
    let (driver, s) = scope::try_scope();
    let shielded = s.spawn_shielded(log.stays("shielded"));
    let mut running = Box::pin(driver.run_try(async { Err::<(), _>("failed") }));
    for _ in 0..3 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    shielded.abort();
    assert_eq!(block_on(running), Err("failed"));
    assert_eq!(log.take(), ["shielded"]);
}

#[test]
fn they_may_wait_for_daemons_while_the_scope_ends() {
    let log = Log::default();
    let result = block_on(try_scope!(|s| {
        let answer = s.spawn_daemon(async {
            for _ in 0..5 {
                yield_now().await;
            }
            42
        });
        let log = &log;
        s.spawn_shielded(async move { log.push(format!("{:?}", answer.await)) });
        yield_now().await;
        Err::<(), _>("failed")
    }));
    assert_eq!((result, log.take()), (Err("failed"), vec!["Ok(42)".into()]));
}

#[test]
fn a_destructor_that_spawns_while_the_scope_fails_is_refused() {
    let refused = AtomicUsize::new(0);
    let log = Log::default();
    let result = block_on(try_scope!(|s| {
        let (refused, log) = (&refused, &log);
        s.spawn_shielded(work(log, "done"));
        s.spawn_with(|s: Scope<'_, &str>| async move {
            let _guard = OnDrop(move || {
                let late = s.spawn_shielded(async move { log.push("never") });
                refused.fetch_add(usize::from(block_on(late).is_err()), SeqCst);
            });
            pending::<()>().await
        });
        yield_now().await;
        Err::<(), _>("failed")
    }));
    assert_eq!((result, refused.into_inner()), (Err("failed"), 1));
    assert_eq!(log.take(), ["done"]);
}

#[test]
fn a_finished_scope_waits_for_them_like_for_others() {
    let log = Log::default();
    block_on(scope!(|s| {
        s.spawn_shielded(work(&log, "done"));
    }));
    assert_eq!(log.take(), ["done"]);
}
