//! The list of a branch's children, in order of spawning.
//!
//! Whoever walks it keeps the place by a card of its own, its *mark*, which is in the list as well.
//!
//! # Invariants
//!
//! 1. Links and names are read and written only under the lock of the list.
//! 2. A linked card is alive and stays where it is: that of a child because the driver unlinks it
//!    before it lets go of the child, or the task to which it is lent before that does, a mark because [`Marks`] unlinks it when it is dropped.

use core::ptr::{self, NonNull};

use super::card::Card;
use crate::sys::lock::BriefLock;

#[derive(Clone, Copy)]
pub(super) struct Links {
    prev: *const Card,
    next: *const Card,
}

impl Links {
    pub(super) const NONE: Self = Self {
        prev: ptr::null(),
        next: ptr::null(),
    };
}

/// Under its lock.
pub(super) struct Cards {
    first: *const Card,
    last: *const Card,
    /// Without marks.
    len: usize,
}

// SAFETY: the pointers lead to cards, whose links the lock guards (invariant 1).
unsafe impl Send for Cards {}

impl Cards {
    pub(super) const fn new() -> Self {
        Self {
            first: ptr::null(),
            last: ptr::null(),
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// # Safety
    ///
    /// The child of the card is new, and is unlinked before its driver lets go of it.
    pub(super) unsafe fn link(&mut self, card: *const Card) {
        self.len += 1;
        let prev = core::mem::replace(&mut self.last, card);
        // As `insert` would, which every child would pay for: nothing is behind it.
        // SAFETY: alive, by the caller's word.
        let new = unsafe { &*card };
        // SAFETY: the lock is held.
        unsafe { change(new, |links| (links.prev, links.next) = (prev, ptr::null())) };
        // SAFETY: the last one is alive (invariant 2).
        match unsafe { prev.as_ref() } {
            // SAFETY: the lock is held.
            Some(prev) => unsafe { change(prev, |links| links.next = card) },
            None => self.first = card,
        }
    }

    /// # Safety
    ///
    /// The card is that of a child, and linked here.
    pub(super) unsafe fn unlink(&mut self, card: *const Card) {
        self.len -= 1;
        // SAFETY: linked, by the caller's word; the lock is held.
        unsafe { self.remove(card) };
    }

    /// Links `card` behind `prev`, or in front of all if that is null.
    ///
    /// # Safety
    ///
    /// Both are alive, `prev` is linked, `card` is not, and the lock is held.
    unsafe fn insert(&mut self, card: *const Card, prev: *const Card) {
        // SAFETY: alive and linked, by the caller's word.
        let next = match unsafe { prev.as_ref() } {
            // SAFETY: the lock is held.
            Some(prev) => unsafe { links(prev) }.next,
            None => self.first,
        };
        // SAFETY: alive, by the caller's word.
        let new = unsafe { &*card };
        // SAFETY: the lock is held.
        unsafe { change(new, |links| (links.prev, links.next) = (prev, next)) };
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
        let Links { prev, next } = unsafe { links(card) };
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
            Some(prev) => unsafe { change(prev, |links| links.next = next) },
            None => self.first = next,
        }
        // SAFETY: alive, by the caller's word.
        match unsafe { next.as_ref() } {
            // SAFETY: the lock is held.
            Some(next) => unsafe { change(next, |links| links.prev = prev) },
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
        let next = unsafe { links(mark) }.next;
        if ptr::eq(next, end) {
            return Step::Over;
        }
        // SAFETY: linked, and the lock is held.
        unsafe { self.remove(place) };
        // SAFETY: not linked any more; there is a neighbour, since the end is behind.
        unsafe { self.insert(place, next) };
        match NonNull::new(next.cast_mut()) {
            // SAFETY: linked, hence alive (invariant 2).
            Some(card) if !unsafe { card.as_ref() }.is_mark() => Step::At(card),
            _ => Step::Passed,
        }
    }
}

/// # Safety
///
/// The lock is held.
unsafe fn links(card: &Card) -> Links {
    // SAFETY: the caller's word (invariant 1).
    card.links.with(|links| unsafe { *links })
}

/// # Safety
///
/// The lock is held.
unsafe fn change(card: &Card, change: impl FnOnce(&mut Links)) {
    // SAFETY: the caller's word (invariant 1).
    card.links.with_mut(|links| change(unsafe { &mut *links }));
}

/// A step of a walk.
enum Step {
    /// Behind the last.
    Over,
    /// Past another's mark.
    Passed,
    /// Past the card of a child, which is alive while the lock is held.
    At(NonNull<Card>),
}

/// Walks over those that are linked now, `STEPS` of them in each hold of the lock: `look` is called
/// under it with a linked card, and `each` after it with what came of that. `begin` is called once, in the
/// hold that says which are linked now.
pub(super) fn walk<N, const STEPS: usize>(
    cards: &BriefLock<Cards>,
    begin: impl FnOnce(),
    look: impl Fn(NonNull<Card>) -> N,
    mut each: impl FnMut(N),
) {
    // The one moves on; before the other stand those that were there when it began.
    let marks = [Card::mark(), Card::mark()];
    let Some(marks) = Marks::link(cards, &marks, begin) else {
        return;
    };
    let mut is_over = false;
    while !is_over {
        let mut seen = [const { None }; STEPS];
        is_over = cards.with(|cards| {
            seen.iter_mut().any(|seen| {
                // SAFETY: the marks are linked in this order, and the lock is held.
                match unsafe { cards.step(marks.place(), marks.end()) } {
                    Step::At(card) => *seen = Some(look(card)),
                    Step::Passed => {}
                    Step::Over => return true,
                }
                false
            })
        });
        seen.into_iter().flatten().for_each(&mut each);
    }
}

/// Two linked marks.
struct Marks<'a> {
    cards: &'a BriefLock<Cards>,
    marks: &'a [Card; 2],
}

impl<'a> Marks<'a> {
    /// `None` if there are no children.
    fn link(
        cards: &'a BriefLock<Cards>,
        marks: &'a [Card; 2],
        begin: impl FnOnce(),
    ) -> Option<Self> {
        let linked = Self { cards, marks };
        let is_linked = cards.with(|cards| {
            begin();
            if cards.len == 0 {
                return false;
            }
            // SAFETY: alive and not linked; `drop` unlinks it; the lock is held.
            unsafe { cards.insert(linked.place(), ptr::null()) };
            // SAFETY: as above.
            unsafe { cards.insert(linked.end(), cards.last) };
            true
        });
        if is_linked {
            return Some(linked);
        }
        core::mem::forget(linked);
        None
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
        self.cards.with(|cards| {
            // SAFETY: linked since `link`; the lock is held.
            unsafe { cards.remove(self.place()) };
            // SAFETY: as above.
            unsafe { cards.remove(self.end()) };
        });
    }
}
