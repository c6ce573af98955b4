//! Where futures meet executors, threads and clocks.
//!
//! Nothing in this crate needs a runtime. What starts tasks of one asks for a [`Spawn`], a
//! [`SpawnLocal`] or a [`SpawnBlocking`], and what sleeps for a [`Timer`](crate::time::Timer): each
//! is given one, by value, and there is no global one.
//!
//! # Adapters
//!
//! | | feature | [`Spawn`] | [`SpawnLocal`] | [`SpawnBlocking`] | `Timer` |
//! |---|---|---|---|---|---|
//! | no runtime | `std` | – | – | – | [`StdTimer`] |
//! | smol | `smol` | `Smol`, `SmolExecutor` | `SmolLocalExecutor` | `Smol` | `SmolTimer` |
//! | tokio | `tokio` | `Tokio`, `TokioHandle` | `Tokio`, `TokioLocalSet` | `Tokio`, `TokioHandle` | `TokioTimer` |
//! | async-std | `async-std` | `AsyncStd` | `AsyncStd` | `AsyncStd` | `AsyncStdTimer` |
//! | embassy | `embassy`, `embassy-executor` | `Embassy` of a `SendSpawner` | `Embassy` of a `Spawner` | – | `EmbassyTimer` |
//! | JavaScript's event loop | `wasm` | `Wasm` | `Wasm` | – | `WasmTimer` |
//!
//! `Smol`, `Tokio` and `AsyncStd` have nothing in them: they stand for the global executor, or for
//! the runtime that the caller is in. The others hold one.
//!
//! Whoever does not want to be generic takes an object: [`SpawnBoxed`] and its kin.
//!
//! # Bring your own runtime
//!
//! The contracts are short; [`conformance`] checks them. This executor and this
//! timer, on the standard library alone, pass:
//!
//! ```
#![doc = include_str!("runtime/toy.rs")]
//!
//! // A scope on that executor, which by that timer has a millisecond.
//! let (result, ended) = pleach::oneshot::channel();
//! Toy::start().spawn(async move {
//!     let at = ToyTimer.now() + std::time::Duration::from_millis(1);
//!     let scope = pleach::scope!(deadline = (ToyTimer, at), |s| {
//!         let token = s.token();
//!         s.spawn(async move { token.cancelled().await.is_deadline() }).await
//!     });
//!     let _ = result.send(scope.await);
//! });
//! assert_eq!(pleach::block_on(ended), Ok(Ok(true)));
//! ```

#[cfg(all(any(feature = "smol", feature = "async-std"), not(loom)))]
mod async_io;
#[cfg(all(feature = "async-std", not(loom)))]
mod async_std;
#[cfg(all(feature = "std", not(loom)))]
mod block_on;
#[cfg(feature = "alloc")]
mod boxed;
#[cfg(all(feature = "std", not(loom)))]
pub mod conformance;
#[cfg(all(feature = "embassy", not(loom)))]
mod embassy;
#[cfg(all(feature = "std", not(loom)))]
mod sleepers;
#[cfg(all(feature = "smol", not(loom)))]
mod smol;
mod spawn;
#[cfg(all(feature = "std", not(loom)))]
mod std_timer;
#[cfg(all(feature = "tokio", not(loom)))]
mod tokio;
#[cfg(all(feature = "wasm", not(loom)))]
mod wasm;

#[cfg(all(feature = "tokio", not(loom)))]
pub use self::tokio::{Tokio, TokioHandle, TokioLocalSet, TokioSleep, TokioTimer};
#[cfg(all(feature = "async-std", not(loom)))]
pub use self::{
    async_io::{IoSleep as AsyncStdSleep, IoTimer as AsyncStdTimer},
    async_std::AsyncStd,
};
#[cfg(all(feature = "smol", not(loom)))]
pub use self::{
    async_io::{IoSleep as SmolSleep, IoTimer as SmolTimer},
    smol::{Smol, SmolExecutor, SmolLocalExecutor},
};
#[cfg(all(feature = "std", not(loom)))]
pub use block_on::block_on;
#[cfg(feature = "alloc")]
pub use boxed::{SpawnBlockingBoxed, SpawnBoxed, SpawnLocalBoxed};
#[cfg(all(feature = "embassy-executor", not(loom)))]
pub use embassy::{Embassy, EmbassyTasks};
#[cfg(all(feature = "embassy", not(loom)))]
pub use embassy::{EmbassyAlarm, EmbassySleep, EmbassyTimer};
pub use spawn::{Spawn, SpawnBlocking, SpawnLocal};
#[cfg(all(feature = "std", not(loom)))]
pub use std_timer::{StdSleep, StdTimer};
#[cfg(all(feature = "wasm", not(loom)))]
pub use wasm::{Wasm, WasmSleep, WasmTimer};
