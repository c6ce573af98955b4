//! Executors that the crate has no adapter to, by the public traits alone.

use std::{rc::Rc, sync::Arc};

use futures_executor::{LocalPool, LocalSpawner, ThreadPool};
use futures_util::task::{LocalSpawnExt, SpawnExt};
use pleach::runtime::{Spawn, SpawnLocal};

use crate::SUITE;

/// `async-executor`, without the feature that adapts to it.
#[derive(Clone, Default)]
struct Shared(Arc<smol::Executor<'static>>);

impl Spawn for Shared {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(future).detach();
    }
}

#[derive(Clone, Default)]
struct Own(Rc<smol::LocalExecutor<'static>>);

impl SpawnLocal for Own {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.0.spawn(future).detach();
    }
}

#[derive(Clone)]
pub(crate) struct Pool(pub(crate) ThreadPool);

impl Spawn for Pool {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // What it does not take it drops.
        let _ = self.0.spawn(future);
    }
}

#[derive(Clone)]
struct Local(LocalSpawner);

impl SpawnLocal for Local {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        let _ = self.0.spawn_local(future);
    }
}

#[test]
fn async_executor_on_one_thread() {
    let executor = Shared::default();
    let left_behind = pleach::block_on(executor.0.run(async {
        SUITE.spawn(&executor).await;
        SUITE.fairness(&executor).await;
        SUITE.spawn_from_elsewhere(&executor).await;
        SUITE.leave_behind(&executor).await
    }));
    drop(executor);
    left_behind.assert_dropped();
}

#[test]
fn async_executor_on_its_thread() {
    let executor = Own::default();
    let left_behind = pleach::block_on(executor.0.run(async {
        SUITE.spawn_local(&executor).await;
        SUITE.fairness_local(&executor).await;
        SUITE.leave_behind_local(&executor).await
    }));
    drop(executor);
    left_behind.assert_dropped();
}

#[test]
fn the_pool_of_futures_executor() {
    for threads in [1, 3] {
        let pool = ThreadPool::builder().pool_size(threads).create().unwrap();
        let pool = Pool(pool);
        pleach::block_on(async {
            SUITE.spawn(&pool).await;
            SUITE.spawn_from_elsewhere(&pool).await;
        });
    }
}

#[test]
fn the_local_pool_of_futures_executor() {
    let mut pool = LocalPool::new();
    let spawner = Local(pool.spawner());
    let left_behind = pool.run_until(async {
        SUITE.spawn_local(&spawner).await;
        SUITE.fairness_local(&spawner).await;
        SUITE.leave_behind_local(&spawner).await
    });
    drop(pool);
    left_behind.assert_dropped();
}
