//! The primitives that wait and wake, and what they are made of.

#[path = "../explore/mod.rs"]
mod explore;

mod barrier;
mod event;
mod latch;
mod list;
mod litmus;
mod lock;
mod oneshot;
mod wait_group;
mod waker;
mod watch;
