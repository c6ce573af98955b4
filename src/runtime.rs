//! Where futures meet executors, threads and clocks.

#[cfg(all(feature = "std", not(loom)))]
mod block_on;
#[cfg(feature = "alloc")]
mod boxed;
#[cfg(all(feature = "smol", not(loom)))]
mod smol;
mod spawn;
#[cfg(all(feature = "std", not(loom)))]
mod std_timer;

#[cfg(all(feature = "std", not(loom)))]
pub use block_on::block_on;
#[cfg(feature = "alloc")]
pub use boxed::{SpawnBlockingBoxed, SpawnBoxed, SpawnLocalBoxed};
#[cfg(all(feature = "smol", not(loom)))]
pub use smol::{SmolSleep, SmolTimer};
pub use spawn::{Spawn, SpawnBlocking, SpawnLocal};
#[cfg(all(feature = "std", not(loom)))]
pub use std_timer::{StdSleep, StdTimer};
