//! The test kit, `pleach::testing`: it finds what it is there to find.

#[path = "../support/mod.rs"]
mod support;

mod inject;
