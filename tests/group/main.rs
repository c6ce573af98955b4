//! Groups through their public interface.

#[path = "../support/mod.rs"]
mod support;

mod endings;
mod joiners;
mod memory;
#[cfg(feature = "std")]
mod panics;
mod polls;
mod random;
mod results;
mod spawners;
