//! Who is in a domain: its memory stays until the last of them has left (`domain.rs`,
//! invariant 5).
//!
//! Whoever joins holds the lock, and whoever leaves does not. So there are two numbers: `joined`
//! under the lock, to which a new child costs no more than an addition, and `left`, which is
//! atomic. Both would run up for as long as tokens come and go, so what has left is taken off both
//! before they get far: they never are far from how many there are at a time.

use super::{
    domain::{Domain, Node, Shape},
    token::JOINED,
};
use crate::sys::atomic::Ordering;

/// More than can have joined since the numbers were settled, and be in the domain. (Small in the
/// models, so that they see what happens when it comes to that.)
const ROOM: usize = if cfg!(loom) {
    64
} else {
    1 << (usize::BITS - 1)
};

/// Where `left` begins: it is not zero before the domain is dead.
pub(super) const OPEN: usize = 0_usize.wrapping_sub(ROOM);

/// With so many that have joined it is time to settle. So those who have left are fewer than that,
/// or than those who have not.
const SETTLE: usize = ROOM / 4;

/// How many weak handles a domain may have, leaked ones included: half of the room on small
/// targets. Whatever else joins takes up memory, so there are fewer by far.
#[cfg(feature = "alloc")]
const MOST_WEAK: u32 = if cfg!(loom) { 32 } else { 1 << 30 };

impl Domain {
    /// Under the lock: counts one more that is in the domain, which is not dead.
    #[inline]
    pub(super) fn join(&self, shape: &mut Shape) {
        if shape.joined == 1 {
            // Relaxed: whoever drops the last handle of the root has it behind, by the handles.
            self.root.state.fetch_or(JOINED, Ordering::Relaxed);
        }
        if shape.joined >= SETTLE {
            self.settle(shape);
        }
        shape.joined += 1;
    }

    /// Under the lock: takes those who have left off both numbers.
    #[cold]
    fn settle(&self, shape: &mut Shape) {
        // Relaxed: whoever has left and is not seen here is left for the next time. Whoever is seen
        // has joined under the lock before.
        let gone = self.left.load(Ordering::Relaxed).wrapping_sub(OPEN);
        // Otherwise it is below zero: there are more visits than have left.
        if gone < shape.joined {
            // Relaxed: an RMW, so whoever leaves last still acquires what all others released.
            self.left.fetch_sub(gone, Ordering::Relaxed);
            shape.joined -= gone;
        }
    }

    /// Counts one more, by somebody who knows of another that has not left: without the lock, and
    /// also of a domain that is dead.
    pub(super) fn visit(&self) {
        // Relaxed: the other one has not left.
        self.left.fetch_sub(1, Ordering::Relaxed);
    }

    /// Under the lock: the domain is dead, nobody will join it, and when all have left there is
    /// nobody.
    pub(super) fn seal(&self, shape: &Shape) {
        // Relaxed: the root has not left, so this does not end at zero.
        self.left
            .fetch_sub(OPEN.wrapping_add(shape.joined), Ordering::Relaxed);
    }

    /// One that has joined leaves; whether it was the last.
    #[inline]
    pub(super) fn leave(&self) -> bool {
        // Release and acquire: who frees the domain has seen all that others did with it.
        self.left.fetch_add(1, Ordering::AcqRel).wrapping_add(1) == 0
    }

    /// Whether nobody but the root has ever been in the domain.
    #[inline]
    pub(super) fn is_lonely(&self) -> bool {
        // Relaxed: asked by who holds the only handle.
        self.root.state.load(Ordering::Relaxed) & JOINED == 0
    }
}

impl Shape {
    /// Counts a weak handle of `node`, unless there are too many. It is not in the domain yet.
    #[cfg(feature = "alloc")]
    pub(super) fn add_weak(&mut self, node: Node) -> bool {
        let is_counted = self.weak < MOST_WEAK;
        if is_counted {
            self.weak += 1;
            self.links(node, |links| links.weak += 1);
        }
        is_counted
    }

    /// A weak handle goes; whether it was the last of `node`.
    pub(super) fn remove_weak(&mut self, node: Node) -> bool {
        self.weak -= 1;
        self.links(node, |links| {
            links.weak -= 1;
            links.weak == 0
        })
    }
}
