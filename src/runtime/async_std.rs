//! async-std's executor and threads. (Its timer is that of `async_io.rs`.)

use core::future::Future;

use async_std::task;

use super::{Spawn, SpawnBlocking, SpawnLocal};

/// async-std's executor, and its threads for what blocks.
///
/// async-std is discontinued, and its advisory names smol as what to use instead; this is for
/// programs that are still on it. Its executor lives as long as the program. A task that panics
/// is dropped and the panic goes no further.
///
/// As a [`SpawnLocal`] it keeps what it spawned for the thread, which runs it in
/// `async_std::task::block_on` and drops it when it ends. (That takes async-std's feature
/// `unstable`, which is turned on.)
///
/// # Examples
///
/// ```
/// use pleach::{oneshot, runtime::{AsyncStd, Spawn, SpawnBlocking}};
///
/// let (answer, asked) = oneshot::channel();
/// AsyncStd.spawn(async move {
///     AsyncStd.spawn_blocking(move || answer.send(6 * 7).unwrap());
/// });
/// assert_eq!(async_std::task::block_on(asked), Ok(42));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncStd;

impl Spawn for AsyncStd {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(task::spawn(future));
    }
}

impl SpawnLocal for AsyncStd {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        drop(task::spawn_local(future));
    }
}

impl SpawnBlocking for AsyncStd {
    fn spawn_blocking<F>(&self, work: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(task::spawn_blocking(work));
    }
}
