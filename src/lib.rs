//! Structured concurrency and synchronisation for async Rust.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(loom, test, feature = "std"))]
extern crate std;

#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
#[cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, unused_imports, reason = "parts that only scopes need")
)]
mod sys;
#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
#[cfg_attr(
    not(feature = "alloc"),
    allow(dead_code, unused_imports, reason = "parts that only scopes need")
)]
mod wait;

#[cfg(all(feature = "std", not(loom)))]
pub mod runtime;
#[cfg(feature = "alloc")]
pub mod scope;
pub mod semaphore;

#[cfg(all(feature = "std", not(loom)))]
pub use runtime::block_on;
#[cfg(feature = "alloc")]
pub use scope::{Cancelled, Handle, Scope};
pub use semaphore::{Acquire, AcquireError, Permit, Semaphore, TryAcquireError};

/// What the models reach inside for. Under `cfg(loom)` only: no user ever sees it.
#[cfg(loom)]
pub mod internals {
    pub use crate::{
        sys::{cell::UnsafeCell, complete, lock::Lock, lock::spin::SpinLock},
        wait::{List, Outcome, Stage, Waiter, WakerCell},
    };
}
