//! A reference count for blocks that wakers of any thread keep alive.

use crate::sys::atomic::{AtomicUsize, Ordering};

/// Half the range: far more counts than memory could hold, unless they are forgotten.
const MOST: usize = usize::MAX / 2;

#[derive(Debug)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new(count: usize) -> Self {
        Self(AtomicUsize::new(count))
    }

    /// Adds one. The caller has one already, so the block is alive.
    ///
    /// # Panics
    ///
    /// If the count would get near to overflowing, which takes that many forgotten wakers.
    #[inline]
    pub(crate) fn acquire(&self) {
        self.acquire_some(1);
    }

    /// Adds so many; otherwise as `acquire`.
    #[inline]
    pub(crate) fn acquire_some(&self, counts: usize) {
        // Relaxed: a new count is made out of an old one, nothing is looked at.
        if self.0.fetch_add(counts, Ordering::Relaxed) >= MOST {
            self.0.fetch_sub(counts, Ordering::Relaxed);
            panic!("too many wakers of one task: were they forgotten?");
        }
    }

    /// Takes so many off. The caller keeps one.
    pub(crate) fn release_some(&self, counts: usize) {
        // Relaxed: what this holder did goes with the count that it keeps.
        self.0.fetch_sub(counts, Ordering::Relaxed);
    }

    /// Takes one off; `true` for the last, who frees the block.
    #[inline]
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        self.release_all(1)
    }

    #[inline]
    fn release_all(&self, counts: usize) -> bool {
        // Release: whoever frees sees what this holder did. Acquire: pairs with that.
        self.0.fetch_sub(counts, Ordering::AcqRel) == counts
    }

    /// Takes so many off, which the caller has; `true` for the last, who frees the block. For a holder
    /// that probably is.
    #[inline]
    #[must_use]
    pub(crate) fn release_as_last(&self, counts: usize) -> bool {
        // They are the caller's own, and a new count is made out of another: if there are no more, nobody
        // is left to change it, and they need not be taken off. Acquire: pairs with the release in
        // `release_all`.
        self.0.load(Ordering::Acquire) == counts || self.release_all(counts)
    }
}
