//! Channels, `select!` and pipelines; and what `loom` itself is compared with.

#[path = "../explore/mod.rs"]
mod explore;

mod channel;
mod differential;
mod pipeline;
mod select;
