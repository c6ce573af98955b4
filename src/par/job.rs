//! What can be done elsewhere: a future as a task, a closure on a thread that may block.

use core::future::Future;

use super::{
    Origin,
    task::{Call, Post, Task},
};
use crate::runtime::{Spawn, SpawnBlocking};

/// Something to be done elsewhere, and by whom, for a post `P`.
pub(super) trait Job<P: Post> {
    /// Has it done, by a task that is waited for at `post`.
    fn start(self, post: P);
}

/// A future to be run by an executor.
#[derive(Debug)]
pub(super) struct RunFuture<S, F> {
    pub(super) runtime: S,
    pub(super) future: F,
    pub(super) origin: Origin,
}

impl<S, F, P> Job<P> for RunFuture<S, F>
where
    S: Spawn,
    F: Future<Output = P::Output> + Send + 'static,
    P: Post + 'static,
{
    fn start(self, post: P) {
        let task = Task::new(self.future, post);
        self.origin.spawns(|| self.runtime.spawn(task));
    }
}

/// A closure to be called where it may block.
#[derive(Debug)]
pub(super) struct CallBlocking<S, W> {
    pub(super) runtime: S,
    pub(super) work: W,
}

impl<S, W, P> Job<P> for CallBlocking<S, W>
where
    S: SpawnBlocking,
    W: FnOnce() -> P::Output + Send + 'static,
    P: Post + 'static,
{
    fn start(self, post: P) {
        let call = Call::new(self.work, post);
        self.runtime.spawn_blocking(move || call.run());
    }
}
