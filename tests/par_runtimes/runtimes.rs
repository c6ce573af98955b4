//! Each of them.

use std::sync::Arc;

use pleach::{
    block_on,
    runtime::{AsyncStd, Smol, SmolExecutor, Spawn, SpawnBlocking, Tokio, TokioHandle},
};
use tokio::runtime::{Builder, Runtime};

use crate::behaviour::{is_as_promised, takes_many};

pub(crate) const MANY: usize = 100_000;

pub(crate) fn several(threads: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .build()
        .unwrap()
}

#[test]
fn tokio_on_one_thread_with_the_scope() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(is_as_promised(&Tokio));
}

#[test]
fn tokio_on_several_threads_from_within_and_from_without() {
    let runtime = several(3);
    runtime.block_on(is_as_promised(&Tokio));
    let task = runtime.spawn(async { is_as_promised(&Tokio).await });
    runtime.block_on(task).unwrap();
    block_on(is_as_promised(&TokioHandle(runtime.handle().clone())));
}

#[test]
fn smol_by_its_own_threads() {
    block_on(is_as_promised(&Smol));
    smol::block_on(is_as_promised(&Smol));
}

/// smol's executor, and its threads for what blocks.
#[derive(Clone, Default)]
struct Own(Arc<smol::Executor<'static>>);

impl Spawn for Own {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        SmolExecutor(&*self.0).spawn(future);
    }
}

impl SpawnBlocking for Own {
    fn spawn_blocking<F: FnOnce() + Send + 'static>(&self, work: F) {
        Smol.spawn_blocking(work);
    }
}

#[test]
fn an_executor_of_smol_on_one_thread_with_the_scope() {
    let own = Own::default();
    smol::block_on(own.0.run(is_as_promised(&own)));
}

#[test]
fn async_std() {
    block_on(is_as_promised(&AsyncStd));
    async_std::task::block_on(is_as_promised(&AsyncStd));
}

#[test]
fn a_hundred_thousand_children() {
    let runtime = several(2);
    block_on(takes_many(&TokioHandle(runtime.handle().clone()), MANY));
    block_on(takes_many(&Smol, MANY));
    let own = Own::default();
    smol::block_on(own.0.run(takes_many(&own, MANY)));
}
