//! Atomics, by build: the first line that applies.
//!
//! | build | what [`AtomicUsize`] and [`AtomicPtr`] are |
//! |---|---|
//! | models | loom's, made complete (`complete.rs`); under `lock_only` wrapped as in the third line |
//! | `portable-atomic` | those of that crate, with whatever back-end the program chose for it |
//! | no compare-and-swap, or `--cfg pleach_lock_only` | loads and stores of `core`, read-modify-writes in a critical section (`lock_only.rs`) |
//! | otherwise | `core`'s |
//!
//! [`AtomicU8`] is for what is only ever loaded and stored; every target has that. So is
//! [`AtomicU32`], which is for what is noted under `inspect`.

#[cfg(all(not(loom), not(feature = "portable-atomic")))]
pub(super) use core::sync::atomic as plain;
#[cfg(all(not(loom), feature = "portable-atomic"))]
pub(super) use portable_atomic as plain;

#[cfg(loom)]
pub(super) use super::complete as plain;

#[cfg(feature = "inspect")]
pub(crate) use plain::AtomicU32;
pub(crate) use plain::{AtomicU8, Ordering};

#[cfg(not(any(
    pleach_lock_only,
    all(not(feature = "portable-atomic"), not(target_has_atomic = "ptr"))
)))]
pub(crate) use plain::{AtomicPtr, AtomicUsize};

#[cfg(any(
    pleach_lock_only,
    all(not(feature = "portable-atomic"), not(target_has_atomic = "ptr"))
))]
pub(crate) use super::lock_only::{AtomicPtr, AtomicUsize};
