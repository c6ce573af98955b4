//! The executors.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
    thread::{self, JoinHandle},
};

use futures_executor::ThreadPool;
use futures_util::task::SpawnExt;
use pleach::runtime::{Spawn, SpawnBlocking, SpawnBoxed};

/// Any of them.
pub(crate) type Any = Arc<dyn SpawnBoxed + Send + Sync>;

/// A thread for each task.
#[derive(Clone, Copy)]
pub(crate) struct Threads;

impl Spawn for Threads {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        thread::spawn(|| pleach::block_on(future));
    }
}

impl SpawnBlocking for Threads {
    fn spawn_blocking<F: FnOnce() + Send + 'static>(&self, work: F) {
        thread::spawn(work);
    }
}

/// Polls within `spawn`, with a waker that does nothing, and gives a thread to what is not ready.
struct Eager;

impl Spawn for Eager {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        let mut future: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(future);
        let first = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if first.is_pending() {
            Threads.spawn(future);
        }
    }
}

struct Pool(ThreadPool);

impl Spawn for Pool {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        // What it does not take it drops.
        let _ = self.0.spawn(future);
    }
}

/// smol's, on threads of its own, until it is dropped.
pub(crate) struct Smol {
    pub(crate) executor: Arc<Executor>,
    stop: smol::channel::Sender<()>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
pub(crate) struct Executor(pub(crate) smol::Executor<'static>);

impl Spawn for Executor {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future).detach();
    }
}

impl Smol {
    pub(crate) fn new(threads: usize) -> Self {
        let executor = Arc::new(Executor::default());
        let (stop, stopped) = smol::channel::bounded(1);
        let threads = (0..threads)
            .map(|_| {
                let (executor, stopped) = (Arc::clone(&executor), stopped.clone());
                thread::spawn(move || {
                    let _ = smol::block_on(executor.0.run(stopped.recv()));
                })
            })
            .collect();
        Self {
            executor,
            stop,
            threads,
        }
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        self.stop.close();
        for thread in self.threads.drain(..) {
            // One that panicked has failed a test already.
            let _ = thread.join();
        }
    }
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps what it is given, until it is told to poll it or to go away.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Works>>);

#[derive(Default)]
struct Works {
    works: Vec<Work>,
    is_gone: bool,
}

impl Shelf {
    pub(crate) fn poll_all(&self) {
        let mut works = mem::take(&mut self.0.lock().unwrap().works);
        works.retain_mut(|work| {
            let mut cx = Context::from_waker(Waker::noop());
            work.as_mut().poll(&mut cx).is_pending()
        });
        self.0.lock().unwrap().works.append(&mut works);
    }

    pub(crate) fn go_away(&self) {
        let mut all = self.0.lock().unwrap();
        all.is_gone = true;
        let works = mem::take(&mut all.works);
        drop(all);
        drop(works);
    }
}

impl Spawn for Shelf {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        let mut all = self.0.lock().unwrap();
        if all.is_gone {
            drop(all);
            drop(future);
        } else {
            all.works.push(Box::pin(future));
        }
    }
}

impl SpawnBlocking for Shelf {
    fn spawn_blocking<F: FnOnce() + Send + 'static>(&self, work: F) {
        self.spawn(async { work() });
    }
}

/// All of them, one after the other.
pub(crate) struct Each;

impl Each {
    pub(crate) fn run(test: impl Fn(&Any)) {
        let smol = Smol::new(2);
        let pool = ThreadPool::builder().pool_size(2).create().unwrap();
        let executors: [(&str, Any); 4] = [
            ("threads", Arc::new(Threads)),
            ("eager", Arc::new(Eager)),
            ("pool", Arc::new(Pool(pool))),
            ("smol", Arc::clone(&smol.executor) as Any),
        ];
        for (name, executor) in &executors {
            println!("on {name}");
            test(executor);
        }
    }
}
