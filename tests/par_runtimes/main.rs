//! Parallel scopes on the runtimes that there are adapters to: the same behaviour on each, and on
//! runtimes that are shut down under them.

#[path = "../par/census.rs"]
#[allow(dead_code, reason = "the others use the rest")]
mod census;
#[path = "../support/mod.rs"]
mod support;

mod behaviour;
mod runtimes;
mod storms;
