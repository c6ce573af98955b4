//! Time, through the public API.

#[path = "../support/mod.rs"]
mod support;

mod backoff;
mod instant;
mod interval;
mod manual;
mod retry;
#[cfg(feature = "smol")]
mod smol;
#[cfg(feature = "std")]
mod std_timer;
mod timeout;

use std::time::Duration;

use pleach::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u32) -> Instant {
    Instant::EPOCH + SECOND * seconds
}
