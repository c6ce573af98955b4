//! With which arm a `select!` begins.

#[cfg(not(loom))]
use core::sync::atomic::{AtomicUsize, Ordering};

#[cfg(not(loom))]
use crate::sys::lot;

/// Where the `select!` at one place of the program begins: at an arm that is as if drawn by lot, so
/// that every arm that is ready has at least its share.
///
/// Loads and stores alone, which every target has. Two threads may draw the same lot; nothing
/// else depends on it. Models always begin with the first arm, and a simulation chooses.
#[derive(Debug)]
pub struct Rotation {
    #[cfg(not(loom))]
    state: AtomicUsize,
}

impl Rotation {
    /// The beginning of a period.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "for the macro alone")]
    pub const fn new() -> Self {
        Self {
            #[cfg(not(loom))]
            state: AtomicUsize::new(0),
        }
    }

    /// A number below `arms`, or zero.
    #[cfg(not(loom))]
    #[inline]
    pub(super) fn draw(&self, arms: u32) -> u32 {
        if let Some(arm) = lot::draw(arms) {
            return arm;
        }
        // A linear congruential generator of full period (Numerical Recipes' constants): its high
        // bits fall on each arm equally often.
        let state = self.state.load(Ordering::Relaxed);
        let next = state
            .wrapping_mul(1_664_525_u32 as usize)
            .wrapping_add(1_013_904_223_u32 as usize);
        self.state.store(next, Ordering::Relaxed);
        // Of more than 32 bits, the low ones are such a generator themselves; so they are of fewer.
        let bits = usize::BITS.min(u32::BITS);
        ((u64::from(next as u32) * u64::from(arms)) >> bits) as u32
    }

    /// The first.
    #[cfg(loom)]
    pub(super) fn draw(&self, _arms: u32) -> u32 {
        0
    }
}
