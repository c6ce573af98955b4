//! How many children were spawned, and how many of them are over.

use core::fmt;

use crate::sys::atomic::{AtomicUsize, Ordering};

/// Which child of its scope it is: the first that was spawned has number 1. (The body is number 0.)
///
/// Numbers are given in the order of the calls, also to children that are refused, and are not used
/// twice; where pointers have 32 bits they begin again after as many children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildId(usize);

impl ChildId {
    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl fmt::Display for ChildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Counts that only grow, so that each has its own writers. Whoever adds to `aside` or `over` has
/// seen the number that this takes off: they are released with it, and acquired before it is read.
#[derive(Debug)]
pub(super) struct Tally {
    /// Numbers given away.
    numbers: AtomicUsize,
    /// Those of them that do not count: of daemons, and of children that were refused.
    aside: AtomicUsize,
    /// Children that are over. The driver alone writes it.
    over: AtomicUsize,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            numbers: AtomicUsize::new(0),
            aside: AtomicUsize::new(0),
            over: AtomicUsize::new(0),
        }
    }

    /// The number of a new child. Those of a local scope are given on one thread.
    #[inline]
    pub(super) fn number(&self, is_local: bool) -> ChildId {
        // Relaxed: see the type.
        if is_local {
            // Nobody else writes it.
            let number = self.numbers.load(Ordering::Relaxed).wrapping_add(1);
            self.numbers.store(number, Ordering::Relaxed);
            return ChildId(number);
        }
        ChildId(self.numbers.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// A number that was just given does not count.
    pub(super) fn set_aside(&self) {
        // Release: pairs with the load in `live`.
        self.aside.fetch_add(1, Ordering::Release);
    }

    /// A child that counts is over. Called by the driver alone.
    #[inline]
    pub(super) fn end(&self) {
        // Relaxed: nobody else writes it.
        let over = self.over.load(Ordering::Relaxed).wrapping_add(1);
        // Release: pairs with the load in `live`.
        self.over.store(over, Ordering::Release);
    }

    /// Children that count and are not over.
    pub(super) fn live(&self) -> usize {
        // Acquire: pairs with the release in `end`.
        let over = self.over.load(Ordering::Acquire);
        // Acquire: pairs with the release in `set_aside`.
        let aside = self.aside.load(Ordering::Acquire);
        let numbers = self.numbers.load(Ordering::Relaxed);
        numbers.wrapping_sub(aside).wrapping_sub(over)
    }
}
