//! Tokens and deadlines.

#[path = "../explore/mod.rs"]
mod explore;

mod cancel;
mod cancel_callback;
mod cancel_ends;
mod cancel_island;
mod time;
