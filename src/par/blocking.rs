//! Parallel children that borrow, for a thread that may block.

use alloc::boxed::Box;
use core::{fmt, future::Future, marker::PhantomData, mem, pin::Pin};

use super::{
    Origin, ParScope,
    job::Job,
    par_scope,
    proxy::Proxy,
    task::{Post, Task},
};
use crate::{CancelToken, Handle, block_on, runtime::Spawn, scope::Crew, sys};

/// Runs `body` on this thread and its children on `runtime`, and blocks the thread until all are gone;
/// children may borrow what is around the call.
///
/// It is what `std::thread::scope` is for threads. The body gets a [`BlockingScope`] to spawn with,
/// and its future may borrow and need not be `Send`.
///
/// **It blocks.** On a thread of the runtime itself that may mean for ever: if it is the only thread,
/// or all are blocked so, nobody runs the children. Call it from a thread of your own, or from one for
/// blocking work.
///
/// It is sound since it does not return, be it by a panic, before the last task is gone. Two
/// allocations, and three for each child.
///
/// # Panics
///
/// With what a child, the body or a destructor panicked with first, when everything else is gone.
///
/// # Examples
///
/// ```
#[doc = include_str!("setup.md")]
/// use pleach::par::par_scope_blocking;
///
/// let mut numbers = [3, 1, 2, 6, 5, 4];
/// par_scope_blocking(runtime, async |s| {
///     for half in numbers.chunks_mut(3) {
///         s.spawn(async { half.sort() });
///     }
/// });
/// assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn par_scope_blocking<'env, S, G, R>(runtime: S, body: G) -> R
where
    S: Spawn + Clone + Send + 'env,
    G: AsyncFnOnce(BlockingScope<'env, S>) -> R,
{
    let (driver, scope) = par_scope(runtime);
    // Before whatever may panic from here on.
    let _wait = Wait(scope.crew.clone());
    let body = body(BlockingScope {
        scope,
        _env: PhantomData,
    });
    block_on(driver.run(body))
}

/// Blocks until the crew is empty.
struct Wait(sys::Shared<Crew>);

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.close();
        let panic = block_on(core::future::poll_fn(|cx| self.0.poll_empty(cx)));
        if let Err(payload) = panic {
            sys::unwind::resume_unless_panicking(payload);
        }
    }
}

/// Spawns parallel children that borrow: from [`par_scope_blocking`].
pub struct BlockingScope<'env, S> {
    scope: ParScope<'env, S>,
    _env: PhantomData<fn(&'env ()) -> &'env ()>,
}

impl<'env, S> BlockingScope<'env, S>
where
    S: Spawn + Clone + Send + 'env,
{
    /// Spawns a child, as [`ParScope::spawn`] does.
    #[cfg_attr(any(feature = "inspect", feature = "testing"), track_caller)]
    pub fn spawn<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'env> + Send + 'env,
    {
        // SAFETY: `par_scope_blocking` made the scope, and does not return before the crew is empty,
        // and `'env` outlives the call.
        let job = unsafe { RunBorrowing::new(self.scope.runtime.clone(), future) };
        // SAFETY: it is given to a scope as a child, here.
        let child = unsafe { Proxy::new(job) };
        self.scope.scope.spawn(child).parallel()
    }

    /// As [`Scope::cancel`](crate::Scope::cancel).
    pub fn cancel(&self) {
        self.scope.cancel();
    }

    /// As [`Scope::token`](crate::Scope::token).
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn token(&self) -> CancelToken {
        self.scope.token()
    }
}

impl<S: Clone> Clone for BlockingScope<'_, S> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            _env: PhantomData,
        }
    }
}

impl<S> fmt::Debug for BlockingScope<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockingScope").field(&self.scope).finish()
    }
}

/// A future that borrows, to be run by an executor.
#[derive(Debug)]
struct RunBorrowing<S, F> {
    runtime: S,
    future: F,
    origin: Origin,
}

impl<S, F> RunBorrowing<S, F> {
    /// # Safety
    ///
    /// What the future borrows is there until the crew is empty of which its task is a member.
    #[cfg_attr(feature = "testing", track_caller)]
    unsafe fn new(runtime: S, future: F) -> Self {
        let origin = Origin::here();
        Self {
            runtime,
            future,
            origin,
        }
    }
}

impl<S, F, P> Job<P> for RunBorrowing<S, F>
where
    S: Spawn,
    F: Future<Output = P::Output> + Send,
    P: Post,
{
    fn start(self, post: P) {
        let task = Box::pin(Task::new(self.future, post));
        let task: Pin<Box<dyn Future<Output = ()> + Send + '_>> = task;
        // SAFETY: the same type but for the lifetime. The task leaves its crew when the future and
        // the post, which may own an output, are gone, and until then all that they borrow is there,
        // by the word given to `new`. What is left of the task is a box without borrows.
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = unsafe { mem::transmute(task) };
        self.origin.spawns(|| self.runtime.spawn(task));
    }
}
