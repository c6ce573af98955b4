//! Futures of parallel scopes: one on the model's main thread, and its task on another.

use std::{
    future::{pending, poll_fn, ready},
    mem,
    sync::Arc,
    task::{Poll, Waker},
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

#[test]
fn a_parallel_future_whose_task_is_dropped_beside_its_poll_is_lost_or_woken() {
    explore(
        &[true, false],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let first = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&first));
            let mut parallel = Box::pin(s.parallel(pending::<()>()));
            assert!(poll_now(parallel.as_mut(), &waker).is_pending());
            drop(waker);
            let mut task = shelf.take();
            // So that there is a waker of the task.
            assert!(!is_ready(&mut task));
            let dropped = drop_elsewhere(task);
            let woken = Arc::new(Task::default());
            let waker = Waker::from(Arc::clone(&woken));
            let was_ready = poll_now(parallel.as_mut(), &waker).is_ready();
            dropped.join().unwrap();
            assert!(was_ready || woken.take(), "a wake was lost");
            drop((parallel, driver, waker));
            assert_eq!(Arc::strong_count(&first), 1);
            assert_eq!(Arc::strong_count(&woken), 1);
            was_ready
        }),
    );
}

#[test]
fn the_drop_of_a_parallel_future_beside_that_of_its_task_frees_both_wakers_once() {
    explore(
        &[()],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let wakes: [_; 2] = [(); 2].map(|()| Arc::new(Task::default()));
            let [outer, inner] = wakes.clone().map(Waker::from);
            let mut parallel = Box::pin(s.parallel(pending::<()>()));
            assert!(poll_now(parallel.as_mut(), &outer).is_pending());
            let mut task = shelf.take();
            assert!(poll_now(task.as_mut(), &inner).is_pending());
            let dropped = drop_elsewhere(parallel);
            drop(task);
            dropped.join().unwrap();
            drop((driver, outer, inner));
            assert_eq!(wakes.map(|task| Arc::strong_count(&task)), [1, 1]);
        }),
    );
}

#[test]
fn the_drop_of_a_parallel_future_beside_the_end_of_a_task_that_waited_frees_all_once() {
    explore(
        &[()],
        watched(|| {
            let shelf = Shelf::default();
            let (driver, s) = par_scope(shelf.clone());
            let wakes: [_; 2] = [(); 2].map(|()| Arc::new(Task::default()));
            let [outer, inner] = wakes.clone().map(Waker::from);
            let mut yielded = false;
            let mut parallel = Box::pin(s.parallel(poll_fn(move |_| {
                if mem::replace(&mut yielded, true) {
                    return Poll::Ready(Tracked::new(7));
                }
                Poll::Pending
            })));
            assert!(poll_now(parallel.as_mut(), &outer).is_pending());
            let mut task = shelf.take();
            assert!(poll_now(task.as_mut(), &inner).is_pending());
            let dropped = drop_elsewhere(parallel);
            assert!(poll_now(task.as_mut(), &inner).is_ready());
            drop(task);
            dropped.join().unwrap();
            drop((driver, outer, inner));
            assert_eq!(wakes.map(|task| Arc::strong_count(&task)), [1, 1]);
        }),
    );
}

/// What the task did last, which is to leave the scope, is done when the future's end frees their memory; and what
/// the scope's end sees.
#[test]
fn a_parallel_future_that_is_awaited_beside_the_end_of_the_scope_leaves_it_all_seen() {
    explore(
        &[(1, 7)],
        watched(|| {
            let (shelf, cell) = (Shelf::default(), Guarded::with(()));
            let (driver, s) = par_scope(shelf.clone());
            let writes = Writes(Arc::clone(&cell));
            let parallel = polled(s.parallel(async move {
                let _writes = writes;
                7
            }));
            let running = Box::pin(driver.run(ready(())));
            let task = shelf.take();
            let other = thread::spawn(move || complete(task));
            let (seven, ()) = finish(
                async {
                    let seven = parallel.await.unwrap();
                    running.await;
                    (cell.read(), seven)
                },
                other,
            );
            seven
        }),
    );
}
