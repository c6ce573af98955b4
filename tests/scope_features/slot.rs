//! `Scope::slot`.

use std::{
    future::pending,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
};

use futures_util::future::FusedFuture;
use pleach::{
    Scope,
    cancel::CauseKind,
    scope,
    scope::{Slot, WaitSlot},
    try_scope,
};

use crate::{
    Log, OnDrop, kind, limit, panics,
    support::{Hostile, Wakes, block_on, poll_now, poll_with, yield_now},
};

/// A wait that has begun, and what counts its wakes.
fn waiting<'env>(s: &Scope<'env>) -> (Pin<Box<WaitSlot<'env>>>, Arc<Wakes>) {
    let (wakes, waker) = Wakes::new();
    let mut wait = Box::pin(s.slot());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    (wait, wakes)
}

fn ready<'env>(wait: &mut Pin<Box<WaitSlot<'env>>>) -> Slot<'env> {
    match poll_now(wait.as_mut()) {
        Poll::Ready(slot) => slot.unwrap(),
        Poll::Pending => panic!("it is not its turn"),
    }
}

#[test]
fn without_a_limit_there_is_always_one() {
    block_on(scope!(|s| {
        let slots = [s.slot().await.unwrap(), s.slot().await.unwrap()];
        for slot in slots {
            assert_eq!(slot.spawn(async { 1 }).await, Ok(1));
        }
    }));
}

#[test]
fn a_slot_holds_its_place_until_its_child_is_over() {
    block_on(scope!(limit = limit(2), |s| {
        let first = s.slot().await.unwrap();
        let second = s.slot().await.unwrap();
        assert!(s.try_spawn(async {}).unwrap_err().is_full());
        drop(second);
        assert_eq!(s.try_spawn(async { 2 }).unwrap().await, Ok(2));
        let child = first.spawn(async {
            yield_now().await;
            1
        });
        s.spawn(yield_now());
        assert!(s.try_spawn(async {}).is_err());
        assert_eq!(child.await, Ok(1));
        assert!(s.slot().await.is_ok());
    }));
}

#[test]
fn who_waits_comes_first_and_in_order() {
    let (driver, s) = scope::scope();
    let _driver = driver.limit(limit(1));
    let slot = block_on(s.slot()).unwrap();
    let (mut first, first_wakes) = waiting(&s);
    let (mut second, second_wakes) = waiting(&s);
    assert!(s.try_spawn(async {}).unwrap_err().is_full());
    drop(slot);
    assert_eq!((first_wakes.count(), second_wakes.count()), (1, 0));
    assert!(
        s.try_spawn(async {}).unwrap_err().is_full(),
        "it does not overtake"
    );
    assert!(
        poll_now(Box::pin(s.slot()).as_mut()).is_pending(),
        "nor does a new wait"
    );
    assert!(poll_now(second.as_mut()).is_pending());
    drop(ready(&mut first));
    drop(ready(&mut second));
    assert!(first.is_terminated());
    assert!(s.try_spawn(async {}).is_ok(), "nobody waits any more");
}

#[test]
fn one_that_gives_up_leaves_the_queue_and_passes_on_what_it_was_given() {
    let (driver, s) = scope::scope();
    let _driver = driver.limit(limit(1));
    let slot = block_on(s.slot()).unwrap();
    let (first, _) = waiting(&s);
    let (second, second_wakes) = waiting(&s);
    let (mut third, third_wakes) = waiting(&s);
    drop(first);
    drop(slot);
    assert_eq!((second_wakes.count(), third_wakes.count()), (1, 0));
    drop(second);
    assert_eq!(third_wakes.count(), 1);
    let slot = ready(&mut third);
    drop(waiting(&s));
    drop(slot);
    assert!(s.try_spawn(async {}).is_ok(), "the last to wait has gone");
}

#[test]
fn spawn_takes_places_beyond_the_limit_and_they_are_served_when_there_are_some() {
    let (driver, s) = scope::scope();
    let mut running = Box::pin(driver.limit(limit(2)).run(pending::<()>()));
    for _ in 0..3 {
        s.spawn(async {});
    }
    let (mut first, _) = waiting(&s);
    let (mut second, second_wakes) = waiting(&s);
    while second_wakes.count() == 0 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    let slots = (ready(&mut first), ready(&mut second));
    assert!(s.try_spawn(async {}).is_err());
    drop(slots);
}

#[test]
fn a_wait_of_the_body_is_back_pressure() {
    let (spawned, done, most) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    block_on(scope!(limit = limit(3), |s| {
        for _ in 0..20 {
            let slot = s.slot().await.unwrap();
            let ahead = spawned.fetch_add(1, SeqCst) + 1 - done.load(SeqCst);
            most.fetch_max(ahead, SeqCst);
            slot.spawn(async {
                yield_now().await;
                done.fetch_add(1, SeqCst);
            });
        }
    }));
    assert_eq!((done.into_inner(), most.into_inner()), (20, 3));
}

#[test]
fn the_end_of_the_scope_ends_all_waits() {
    type Ends<'env> = fn(scope::Driver<'env>);
    let ends: [Ends<'_>; 2] = [drop, |driver| block_on(driver.run(async {}))];
    for end in ends {
        let (driver, s) = scope::scope();
        let driver = driver.limit(limit(1));
        let slot = block_on(s.slot()).unwrap();
        let mut waits: Vec<_> = (0..20).map(|_| waiting(&s)).collect();
        end(driver);
        let why = CauseKind::ScopeEnded;
        for (wait, wakes) in &mut waits {
            assert_eq!(wakes.count(), 1);
            assert_eq!(kind(block_on(wait)), Some(why));
        }
        assert_eq!(kind(block_on(s.slot())), Some(why));
        assert_eq!(kind(block_on(slot.spawn(async {}))), Some(why));
    }
}

#[test]
fn a_cancelled_scope_that_goes_on_gives_no_more() {
    let log = Log::default();
    block_on(scope!(limit = limit(1), |s| {
        let slot = s.slot().await.unwrap();
        let (wait, wakes) = waiting(&s);
        s.cancel();
        assert_eq!(wakes.count(), 1);
        assert_eq!(kind(wait.await), Some(CauseKind::Requested));
        drop(slot);
        assert_eq!(kind(s.slot().await), Some(CauseKind::Requested));
        log.push("body");
    }));
    assert_eq!(log.take(), ["body"]);
}

#[test]
fn a_failure_ends_waits_before_shielded_children_are_done() {
    let outcome: Mutex<Option<CauseKind>> = Mutex::default();
    let result: Result<(), _> = block_on(try_scope!(limit = limit(1), |s| {
        s.spawn_shielded(async { *outcome.lock().unwrap() = kind(s.slot().await) });
        yield_now().await;
        yield_now().await;
        s.break_with("broken").unwrap();
        pending().await
    }));
    assert_eq!(result, Err("broken"));
    assert_eq!(
        outcome.into_inner().unwrap(),
        Some(CauseKind::SiblingFailed)
    );
}

#[test]
fn an_error_of_its_child_ends_the_scope() {
    let result: Result<(), _> = block_on(try_scope!(limit = limit(1), |s| {
        s.slot()
            .await
            .unwrap()
            .spawn_try(async { Err::<(), _>("of a child") });
        pending().await
    }));
    assert_eq!(result, Err("of a child"));
}

#[test]
fn wakers_that_come_back_or_panic_lose_no_place() {
    let (driver, s) = scope::scope();
    let driver = driver.limit(limit(1));
    let slot = block_on(s.slot()).unwrap();
    let mut wait = Box::pin(s.slot());
    let inner = s.clone();
    let hostile = Hostile::default().on_wake(move || {
        assert!(inner.try_spawn(async {}).is_err());
        panic!("a waker")
    });
    let waker = hostile.waker();
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    assert_eq!(panics(|| drop(slot)), "a waker");
    let slot = ready(&mut wait);
    drop((wait, waker));
    drop(slot);
    assert!(s.try_spawn(async {}).is_ok());
    drop(driver);
}

#[test]
fn a_waker_that_panics_when_a_child_ends_leaves_the_child_ended() {
    let (driver, s) = scope::scope();
    let child = s.clone();
    let mut running = Box::pin(driver.limit(limit(1)).run(pending::<()>()));
    let handle = s.try_spawn(async { 7 }).unwrap();
    let mut wait = Box::pin(child.slot());
    let waker = Hostile::default().on_wake(|| panic!("a waker")).waker();
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    assert_eq!(
        panics(|| while poll_now(running.as_mut()).is_pending() {}),
        "a waker"
    );
    drop(running);
    assert_eq!(block_on(handle), Ok(7));
    drop(wait);
}

#[test]
fn a_slot_is_given_back_from_a_destructor_of_the_scope() {
    block_on(scope!(limit = limit(1), |s| {
        let slot = s.slot().await.unwrap();
        let guard = OnDrop({
            let mut slot = Some(slot);
            move || drop(slot.take())
        });
        s.spawn_daemon(async move {
            let _guard = guard;
            pending::<()>().await
        });
        yield_now().await;
    }));
}
