//! The contracts of [`Spawn`], [`SpawnLocal`], [`SpawnBlocking`] and [`Timer`], as tests of whoever
//! implements them.
//!
//! Each part of the [`Suite`] is a future, to be run by the runtime that it is about: what it cannot do
//! is then what the runtime cannot do. A part checks one claim after the other, and panics at the first
//! that does not hold, with the claim and what happened instead. Nothing is measured: a limit of time,
//! [`Suite::limit`], only ends what would wait for ever. No claim is made of tasks that panic.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use pleach::runtime::{Spawn, conformance::Suite};
//!
//! #[derive(Clone, Default)]
//! struct Mine(Arc<smol::Executor<'static>>);
//!
//! impl Spawn for Mine {
//!     fn spawn<F>(&self, future: F)
//!     where
//!         F: Future<Output = ()> + Send + 'static,
//!     {
//!         self.0.spawn(future).detach();
//!     }
//! }
//!
//! let executor = Mine::default();
//! let left_behind = smol::block_on(executor.0.run(async {
//!     Suite::new().spawn(&executor).await;
//!     Suite::new().leave_behind(&executor).await
//! }));
//! drop(executor);
//! left_behind.assert_dropped();
//! ```

mod blocking;
mod check;
mod ending;
mod tasks;
mod timer;

use core::time::Duration;

pub use ending::LeftBehind;

use self::tasks::{Anywhere, Here};
use super::{Spawn, SpawnBlocking, SpawnLocal};
use crate::time::Timer;

/// The checks, and how long they wait for what should happen.
///
/// # Panics
///
/// Each part panics if a claim does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    limit: Duration,
}

impl Suite {
    /// Checks that wait up to half a minute for what should happen.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limit: Duration::from_secs(30),
        }
    }

    /// How long to wait for what should happen before it is taken for lost.
    #[must_use]
    pub const fn limit(self, limit: Duration) -> Self {
        Self { limit }
    }

    /// Checks a [`Spawn`].
    ///
    /// * A future is polled without a wake, and not within `spawn`.
    /// * It is polled again after a wake: within its poll, from another task, from another thread,
    ///   after the last of many.
    /// * It is dropped right after it is ready, though wakers of it are alive, and never before.
    ///   Later wakes do nothing.
    /// * Ten thousand at once are no problem, nor are tasks that spawn.
    pub async fn spawn<S>(&self, executor: &S)
    where
        S: Spawn + Clone + Send + 'static,
    {
        tasks::run(*self, &Anywhere(executor)).await;
        tasks::nest(*self, executor).await;
    }

    /// Checks that a [`Spawn`] takes futures from a thread that it knows nothing of, also while it
    /// sleeps.
    pub async fn spawn_from_elsewhere<S>(&self, executor: &S)
    where
        S: Spawn + Clone + Send + 'static,
    {
        tasks::come_from_elsewhere(*self, executor).await;
    }

    /// Checks a [`SpawnLocal`]: as [`spawn`](Self::spawn), and futures are polled and dropped on the
    /// thread.
    pub async fn spawn_local<S>(&self, executor: &S)
    where
        S: SpawnLocal + Clone + 'static,
    {
        tasks::run(*self, &Here(executor)).await;
        tasks::nest_local(*self, executor).await;
    }

    /// Checks that a future which wakes itself all the time does not keep others from their polls.
    ///
    /// This is more than the contract of a [`Spawn`] asks for. Most executors do it; the thread pool of
    /// `futures-executor` does not, if it has one thread.
    pub async fn fairness<S: Spawn>(&self, executor: &S) {
        tasks::be_fair(*self, &Anywhere(executor)).await;
    }

    /// [`fairness`](Self::fairness) of a [`SpawnLocal`].
    pub async fn fairness_local<S: SpawnLocal>(&self, executor: &S) {
        tasks::be_fair(*self, &Here(executor)).await;
    }

    /// Checks a [`SpawnBlocking`].
    ///
    /// * Work is called, and what it owns is dropped after that; a thousand pieces are.
    /// * It may block while the caller goes on, and until other work has been done.
    pub async fn spawn_blocking<S: SpawnBlocking>(&self, threads: &S) {
        blocking::run(*self, threads).await;
    }

    /// Checks a [`Timer`] whose clock moves by itself, if only when there is nothing to do. It takes a
    /// fraction of a second of its time.
    ///
    /// * `now` never goes back.
    /// * A sleep is over in its first poll if its time has come, and in none before that.
    /// * It may be polled by one task first and by another later, which is then the one that is woken.
    /// * Sleeps wake whoever waits for them, a thousand at once and in any order.
    /// * A sleep that is dropped wakes nobody, and its waker is let go.
    pub async fn timer<T: Timer>(&self, timer: &T) {
        timer::run(*self, timer).await;
    }

    /// Leaves futures on an executor that never get ready, to see what becomes of them.
    ///
    /// When the executor has gone away, [`LeftBehind::assert_dropped`] checks that they were dropped.
    pub async fn leave_behind<S: Spawn>(&self, executor: &S) -> LeftBehind {
        ending::leave_behind(*self, &Anywhere(executor)).await
    }

    /// [`leave_behind`](Self::leave_behind) of a [`SpawnLocal`].
    pub async fn leave_behind_local<S: SpawnLocal>(&self, executor: &S) -> LeftBehind {
        ending::leave_behind(*self, &Here(executor)).await
    }

    /// Checks that an executor which is gone already drops the futures that it is given.
    ///
    /// Blocks the thread.
    pub fn assert_gone<S: Spawn>(&self, executor: &S) {
        ending::assert_gone(*self, &Anywhere(executor));
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}
