//! Where futures meet threads, and clocks.

mod block_on;
#[cfg(feature = "smol")]
mod smol;
mod std_timer;

pub use block_on::block_on;
#[cfg(feature = "smol")]
pub use smol::{SmolSleep, SmolTimer};
pub use std_timer::{StdSleep, StdTimer};
