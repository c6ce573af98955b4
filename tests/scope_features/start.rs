//! `Scope::start`.

use std::{future::pending, pin::Pin, sync::Mutex};

use futures_util::future::FusedFuture;
use pleach::{
    cancel::CauseKind,
    scope,
    scope::{Start, Started},
};

use crate::{
    Log, kind, limit, panics,
    support::{Wakes, block_on, poll_now, poll_with, yield_now},
};

#[test]
fn it_waits_for_the_value_and_not_for_the_end() {
    let log = Log::default();
    block_on(scope!(|s| {
        let log = &log;
        let start = s.start(|started: Started<i32>| async move {
            yield_now().await;
            log.push("starts");
            started.ready(5).unwrap();
            yield_now().await;
            log.push("ends");
            "output"
        });
        let (value, handle) = start.await.unwrap();
        log.push(format!("has {value}"));
        assert_eq!(handle.await, Ok("output"));
    }));
    assert_eq!(log.take(), ["starts", "has 5", "ends"]);
}

#[test]
fn the_child_goes_on_without_anybody_who_waits() {
    let log = Log::default();
    block_on(scope!(|s| {
        let start = s.start(|started| async {
            yield_now().await;
            log.push(format!("{:?}", started.ready("value")));
        });
        yield_now().await;
        drop(start);
    }));
    assert_eq!(log.take(), ["Err(\"value\")"]);
}

#[test]
fn a_child_that_ends_or_is_dropped_before_is_an_error() {
    block_on(scope!(|s| {
        let silent = s.start(|_: Started<()>| async {}).await;
        assert_eq!(kind(silent), Some(CauseKind::Dropped));

        let handed_away: Mutex<Option<Started<u8>>> = Mutex::default();
        let ended = s.start(|started| {
            *handed_away.lock().unwrap() = Some(started);
            async {}
        });
        assert_eq!(
            kind(ended.await),
            Some(CauseKind::Dropped),
            "the child is over"
        );

        s.cancel();
        let refused = s.start(|_: Started<()>| async {}).await;
        assert_eq!(kind(refused), Some(CauseKind::Requested));
    }));
    let (driver, s) = scope::scope();
    let start: Start<(), ()> = s.start(|started| async {
        let _started = started;
        pending().await
    });
    drop(driver);
    assert_eq!(kind(block_on(start)), Some(CauseKind::ScopeEnded));
}

#[test]
fn a_value_that_was_sent_is_there_though_the_child_is_over() {
    block_on(scope!(|s| {
        let start = s.start(|started| async { started.ready(1).map(|()| 2) });
        yield_now().await;
        yield_now().await;
        let (value, handle) = start.await.unwrap();
        assert_eq!((value, handle.await), (1, Ok(Ok(2))));
    }));
}

#[test]
fn one_that_waits_lends_its_place_and_takes_it_back() {
    let most = Mutex::new((0, 0));
    block_on(scope!(limit = limit(1), |s| {
        let (s, most) = (&s, &most);
        s.spawn(async move {
            let (value, handle) = s
                .start(|started| async {
                    started.ready(3).unwrap();
                    yield_now().await;
                    4
                })
                .await
                .unwrap();
            // It waits no more: who is spawned now has to wait for a place.
            s.spawn(async move { most.lock().unwrap().0 += 1 });
            for _ in 0..5 {
                yield_now().await;
            }
            let started = most.lock().unwrap().0;
            *most.lock().unwrap() = (started, value + handle.await.unwrap());
        });
    }));
    assert_eq!(
        *most.lock().unwrap(),
        (1, 7),
        "the other one runs when this one is done"
    );
}

#[test]
fn it_is_fused_and_panics_when_polled_on() {
    let (driver, s) = scope::scope();
    let mut start = s.start(|started| async { started.ready(1) });
    assert!(!start.is_terminated());
    assert!(poll_now(Pin::new(&mut start)).is_pending());
    block_on(driver.run(async {}));
    assert!(block_on(&mut start).is_ok());
    assert!(start.is_terminated());
    assert!(panics(|| poll_now(Pin::new(&mut start))).contains("`Start` was polled after"));
}

#[test]
fn the_waker_of_the_last_poll_is_woken_once_and_forgotten() {
    let (driver, s) = scope::scope();
    let mut start = s.start(|started| async {
        started.ready(1).unwrap();
        yield_now().await;
    });
    let (first, waker) = Wakes::new();
    assert!(poll_with(Pin::new(&mut start), &waker).is_pending());
    let (second, waker) = Wakes::new();
    assert!(poll_with(Pin::new(&mut start), &waker).is_pending());
    let mut running = Box::pin(driver.run(async {}));
    assert!(poll_now(running.as_mut()).is_pending());
    assert_eq!((first.count(), second.count()), (0, 1));
    let (_, handle) = block_on(&mut start).unwrap();
    // It was polled with another waker before it had the value; that one is gone too.
    block_on(running);
    assert_eq!(second.count(), 1);
    assert_eq!(block_on(handle), Ok(()));
}
