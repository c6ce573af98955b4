//! Where futures meet executors, threads and clocks.

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
#[cfg(all(feature = "smol", not(loom)))]
mod smol;
mod spawn;
#[cfg(all(feature = "std", not(loom)))]
mod std_timer;
#[cfg(all(feature = "tokio", not(loom)))]
mod tokio;

#[cfg(all(feature = "tokio", not(loom)))]
pub use self::tokio::{Tokio, TokioSleep, TokioTimer};
#[cfg(all(feature = "async-std", not(loom)))]
pub use self::{
    async_io::{IoSleep as AsyncStdSleep, IoTimer as AsyncStdTimer},
    async_std::AsyncStd,
};
#[cfg(all(feature = "smol", not(loom)))]
pub use self::{
    async_io::{IoSleep as SmolSleep, IoTimer as SmolTimer},
    smol::Smol,
};
#[cfg(all(feature = "std", not(loom)))]
pub use block_on::block_on;
#[cfg(feature = "alloc")]
pub use boxed::{SpawnBlockingBoxed, SpawnBoxed, SpawnLocalBoxed};
pub use spawn::{Spawn, SpawnBlocking, SpawnLocal};
#[cfg(all(feature = "std", not(loom)))]
pub use std_timer::{StdSleep, StdTimer};
