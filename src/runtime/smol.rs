//! smol's executors and threads. (Its timer is that of `async_io.rs`.)

use core::future::Future;

use super::{Spawn, SpawnBlocking, SpawnLocal};

/// smol's global executor, and its threads for what blocks.
///
/// As a [`Spawn`] it is `smol::spawn`: threads that smol starts, one unless the variable
/// `SMOL_THREADS` says otherwise, and that live as long as the program. A task that panics is
/// dropped and the panic goes no further. As a [`SpawnBlocking`] it is `smol::unblock`.
///
/// An executor of your own works as well: the traits are there for `smol::Executor` and
/// `smol::LocalExecutor`, which are those of the crate `async-executor`, and so for an
/// `Arc<Executor<'static>>`. When such an executor is dropped, so are its tasks.
///
/// # Examples
///
/// ```
/// use pleach::{block_on, oneshot, runtime::{Smol, Spawn, SpawnBlocking}};
///
/// let (answer, asked) = oneshot::channel();
/// Smol.spawn(async move {
///     Smol.spawn_blocking(move || answer.send(6 * 7).unwrap());
/// });
/// assert_eq!(block_on(asked), Ok(42));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Smol;

impl Spawn for Smol {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        smol::spawn(future).detach();
    }
}

impl SpawnBlocking for Smol {
    fn spawn_blocking<F>(&self, work: F)
    where
        F: FnOnce() + Send + 'static,
    {
        smol::unblock(work).detach();
    }
}

/// Whoever runs the executor runs the futures; when it is dropped they are.
impl Spawn for smol::Executor<'static> {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        smol::Executor::spawn(self, future).detach();
    }
}

/// Whoever runs the executor runs the futures; when it is dropped they are.
impl SpawnLocal for smol::LocalExecutor<'static> {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.spawn(future).detach();
    }
}
