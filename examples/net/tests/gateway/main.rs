//! The example `gateway`, run as a user runs it, between clients and upstreams on real sockets.

#![cfg(unix)]

mod asking;
mod client;
mod endings;
#[path = "../../../../tests/support/example.rs"]
mod example;
mod limits;
mod load;
mod process;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../../tests/support/rng.rs"]
mod rng;
mod upstream;
mod usage;

use std::time::Duration;

/// Never reached but by a bug, which then fails the test instead of hanging it.
const SAFETY_LIMIT: Duration = Duration::from_secs(120);

/// Milliseconds that are never over.
const NEVER: &str = "3600000";
