//! Numbers for trees of tokens, which have no root in common: given out when somebody looks.

#[cfg(loom)]
use core::sync::atomic::AtomicUsize;

#[cfg(not(loom))]
use crate::sys::atomic::AtomicUsize;
// (Not what the models are about: nothing depends on the numbers.)
use core::sync::atomic::Ordering;

static LAST: AtomicUsize = AtomicUsize::new(0);

/// A number of its own, from the first time that it is asked for.
#[derive(Debug)]
pub(crate) struct Serial(AtomicUsize);

impl Serial {
    /// Not asked for yet.
    #[allow(clippy::declare_interior_mutable_const, reason = "a new one each time")]
    pub(crate) const NEW: Self = Self(AtomicUsize::new(0));

    pub(crate) fn get(&self) -> usize {
        // Relaxed, as all of it: a number.
        let known = self.0.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        let new = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let set = self
            .0
            .compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed);
        set.map_or_else(|other| other, |_| new)
    }
}
