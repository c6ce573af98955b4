//! What holds for work that blocks.

use alloc::sync::Arc;
use std::{sync::mpsc, thread};

use super::{
    Suite,
    check::{Check, Log},
};
use crate::runtime::SpawnBlocking;

pub(super) async fn run<S: SpawnBlocking>(suite: Suite, threads: &S) {
    be_called(suite, threads).await;
    block_while_the_caller_goes_on(suite, threads).await;
    block_until_other_work_is_done(suite, threads).await;
}

/// Has `work` called.
fn start(check: &Check, threads: &impl SpawnBlocking, work: impl FnOnce() + Send + 'static) {
    let mut seat = check.seat(None);
    threads.spawn_blocking(move || {
        work();
        seat.end();
    });
}

/// Blocks until it gets a message.
fn block(check: &Check, fault: &'static str) -> (mpsc::Sender<()>, impl FnOnce() + Send + use<>) {
    let (unblock, blocked) = mpsc::channel();
    let (log, patience): (Arc<Log>, _) = (check.log(), check.patience());
    let work = move || {
        if blocked.recv_timeout(patience).is_err() {
            log.fault(fault);
        }
    };
    (unblock, work)
}

async fn be_called(suite: Suite, threads: &impl SpawnBlocking) {
    let check = Check::new(
        suite,
        "work is called, on another thread, and dropped after that",
    );
    let (caller, log) = (thread::current().id(), check.log());
    start(&check, threads, move || {
        if thread::current().id() == caller {
            log.fault("it was called on the thread that spawned it");
        }
    });
    check.end().await;

    let check = Check::new(suite, "a thousand pieces of work are called");
    for _ in 0..1000 {
        start(&check, threads, || ());
    }
    check.end().await;
}

async fn block_while_the_caller_goes_on(suite: Suite, threads: &impl SpawnBlocking) {
    let check = Check::new(suite, "work may block while the caller goes on");
    let (unblock, work) = block(&check, "the caller did not go on");
    start(&check, threads, work);
    // If the work has given up already, it has said so.
    let _ = unblock.send(());
    check.end().await;
}

async fn block_until_other_work_is_done(suite: Suite, threads: &impl SpawnBlocking) {
    let check = Check::new(suite, "work may block until other work is done");
    let (unblock, work) = block(&check, "the other was not called meanwhile");
    start(&check, threads, work);
    start(&check, threads, move || {
        // As above.
        let _ = unblock.send(());
    });
    check.end().await;
}
