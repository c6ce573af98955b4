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
mod settings;
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

use core::{convert::Infallible, fmt, future::Future, marker::PhantomData};

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
