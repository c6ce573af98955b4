//! Islands: trees of their own that hang in others.
//!
//! An island is a domain. In the tree of each of its parents a *leaf* stands for it; a walk that
//! comes to a leaf notes the island, and goes on there when it has left the lock. So no two locks
//! are held at once, and islands within islands are a list and not a recursion.
//!
//! With several parents an island fires when any of them does, or, if it was made so, when all
//! have.
//!
//! # What it takes to cancel
//!
//! An island with several parents may be reached by many ways, and by ways that double with each
//! island on them. So whoever cancels keeps the islands that it has been through, and goes through
//! each of them once. It cannot be said of one that all below it are in the phase before that is
//! known of the islands within it; so those with others within are marked by a second walk, when
//! no island is left that was not walked. In whatever order: at that time the marks hold for all
//! of them.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use core::ptr::NonNull;

use super::{
    CancelToken,
    cause::{Phase, Stored},
    domain::{Domain, Kind, Node},
    memory,
    token::{Token, done_bit, phase_of},
    walk::walk,
};
use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        cell::UnsafeCell,
        const_new,
        unwind::{self, FirstPanic},
    },
    time::Instant,
};

impl CancelToken {
    /// A token below this one that has a lock of its own, as has all below it.
    ///
    /// Tokens of one tree share a lock. It is held for moments, by whoever makes a child or drops
    /// a token. Where many threads do that all the time, as with a token for each connection,
    /// let each of the connections have an island. It costs two allocations more; in all else it
    /// is a [`child`](Token::child).
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn child_island(&self) -> CancelToken {
        Self::linked(&[self], 1, self.end())
    }

    /// A token that is cancelled as soon as one of `parents` is, and stops as soon as one does.
    /// Its deadline is the earliest of theirs.
    ///
    /// The first of them gives the cause. Parents are known at creation, so there are no cycles.
    /// When the token goes its links go. Without parents nothing cancels it but itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::CancelToken;
    ///
    /// let (shutdown, client) = (CancelToken::new(), CancelToken::new());
    /// let request = CancelToken::any_of(&[&shutdown, &client]);
    /// client.cancel();
    /// assert!(request.is_cancelled());
    /// ```
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn any_of(parents: &[&CancelToken]) -> CancelToken {
        let deadlines = parents.iter().map(|parent| parent.end());
        Self::linked(parents, 1, deadlines.min().unwrap_or(Instant::MAX))
    }

    /// A token that is cancelled when all of `parents` are, and stops when all do. Its deadline
    /// is the latest of theirs.
    ///
    /// The last of them gives the cause. Otherwise as [`any_of`](Self::any_of).
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn all_of(parents: &[&CancelToken]) -> CancelToken {
        let deadlines = parents.iter().map(|parent| parent.end());
        let needed = parents.len().max(1);
        Self::linked(parents, needed, deadlines.max().unwrap_or(Instant::MAX))
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    fn linked(parents: &[&CancelToken], needed: usize, deadline: Instant) -> CancelToken {
        let island = Self::with_deadline(deadline);
        let domain = island.domain_ptr();
        let leaf = |parent: &&CancelToken| Leaf {
            token: Token::below(parent, Kind::Leaf, Instant::MAX),
            island: domain,
        };
        let leaves: Box<[Leaf]> = parents.iter().map(leaf).collect();
        // Not a box any more: others will have pointers to them.
        let leaves = NonNull::from(Box::leak(leaves));
        // Their addresses are enough for a walk to get from the token to the leaf.
        leaves.as_ptr().expose_provenance();
        let needed = [AtomicUsize::new(needed), AtomicUsize::new(needed)];
        // SAFETY: nobody else knows the domain.
        let upstream = unsafe { &mut (*domain.as_ptr()).upstream };
        upstream.links = Some(Box::new(Links { leaves, needed }));
        let mut islands = Islands::new();
        for (leaf, parent) in island.domain().upstream.leaves().zip(parents) {
            island.domain().with(|shape| island.domain().join(shape));
            let phase = parent.domain().with(|shape| {
                // SAFETY: the parent is linked, by its handle; the leaf is new, and stays until the
                // island has taken it out.
                let leaf = unsafe { shape.attach(parent.domain(), leaf, parent) };
                // Relaxed: phases change under the lock.
                phase_of(leaf.state.load(Ordering::Relaxed))
            });
            if phase > Phase::Running {
                islands.make_room();
                parent.domain().with(|_| {
                    // SAFETY: linked above.
                    islands.forward(unsafe { Node::of(leaf) }, Phase::Running, phase);
                });
            }
        }
        drop(islands);
        island
    }
}

/// What stands for an island in the tree of a parent.
#[repr(C)]
struct Leaf {
    /// First, so that a pointer to it is one to the leaf.
    token: Token,
    island: NonNull<Domain>,
}

/// The island of a leaf that is linked.
pub(super) fn island_of(leaf: Node) -> NonNull<Domain> {
    let leaf = core::ptr::with_exposed_provenance::<Leaf>(leaf.address());
    // SAFETY: the node is a leaf's, which is first in it and has exposed its address.
    unsafe { &*leaf }.island
}

/// By what a domain hangs in others: nothing, if it is no island.
pub(super) struct Upstream {
    links: Option<Box<Links>>,
    /// The list of domains whose end is under way (`ends.rs`).
    next_dead: UnsafeCell<Option<NonNull<Domain>>>,
}

struct Links {
    /// From a box, and owned.
    leaves: NonNull<[Leaf]>,
    /// How many parents more must stop, and how many must be cancelled.
    needed: [AtomicUsize; 2],
}

impl Drop for Links {
    fn drop(&mut self) {
        // SAFETY: from a box, and out of all trees: the domain is dead.
        drop(unsafe { Box::from_raw(self.leaves.as_ptr()) });
    }
}

impl Upstream {
    const_new! {
        pub(super) const fn new() -> Self {
            Self { links: None, next_dead: UnsafeCell::new(None) }
        }
    }

    /// What stands for the domain in others.
    pub(super) fn leaves(&self) -> impl Iterator<Item = &Token> {
        let links = self.links.iter();
        // SAFETY: they are there as long as this is.
        let leaves = links.flat_map(|links| unsafe { links.leaves.as_ref() });
        leaves.map(|leaf| &leaf.token)
    }

    /// Counts that a leaf has come from one phase into another, or only looks if it is none.
    /// Returns the phase that the island is to be in, if any.
    fn count(&self, before: Phase, phase: Phase) -> Phase {
        let mut reached = Phase::Running;
        let Some(links) = &self.links else {
            return reached;
        };
        for (needed, of) in links.needed.iter().zip([Phase::Stopping, Phase::Cancelled]) {
            if phase < of {
                break;
            }
            let left = if before < of {
                // Release and acquire: who counts the last one has behind it what the others
                // had before they counted.
                needed.fetch_sub(1, Ordering::AcqRel).wrapping_sub(1)
            } else {
                // Acquire: as above.
                needed.load(Ordering::Acquire)
            };
            // More may come than are needed.
            if left == 0 || left > usize::MAX / 2 {
                reached = of;
            }
        }
        reached
    }

    pub(super) fn next_dead(&self) -> Option<NonNull<Domain>> {
        // SAFETY: a domain dies once, and whoever saw it die has this to itself.
        self.next_dead.with(|next| unsafe { *next })
    }

    pub(super) fn set_next_dead(&self, next: Option<NonNull<Domain>>) {
        // SAFETY: as above.
        self.next_dead.with_mut(|cell| unsafe { *cell = next });
    }
}

/// Islands that the walks of a call have come to. What is found and left is done when this is
/// dropped, and then the first panic on the way goes on.
pub(super) struct Islands {
    /// In the order in which they were found, some of them several times.
    found: Vec<Found>,
    /// How many of them have been taken up.
    next: usize,
    /// The phases of the islands that have been, by address: `found` keeps them.
    known: BTreeMap<usize, Phase>,
    /// Whether all islands are known that were below one when this was walked, and have been
    /// walked themselves.
    is_closed: bool,
    /// Whether the walk passed one that was not done: it must come back.
    are_left: bool,
    panics: FirstPanic,
}

/// An island that is to be brought into a phase: a visit of its domain.
struct Found {
    island: NonNull<Domain>,
    phase: Phase,
    cause: Stored,
    /// Whether all below it are marked as being in the phase, or another entry sees to that.
    is_done: bool,
}

impl Islands {
    pub(super) fn new() -> Self {
        Self {
            found: Vec::new(),
            next: 0,
            known: BTreeMap::new(),
            is_closed: false,
            are_left: false,
            panics: FirstPanic::default(),
        }
    }

    /// A walk begins.
    pub(super) fn begin(&mut self) {
        self.are_left = false;
    }

    pub(super) fn are_left(&self) -> bool {
        self.are_left
    }

    /// Whether a token of this kind must wait for [`make_room`](Self::make_room).
    pub(super) fn lack_room(&self, kind: Kind) -> bool {
        kind == Kind::Leaf && self.found.capacity() - self.found.len() < 2
    }

    /// Makes room for an island, in each of two phases. To be called without a lock.
    pub(super) fn make_room(&mut self) {
        self.found.reserve(2);
    }

    /// Under the lock of the domain of `leaf`, which has come from one phase into another: notes
    /// the island if it is concerned, and neither done nor known. There must be room.
    pub(super) fn forward(&mut self, leaf: Node, before: Phase, phase: Phase) {
        let island = island_of(leaf);
        // SAFETY: a leaf that is linked is in its island.
        let domain = unsafe { island.as_ref() };
        let phase = domain.upstream.count(before, phase);
        // Acquire: pairs with the release in `Shape::finish`.
        let state = domain.root.state.load(Ordering::Acquire);
        if !state & done_bit(phase) == 0 {
            return;
        }
        let is_known = self.known.get(&island.addr().get()) >= Some(&phase);
        self.are_left |= !(is_known && self.is_closed);
        if is_known {
            return;
        }
        let mut find = |phase, cause| {
            domain.visit();
            self.found.push(Found {
                island,
                phase,
                cause,
                is_done: false,
            });
        };
        if phase == Phase::Cancelled && leaf.first_cause_was_of_a_stop() {
            find(Phase::Stopping, leaf.first_cause());
            find(Phase::Cancelled, leaf.last_cause());
        } else {
            find(phase, leaf.first_cause());
        }
    }

    /// What is left to do when the walk from `token` is over: the islands that it found, those
    /// within them, and the marks of what is above them.
    pub(super) fn finish(mut self, token: &Token, phase: Phase) {
        while self.are_left {
            self.walk_found();
            self.walk(token, phase, || unreachable!("it has been raised before"));
        }
    }

    /// A walk whose panic does not end the others.
    pub(super) fn walk(&mut self, token: &Token, phase: Phase, cause: impl FnMut() -> Stored) {
        let result = unwind::catch(|| walk(token, phase, self, cause));
        self.panics.note(result);
    }

    /// Goes through the islands that were found, and those that are found on the way; then once
    /// more through those with others within, which can be marked as done now.
    fn walk_found(&mut self) {
        while self.next < self.found.len() {
            self.is_closed = false;
            while self.take_up() {}
            self.is_closed = true;
            for one in 0..self.next {
                self.walk_one(one);
            }
        }
    }

    /// Walks the next island, unless it is known by now. Whether there was one.
    fn take_up(&mut self) -> bool {
        let Some(found) = self.found.get_mut(self.next) else {
            return false;
        };
        let known = self.known.entry(found.island.addr().get());
        let known = known.or_insert(Phase::Running);
        found.is_done = *known >= found.phase;
        *known = found.phase.max(*known);
        self.next += 1;
        self.walk_one(self.next - 1);
        true
    }

    fn walk_one(&mut self, which: usize) {
        let Found {
            island,
            phase,
            cause,
            is_done,
        } = &self.found[which];
        if *is_done {
            return;
        }
        // SAFETY: the entry is a visit, and stays until this is dropped.
        let domain = unsafe { island.as_ref() };
        let (phase, cause) = (*phase, cause.clone());
        self.walk(&domain.root, phase, || cause.clone());
        self.found[which].is_done = !self.are_left;
    }
}

impl Drop for Islands {
    fn drop(&mut self) {
        // (Without `std` also when a waker's panic unwinds.)
        self.walk_found();
        let mut panics = core::mem::take(&mut self.panics);
        while let Some(found) = self.found.pop() {
            panics.run(|| drop(found));
        }
        panics.resume_in_drop();
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        // SAFETY: in it since `forward`.
        unsafe { memory::leave(self.island) };
    }
}
