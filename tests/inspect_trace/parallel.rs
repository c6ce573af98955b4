//! Children that are tasks of a runtime.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::Waker,
};

use pleach::{
    par::par_scope,
    runtime::{Spawn, SpawnBlocking},
    scope,
};

use crate::{
    Log,
    support::{poll_now, poll_with, yield_now},
};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps its tasks, for the test to poll them; calls that may block are made at once.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Work>>>);

impl Spawn for Shelf {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.lock().unwrap().push(Box::pin(future));
    }
}

impl SpawnBlocking for Shelf {
    fn spawn_blocking<W: FnOnce() + Send + 'static>(&self, work: W) {
        work();
    }
}

#[test]
fn the_polls_of_the_task_are_told_and_not_those_of_who_waits_for_it() {
    let (log, shelf) = (Log::default(), Shelf::default());
    let (driver, s) = par_scope(shelf.clone());
    let mut running = Box::pin(driver.observe(log.clone()).run(async move {
        s.spawn(async {
            scope!(|inner| {
                inner.spawn(async {});
            })
            .await;
            yield_now().await;
        })
        .named("task");
    }));
    let turn = |running: &mut Pin<Box<_>>| poll_now(Pin::as_mut(running)).is_ready();
    assert!(!turn(&mut running) && !turn(&mut running));
    let before = log.take();
    assert_eq!(before, ["0#0 +", "0#0 (", "0#1 +", "task named", "0#0 )"]);
    let mut task = shelf.0.lock().unwrap().remove(0);
    while poll_with(task.as_mut(), Waker::noop()).is_pending() {}
    assert_eq!(
        log.take(),
        [
            "task (",
            "1#0 +",
            "1#0 (",
            "1#1 +",
            "1#0 )",
            "task )",
            "task scope",
            "task (",
            "1#1 (",
            "1#1 )",
            "1#1 - completed",
            "1#0 - completed",
            "task )",
            "task (",
            "task )"
        ]
    );
    drop(task);
    while !turn(&mut running) {}
    assert_eq!(log.take(), ["task - completed", "0#0 - completed"]);
}

#[test]
fn a_panic_of_the_task_is_the_childs_end_and_a_lost_task_is_told_as_that() {
    let (log, shelf) = (Log::default(), Shelf::default());
    let run = |drops: bool| {
        let (driver, s) = par_scope(shelf.clone());
        let mut running = Box::pin(driver.observe(log.clone()).run(async move {
            s.spawn(async { panic!("of the task") });
        }));
        for _ in 0..2 {
            assert!(poll_now(running.as_mut()).is_pending());
        }
        let mut task = shelf.0.lock().unwrap().remove(0);
        if !drops {
            assert!(poll_with(task.as_mut(), Waker::noop()).is_ready());
        }
        drop(task);
        let end = || while poll_now(running.as_mut()).is_pending() {};
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(end));
        (ended.is_err(), log.take().split_off(4))
    };
    assert_eq!(
        run(false),
        (
            true,
            ["0#1 (", "0#1 )", "0#1 - panicked", "0#0 - panicked"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!(
        run(true),
        (
            false,
            ["0#0 Lost", "0#1 - lost", "0#0 - completed"]
                .map(str::to_owned)
                .to_vec()
        )
    );
}

#[test]
fn a_call_that_blocks_is_one_poll() {
    let (log, shelf) = (Log::default(), Shelf::default());
    let (driver, s) = par_scope(shelf);
    let mut running = Box::pin(driver.observe(log.clone()).run(async move {
        s.spawn_blocking(|| {});
    }));
    while poll_now(running.as_mut()).is_pending() {}
    assert_eq!(log.take_of("0#1"), ["+", "(", ")", "- completed"]);
}
