//! Atomics: `core`'s, or under loom the complete ones.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};

#[cfg(loom)]
pub(crate) use super::complete::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};
