//! Futures of parallel scopes: one on the model's main thread, and its task on another.

use std::{
    future::{pending, ready},
    sync::Arc,
    task::Waker,
};

use crate::explore::{
    explore,
    guarded::Guarded,
    is_ready, pending as polled, poll_now,
    shelf::{Shelf, Writes, complete, watched},
    task::{Task, Tracked, finish},
    token::drop_elsewhere,
};
use loom::thread;
use pleach_loom::par::par_scope;

#[test]
fn a_parallel_future_hears_of_its_end_and_gives_the_output() {
    explore(
        &[7],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let parallel = polled(s.parallel(async { Tracked::new(7) }));
            let task = shelf.take();
            let other = thread::spawn(move || complete(task));
            let output = finish(parallel, other).0.unwrap().get();
            drop(driver);
            output
        }),
    );
}

#[test]
fn a_parallel_future_that_moves_to_another_task_beside_its_end_wakes_that_or_is_ready_there() {
    explore(
        &[true, false],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let mut parallel = polled(s.parallel(async { Tracked::new(7) }));
            let task = shelf.take();
            let other = thread::spawn(move || complete(task));
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            let was_ready = poll_now(parallel.as_mut(), &waker).is_ready();
            other.join().unwrap();
            assert!(was_ready || woken.take(), "a wake was lost");
            drop((parallel, driver, waker));
            assert_eq!(Arc::strong_count(&woken), 1);
            was_ready
        }),
    );
}

#[test]
fn a_parallel_future_that_stays_in_its_task_beside_its_end_wakes_that_or_is_ready_there() {
    explore(
        &[true, false],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            let mut parallel = Box::pin(s.parallel(async { Tracked::new(7) }));
            assert!(poll_now(parallel.as_mut(), &waker).is_pending());
            let task = shelf.take();
            let other = thread::spawn(move || complete(task));
            let was_ready = poll_now(parallel.as_mut(), &waker).is_ready();
            other.join().unwrap();
            assert!(was_ready || woken.take(), "a wake was lost");
            drop((parallel, driver, waker));
            assert_eq!(Arc::strong_count(&woken), 1);
            was_ready
        }),
    );
}

#[test]
fn the_drop_of_a_parallel_future_beside_its_end_frees_the_output_and_the_waker_once() {
    explore(
        &[()],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            let mut parallel = Box::pin(s.parallel(async { Tracked::new(7) }));
            assert!(poll_now(parallel.as_mut(), &waker).is_pending());
            let dropped = drop_elsewhere(parallel);
            complete(shelf.take());
            dropped.join().unwrap();
            drop((driver, waker));
            assert_eq!(Arc::strong_count(&woken), 1);
        }),
    );
}

#[test]
fn a_parallel_future_that_is_dropped_has_its_task_woken() {
    explore(
        &[true, false],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let parallel = polled(s.parallel(pending::<()>()));
            let dropped = drop_elsewhere(parallel);
            let mut task = shelf.take();
            let woken = Arc::new(Task::default());
            let was_ready = poll_now(task.as_mut(), &Waker::from(Arc::clone(&woken))).is_ready();
            dropped.join().unwrap();
            assert!(was_ready || woken.take(), "the task was not told");
            drop(driver);
            was_ready
        }),
    );
}

#[test]
fn a_parallel_future_is_begun_before_the_scopes_end_and_waited_for_or_refused() {
    explore(
        &[(0, true), (1, false)],
        watched(|| {
            let (shelf, cell) = (Shelf::default(), Guarded::with(()));
            let (driver, s) = par_scope(shelf.clone());
            let writes = Writes(Arc::clone(&cell));
            let parallel = s.parallel(async move {
                let _writes = writes;
                pending::<()>().await
            });
            let running = Box::pin(driver.run(ready(())));
            let other = thread::spawn(move || {
                let mut parallel = Box::pin(parallel);
                let refused = is_ready(&mut parallel);
                // Which asks its task to end; and here it is.
                drop(parallel);
                drop(shelf.take_all());
                refused
            });
            let ((), refused) = finish(running, other);
            // Of one that was begun the end was waited for; the other one has had its end there.
            (if refused { 0 } else { cell.read() }, refused)
        }),
    );
}
