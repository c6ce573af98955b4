//! smol's executors and threads. (Its timer is that of `async_io.rs`.)

use core::{future::Future, ops::Deref};

use super::{Spawn, SpawnBlocking, SpawnLocal};

/// smol's global executor, and its threads for what blocks.
///
/// As a [`Spawn`] it is `smol::spawn`: threads that smol starts, one unless the variable
/// `SMOL_THREADS` says otherwise, and that live as long as the program. A task that panics is
/// dropped and the panic goes no further. As a [`SpawnBlocking`] it is `smol::unblock`.
///
/// For an executor of your own there are [`SmolExecutor`] and [`SmolLocalExecutor`].
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

/// A `smol::Executor`, which is that of the crate `async-executor`: in an `Arc`, or borrowed.
///
/// Whoever runs the executor runs the futures. When it is dropped, so are they. A task that panics
/// is dropped and the panic goes no further.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use pleach::{oneshot, runtime::{SmolExecutor, Spawn}};
///
/// let executor = Arc::new(smol::Executor::new());
/// let (answer, asked) = oneshot::channel();
/// SmolExecutor(executor.clone()).spawn(async { answer.send(6 * 7).unwrap() });
/// assert_eq!(smol::block_on(executor.run(asked)), Ok(42));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SmolExecutor<E>(pub E);

impl<E: Deref<Target = smol::Executor<'static>>> Spawn for SmolExecutor<E> {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(future).detach();
    }
}

/// A `smol::LocalExecutor`, in an `Rc`, or borrowed. Otherwise as [`SmolExecutor`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SmolLocalExecutor<E>(pub E);

impl<E: Deref<Target = smol::LocalExecutor<'static>>> SpawnLocal for SmolLocalExecutor<E> {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.0.spawn(future).detach();
    }
}
