//! Parallel scopes: children that run as tasks of a runtime, and still cannot outlive their scope.
//!
//! A [`scope!`](crate::scope!) runs all its children in one task. A [`par_scope!`](crate::par_scope!)
//! hands them to a runtime, on whatever threads that has, and keeps all else: joining, limits,
//! deadlines, cancellation, panics and errors are those of the [scope](mod@crate::scope).
//!
//! ```
#![doc = include_str!("par/setup.md")]
//! # block_on(async {
//! let total = par_scope!(runtime, |s| {
//!     let children = [1u64, 2, 3].map(|n| s.spawn(async move { n * n }));
//!     let mut total = 0;
//!     for child in children {
//!         total += child.await.unwrap();
//!     }
//!     total
//! })
//! .await;
//! assert_eq!(total, 14);
//! # });
//! ```
//!
//! A runtime is whatever implements [`Spawn`](crate::runtime::Spawn): see
//! [`runtime`](mod@crate::runtime) for the ones that there are and how to bring another.
//!
//! # What a parallel scope promises
//!
//! * **Nothing outlives it.** It resolves when the last destructor of its last task has run, on
//!   whatever thread, and not before. It relies on no handle of an executor for that: a task tells of
//!   its end by its own destructor.
//! * **Dropping it cannot wait**, as no destructor can. It asks the tasks to end, and they do when
//!   their executor polls them next. Nothing leaks, but what they own is `'static` for that reason.
//! * **A runtime that goes away** ends the scope: the handles of the children that it dropped give
//!   [`Cancelled`](crate::Cancelled) with [`CauseKind::Lost`](crate::cancel::CauseKind::Lost), and the
//!   scope is cancelled with that cause. Nobody hangs.
//! * **A child that computes without awaiting** cannot be ended early, and holds up the end of the
//!   scope for so long.
//! * **An aborted child is over at once**, for the scope: its handle is ready, and its place free, while
//!   its task ends at its next poll. Should it panic then, the scope ends with that, as with the panic
//!   of any child.
//! * **Children are started where the scope is polled**: a body that computes after it spawned holds
//!   them up until it awaits.
//!
//! # Data
//!
//! Children own what they use. What several of them use, and somebody wants back, goes into a
//! [`Shared`]. Children that have to borrow can run on the scope's own task, beside the others, by
//! [`ParScope::scope`]; or in a [`par_scope_blocking`], which may borrow all it likes and in return
//! blocks its thread. An `async` function whose parallel children borrow would be unsound: its future
//! can be forgotten, and what is borrowed moved away, while they run.
//!
//! # Cost
//!
//! Two allocations for a scope and two for each child: one, and that of the runtime.

#[cfg(not(loom))]
mod blocking;
mod desk;
mod job;
mod macros;
#[cfg(not(all(feature = "testing", not(loom))))]
mod no_origin;
mod parallel;
mod proxy;
mod run;
mod scope;
mod shared;
mod slot;
mod task;

use core::{convert::Infallible, future::Future, num::NonZeroUsize, time::Duration};

#[cfg(not(loom))]
pub use blocking::{BlockingScope, par_scope_blocking};
pub use parallel::Parallel;
pub use run::ParRun;
pub use scope::ParScope;
pub use shared::Shared;

#[cfg(not(all(feature = "testing", not(loom))))]
use self::no_origin::Origin;
#[cfg(all(feature = "testing", not(loom)))]
use crate::testing::Origin;

use crate::{
    cancel::Token,
    scope::{Admits, Crew, Driver, Grace, OpenCrew, Run, RunTry, Threaded, Until},
    time::{Instant, Timer},
};

/// Owns the children of a parallel scope and, once it is given a body, polls them.
///
/// Made by [`par_scope`] or [`try_par_scope`] together with the [`ParScope`] that spawns. Its
/// settings are those of [`Driver`].
#[must_use = "a driver does nothing until it is given a body and awaited"]
#[derive(Debug)]
pub struct ParDriver<'env, B = Infallible> {
    driver: Driver<'env, B>,
    crew: OpenCrew,
}

/// Opens a scope whose children run on `runtime`: a driver, to be given a body, and a handle that
/// spawns.
///
/// The explicit form of [`par_scope!`](crate::par_scope!). The runtime is cloned for each child; a
/// reference will do.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn par_scope<'env, S>(runtime: S) -> (ParDriver<'env>, ParScope<'env, S>) {
    open(runtime)
}

/// As [`par_scope`], and the first error ends the scope.
///
/// The explicit form of [`try_par_scope!`](crate::try_par_scope!).
#[cfg_attr(feature = "inspect", track_caller)]
pub fn try_par_scope<'env, S, B>(runtime: S) -> (ParDriver<'env, B>, ParScope<'env, S, B>) {
    open(runtime)
}

#[cfg_attr(feature = "inspect", track_caller)]
fn open<'env, S, B>(runtime: S) -> (ParDriver<'env, B>, ParScope<'env, S, B>) {
    let crew = Crew::new();
    let (driver, scope) = crate::scope::open_with_crew(crew.clone());
    let scope = ParScope {
        scope,
        crew: crew.clone(),
        runtime,
    };
    let crew = OpenCrew::new(crew);
    (ParDriver { driver, crew }, scope)
}

impl<'env, B> ParDriver<'env, B> {
    /// As [`Driver::limit`]: at most so many children run at a time.
    ///
    /// A child that was aborted does not count, though its task is there until it is polled next. And a
    /// child lends its place while its own future, or call, polls the handle of a sibling: a wait in a
    /// task that it awaits in its turn, of a [`Parallel`] or of a parallel scope within, lends nothing.
    pub fn limit(self, limit: NonZeroUsize) -> Self {
        self.map(|driver| driver.limit(limit))
    }

    /// As [`Driver::named`].
    pub fn named(self, name: &'static str) -> Self {
        self.map(|driver| driver.named(name))
    }

    /// As [`Driver::observe`].
    #[cfg(feature = "inspect")]
    pub fn observe(self, observer: impl crate::inspect::Observer + 'static) -> Self {
        self.map(|driver| driver.observe(observer))
    }

    /// As [`Driver::budget`], for what is polled where the scope is.
    pub fn budget(self, polls: NonZeroUsize) -> Self {
        self.map(|driver| driver.budget(polls))
    }

    /// As [`Driver::token`]: the scope is cancelled when `token` is.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn token(self, token: &Token) -> Self {
        // Not by a closure, whose place would be told of.
        Self {
            driver: self.driver.token(token),
            ..self
        }
    }

    /// As [`Driver::deadline`]: the scope is cancelled at that time.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn deadline<T>(self, at: (T, Instant)) -> Self
    where
        T: Timer + 'env,
        T::Sleep: 'env,
        Threaded: Admits<Until<T>>,
    {
        Self {
            driver: self.driver.deadline(at),
            ..self
        }
    }

    /// As [`Driver::grace`]: children that still run so long after the scope was cancelled are
    /// aborted.
    pub fn grace<T>(self, duration: (T, Duration)) -> Self
    where
        T: Timer + 'env,
        T::Sleep: 'env,
        Threaded: Admits<Grace<T>>,
    {
        self.map(|driver| driver.grace(duration))
    }

    fn map(self, set: impl FnOnce(Driver<'env, B>) -> Driver<'env, B>) -> Self {
        Self {
            driver: set(self.driver),
            ..self
        }
    }

    /// Runs `body` and the children; resolves to the body's value when all are done, or to the first
    /// error, of the body or of a [`spawn_try`](ParScope::spawn_try) child, when all are gone.
    pub fn run_try<F, R>(self, body: F) -> ParRun<RunTry<'env, F, R, B>, Result<R, B>>
    where
        F: Future<Output = Result<R, B>>,
    {
        ParRun::new(self.driver.run_try(body), self.crew)
    }
}

impl<'env> ParDriver<'env, Infallible> {
    /// Runs `body` and the children; resolves to the body's value when all are done.
    pub fn run<F: Future>(self, body: F) -> ParRun<Run<'env, F>, F::Output> {
        ParRun::new(self.driver.run(body), self.crew)
    }
}
