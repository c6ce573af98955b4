//! A test kit for async code, of this crate or not: feature `testing`.
//!
//! [`inject`] drops a future after each of its polls, and panics at each of its points; an example over
//! a future of one's own:
//!
//! ```
//! use pleach::{join::join, testing::inject::{self, Trial, yield_once}};
//!
//! let injections = inject::all(|world| {
//!     let inner = world.clone();
//!     let child = world.child("child", async move {
//!         let buffer = inner.part("buffer");
//!         yield_once().await;
//!         drop(buffer);
//!         7
//!     });
//!     Trial::of(world, join((child, async { 1 })))
//! });
//! println!("{injections}");
//! assert!(injections.drops >= 2 && injections.panics >= 4);
//! ```

pub mod inject;
mod payload;
mod waker;

pub use waker::{HookedWaker, Wakes};
