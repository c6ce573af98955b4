//! async-std. Its global executor lives as long as the program.

use std::thread;

use async_std::task;
use pleach::runtime::{AsyncStd, AsyncStdTimer};

use crate::SUITE;

#[test]
fn its_executor_conforms() {
    task::block_on(async {
        SUITE.spawn(&AsyncStd).await;
        SUITE.fairness(&AsyncStd).await;
        SUITE.spawn_from_elsewhere(&AsyncStd).await;
    });
}

#[test]
fn its_local_executor_conforms_and_ends_with_its_thread() {
    let local = || {
        task::block_on(async {
            SUITE.spawn_local(&AsyncStd).await;
            SUITE.fairness_local(&AsyncStd).await;
            SUITE.leave_behind_local(&AsyncStd).await
        })
    };
    thread::spawn(local).join().unwrap().assert_dropped();
}

#[test]
fn its_threads_conform() {
    task::block_on(SUITE.spawn_blocking(&AsyncStd));
}

#[test]
fn its_timer_conforms() {
    task::block_on(SUITE.timer(&AsyncStdTimer));
}
