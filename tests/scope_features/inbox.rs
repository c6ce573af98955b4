//! How the children of a local scope come in: spawned without the queue that wakers share.

use std::{
    cell::{Cell, RefCell},
    future::pending,
    pin::pin,
    task::{RawWaker, RawWakerVTable, Waker},
};

use pleach::{local_scope, scope::local};

use crate::{
    Log,
    support::{Wakes, leak, poll_now, poll_with, yield_now},
};

#[test]
fn spawns_into_a_parked_scope_wake_its_task_once() {
    let ran = Cell::new(0);
    let (wakes, waker) = Wakes::new();
    let (driver, s) = local::scope();
    let mut running = pin!(driver.run(pending::<()>()));
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    for round in 1..=3 {
        assert_eq!(wakes.count(), round - 1);
        s.spawn(async { ran.set(ran.get() + 1) });
        s.spawn(async { ran.set(ran.get() + 1) });
        assert_eq!(wakes.count(), round);
        assert!(poll_with(running.as_mut(), &waker).is_pending());
        assert_eq!(ran.get(), 2 * round);
    }
}

#[test]
fn children_start_in_the_order_of_their_spawns_behind_those_that_were_woken() {
    let log = Log::default();
    let mut running = pin!(local_scope!(|s| {
        s.spawn(async {
            yield_now().await;
            log.push("woken");
        });
        yield_now().await;
        for name in ["first", "second", "third"] {
            let log = &log;
            s.spawn(async move { log.push(name) });
        }
    }));
    while poll_now(running.as_mut()).is_pending() {}
    assert_eq!(log.take(), ["woken", "first", "second", "third"]);
}

#[test]
fn a_spawn_into_a_scope_that_is_over_is_refused() {
    let (driver, s) = local::scope();
    let mut running = pin!(driver.run(async {}));
    assert!(poll_now(running.as_mut()).is_ready());
    assert!(s.try_spawn(async {}).is_err());
    assert!(s.is_empty());
}

#[test]
fn what_was_spawned_is_dropped_with_a_scope_that_was_never_polled() {
    let log = Log::default();
    let (driver, s) = local::scope();
    s.spawn(log.stays("first"));
    s.spawn(log.stays("second"));
    drop(driver);
    assert_eq!(log.take(), ["second", "first"]);
}

thread_local! {
    /// Runs when the waker of `hook` is cloned.
    static ON_CLONE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A waker that counts nothing and does `ON_CLONE` when it is cloned.
static HOOK: RawWakerVTable = RawWakerVTable::new(
    |data| {
        if let Some(hook) = ON_CLONE.take() {
            hook();
        }
        RawWaker::new(data, &HOOK)
    },
    woken,
    woken,
    |_| {},
);

fn woken(data: *const ()) {
    // SAFETY: the data of each such waker is a static of this thread.
    let woken = unsafe { &*data.cast::<Cell<bool>>() };
    woken.set(true);
}

#[test]
fn a_spawn_by_the_clone_of_the_tasks_waker_is_noticed() {
    let woken: &Cell<bool> = leak(Cell::new(false));
    // SAFETY: the table keeps the contract of `RawWaker`, but for threads: all stays on this one.
    let waker = unsafe { Waker::new(std::ptr::from_ref(woken).cast(), &HOOK) };
    let ran: &Cell<bool> = leak(Cell::new(false));
    let (driver, s) = local::scope();
    ON_CLONE.set(Some(Box::new(move || {
        s.spawn(async { ran.set(true) });
    })));
    let mut running = pin!(driver.run(pending::<()>()));
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    assert!(woken.take(), "the task was not woken for the spawn");
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    assert!(ran.get());
}
