//! Futures of any type as tasks of embassy's executor, whose tasks are statics of one type each.

use alloc::boxed::Box;
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use embassy_executor::{SendSpawner, Spawner, raw::TaskPool};

use crate::runtime::{Spawn, SpawnLocal};

/// Places for `N` tasks of [embassy](https://embassy.dev)'s executor, for futures of any type.
///
/// It is to be a `static`; there may be several, and one may serve several executors. A place is
/// about 64 bytes on a 32-bit target, and the future in it is boxed: one allocation for each spawn.
///
/// # When all places are taken
///
/// A future that is spawned then is dropped, as [`Spawn`] asks, and whoever awaits it through
/// `pleach` is told so. A place is free again when its future has completed.
///
/// # Examples
///
/// ```no_run
/// # mod no_run {
/// use core::time::Duration;
/// use embassy_executor::Spawner;
/// use pleach::{
///     runtime::{EmbassyTasks, EmbassyTimer, SpawnLocal},
///     time::sleep,
/// };
///
/// static TASKS: EmbassyTasks<8> = EmbassyTasks::new();
///
/// #[embassy_executor::task]
/// async fn start(spawner: Spawner) {
///     let embassy = TASKS.on(spawner);
///     embassy.spawn_local(EmbassyTimer::alarm());
///     embassy.spawn_local(async {
///         loop {
///             sleep(EmbassyTimer, Duration::from_secs(1)).await;
///             // ..
///         }
///     });
/// }
/// # }
/// ```
pub struct EmbassyTasks<const N: usize> {
    pool: TaskPool<Job, N>,
}

impl<const N: usize> EmbassyTasks<N> {
    /// `N` places, all of them free.
    #[expect(clippy::new_without_default, reason = "they are statics")]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pool: TaskPool::new(),
        }
    }

    /// The executor of a [`Spawner`] or a [`SendSpawner`], for tasks that have their places here.
    pub const fn on<S>(&'static self, spawner: S) -> Embassy<S, N> {
        Embassy {
            spawner,
            tasks: self,
        }
    }
}

impl<const N: usize> fmt::Debug for EmbassyTasks<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbassyTasks").finish_non_exhaustive()
    }
}

/// [embassy](https://embassy.dev)'s executor, with places for `N` tasks: see
/// [`EmbassyTasks::on`].
///
/// With a [`Spawner`] it is a [`SpawnLocal`], with a [`SendSpawner`] a [`Spawn`].
pub struct Embassy<S, const N: usize> {
    spawner: S,
    tasks: &'static EmbassyTasks<N>,
}

impl<const N: usize> SpawnLocal for Embassy<Spawner, N> {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        // Where there is no place the closure is dropped, and the future with it.
        if let Ok(token) = self.tasks.pool.spawn(|| Job(Box::pin(future))) {
            self.spawner.spawn(token);
        }
    }
}

impl<const N: usize> Spawn for Embassy<SendSpawner, N> {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Ok(token) = self.tasks.pool.spawn(|| Job(Box::pin(future))) {
            self.spawner.spawn(token);
        }
    }
}

impl<S: Copy, const N: usize> Copy for Embassy<S, N> {}

impl<S: Clone, const N: usize> Clone for Embassy<S, N> {
    fn clone(&self) -> Self {
        Self {
            spawner: self.spawner.clone(),
            tasks: self.tasks,
        }
    }
}

impl<S, const N: usize> fmt::Debug for Embassy<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embassy").finish_non_exhaustive()
    }
}

/// What is spawned.
struct Job(Pin<Box<dyn Future<Output = ()>>>);

impl Future for Job {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

// SAFETY: two functions make jobs. `spawn` makes them of futures that are `Send`; `spawn_local`
// gives its own to a `Spawner`, which is not `Send` and so is on the thread of its executor, where
// the job is polled and dropped.
unsafe impl Send for Job {}
