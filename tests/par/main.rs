//! Parallel scopes, through the public interface, on executors that have little in common: a thread
//! for each task, a pool, smol's executor on two threads, one that polls within `spawn`.
//!
//! What a test says of all of them it does on each, by [`Each`]; and it ends with a [`Census`]: of the
//! futures, outputs and captures that it made none is alive.

#[path = "../support/mod.rs"]
mod support;

mod blocking;
mod borrowing;
mod census;
mod clocks;
mod endings;
mod executors;
mod hostile;
mod limits;
mod lost;
mod methods;
mod parallel;

use std::num::NonZeroUsize;

use census::Census;
use executors::{Any, Each, Threads};
use pleach::block_on;

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}
