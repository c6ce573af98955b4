//! smol.

use std::{rc::Rc, sync::Arc, thread};

use pleach::{
    Event,
    runtime::{Smol, SmolExecutor, SmolLocalExecutor, SmolTimer},
};
use smol::{Executor, LocalExecutor};

use crate::SUITE;

#[test]
fn its_global_executor_conforms() {
    smol::block_on(async {
        SUITE.spawn(&Smol).await;
        SUITE.fairness(&Smol).await;
        SUITE.spawn_from_elsewhere(&Smol).await;
    });
}

#[test]
fn an_executor_on_one_thread_conforms() {
    let executor = SmolExecutor(Arc::new(Executor::new()));
    let left_behind = smol::block_on(executor.0.run(async {
        SUITE.spawn(&executor).await;
        SUITE.fairness(&executor).await;
        SUITE.spawn_from_elsewhere(&executor).await;
        SUITE.leave_behind(&executor).await
    }));
    drop(executor);
    left_behind.assert_dropped();
}

#[test]
fn an_executor_on_three_threads_conforms() {
    let executor = SmolExecutor(Arc::new(Executor::new()));
    let end = Event::new();
    let left_behind = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| smol::block_on(executor.0.run(end.wait())));
        }
        let left_behind = smol::block_on(async {
            SUITE.spawn(&executor).await;
            SUITE.fairness(&executor).await;
            SUITE.spawn_from_elsewhere(&executor).await;
            SUITE.leave_behind(&executor).await
        });
        end.set();
        left_behind
    });
    drop(executor);
    left_behind.assert_dropped();
}

#[test]
fn a_local_executor_conforms() {
    let executor = SmolLocalExecutor(Rc::new(LocalExecutor::new()));
    let left_behind = smol::block_on(executor.0.run(async {
        SUITE.spawn_local(&executor).await;
        SUITE.fairness_local(&executor).await;
        SUITE.leave_behind_local(&executor).await
    }));
    drop(executor);
    left_behind.assert_dropped();
}

#[test]
fn its_threads_conform() {
    smol::block_on(SUITE.spawn_blocking(&Smol));
}

#[test]
fn its_timer_conforms() {
    smol::block_on(SUITE.timer(&SmolTimer));
    pleach::block_on(SUITE.timer(&SmolTimer));
}
