//! What the benchmarks share.
//!
//! A [`Bench`] is a set of [`Workload`]s and [`Fact`]s. Each workload is run by every
//! [`Subject`]: for the clock in interleaved rounds, and under callgrind at two loop counts,
//! whose difference is exact and free of what it costs to start. The results are a table, a
//! file of JSON lines and a chart.

mod alloc;
mod bench;
mod callgrind;
mod chart;
pub mod executor;
mod report;
mod rounds;
mod threads;

pub use alloc::{allocations_in, bytes_in};
pub use bench::{Bench, Fact, Role, Subject, Workload};
pub use executor::block_on;
pub use rounds::Untimed;
pub use threads::{FirstMeeting, on_two_threads};
