//! What is noted of one child, or of a body.

use alloc::boxed::Box;
use core::{panic::Location, ptr};

use super::{Branch, list::Links};
use crate::{
    inspect::{SpanSlot, State, WaitNotes, clock::Stamp},
    sys::{
        atomic::{AtomicPtr, AtomicUsize, Ordering},
        cell::UnsafeCell,
    },
};

/// In the address of [`Card::what`]: it leads to a [`Named`] and not to a place of the source.
const NAMED: usize = 1;
/// In the same: it is a task of a runtime, whose polls are not the driver's.
const PARALLEL: usize = 2;
const TAGS: usize = NAMED | PARALLEL;

/// In [`Card::number`]: it goes before its task.
const AWAY: usize = 1 << (usize::BITS - 1);
/// In the same: the driver has let go of it, and the task has not.
const LEFT: usize = 1 << (usize::BITS - 2);
const NUMBER: usize = LEFT - 1;

const _: () = assert!(align_of::<Location<'_>>() > TAGS && align_of::<Named>() > TAGS);

/// What is noted of a child; or a mark in the list of children. Forty bytes, where pointers have eight,
/// and what is noted of its waits.
///
pub(crate) struct Card {
    /// Guarded by the lock of the list.
    pub(super) links: UnsafeCell<Links>,
    /// Where it was made, or its name and that, with the tags; null for a mark. Written under the lock
    /// of the list, under which alone a name is looked at.
    what: AtomicPtr<()>,
    /// Which child it is, and 0 for a body; with the bits above, which the lock of the list guards.
    number: AtomicUsize,
    /// When it was spawned, its polls, and their waits. Written by whoever polls.
    notes: WaitNotes,
    /// Its span, for the observer that keeps them.
    pub(super) span: SpanSlot,
}

/// A name does not fit into the card, and few have one.
struct Named {
    name: &'static str,
    site: &'static Location<'static>,
}

/// What is told of a card beside its polls.
pub(super) struct Told {
    pub(super) name: Option<&'static str>,
    pub(super) site: &'static Location<'static>,
    pub(super) is_parallel: bool,
}

impl Card {
    /// That of a child which is spawned where this is called, or of a body which is made there.
    #[track_caller]
    pub(crate) fn new(number: usize) -> Self {
        let site = ptr::from_ref(Location::caller()).cast_mut().cast();
        Self::with(number, site, Stamp::now())
    }

    /// Of no child yet.
    pub(crate) fn vacant() -> Self {
        Self::mark()
    }

    /// Makes it that of a child of this branch, which was spawned nowhere in particular.
    ///
    /// # Safety
    ///
    /// It was vacant or that of another such child, is not linked, and nobody else has it.
    #[inline]
    pub(crate) unsafe fn fill(card: *mut Self, branch: &Branch, number: usize) {
        // SAFETY: the caller's word.
        let card = unsafe { &mut *card };
        let site = ptr::from_ref(branch.site).cast_mut().cast();
        card.what.store(site, Ordering::Relaxed);
        card.number.store(number & NUMBER, Ordering::Relaxed);
        card.notes = WaitNotes::new(Stamp::now());
        card.span = SpanSlot::new();
    }

    pub(super) fn mark() -> Self {
        Self::with(0, ptr::null_mut(), Stamp::default())
    }

    fn with(number: usize, what: *mut (), born: Stamp) -> Self {
        Self {
            links: UnsafeCell::new(Links::NONE),
            what: AtomicPtr::new(what),
            number: AtomicUsize::new(number & NUMBER),
            notes: WaitNotes::new(born),
            span: SpanSlot::new(),
        }
    }

    pub(crate) fn number(&self) -> usize {
        // Relaxed: this part of it is there from birth.
        self.number.load(Ordering::Relaxed) & NUMBER
    }

    pub(crate) fn notes(&self) -> &WaitNotes {
        &self.notes
    }

    /// When it was made.
    pub(super) fn born(&self) -> Stamp {
        self.notes.born()
    }

    pub(super) fn is_mark(&self) -> bool {
        self.what.load(Ordering::Relaxed).is_null()
    }

    pub(super) fn is_parallel(&self) -> bool {
        self.what.load(Ordering::Relaxed).addr() & PARALLEL != 0
    }

    /// What it is doing, if `idle` is what its state says beside.
    pub(super) fn doing(&self, idle: State) -> State {
        match (self.notes.polls(), idle) {
            ((_, true), _) => State::Running,
            // It is with its runtime, and was not polled there.
            ((0, false), State::Waiting) if self.is_parallel() => State::Ready,
            (_, idle) => idle,
        }
    }

    /// # Safety
    ///
    /// The lock of the list is held, and it is no mark.
    pub(super) unsafe fn told(&self) -> Told {
        let what = self.what.load(Ordering::Relaxed);
        let plain = what.map_addr(|address| address & !TAGS).cast_const();
        let is_parallel = what.addr() & PARALLEL != 0;
        if what.addr() & NAMED == 0 {
            // SAFETY: no mark, and without a name: a place of the source.
            let site = unsafe { &*plain.cast::<Location<'static>>() };
            return Told {
                name: None,
                site,
                is_parallel,
            };
        }
        // SAFETY: it has a name, which is not replaced while the lock is held.
        let &Named { name, site } = unsafe { &*plain.cast::<Named>() };
        Told {
            name: Some(name),
            site,
            is_parallel,
        }
    }

    /// The place and name that are to be set, in memory of their own.
    pub(super) fn name(name: &'static str) -> NewName {
        NewName(Box::new(Named {
            name,
            site: Location::caller(),
        }))
    }

    /// Gives it a name; the one that it had comes back, to be dropped without the lock.
    ///
    /// # Safety
    ///
    /// The lock of the list is held, and it is no mark.
    pub(super) unsafe fn set_name(&self, NewName(mut named): NewName) -> Option<NewName> {
        // SAFETY: the caller's word.
        named.site = unsafe { self.told() }.site;
        let old = self.what.load(Ordering::Relaxed);
        let tags = old.addr() & PARALLEL | NAMED;
        let new: *mut () = Box::into_raw(named).cast();
        self.what
            .store(new.map_addr(|address| address | tags), Ordering::Relaxed);
        // SAFETY: it is not the card's any more.
        unsafe { NewName::of(old) }
    }

    /// The child goes before its task.
    ///
    /// # Safety
    ///
    /// The lock of the list is held.
    #[cfg(feature = "std")]
    pub(super) unsafe fn set_away(&self) {
        let number = self.number.load(Ordering::Relaxed);
        self.number.store(number | AWAY, Ordering::Relaxed);
    }

    /// The task is gone; whether the driver has let go before.
    ///
    /// # Safety
    ///
    /// As for `set_away`.
    #[cfg(feature = "std")]
    pub(super) unsafe fn come_back(&self) -> bool {
        let number = self.number.load(Ordering::Relaxed);
        self.number.store(number & NUMBER, Ordering::Relaxed);
        number & LEFT != 0
    }

    /// The driver lets go; whether it is the last to do so.
    ///
    /// # Safety
    ///
    /// As for `set_away`.
    pub(super) unsafe fn leave(&self) -> bool {
        let number = self.number.load(Ordering::Relaxed);
        if number & AWAY != 0 {
            self.number.store(number | LEFT, Ordering::Relaxed);
        }
        number & AWAY == 0
    }

    /// # Safety
    ///
    /// The lock of the list is held.
    #[cfg(feature = "std")]
    pub(super) unsafe fn set_parallel(&self) {
        let what = self.what.load(Ordering::Relaxed);
        self.what.store(
            what.map_addr(|address| address | PARALLEL),
            Ordering::Relaxed,
        );
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // SAFETY: nobody else has the card any more.
        drop(unsafe { NewName::of(self.what.load(Ordering::Relaxed)) });
    }
}

/// A name in memory of its own.
pub(super) struct NewName(Box<Named>);

impl NewName {
    /// The memory of the name that a card had.
    ///
    /// # Safety
    ///
    /// It is that of a card, which does not have it any more.
    unsafe fn of(what: *mut ()) -> Option<Self> {
        if what.addr() & NAMED == 0 {
            return None;
        }
        let plain = what.map_addr(|address| address & !TAGS);
        // SAFETY: with that tag it came from a box, and nobody else has it.
        Some(Self(unsafe { Box::from_raw(plain.cast()) }))
    }
}
