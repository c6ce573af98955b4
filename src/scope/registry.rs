//! The list of a scope's children, for those who look at it from anywhere: feature `inspect`.
//!
//! It is apart from the driver's lists, which nobody else may touch. Each child has a [`Card`] in
//! its node, linked from its spawn until it is retired; whoever walks the list keeps the place by a
//! card of its own, its *mark*, which is in the list as well.
//!
//! # Invariants
//!
//! 1. Links and names are read and written only under the lock of the registry.
//! 2. A linked card is alive and stays where it is: that of a child because the driver unlinks it
//!    before it lets go of the child, a mark because [`Marks`] unlinks it when it is dropped.
//! 3. A card with a site is that of a child, inside of its node, and the pointer to it may be used
//!    for the whole node.

use core::{fmt, mem::offset_of, panic::Location, ptr};

use super::{
    child::{Child, Header},
    tally::ChildId,
};
use crate::{
    inspect::{Running, WaitNotes},
    sys::{cell::UnsafeCell, lock::Lock},
};

/// What is noted of a child, or a mark.
pub(super) struct Card {
    links: UnsafeCell<Links>,
    name: UnsafeCell<Option<&'static str>>,
    /// `None` for a mark.
    site: Option<&'static Location<'static>>,
    id: ChildId,
    notes: WaitNotes,
}

#[derive(Clone, Copy)]
struct Links {
    prev: *const Card,
    next: *const Card,
}

const UNLINKED: Links = Links {
    prev: ptr::null(),
    next: ptr::null(),
};

impl Card {
    /// That of a child which is spawned where this is called.
    #[track_caller]
    pub(super) fn new(id: ChildId) -> Self {
        Self::of(id, Some(Location::caller()))
    }

    fn of(id: ChildId, site: Option<&'static Location<'static>>) -> Self {
        Self {
            links: UnsafeCell::new(UNLINKED),
            name: UnsafeCell::new(None),
            site,
            id,
            notes: WaitNotes::new(),
        }
    }

    /// The child is polled until the result is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.notes.running()
    }

    pub(super) fn notes(&self) -> &WaitNotes {
        &self.notes
    }

    pub(super) fn id(&self) -> ChildId {
        self.id
    }

    pub(super) fn site(&self) -> Option<&'static Location<'static>> {
        self.site
    }

    /// # Safety
    ///
    /// The lock is held.
    pub(super) unsafe fn name(&self) -> Option<&'static str> {
        // SAFETY: the caller's word (invariant 1).
        self.name.with(|name| unsafe { *name })
    }

    /// # Safety
    ///
    /// The lock is held.
    unsafe fn links(&self) -> Links {
        // SAFETY: the caller's word (invariant 1).
        self.links.with(|links| unsafe { *links })
    }

    /// # Safety
    ///
    /// The lock is held.
    unsafe fn change(&self, change: impl FnOnce(&mut Links)) {
        // SAFETY: the caller's word (invariant 1).
        self.links.with_mut(|links| change(unsafe { &mut *links }));
    }
}

/// The list, in order of spawning.
pub(super) struct Registry {
    cards: Lock<Cards>,
}

struct Cards {
    first: *const Card,
    last: *const Card,
}

// SAFETY: the pointers lead to cards, whose links the lock guards (invariant 1).
unsafe impl Send for Cards {}

impl Registry {
    pub(super) fn new() -> Self {
        Self {
            cards: Lock::new(Cards {
                first: ptr::null(),
                last: ptr::null(),
            }),
        }
    }

    /// # Safety
    ///
    /// The child is new, and is unlinked before the driver lets go of it.
    pub(super) unsafe fn link(&self, child: Child) {
        // SAFETY: alive, by the caller's word.
        let card = unsafe { card_of(child) };
        // SAFETY: alive and not linked; the lock is held.
        self.cards
            .with(|cards| unsafe { cards.insert(card, cards.last) });
    }

    /// # Safety
    ///
    /// The child is linked.
    pub(super) unsafe fn unlink(&self, child: Child) {
        // SAFETY: a linked child is alive (invariant 2).
        let card = unsafe { card_of(child) };
        // SAFETY: linked, by the caller's word; the lock is held.
        self.cards.with(|cards| unsafe { cards.remove(card) });
    }

    /// # Safety
    ///
    /// The child is alive.
    pub(super) unsafe fn set_name(&self, child: Child, name: &'static str) {
        // SAFETY: alive, by the caller's word.
        let card = unsafe { &child.header().card };
        self.cards.with(|_cards| {
            // SAFETY: the lock is held (invariant 1).
            card.name.with_mut(|slot| unsafe { *slot = Some(name) });
        });
    }

    /// Walks over those that are linked now, `STEPS` of them in each hold of the lock: `look` is
    /// called under it with a linked child, and `each` after it with what came of that.
    pub(super) fn walk<N, const STEPS: usize>(
        &self,
        look: impl Fn(Child) -> Option<N>,
        mut each: impl FnMut(N),
    ) {
        // The one moves on; before the other stand those that were there when it began.
        let marks = [Card::of(ChildId::NONE, None), Card::of(ChildId::NONE, None)];
        let marks = Marks::link(self, &marks);
        let mut is_over = false;
        while !is_over {
            let mut seen = [const { None }; STEPS];
            is_over = self.cards.with(|cards| {
                seen.iter_mut().any(|seen| {
                    // SAFETY: the marks are linked in this order, and the lock is held.
                    match unsafe { cards.step(marks.place(), marks.end()) } {
                        Step::At(child) => *seen = look(child),
                        Step::Passed => {}
                        Step::Over => return true,
                    }
                    false
                })
            });
            seen.into_iter().flatten().for_each(&mut each);
        }
    }
}

/// A step of a walk.
enum Step {
    /// Behind the last.
    Over,
    /// Past another's mark.
    Passed,
    /// Past a child, which is alive while the lock is held.
    At(Child),
}

impl Cards {
    /// Links `card` behind `prev`, or in front of all if that is null.
    ///
    /// # Safety
    ///
    /// Both are alive, `prev` is linked, `card` is not, and the lock is held.
    unsafe fn insert(&mut self, card: *const Card, prev: *const Card) {
        // SAFETY: alive and linked, by the caller's word.
        let next = match unsafe { prev.as_ref() } {
            // SAFETY: the lock is held.
            Some(prev) => unsafe { prev.links() }.next,
            None => self.first,
        };
        // SAFETY: alive, by the caller's word.
        let new = unsafe { &*card };
        // SAFETY: the lock is held.
        unsafe { new.change(|links| (links.prev, links.next) = (prev, next)) };
        // SAFETY: neighbours are alive (invariant 2), and the lock is held.
        unsafe { self.join(prev, card) };
        // SAFETY: as above.
        unsafe { self.join(card, next) };
    }

    /// # Safety
    ///
    /// `card` is linked and the lock is held.
    unsafe fn remove(&mut self, card: *const Card) {
        // SAFETY: a linked card is alive (invariant 2).
        let card = unsafe { &*card };
        // SAFETY: the lock is held.
        let Links { prev, next } = unsafe { card.links() };
        // SAFETY: neighbours are alive (invariant 2), and the lock is held.
        unsafe { self.join(prev, next) };
    }

    /// Makes two neighbours; null stands for the end.
    ///
    /// # Safety
    ///
    /// Both are alive, if they are not null, and the lock is held.
    unsafe fn join(&mut self, prev: *const Card, next: *const Card) {
        // SAFETY: alive, by the caller's word.
        match unsafe { prev.as_ref() } {
            // SAFETY: the lock is held.
            Some(prev) => unsafe { prev.change(|links| links.next = next) },
            None => self.first = next,
        }
        // SAFETY: alive, by the caller's word.
        match unsafe { next.as_ref() } {
            // SAFETY: the lock is held.
            Some(next) => unsafe { next.change(|links| links.prev = prev) },
            None => self.last = prev,
        }
    }

    /// Moves the mark `place` behind its neighbour, unless that is the mark `end`.
    ///
    /// # Safety
    ///
    /// `place` is linked somewhere in front of `end`, and the lock is held.
    unsafe fn step(&mut self, place: *const Card, end: *const Card) -> Step {
        // SAFETY: linked, hence alive (invariant 2).
        let mark = unsafe { &*place };
        // SAFETY: the lock is held.
        let next = unsafe { mark.links() }.next;
        if ptr::eq(next, end) {
            return Step::Over;
        }
        // SAFETY: linked, and the lock is held.
        unsafe { self.remove(place) };
        // SAFETY: not linked any more; there is a neighbour, since the end is behind.
        unsafe { self.insert(place, next) };
        // SAFETY: linked, hence alive (invariant 2).
        if unsafe { &*next }.site.is_none() {
            return Step::Passed;
        }
        // SAFETY: it has a site, so it is part of a node (invariant 3).
        let header = unsafe { next.byte_sub(offset_of!(Header, card)) };
        // SAFETY: the pointer is that of the node.
        Step::At(unsafe { Child::from_header(header.cast()) })
    }
}

/// A pointer to the child's card that may be used for the whole node (invariant 3).
///
/// # Safety
///
/// The child is alive.
unsafe fn card_of(child: Child) -> *const Card {
    // SAFETY: in bounds of the node, which is alive.
    unsafe { &raw const (*child.0.as_ptr()).card }
}

/// Two linked marks.
struct Marks<'a> {
    registry: &'a Registry,
    marks: &'a [Card; 2],
}

impl<'a> Marks<'a> {
    fn link(registry: &'a Registry, marks: &'a [Card; 2]) -> Self {
        let linked = Self { registry, marks };
        registry.cards.with(|cards| {
            // SAFETY: alive and not linked; `drop` unlinks it; the lock is held.
            unsafe { cards.insert(linked.place(), ptr::null()) };
            // SAFETY: as above.
            unsafe { cards.insert(linked.end(), cards.last) };
        });
        linked
    }

    fn place(&self) -> *const Card {
        &self.marks[0]
    }

    fn end(&self) -> *const Card {
        &self.marks[1]
    }
}

impl Drop for Marks<'_> {
    fn drop(&mut self) {
        self.registry.cards.with(|cards| {
            // SAFETY: linked since `link`; the lock is held.
            unsafe { cards.remove(self.place()) };
            // SAFETY: as above.
            unsafe { cards.remove(self.end()) };
        });
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
