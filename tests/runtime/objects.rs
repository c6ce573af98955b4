//! Executors behind pointers and as objects.

use std::{rc::Rc, sync::Arc, thread};

use pleach::runtime::{
    Spawn, SpawnBlocking, SpawnBlockingBoxed, SpawnBoxed, SpawnLocal, SpawnLocalBoxed,
};

use crate::SUITE;

/// A thread for each piece of work, and for each future.
#[derive(Clone, Copy)]
struct Threads;

impl SpawnBlocking for Threads {
    fn spawn_blocking<F>(&self, work: F)
    where
        F: FnOnce() + Send + 'static,
    {
        thread::spawn(work);
    }
}

impl Spawn for Threads {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        thread::spawn(|| pleach::block_on(future));
    }
}

/// Takes what anybody on its thread spawns.
#[derive(Default)]
struct Both(smol::LocalExecutor<'static>);

impl SpawnLocal for Both {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.0.spawn(future).detach();
    }
}

impl Spawn for Both {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_local(future);
    }
}

#[test]
fn an_object_conforms_on_its_thread() {
    let executor = Rc::new(Both::default());
    let object: Rc<dyn SpawnLocalBoxed> = executor.clone();
    pleach::block_on(executor.0.run(SUITE.spawn_local(&object)));
}

#[test]
fn an_object_conforms_whose_work_blocks() {
    let object: Box<dyn SpawnBlockingBoxed + Send> = Box::new(Threads);
    pleach::block_on(SUITE.spawn_blocking(&object));
    pleach::block_on(SUITE.spawn_blocking(&&*object));
}

#[test]
fn objects_are_executors_whatever_their_markers() {
    fn spawns(_: impl Spawn) {}
    fn blocks(_: impl SpawnBlocking) {}
    let executor = Both::default();
    spawns(&executor as &dyn SpawnBoxed);
    spawns(&Threads as &(dyn SpawnBoxed + Send));
    spawns(Arc::new(Threads) as Arc<dyn SpawnBoxed + Sync>);
    spawns(Box::new(Threads) as Box<dyn SpawnBoxed + Send + Sync>);
    blocks(&Threads as &dyn SpawnBlockingBoxed);
    blocks(Arc::new(Threads) as Arc<dyn SpawnBlockingBoxed + Sync>);
    blocks(Rc::new(Threads) as Rc<dyn SpawnBlockingBoxed + Send + Sync>);
}
