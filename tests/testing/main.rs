//! The test kit, `pleach::testing`: it finds what it is there to find, and repeats it.

#[path = "../support/mod.rs"]
mod support;

mod bugs;
mod conformance;
mod ends;
mod explore;
mod inject;
mod order;
mod stalls;
mod threads;
mod time;
#[cfg(feature = "inspect")]
mod watched;
