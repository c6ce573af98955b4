//! Structured concurrency and synchronisation for async Rust.
//!
//! Tasks that are woven together cannot grow loose: a [`scope!`] ends when all its children
//! have ended, and what they wait on while they run is here as well. Nothing needs a runtime;
//! all of it polls only when woken, works without `std`, and is model-checked.
//!
//! ```
//! use pleach::{Semaphore, scope};
//!
//! # pleach::block_on(async {
//! let pages = ["a", "bcd", "ef"];
//! let connections = Semaphore::new(2);
//! let lengths = scope!(|s| {
//!     let fetch = async |page: &str| {
//!         let _permit = connections.acquire().await?;
//!         Ok::<_, pleach::AcquireError>(page.len())
//!     };
//!     let children = pages.map(|page| s.spawn(fetch(page)));
//!     let mut lengths = Vec::new();
//!     for child in children {
//!         lengths.push(child.await.unwrap().unwrap());
//!     }
//!     lengths
//! })
//! .await;
//! assert_eq!(lengths, [1, 3, 2]);
//! # });
//! ```
//!
//! # What is here
//!
//! | | | needs |
//! |---|---|---|
//! | [`scope!`], [`try_scope!`], [`local_scope!`], [`try_local_scope!`] | children that borrow, and end together | `alloc` |
//! | [`scope`](mod@scope) | the same in explicit form, and what a scope promises | `alloc` |
//! | [`par_scope!`], [`par`] | children that run as tasks of a runtime, and end together all the same | `std` |
//! | [`join`], [`try_join`](join::try_join) | the same for a few children that are known from the beginning | – |
//! | [`Semaphore`] | weighted, first come first served, closable | – |
//! | [`Event`] | a flag to wait for; setting it wakes all | – |
//! | [`Latch`] | opens when it has been counted down | – |
//! | [`WaitGroup`] | waits until its members, which are values, are gone | – |
//! | [`Barrier`] | lets tasks go when enough have arrived; a wait can be cancelled | – |
//! | [`channel`] | bounded, many to many, first come first served; from capacity zero | – |
//! | [`oneshot`] | one value, once | –, or `alloc` |
//! | [`watch`] | the latest value, for many who wait for it to change | –, or `alloc` |
//! | [`select!`], [`select`](mod@select) | the first of several futures, fair; sends; `default` without a race | – |
//! | [`pipeline`] | stages of workers with channels between them; a worker pool | `alloc` |
//! | [`CancelToken`], [`cancel`] | a cancellation tree: causes, deadlines, callbacks, two phases | `alloc`, or nothing in a [`static`](cancel::Root) |
//! | [`time`] | clocks, sleeps, timeouts, intervals, retries with back-off, and a clock for tests | – |
//! | `testing` | simulations that a seed repeats, drops and panics injected everywhere | `testing` |
//! | [`block_on`], [`runtime`] | runs a future on the current thread; executors, timers | `std` |
//!
//! # When not to use it
//!
//! A scope's children are concurrent, not parallel: they share one task. That is what lets
//! them borrow. Work that must use several cores belongs into a [parallel scope](par), on a runtime
//! of yours. Mutexes are those of `async-lock`, re-exported by the
//! feature `locks`. I/O is not here: the runtimes have it.
//!
//! # Guarantees
//!
//! 1. Nothing outlives its scope: when it has resolved or is dropped, so have all children.
//! 2. Nothing is lost, under any interleaving, cancellation or panic: no permit, wake-up,
//!    result, error or payload. (Of several panics at once, the first goes on.)
//! 3. Every future is cancel-safe, and says what dropping it means.
//! 4. First come, first served; a newcomer never overtakes a waiter, unless a semaphore was
//!    made [`with_bypass`](Semaphore::with_bypass), and then not for ever.
//! 5. No code of yours (wakers, destructors, polls) runs under a lock of ours.
//! 6. No hidden cost: no allocation but those documented, no poll without a wake.
//! 7. Errors are values; misuse that is a bug panics.
//! 8. Sound by type, `mem::forget` included.
//!
//! # Features
//!
//! * `std` (default): [`block_on`], panics caught and resumed with their payload, locks of the
//!   operating system. Implies `alloc`.
//! * `alloc`: scopes, and cancellation trees on the heap. One allocation for each, and one for
//!   each child.
//! * `smol`: [`runtime`]'s adapters to smol: its executors, threads and timer. Implies `std`.
//! * `tokio`: those to tokio. The timer obeys tokio's clock, paused or not. Implies `std`.
//! * `async-std`: those to async-std, which is discontinued. Implies `std`.
//! * `embassy`: a timer for embassy, by the program's time driver. Implies `critical-section`.
//! * `embassy-executor`: futures of any type as tasks of embassy's executor. Implies `alloc` and
//!   `embassy`.
//! * `wasm`: the timer and the executor of JavaScript's event loop, through `wasm-bindgen`. Implies
//!   `std`.
//! * `locks`: `Mutex`, `RwLock` and `OnceCell` of the crate `async-lock`, and waiting for them until a
//!   token is cancelled. Implies `alloc`; needs compare-and-swap.
//! * `sink`: the sending end of a channel as a `Sink` of the crate `futures-sink`.
//! * `inspect`: scopes, groups and children keep where they were made or spawned, their names, their polls
//!   and what they wait for; all of it can be looked at as a tree. Implies `alloc`. (What gives names, `named` and
//!   [`inspect::waiting`], is there without it, and does nothing.)
//! * `testing`: the module of that name, a test kit: simulations that a seed repeats, by a clock of
//!   their own; drops and panics injected everywhere. Implies `std`.
//! * `tracing`: the children of a scope as spans, and their ends as events, of the crate `tracing`. Implies
//!   `inspect`.
//! * `critical-section`: without `std`, locks are critical sections (of the crate of that
//!   name), and where there is no compare-and-swap so are read-modify-writes. Interrupt
//!   handlers may then release permits, wake, and whatever else does not wait.
//! * `portable-atomic`: atomics of that crate, another way for targets without
//!   compare-and-swap. Without `critical-section` locks spin.
//!
//! Without `std`, a child's panic unwinds through the scope at once (its other children are
//! dropped with it, and a second panic meanwhile aborts). Without `std` and `critical-section`,
//! locks spin: an interrupt handler must not use them.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(loom, test, feature = "std"))]
extern crate std;

#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
#[cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, unused_imports, reason = "parts that only scopes need")
)]
#[cfg_attr(
    loom,
    allow(clippy::new_without_default, reason = "public to the models only")
)]
mod sys;
#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
#[cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, unused_imports, reason = "parts that only scopes need")
)]
#[cfg_attr(
    loom,
    allow(clippy::new_without_default, reason = "public to the models only")
)]
mod wait;

pub mod barrier;
#[cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, unused_imports, reason = "parts that only the heap needs")
)]
pub mod cancel;
pub mod channel;
mod event;
#[cfg(feature = "alloc")]
pub mod group;
#[cfg(feature = "inspect")]
pub mod inspect;
#[cfg(not(feature = "inspect"))]
#[path = "no_inspect.rs"]
pub mod inspect;
pub mod join;
mod latch;
#[cfg(all(feature = "locks", not(loom)))]
pub mod locks;
pub mod oneshot;
#[cfg(all(feature = "std", target_has_atomic = "ptr"))]
pub mod par;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub mod pipeline;
pub mod runtime;
#[cfg(feature = "alloc")]
pub mod scope;
pub mod select;
pub mod semaphore;
#[cfg(all(feature = "testing", not(loom)))]
pub mod testing;
pub mod time;
mod wait_group;
pub mod watch;

pub use barrier::{Barrier, BarrierResult};
#[cfg(feature = "alloc")]
pub use cancel::CancelToken;
pub use cancel::Cancelled;
pub use event::Event;
pub use latch::Latch;
#[cfg(all(feature = "std", not(loom)))]
pub use runtime::block_on;
#[cfg(feature = "alloc")]
pub use scope::{Handle, Scope};
pub use semaphore::{Acquire, AcquireError, Permit, Semaphore, TryAcquireError};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use semaphore::{AcquireOwned, OwnedPermit};
pub use wait::Wait;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use wait_group::OwnedMember;
pub use wait_group::{Member, WaitGroup};

/// What the macros expand to; not for use by hand.
#[doc(hidden)]
pub mod __macros {
    pub use crate::select::expansion::*;
}

/// The README's examples, compiled and run with the docs'.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// What the models reach inside for. Under `cfg(loom)` only: no user ever sees it.
#[cfg(loom)]
pub mod internals {
    #[cfg(feature = "tracing")]
    pub use crate::inspect::span_slot::SpanSlot;
    #[cfg(feature = "std")]
    pub use crate::sys::park::{Instant, Parker, with_parker};
    pub use crate::{
        sys::{cell::UnsafeCell, complete, lock::Lock, lock::spin::SpinLock},
        wait::{List, Outcome, Stage, Swept, Waiter, WakerCell},
    };
}
