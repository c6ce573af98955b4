//! The handle that spawns parallel children.

use core::{convert::Infallible, fmt, future::Future};

use super::{
    Origin, Parallel, Shared,
    job::{CallBlocking, RunFuture},
    proxy::Proxy,
};
#[cfg(feature = "inspect")]
use crate::inspect::{Inspect, Node};
use crate::{
    CancelToken, Handle, Scope,
    cancel::Cause,
    runtime::{Spawn, SpawnBlocking},
    scope::{Crew, Refused, Slot, Start, Started},
    sys,
};

/// Spawns children that run as tasks of a runtime. Cheap to clone; may be given to children.
///
/// Each child is a child of a [`Scope`] like any other, but its future is polled by the runtime: the
/// methods here are those of `Scope` of the same names, and what is said there holds, limit and all.
/// A child is started, which is when the runtime gets its future, where the scope is polled.
///
/// Two allocations for each child beside what the future itself does: one, and that of the runtime.
pub struct ParScope<'env, S, B = Infallible> {
    pub(super) scope: Scope<'env, B>,
    pub(super) crew: sys::Shared<Crew>,
    pub(super) runtime: S,
}

impl<'env, S, B> ParScope<'env, S, B> {
    /// The same scope for children that run where it is polled: they may borrow, and need no runtime.
    ///
    /// All children of a scope are under one limit, one token and one ending, whatever they run on.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("setup.md")]
    /// # block_on(async {
    /// let (mut here, there) = (0, 2);
    /// par_scope!(runtime, |s| {
    ///     let there = s.spawn(async move { there * 2 });
    ///     s.scope().spawn(async { here = there.await.unwrap() }); // borrows
    /// })
    /// .await;
    /// assert_eq!(here, 4);
    /// # });
    /// ```
    pub fn scope(&self) -> &Scope<'env, B> {
        &self.scope
    }

    /// The runtime that it was opened with.
    pub fn runtime(&self) -> &S {
        &self.runtime
    }

    /// As [`Scope::cancel`].
    pub fn cancel(&self) {
        self.scope.cancel();
    }

    /// As [`Scope::cancel_with`].
    pub fn cancel_with(&self, cause: impl Into<Cause>) {
        self.scope.cancel_with(cause);
    }

    /// As [`Scope::is_cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.scope.is_cancelled()
    }

    /// As [`Scope::token`].
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn token(&self) -> CancelToken {
        self.scope.token()
    }

    /// As [`Scope::len`]: children of either sort.
    pub fn len(&self) -> usize {
        self.scope.len()
    }

    /// As [`Scope::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.scope.is_empty()
    }

    /// As [`Scope::break_with`].
    ///
    /// # Errors
    ///
    /// The error itself, if somebody has broken the scope before, or it ends or is over.
    pub fn break_with(&self, error: B) -> Result<(), B>
    where
        B: Send,
    {
        self.scope.break_with(error)
    }
}

/// A child that has `job` done.
macro_rules! child {
    ($job:expr) => {
        // SAFETY: it is given to a scope as a child, here.
        unsafe { Proxy::new($job) }
    };
}

impl<'env, S, B> ParScope<'env, S, B>
where
    S: Spawn + Clone + Send + 'env,
{
    fn job<F>(&self, origin: Origin, future: F) -> RunFuture<S, F> {
        RunFuture {
            runtime: self.runtime.clone(),
            future,
            origin,
        }
    }

    /// Spawns a child, as [`Scope::spawn`] does.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("setup.md")]
    /// # block_on(async {
    /// let sum = par_scope!(runtime, |s| {
    ///     let (a, b) = (s.spawn(async { 1 }), s.spawn(async { 2 }));
    ///     a.await.unwrap() + b.await.unwrap()
    /// })
    /// .await;
    /// assert_eq!(sum, 3);
    /// # });
    /// ```
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.scope
            .spawn(child!(self.job(Origin::here(), future)))
            .parallel()
    }

    /// Spawns a child whose error ends the scope, as [`Scope::spawn_try`] does.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn_try<F, T>(&self, future: F) -> Handle<T>
    where
        F: Future<Output = Result<T, B>> + Send + 'static,
        T: Send + 'static,
        B: Send + 'static,
    {
        self.scope
            .spawn_try(child!(self.job(Origin::here(), future)))
            .parallel()
    }

    /// Spawns a child that gets a handle of its own, as [`Scope::spawn_with`] does.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn_with<G, F>(&self, make: G) -> Handle<F::Output>
    where
        G: FnOnce(Self) -> F,
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.spawn(make(self.clone()))
    }

    /// Spawns a child that owns `data` together with others; see [`Shared`].
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn_on<D, G, F>(&self, data: &Shared<D>, make: G) -> Handle<F::Output>
    where
        D: ?Sized,
        G: FnOnce(Shared<D>) -> F,
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.spawn(make(data.clone()))
    }

    /// Spawns a child unless the scope is at its limit, cancelled or over, as [`Scope::try_spawn`]
    /// does.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the future inside.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn try_spawn<F>(&self, future: F) -> Result<Handle<F::Output>, Refused<F>>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.scope
            .try_spawn(child!(self.job(Origin::here(), future)))
            .map(Handle::parallel)
            .map_err(|refused| refused.map(|child| child.into_job().future))
    }

    /// Spawns a child in a place that was [waited for](Scope::slot).
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn_in<F>(&self, slot: Slot<'env, B>, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        slot.spawn(child!(self.job(Origin::here(), future)))
            .parallel()
    }

    /// Spawns a child that the scope does not wait for, as [`Scope::spawn_daemon`] does.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn_daemon<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.scope
            .spawn_daemon(child!(self.job(Origin::here(), future)))
            .parallel()
    }

    /// Spawns a child that is not dropped when the scope ends early, as [`Scope::spawn_shielded`]
    /// does.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn_shielded<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.scope
            .spawn_shielded(child!(self.job(Origin::here(), future)))
            .parallel()
    }

    /// Spawns a child and waits until it says that it has started, as [`Scope::start`] does.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn start<V, F>(&self, make: impl FnOnce(Started<V>) -> F) -> Start<V, F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let origin = Origin::here();
        self.scope
            .start(|started| child!(self.job(origin, make(started))))
            .parallel()
    }

    /// `future` as one that the runtime runs: for a group, a `select!`, a `join`, or whatever else takes
    /// a future.
    ///
    /// It is no child of the scope, and under no limit: whoever polls it says when it is started, which
    /// is by its first poll. Dropping it asks the task to end. But the scope waits for the task as for
    /// those of its children, until its last destructor has run; so one that is kept elsewhere than in
    /// the body and the children holds up the scope's end, an early one too. Two allocations, that of
    /// the runtime included, when it is started.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the future, by the runtime, at its next poll. What it would have given is
    /// dropped.
    ///
    /// # Panics
    ///
    /// With what the future panics with; and if it is polled again after it has completed.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](crate::Cancelled), if the runtime dropped the task
    /// ([`CauseKind::Lost`](crate::cancel::CauseKind::Lost)), or if it was first polled when the scope
    /// was over.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("setup.md")]
    /// # block_on(async {
    /// use std::num::NonZeroUsize;
    /// use pleach::group::{TryAll, group};
    ///
    /// let squares = par_scope!(runtime, |s| {
    ///     let children = (1..=4).map(|n| s.parallel(async move { n * n }));
    ///     group(children).limit(NonZeroUsize::new(2).unwrap()).join(TryAll::new()).await
    /// })
    /// .await;
    /// assert_eq!(squares, Ok(vec![1, 4, 9, 16]));
    /// # });
    /// ```
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn parallel<F>(&self, future: F) -> Parallel<S, F>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Parallel::new(self.job(Origin::here(), future), self.crew.clone())
    }
}

impl<'env, S, B> ParScope<'env, S, B>
where
    S: SpawnBlocking + Clone + Send + 'env,
{
    /// Spawns a child that is a call on a thread where it may block: for computations and system
    /// calls beside I/O, under one limit with it.
    ///
    /// A call cannot be interrupted: one that was begun goes on to its end, and the scope waits for
    /// it. One that has not begun when the scope ends is dropped when a thread comes to it. Give long
    /// ones the [`token`](Self::token) to look at. Otherwise as [`spawn`](Scope::spawn).
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("setup.md")]
    /// # block_on(async {
    /// use std::num::NonZeroUsize;
    ///
    /// let cores = NonZeroUsize::new(2).unwrap();
    /// let sums = par_scope!(runtime, limit = cores, |s| {
    ///     let sums = [10u64, 100, 1000].map(|n| s.spawn_blocking(move || (1..=n).sum::<u64>()));
    ///     let mut total = 0;
    ///     for sum in sums {
    ///         total += sum.await.unwrap();
    ///     }
    ///     total
    /// })
    /// .await;
    /// assert_eq!(sums, 55 + 5050 + 500_500);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn_blocking<W, T>(&self, work: W) -> Handle<T>
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let job = CallBlocking {
            runtime: self.runtime.clone(),
            work,
        };
        self.scope.spawn(child!(job)).parallel()
    }
}

impl<S: Clone, B> Clone for ParScope<'_, S, B> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            crew: self.crew.clone(),
            runtime: self.runtime.clone(),
        }
    }
}

impl<S, B> fmt::Debug for ParScope<'_, S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ParScope").field(&self.scope).finish()
    }
}

/// As for [`Scope`]. Of a child that is a task of the runtime it is the task's polls that are counted, and
/// what is run in it hangs below it.
#[cfg(feature = "inspect")]
impl<S, B> Inspect for ParScope<'_, S, B> {
    fn visit(&self, each: &mut dyn FnMut(&Node)) {
        self.scope.visit(each);
    }

    fn live(&self) -> usize {
        self.scope.live()
    }
}
