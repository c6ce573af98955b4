//! `Scope::spawn_daemon`.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use pleach::{
    Scope, scope,
    time::{ManualClock, sleep},
    try_scope,
};

use crate::{
    Log, OnDrop, kind, limit, panics,
    support::{block_on, poll_now, yield_now},
};

#[test]
fn a_scope_does_not_wait_for_its_daemons_and_drops_them_newest_first() {
    let log = Log::default();
    let handle = block_on(scope!(|s| {
        let first = s.spawn_daemon(log.stays("first"));
        s.spawn_daemon(log.stays("second"));
        s.spawn(async {
            yield_now().await;
            log.push("child");
        });
        yield_now().await;
        (first,)
    }));
    assert_eq!(log.take(), ["child", "second", "first"]);
    assert_eq!(
        kind(block_on(handle.0)),
        Some(pleach::cancel::CauseKind::ScopeEnded)
    );
}

#[test]
fn one_that_is_always_ready_does_not_hold_up_the_end() {
    let polls = AtomicUsize::new(0);
    let result = block_on(scope!(|s| {
        s.spawn_daemon(async {
            loop {
                polls.fetch_add(1, SeqCst);
                yield_now().await;
            }
        });
        let child = s.spawn(async {
            yield_now().await;
            7
        });
        child.await
    }));
    assert_eq!(result, Ok(7));
    assert!(polls.into_inner() > 1);
}

#[test]
fn what_a_daemon_spawns_is_waited_for() {
    let log = Log::default();
    block_on(scope!(|s| {
        let log = &log;
        s.spawn_daemon({
            let s = s.clone();
            async move {
                s.spawn(async move {
                    yield_now().await;
                    log.push("spawned");
                });
                log.stays("daemon").await
            }
        });
    }));
    assert_eq!(log.take(), ["spawned", "daemon"]);
}

#[test]
fn one_that_ends_early_gives_its_output_and_one_that_panics_ends_the_scope() {
    assert_eq!(
        block_on(scope!(|s| { s.spawn_daemon(async { 3 }).await })),
        Ok(3)
    );
    let log = Log::default();
    let what = panics(|| {
        block_on(scope!(|s| {
            s.spawn(log.stays("child"));
            s.spawn_daemon(log.stays("daemon"));
            s.spawn_daemon(async { panic!("a daemon") });
            pending::<()>().await
        }))
    });
    assert_eq!(
        (what.as_str(), log.take()),
        ("a daemon", vec!["child".into(), "daemon".into()])
    );
}

#[test]
fn they_take_no_place_of_the_limit_and_lend_none() {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    block_on(scope!(limit = limit(1), |s| {
        let (running, most) = (&running, &most);
        s.spawn_daemon(pending::<()>());
        let work = || async {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            yield_now().await;
            yield_now().await;
            running.fetch_sub(1, SeqCst);
        };
        let (first, second) = (s.spawn(work()), s.spawn(work()));
        // It waits for both, and has no place that they could have.
        s.spawn_daemon(async move { (first.await.unwrap(), second.await.unwrap()) })
            .await
    }))
    .unwrap();
    assert_eq!(most.into_inner(), 1);
    block_on(scope!(limit = limit(1), |s| {
        s.spawn_daemon(pending::<()>());
        assert!(s.try_spawn(async {}).is_ok(), "it does not count");
    }));
}

#[test]
fn they_go_on_through_cancel_and_grace() {
    let clock = ManualClock::new();
    let log = Log::default();
    clock.run(async {
        scope!(grace = (&clock, Duration::from_secs(10)), |s| {
            s.spawn(log.stays("child"));
            s.spawn_daemon(async {
                let _guard = log.guard("daemon");
                loop {
                    sleep(&clock, Duration::from_secs(6)).await;
                    log.push("beat");
                }
            });
            // Not started when the scope is cancelled.
            yield_now().await;
            s.spawn_daemon(async { log.push("started") });
            s.cancel();
            sleep(&clock, Duration::from_secs(20)).await;
            log.push("body");
        })
        .await;
    });
    assert_eq!(
        log.take(),
        ["started", "beat", "child", "beat", "beat", "body", "daemon"]
    );
}

#[test]
fn they_are_dropped_last_when_a_scope_fails_or_is_dropped() {
    let log = Log::default();
    let result = block_on(try_scope!(|s| {
        s.spawn_daemon(log.stays("daemon"));
        s.spawn(log.stays("child"));
        let _body = log.guard("body");
        yield_now().await;
        Err::<(), _>("failed")
    }));
    assert_eq!(result, Err("failed"));
    assert_eq!(log.take(), ["body", "child", "daemon"]);

    for passes in 0..4 {
        let (driver, s) = scope::scope();
        s.spawn_daemon(log.stays("daemon"));
        s.spawn(log.stays("child"));
        let mut running = Box::pin(driver.run(pending::<()>()));
        for _ in 0..passes {
            assert!(poll_now(running.as_mut()).is_pending());
        }
        drop(running);
        assert_eq!(log.take(), ["child", "daemon"], "{passes}");
    }
}

#[test]
fn a_daemon_may_be_aborted_and_spawned_from_a_destructor() {
    let log = Log::default();
    block_on(scope!(|s| {
        let log = &log;
        let daemon = s.spawn_daemon({
            let s = s.clone();
            let guard = OnDrop(move || drop(s.spawn_daemon(log.stays("another"))));
            async move {
                let _guard = guard;
                pending::<()>().await
            }
        });
        yield_now().await;
        daemon.abort();
        assert!(daemon.await.is_err());
        yield_now().await;
    }));
    assert_eq!(log.take(), ["another"]);
}

#[test]
fn the_panic_of_a_destructor_does_not_spare_the_others() {
    let log = Log::default();
    let what = panics(|| {
        block_on(scope!(|s| {
            s.spawn_daemon(log.stays("first"));
            s.spawn_daemon(async {
                let _guard = OnDrop(|| panic!("in a destructor"));
                pending::<()>().await
            });
            yield_now().await;
        }))
    });
    assert_eq!(
        (what.as_str(), log.take()),
        ("in a destructor", vec!["first".into()])
    );
}

#[test]
fn a_cancelled_scope_and_one_that_is_over_refuse_daemons() {
    let (driver, s) = scope::scope();
    s.cancel();
    assert!(block_on(s.spawn_daemon(async {})).is_err());
    drop(driver);
    assert!(block_on(s.spawn_daemon(async {})).is_err());
}

#[test]
fn a_daemon_that_waits_beside_others_is_polled_in_turn() {
    let order = Log::default();
    block_on(scope!(|s| {
        let (s, order): (&Scope<'_>, _) = (&s, &order);
        let step = |name| async move {
            for _ in 0..2 {
                order.push(name);
                yield_now().await;
            }
        };
        s.spawn_daemon(step("daemon"));
        s.spawn(step("child"));
    }));
    assert_eq!(order.take(), ["daemon", "child", "daemon", "child"]);
    // Nothing hangs on a handle that is polled late.
    let mut late = block_on(scope!(|s| { (s.spawn_daemon(pending::<()>()),) })).0;
    assert!(block_on(poll_fn(|cx| Pin::new(&mut late).poll(cx))).is_err());
}
