//! The contracts of executors, threads and timers, checked of all that there are, by the public suite.
//! Each part of that ends only when nothing that it gave away is alive.

#[cfg(feature = "async-std")]
mod async_std;
mod broken;
mod executors;
mod objects;
#[cfg(feature = "smol")]
mod smol;
mod timers;
#[cfg(feature = "tokio")]
mod tokio;
mod toy;

use pleach::runtime::conformance::Suite;

const SUITE: Suite = Suite::new();
