//! Tasks of embassy's executor, under the suite of contracts.

use std::{
    cell::Cell,
    future::Future,
    ptr,
    rc::Rc,
    sync::{Condvar, Mutex, PoisonError},
};

use embassy_executor::{Spawner, raw::Executor};
use pleach::runtime::{EmbassyTasks, SpawnLocal, conformance::Suite};

use crate::support::leak;

/// More than the suites of two tests spawn at once: ten thousand each.
static TASKS: EmbassyTasks<30_000> = EmbassyTasks::new();

/// Whether an executor has something to do.
#[derive(Default)]
struct Pending {
    is_pending: Mutex<bool>,
    changed: Condvar,
}

impl Pending {
    fn set(&self) {
        *self.is_pending.lock().unwrap() = true;
        self.changed.notify_one();
    }

    fn wait(&self) {
        let is_pending = self.is_pending.lock().unwrap();
        let is_idle = |is_pending: &mut bool| !*is_pending;
        let held = self.changed.wait_while(is_pending, is_idle);
        *held.unwrap_or_else(PoisonError::into_inner) = false;
    }
}

// SAFETY: the executor's name for it, which nobody else defines.
#[unsafe(export_name = "__pender")]
fn pend(context: *mut ()) {
    // SAFETY: the context of an executor of `run`: leaked, so alive.
    unsafe { &*context.cast::<Pending>() }.set();
}

/// Runs a future in a task.
fn run<F: Future<Output = ()> + 'static>(future: impl FnOnce(Spawner) -> F) {
    let pending: &Pending = leak(Pending::default());
    let context = ptr::from_ref(pending).cast_mut().cast();
    let executor: &Executor = leak(Executor::new(context));
    let spawner = executor.spawner();
    let is_done = Rc::new(Cell::new(false));
    TASKS.on(spawner).spawn_local({
        let (is_done, future) = (Rc::clone(&is_done), future(spawner));
        async move {
            future.await;
            is_done.set(true);
        }
    });
    while !is_done.get() {
        pending.wait();
        // SAFETY: not called by itself: neither the tasks nor `pend` know of it.
        unsafe { executor.poll() };
    }
}

#[test]
fn tasks_on_the_thread_keep_their_contract() {
    run(|spawner| async move {
        let embassy = TASKS.on(spawner);
        Suite::new().spawn_local(&embassy).await;
        Suite::new().fairness_local(&embassy).await;
    });
}

#[test]
fn tasks_that_are_sent_keep_their_contract() {
    run(|spawner| async move {
        let embassy = TASKS.on(spawner.make_send());
        Suite::new().spawn(&embassy).await;
        Suite::new().spawn_from_elsewhere(&embassy).await;
        Suite::new().fairness(&embassy).await;
    });
}
