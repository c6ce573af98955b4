//! On what the tasks run.

use std::{future::Future, sync::LazyLock};

use async_executor::Executor;
use tokio::runtime::{Builder, Runtime as Tokio};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    TokioOne,
    TokioWorker,
    TokioTwo,
    Smol,
}

static TOKIO_ONE: LazyLock<Tokio> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

static TOKIO_WORKER: LazyLock<Tokio> = LazyLock::new(|| workers(1));

static TOKIO_TWO: LazyLock<Tokio> = LazyLock::new(|| workers(2));

fn workers(number: usize) -> Tokio {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(number).build().expect("a runtime")
}

/// smol's executor, with two threads.
pub static SMOL: LazyLock<&Executor<'static>> = LazyLock::new(|| {
    let executor: &_ = Box::leak(Box::new(Executor::new()));
    for _ in 0..2 {
        std::thread::spawn(|| {
            futures_lite::future::block_on(executor.run(std::future::pending::<()>()))
        });
    }
    executor
});

impl Runtime {
    pub const ALL: [Self; 4] = [
        Self::TokioOne,
        Self::TokioWorker,
        Self::TokioTwo,
        Self::Smol,
    ];

    pub fn row(self, yields: u64) -> &'static str {
        match (self, yields) {
            (Self::TokioOne, 0) => "tokio, one thread, ready",
            (Self::TokioOne, _) => "tokio, one thread, one yield",
            (Self::TokioWorker, 0) => "tokio, one worker, ready",
            (Self::TokioWorker, _) => "tokio, one worker, one yield",
            (Self::TokioTwo, 0) => "tokio, two workers, ready",
            (Self::TokioTwo, _) => "tokio, two workers, one yield",
            (Self::Smol, 0) => "smol, two threads, ready",
            (Self::Smol, _) => "smol, two threads, one yield",
        }
    }

    /// Runs `future` as a task, and waits for it.
    pub fn run(self, future: impl Future<Output = ()> + Send + 'static) {
        match self {
            Self::TokioOne => on_tokio(&TOKIO_ONE, future),
            Self::TokioWorker => on_tokio(&TOKIO_WORKER, future),
            Self::TokioTwo => on_tokio(&TOKIO_TWO, future),
            Self::Smol => futures_lite::future::block_on(SMOL.spawn(future)),
        }
    }
}

fn on_tokio(runtime: &Tokio, future: impl Future<Output = ()> + Send + 'static) {
    let task = runtime.spawn(future);
    runtime.block_on(task).expect("it does not panic");
}
