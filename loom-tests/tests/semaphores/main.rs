//! The semaphore.

#[path = "../explore/mod.rs"]
mod explore;

mod semaphore;
mod semaphore_blocking;
mod semaphore_bypass;
mod semaphore_limit;
