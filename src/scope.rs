//! Scopes: children that borrow, and that cannot outlive what they were spawned in.
//!
//! A scope is a nursery (Trio), an `errgroup` (Go), a `StructuredTaskScope` (Java). It runs a
//! *body* and the *children* that are spawned into it, all inside one future, in one task,
//! on any executor, and resolves when all of them are done:
//!
//! ```
//! # pleach::block_on(async {
//! let words = ["interlace", "living", "branches"];
//! let mut longest = 0;
//! let total = pleach::scope!(|s| {
//!     // Children run concurrently and may borrow whatever lives outside of the scope.
//!     let count = s.spawn(async { words.iter().map(|w| w.len()).sum::<usize>() });
//!     s.spawn(async { longest = words.iter().map(|w| w.len()).max().unwrap() });
//!     count.await
//! })
//! .await;
//! assert_eq!((total, longest), (Ok(23), 9));
//! # });
//! ```
//!
//! # What a scope promises
//!
//! * **Nothing outlives it.** When its future resolves or is dropped, every child has been
//!   dropped and its destructors have run.
//! * **Nothing is lost.** A child's panic is resumed, payload and all (with `std`), after
//!   the siblings have been dropped. In a [`try_scope!`](crate::try_scope!) the first error
//!   ends the scope and is its result. A [`Handle`] gives its child's output or [`Cancelled`];
//!   it never hangs.
//! * **Nobody starves.** The body is a child like any other: children go on while it awaits
//!   something else. Whoever is ready is polled in turn, nobody twice before the others.
//! * **Nothing is polled for nothing.** A child is polled once for its start and once for
//!   each burst of wakes, and the task that polls the scope is woken once for a burst.
//!
//! Children are *concurrent*, not parallel: they take turns on the task that polls the
//! scope. That is what lets them borrow. (For those that run on a runtime's threads there is `par`,
//! with `std`.)
//!
//! # Forms
//!
//! [`scope!`](crate::scope!) and [`try_scope!`](crate::try_scope!) are the everyday forms. They
//! expand to the explicit one, a [`Driver`] that is given a body and a cloneable [`Scope`]
//! that spawns:
//!
//! ```
//! # pleach::block_on(async {
//! let name = String::from("hedge");
//! let (driver, s) = pleach::scope::scope();
//! let length = driver.run(async { s.spawn(async { name.len() }).await }).await;
//! assert_eq!(length, Ok(5));
//! # });
//! ```
//!
//! The explicit form is also how a scope is stopped from outside: race its future against
//! something else, with [`Scope::cancel`] for a graceful end. (Dropping it is the other way.)
//!
//! [`local`] has the same for children that are not `Send`.
//!
//! # Functions that spawn
//!
//! What a function spawns must live as long as the scope's environment, so both get the same
//! lifetime: `async fn visit<'env>(s: Scope<'env>, tree: &'env Tree)`. A child that spawns
//! another of its own kind is recursive, and needs a boxed future or a plain function that
//! does the spawning, as for any recursive `async fn`.
//!
//! # Borrowing in a loop
//!
//! A child that must own a loop's variable is `async move`, which would move the rest as
//! well: take a reference first. (A variable that is a reference itself needs neither.)
//!
//! ```
//! # pleach::block_on(async {
//! let (prefix, names) = (String::from("-"), ["a", "b"]);
//! pleach::scope!(|s| {
//!     let prefix = &prefix;
//!     for name in names {
//!         s.spawn(async move { assert_eq!(format!("{prefix}{name}").len(), 2) });
//!     }
//! })
//! .await;
//! # });
//! ```
//!
//! # How it ends
//!
//! | cause | children not started | running children | body | result |
//! |---|---|---|---|---|
//! | body and children done | – | – | – | the body's value |
//! | an error in a `try_scope!`: of the body, of a [`spawn_try`](Scope::spawn_try) child, or from outside by [`break_with`](Scope::break_with) | dropped | dropped | dropped | the error |
//! | a panic, of the body or of a child | dropped | dropped | dropped | the panic goes on |
//! | [`cancel`](Scope::cancel), of the [token](Scope::token) too, or the [deadline](Driver::deadline) | dropped | go on | goes on | the body's value |
//! | the [grace](Driver::grace) after that is over | dropped | dropped | goes on | the body's value |
//! | [`abort`](Handle::abort) of one child | it is dropped | it is dropped | goes on | the body's value |
//! | the scope's future is dropped | dropped | dropped | dropped | – |
//!
//! "Dropped" always happens in this order: children that were not started, newest first;
//! the body; running children, newest first. All of it before the result is there. If
//! several children fail in one pass, the one that was polled first decides; a panic beats
//! an error. (An error from outside counts as that of a child that was spawned at that moment.)
//!
//! Two kinds of children are apart from that:
//!
//! | | cancelled | grace over | error, panic (with `std`) | body and others done | the future is dropped |
//! |---|---|---|---|---|---|
//! | [shielded](Scope::spawn_shielded) children | go on, and are started | go on | go on, and are started; the scope resolves when they are done | are waited for | dropped |
//! | [daemons](Scope::spawn_daemon) | go on, and are started | go on | go on as long | dropped | dropped |
//!
//! Shielded children are dropped behind all others, and daemons behind them, newest first. (The
//! ones that were not started go before the ones that were.)
//!
//! # Panics
//!
//! With `std` a panic is caught, everything else of the scope is torn down, and then it goes on, payload
//! and all, in the task that awaits the scope, once. Of several the first goes on; of a panic and an
//! error the panic. Without `std` nothing can be caught: a panic goes through the scope at once, whose
//! destructor takes everything down meanwhile, and a second panic then aborts. Where panics abort
//! (`panic = "abort"`) none comes back, and none of this costs anything.
//!
//! # Supervision
//!
//! What a child's failure means is said where it is spawned. The error of a
//! [`spawn_try`](Scope::spawn_try) child ends the scope, that of a [`spawn`](Scope::spawn) child is an
//! output like any other, and a panic ends the scope unless the child is `isolate`d. A child that may
//! take only so long is put into a [`timeout`](crate::time::timeout), at whose end it is dropped; one
//! that is to be tried again into a [`retry`](crate::time::retry()), with the delays of a
//! [`Backoff`](crate::time::Backoff):
//!
//! ```
//! use std::{cell::Cell, time::Duration};
//! use pleach::{scope::isolate, time::{Backoff, ManualClock, retry, timeout}};
//!
//! let clock = ManualClock::new();
//! let attempts = Cell::new(0);
//! let work = || async {
//!     attempts.set(attempts.get() + 1);
//!     match attempts.get() {
//!         1 => panic!("a bad day"),
//!         2 => std::future::pending().await, // until the time is over
//!         n => n,
//!     }
//! };
//! let backoff = Backoff::new(Duration::from_millis(100)).attempts(5);
//! let result = clock.run(pleach::local_scope!(|s| {
//!     let supervised = retry(&clock, backoff, || async {
//!         let second = Duration::from_secs(1);
//!         isolate(timeout(&clock, second, work())).await.map_err(|_| "it panicked")?.map_err(|_| "too slow")
//!     });
//!     s.spawn(supervised).await
//! }));
//! assert_eq!(result, Ok(Ok(3)));
//! ```
//!
//! # Go's `errgroup`
//!
//! | Go | here |
//! |---|---|
//! | `g, ctx := errgroup.WithContext(ctx)` | [`try_scope!`](crate::try_scope!), with [`token = &token`](Driver::token) below a token that there is |
//! | `g.Go(f)` | [`Scope::spawn_try`]; after the first error children are dropped, not asked to stop |
//! | `g.Wait()` | awaiting the scope; nobody can forget to |
//! | `g.SetLimit(n)` | [`limit = n`](Driver::limit); it gates starting, so `spawn` never blocks and nested spawns cannot lock up |
//! | `g.TryGo(f)` | [`Scope::try_spawn`], which gives the future back |
//! | the zero `Group`: all run, the first error is kept | [`scope!`](crate::scope!) and handles, or [`group::Collect`](crate::group::Collect), which keeps all errors |
//! | a slice of results with one index for each goroutine | handles, or [`group::TryAll`](crate::group::TryAll), in order |
//! | a panic takes the process down | it goes on in the task that awaits the scope, when all others are gone |
//! | – | [deadline](Driver::deadline), [grace](Driver::grace), [daemons](Scope::spawn_daemon), [shields](Scope::spawn_shielded), [`abort`](Handle::abort), borrowed locals |
//!
//! # Java's `StructuredTaskScope`
//!
//! | Java | here |
//! |---|---|
//! | `open()`: all succeed or the first failure | [`try_scope!`](crate::try_scope!), [`group::TryAll`](crate::group::TryAll) |
//! | `fork(task)` by the owner's thread alone | [`Scope::spawn`], from anywhere: the body, a child, another thread |
//! | `join()`, `close()` | awaiting the scope |
//! | `Subtask.get()` | awaiting the [`Handle`] |
//! | `Joiner.allSuccessfulOrThrow()` | [`group::TryAll`](crate::group::TryAll) |
//! | `Joiner.anySuccessfulOrThrow()` | [`group::AnyOk`](crate::group::AnyOk) |
//! | `Joiner.awaitAll()` | [`group::Collect`](crate::group::Collect), or [`group::Discard`](crate::group::Discard) |
//! | `Joiner.allUntil(predicate)` | [`group::Until`](crate::group::Until) |
//! | a `Joiner` of one's own: `onComplete`, `result` | [`group::Joiner`](crate::group::Joiner): `on_done`, `finish` |
//! | `withTimeout`, `Joiner.timeout()` | [`group::Join::deadline`](crate::group::Join::deadline), [`Joiner::cut_short`](crate::group::Joiner::cut_short) |
//! | `ScopedValue` | [`Values`](crate::cancel::Values) of a token; or just borrow |
//! | interruption, which a task may overlook | a child is dropped at its next await; [`cancel`](Scope::cancel) asks it to leave by itself |
//! | – | [`Quorum`](crate::group::Quorum), limits, streams of [results](crate::group::Results), [`start`](Scope::start) |
//!
//! # Cost
//!
//! One allocation for a scope and one for each child, its result and handle included; it is
//! freed when the child is done, its handle is gone and no waker is left.

mod admits;
pub(crate) mod body;
mod child;
mod control;
pub(crate) mod count;
#[cfg(feature = "std")]
mod crew;
mod driver;
mod ending;
mod gate;
mod handle;
#[cfg(feature = "std")]
mod held;
mod inbox;
#[cfg(feature = "std")]
mod isolate;
mod limit;
pub mod local;
mod macros;
mod node;
mod places;
pub(crate) mod ready;
mod refused;
#[cfg(feature = "inspect")]
pub(crate) mod registry;
#[cfg(not(feature = "inspect"))]
#[path = "scope/no_registry.rs"]
pub(crate) mod registry;
mod retire;
mod run;
mod shared;
mod siblings;
mod slot;
mod spawn;
#[cfg(target_has_atomic = "ptr")]
mod start;
mod stop;
mod tally;
mod teardown;
#[cfg(test)]
mod tests;
#[cfg(feature = "inspect")]
mod visit;
#[cfg(feature = "inspect")]
pub(crate) mod whose;

use core::{
    convert::Infallible, fmt, future::Future, marker::PhantomData, num::NonZeroUsize,
    time::Duration,
};

pub use crate::cancel::Cancelled;
pub use admits::{Admits, Local, Threaded};
#[cfg(feature = "std")]
pub(crate) use crew::{Crew, OpenCrew};
pub use handle::Handle;
#[cfg(feature = "std")]
pub(crate) use held::Held;
#[cfg(feature = "std")]
pub use isolate::{Isolate, Panicked, isolate};
pub(crate) use node::{Plain, Progress, Settle, Try};
pub use refused::Refused;
pub use run::{Run, RunTry};
pub use slot::{Slot, WaitSlot};
pub use spawn::Scope;
#[cfg(target_has_atomic = "ptr")]
pub use start::{Start, Started};
pub use stop::{Grace, Until};
pub use tally::ChildId;
#[cfg(feature = "inspect")]
pub(crate) use whose::{inner, lasting, notes_of};

#[cfg(feature = "std")]
use crate::sys;
use crate::{
    CancelToken,
    cancel::Token,
    time::{Instant, Timer},
};
use driver::Engine;
use shared::SharedRef;

/// Makes it impossible to shorten `'env`: a handle with a shorter one could push a borrow
/// that dies before the children do.
type Invariant<'env> = PhantomData<fn(&'env ()) -> &'env ()>;

/// Owns the children of a scope and, once it is given a body, polls them.
///
/// Made by [`scope`](scope()) or [`try_scope`] together with the [`Scope`] that spawns.
/// Dropping a driver, or the future made of it, drops all children.
///
/// What children borrow must be declared before the driver, and stays borrowed until the
/// driver, or the future made of it, is gone and the handle `s` is used no more.
#[must_use = "a driver does nothing until it is given a body and awaited"]
pub struct Driver<'env, B = Infallible, K = Threaded> {
    engine: Engine<B>,
    _env: Env<'env>,
    _kind: PhantomData<K>,
}

/// Opens a scope: a driver, to be given a body, and a handle that spawns.
///
/// The explicit form of [`scope!`](crate::scope!).
#[cfg_attr(feature = "inspect", track_caller)]
pub fn scope<'env>() -> (Driver<'env>, Scope<'env>) {
    open(false)
}

/// Opens a scope that the first error ends.
///
/// The explicit form of [`try_scope!`](crate::try_scope!).
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// let (driver, s) = pleach::scope::try_scope();
/// let result = driver
///     .run_try(async {
///         s.spawn_try(async { Err::<(), _>("no such branch") });
///         // Never reached: the error ends the scope and the body is dropped.
///         std::future::pending::<Result<(), _>>().await
///     })
///     .await;
/// assert_eq!(result, Err("no such branch"));
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn try_scope<'env, B>() -> (Driver<'env, B>, Scope<'env, B>) {
    open(false)
}

/// `is_local` only for the kind [`Local`].
#[cfg_attr(feature = "inspect", track_caller)]
fn open<'env, B, K>(is_local: bool) -> (Driver<'env, B, K>, Scope<'env, B, K>) {
    of(SharedRef::new(is_local))
}

/// Opens a scope whose children may do their work elsewhere, as members of `crew`.
#[cfg(feature = "std")]
#[cfg_attr(feature = "inspect", track_caller)]
pub(crate) fn open_with_crew<'env, B>(
    crew: sys::Shared<Crew>,
) -> (Driver<'env, B>, Scope<'env, B>) {
    let mut shared = SharedRef::new(false);
    // SAFETY: nobody else knows of it yet.
    unsafe { shared.set_crew(crew) };
    of(shared)
}

fn of<'env, B, K>(shared: SharedRef) -> (Driver<'env, B, K>, Scope<'env, B, K>) {
    let scope = Scope::new(shared.clone());
    let driver = Driver {
        engine: Engine::new(shared),
        _env: Env(PhantomData),
        _kind: PhantomData,
    };
    (driver, scope)
}

impl<'env, B, K> Driver<'env, B, K> {
    /// Gives the scope a name, by which it is told of when it is looked at.
    ///
    /// Without the feature `inspect` this does nothing; with it a name is an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// pleach::scope!(named = "connections", |s| {
    ///     s.spawn(async {}).named("the first");
    /// })
    /// .await;
    /// # });
    /// ```
    pub fn named(self, name: &'static str) -> Self {
        self.engine.shared.branch.set_own_name(name);
        self
    }

    /// Has `observer` told of what happens in the scope and in all that hangs below it, from its first poll on.
    ///
    /// Several may be given; each is told, in this order, after those of the scopes above. Two allocations, and
    /// one for each more.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::sync::Arc;
    /// use pleach::{inspect::Recorder, runtime::StdTimer};
    ///
    /// let recorder = Arc::new(Recorder::new(StdTimer, 10_000));
    /// pleach::scope!(observe = recorder.clone(), |s| {
    ///     s.spawn(async {}).named("quick");
    /// })
    /// .await;
    /// let mut trace = String::new();
    /// recorder.write_chrome(&mut trace).unwrap();
    /// assert!(trace.contains("quick"));
    /// # });
    /// ```
    #[cfg(feature = "inspect")]
    pub fn observe(self, observer: impl crate::inspect::Observer + 'static) -> Self {
        self.engine.shared.branch.observe(observer);
        self
    }

    /// Lets at most `limit` children run at a time.
    ///
    /// The limit gates *starting*, not spawning: [`spawn`](Scope::spawn) never waits, and
    /// children beyond the limit are kept, unpolled, and started in the order in which they
    /// were spawned. [`try_spawn`](Scope::try_spawn) refuses beyond the limit instead, and
    /// [`slot`](Scope::slot) waits. The body takes no place.
    ///
    /// A child that awaits the [`Handle`] of a sibling lends its place meanwhile to one that is
    /// awaited, so children that spawn and await children cannot lock each other out under
    /// any limit. It lends as long as the handle waits, also if it does other things beside (in
    /// a `select`); if it gives the wait up, whoever runs on the lent place goes on, and for as
    /// long there are more than `limit`. Without `std`, a handle that is polled on one core
    /// while the scope is polled on another counts as a wait of whichever child runs there.
    ///
    /// Set it before anything is spawned: children that are there already are started
    /// under the limit but do not count for `try_spawn`.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::{num::NonZeroUsize, sync::atomic::{AtomicUsize, Ordering}};
    ///
    /// let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    /// let limit = NonZeroUsize::new(2).unwrap();
    /// pleach::scope!(limit = limit, |s| {
    ///     for _ in 0..10 {
    ///         s.spawn(async {
    ///             most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    ///             futures_lite_yield().await;
    ///             running.fetch_sub(1, Ordering::SeqCst);
    ///         });
    ///     }
    /// })
    /// .await;
    /// assert_eq!(most.into_inner(), 2);
    /// # });
    /// # async fn futures_lite_yield() {
    /// #     let mut yielded = false;
    /// #     std::future::poll_fn(|cx| {
    /// #         if std::mem::replace(&mut yielded, true) { return std::task::Poll::Ready(()) }
    /// #         cx.waker().wake_by_ref();
    /// #         std::task::Poll::Pending
    /// #     }).await
    /// # }
    /// ```
    pub fn limit(self, limit: NonZeroUsize) -> Self {
        self.engine.shared.limits.set(limit);
        self
    }

    /// Deals with at most `polls` of those that are ready in one pass, and then lets others on the
    /// same thread run: the scope wakes its own task and yields.
    ///
    /// Each poll of a child counts, and so does one of the body. (So does whatever else a pass
    /// finds in the queue, a child that is dropped for instance, so that there may be fewer.) Those
    /// that were left over come first in the next pass: nobody is polled twice before they are.
    /// Without a budget a pass polls whoever was ready when it began.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{num::NonZeroUsize, pin::pin, sync::atomic::{AtomicUsize, Ordering}, task};
    ///
    /// let done = AtomicUsize::new(0);
    /// let scope = pleach::scope!(budget = NonZeroUsize::new(4).unwrap(), |s| {
    ///     for _ in 0..10 {
    ///         s.spawn(async { done.fetch_add(1, Ordering::Relaxed) });
    ///     }
    /// });
    /// let (mut scope, mut cx) = (pin!(scope), task::Context::from_waker(task::Waker::noop()));
    /// for after in [0, 4, 8] {
    ///     // The body alone in the first.
    ///     assert!(scope.as_mut().poll(&mut cx).is_pending());
    ///     assert_eq!(done.load(Ordering::Relaxed), after);
    /// }
    /// assert!(scope.as_mut().poll(&mut cx).is_ready());
    /// ```
    pub fn budget(mut self, polls: NonZeroUsize) -> Self {
        self.engine.budget = polls;
        self
    }

    /// Puts the scope below `token`: it is cancelled when that is.
    ///
    /// The scope's own [`token`](Scope::token) is a child of `token`, with its deadline. That
    /// passes where somebody looks at the clock: whoever runs under `token` with a timer, or this
    /// scope if it has a [`deadline`](Self::deadline) itself, however late. Two allocations.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let server = pleach::CancelToken::new();
    /// pleach::scope!(token = &server, |s| {
    ///     let token = s.token();
    ///     s.spawn(async move { token.cancelled().await });
    ///     server.cancel();
    /// })
    /// .await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn token(mut self, token: &Token) -> Self {
        let shared = &self.engine.shared;
        let known = shared.stop.token().and_then(|token| token.deadline());
        let own = token.child_until(known.unwrap_or(Instant::MAX));
        shared.stop.replace();
        if let Some(at) = shared.adopt(own).deadline() {
            self.engine.watch.end_by(at);
        }
        self
    }

    /// Cancels the scope, gracefully, when `at` has come by the clock of the timer. The cause is
    /// then [`CauseKind::Deadline`](crate::cancel::CauseKind::Deadline).
    ///
    /// Children and body that do not look at the [`token`](Scope::token) go on; see
    /// [`grace`](Self::grace). (To drop everything at once when the time is over put the scope into
    /// a [`timeout`](crate::time::timeout).)
    ///
    /// Of several deadlines, that of a [`token`](Self::token) included, the earliest counts, in
    /// whatever order they are given: the timer sleeps until then. (That others may sleep for the
    /// token's is not relied on.) Of several timers that with the earliest time of its own runs.
    /// Three allocations.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::{cancel::CauseKind, time::{Clock, ManualClock}};
    ///
    /// let clock = ManualClock::new();
    /// let at = clock.now() + Duration::from_secs(5);
    /// clock.run(async {
    ///     pleach::scope!(deadline = (&clock, at), |s| {
    ///         let cause = s.token().cancelled().await;
    ///         assert_eq!((cause.kind(), clock.now()), (CauseKind::Deadline, at));
    ///     })
    ///     .await;
    /// });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn deadline<T>(mut self, (timer, at): (T, Instant)) -> Self
    where
        T: Timer + 'env,
        T::Sleep: 'env,
        K: Admits<Until<T>>,
    {
        let shared = &self.engine.shared;
        let parent = shared.stop.token();
        let known = parent.as_ref().and_then(|parent| parent.deadline());
        let known = known.unwrap_or(Instant::MAX);
        let is_earlier = at < known;
        if is_earlier {
            shared.stop.replace();
            shared.adopt(match parent {
                Some(parent) => parent.child_until(at),
                None => CancelToken::with_deadline(at),
            });
        }
        if is_earlier || (known < Instant::MAX && !self.engine.watch.has_deadline()) {
            shared.begin_watch();
            // SAFETY: the engine ends its watch when the scope ends, or is dropped; and that is
            // before `'env` ends.
            unsafe { self.engine.watch.set_deadline(timer, at.min(known)) };
        }
        self
    }

    /// Drops the children that are still running when the scope has been cancelled for
    /// `duration`.
    ///
    /// Their handles give [`Cancelled`]. The body goes on, as it must for there to be a value; it
    /// learns of the cancellation by its handles and the [`token`](Scope::token). One allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::pending, time::Duration};
    /// use pleach::time::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// clock.run(async {
    ///     let result = pleach::scope!(grace = (&clock, Duration::from_secs(30)), |s| {
    ///         let stubborn = s.spawn(pending::<()>());
    ///         s.spawn(async { s.cancel() });
    ///         stubborn.await
    ///     })
    ///     .await;
    ///     assert!(result.is_err());
    /// });
    /// ```
    pub fn grace<T>(mut self, (timer, duration): (T, Duration)) -> Self
    where
        T: Timer + 'env,
        T::Sleep: 'env,
        K: Admits<Grace<T>>,
    {
        // SAFETY: as in `deadline`.
        unsafe { self.engine.watch.set_grace(Grace::new(timer, duration)) };
        self
    }
}

impl<'env, K> Driver<'env, Infallible, K> {
    /// Runs `body` and the children; resolves to the body's value when all are done.
    pub fn run<F: Future>(self, body: F) -> Run<'env, F, K> {
        Run::new(self, body)
    }
}

impl<'env, B, K> Driver<'env, B, K> {
    /// Runs `body` and the children; resolves to the body's value when all are done, or to
    /// the first error, of the body or of a [`spawn_try`](Scope::spawn_try) child.
    pub fn run_try<F, R>(self, body: F) -> RunTry<'env, F, R, B, K>
    where
        F: Future<Output = Result<R, B>>,
    {
        RunTry::new(self, body)
    }
}

/// Children are dropped with their driver, so what they borrow must be alive then.
struct Env<'env>(Invariant<'env>);

impl Drop for Env<'_> {
    fn drop(&mut self) {}
}

impl<B, K> fmt::Debug for Driver<'_, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}
