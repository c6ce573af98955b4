//! How the scopes and groups below one root hang together.
//!
//! All of them are under the lock of the root, the *top*: a branch knows the one that it hangs
//! below, its neighbours, and those that hang below it, in the order in which they came. Whoever walks
//! the tree keeps the place by a twig of its own, its *mark*, which is in it as well. So a walk needs
//! no stack, however deep the tree is.
//!
//! # Invariants
//!
//! 1. Links are read and written only under the lock of the top.
//! 2. A twig in the tree is alive and stays where it is: that of a branch because the tree has a
//!    count of it, a mark because whoever walks takes it out before it goes.
//! 3. A twig that is no mark is the first part of a branch, and a pointer to it in the tree may be
//!    used for the whole block in which that is.

use core::ptr::{self, NonNull};

use crate::sys::cell::UnsafeCell;

/// A branch's place in the tree, or a mark.
pub(super) struct Twig {
    links: UnsafeCell<Links>,
    is_mark: bool,
}

#[derive(Clone, Copy)]
struct Links {
    /// Null for what is not in a tree, and for the top.
    parent: *const Twig,
    prev: *const Twig,
    next: *const Twig,
    first: *const Twig,
    last: *const Twig,
    /// Which child of the parent it hangs below; 0 for its body.
    number: usize,
}

/// Under the lock of the top.
pub(super) struct Tree {
    /// How many branches have come.
    serials: usize,
    /// How many walks are under way.
    walks: usize,
}

/// A step of a walk.
pub(super) enum Step {
    /// Behind the last.
    Over,
    /// Past another's mark, or out of a branch.
    Passed,
    /// To the twig of a branch, alive while the lock is held.
    At(NonNull<Twig>),
}

impl Twig {
    pub(super) fn new(is_mark: bool) -> Self {
        Self {
            links: UnsafeCell::new(Links {
                parent: ptr::null(),
                prev: ptr::null(),
                next: ptr::null(),
                first: ptr::null(),
                last: ptr::null(),
                number: 0,
            }),
            is_mark,
        }
    }
}

impl Tree {
    pub(super) const fn new() -> Self {
        Self {
            serials: 0,
            walks: 0,
        }
    }

    /// The number of a branch that comes: from 1.
    pub(super) fn serial(&mut self) -> usize {
        self.serials += 1;
        self.serials
    }

    /// How many have come.
    pub(super) fn serials(&self) -> usize {
        self.serials
    }

    /// A walk begins; it ends by `end_walk`.
    pub(super) fn begin_walk(&mut self) {
        self.walks += 1;
    }

    pub(super) fn end_walk(&mut self) {
        self.walks -= 1;
    }

    /// Whether nobody walks, so that what is in the tree may be moved: a mark below it would go along,
    /// and its walk miss what it had still to come to, or come to others once more.
    pub(super) fn may_move(&self) -> bool {
        self.walks == 0
    }

    /// The parent, and which child of it; `None` if it is not in a tree.
    ///
    /// # Safety
    ///
    /// The twig is alive, and the lock is held.
    pub(super) unsafe fn parent(&self, twig: *const Twig) -> Option<(NonNull<Twig>, usize)> {
        // SAFETY: the caller's word.
        let Links { parent, number, .. } = unsafe { links(twig) };
        NonNull::new(parent.cast_mut()).map(|parent| (parent, number))
    }

    /// Whether `twig` is `above` or somewhere below that.
    ///
    /// # Safety
    ///
    /// `twig` is the top or in the tree, and the lock is held.
    pub(super) unsafe fn is_within(&self, mut twig: *const Twig, above: *const Twig) -> bool {
        while !twig.is_null() && !ptr::eq(twig, above) {
            // SAFETY: the caller's word, and so is a parent.
            twig = unsafe { links(twig) }.parent;
        }
        !twig.is_null()
    }

    /// Puts a twig below child `number` of `parent`, as the last there.
    ///
    /// # Safety
    ///
    /// Both are alive, `parent` is the top or in the tree, `twig` is not, and is taken out before it goes;
    /// the lock is held.
    pub(super) unsafe fn hang(&mut self, twig: *const Twig, parent: *const Twig, number: usize) {
        // SAFETY: the caller's word.
        let last = unsafe { links(parent) }.last;
        // SAFETY: the caller's word; the last is in the tree.
        unsafe { self.insert(twig, parent, last) };
        // SAFETY: as above.
        unsafe { change(twig, |links| links.number = number) };
    }

    /// Puts a twig in front of all others below `parent`; otherwise as `hang`.
    ///
    /// # Safety
    ///
    /// As for `hang`.
    pub(super) unsafe fn hang_first(&mut self, twig: *const Twig, parent: *const Twig) {
        // SAFETY: the caller's word.
        unsafe { self.insert(twig, parent, ptr::null()) };
    }

    /// # Safety
    ///
    /// The twig is in the tree, and is put back there, or no other is below it; the lock is held.
    pub(super) unsafe fn take_out(&mut self, twig: *const Twig) {
        // SAFETY: the caller's word.
        let Links {
            parent, prev, next, ..
        } = unsafe { links(twig) };
        // SAFETY: neighbours are alive (invariant 2), and the lock is held.
        unsafe { self.join(parent, prev, next) };
        // SAFETY: the caller's word.
        unsafe { change(twig, |links| links.parent = ptr::null()) };
    }

    /// Puts the last of those below a twig behind that, below its parent; `false` if there is none.
    ///
    /// Behind it, so that a mark among them does not come to the twig once more.
    ///
    /// # Safety
    ///
    /// The twig is in the tree, and the lock is held.
    pub(super) unsafe fn raise_last(&mut self, twig: *const Twig) -> bool {
        // SAFETY: the caller's word.
        let Links {
            parent,
            last,
            number,
            ..
        } = unsafe { links(twig) };
        if last.is_null() {
            return false;
        }
        // SAFETY: in the tree; those below it go along.
        unsafe { self.take_out(last) };
        // SAFETY: not in the tree now; `twig` is, below the same parent.
        unsafe { self.insert(last, parent, twig) };
        // SAFETY: in the tree, and the lock is held.
        unsafe { change(last, |links| links.number = number) };
        true
    }

    /// Puts a twig below `parent`, behind `prev`, or in front of all if that is null.
    ///
    /// # Safety
    ///
    /// As for `hang`; `prev` is below `parent`.
    unsafe fn insert(&mut self, twig: *const Twig, parent: *const Twig, prev: *const Twig) {
        let next = if prev.is_null() {
            // SAFETY: alive, by the caller's word, and the lock is held.
            unsafe { links(parent) }.first
        } else {
            // SAFETY: as above.
            unsafe { links(prev) }.next
        };
        // SAFETY: as above.
        unsafe { change(twig, |links| links.parent = parent) };
        // SAFETY: neighbours are alive (invariant 2), and the lock is held.
        unsafe { self.join(parent, prev, twig) };
        // SAFETY: as above.
        unsafe { self.join(parent, twig, next) };
    }

    /// Makes two neighbours below `parent`; null stands for the end.
    ///
    /// # Safety
    ///
    /// All are alive, if they are not null, and the lock is held.
    unsafe fn join(&mut self, parent: *const Twig, prev: *const Twig, next: *const Twig) {
        if prev.is_null() {
            // SAFETY: the caller's word.
            unsafe { change(parent, |links| links.first = next) };
        } else {
            // SAFETY: the caller's word.
            unsafe { change(prev, |links| links.next = next) };
        }
        if next.is_null() {
            // SAFETY: the caller's word.
            unsafe { change(parent, |links| links.last = prev) };
        } else {
            // SAFETY: the caller's word.
            unsafe { change(next, |links| links.prev = prev) };
        }
    }

    /// Moves the mark `place` on by one: into the branch behind it, or past a mark, or out of its
    /// parent if nothing is behind it. It ends at the mark `end`, or above the top.
    ///
    /// # Safety
    ///
    /// Both are in the tree, and the lock is held.
    pub(super) unsafe fn step(&mut self, place: *const Twig, end: *const Twig) -> Step {
        // SAFETY: in the tree, so alive (invariant 2), and the lock is held.
        let Links { parent, next, .. } = unsafe { links(place) };
        if ptr::eq(next, end) {
            return Step::Over;
        }
        let Some(twig) = NonNull::new(next.cast_mut()) else {
            // SAFETY: a parent is in the tree, or the top.
            let above = unsafe { links(parent) }.parent;
            if above.is_null() {
                return Step::Over;
            }
            // SAFETY: in the tree; nothing is below a mark.
            unsafe { self.take_out(place) };
            // SAFETY: not in the tree now; the parent is in it, and below that.
            unsafe { self.insert(place, above, parent) };
            return Step::Passed;
        };
        // SAFETY: as above.
        unsafe { self.take_out(place) };
        // SAFETY: in the tree, so alive (invariant 2).
        if unsafe { twig.as_ref() }.is_mark {
            // SAFETY: not in the tree now; its neighbour is, below the same parent.
            unsafe { self.insert(place, parent, next) };
            return Step::Passed;
        }
        // SAFETY: not in the tree now, and the branch is.
        unsafe { self.hang_first(place, next) };
        Step::At(twig)
    }
}

/// # Safety
///
/// The twig is alive, and the lock is held.
unsafe fn links(twig: *const Twig) -> Links {
    // SAFETY: the caller's word.
    let twig = unsafe { &*twig };
    // SAFETY: the lock is held (invariant 1).
    twig.links.with(|links| unsafe { *links })
}

/// # Safety
///
/// The twig is alive, and the lock is held.
unsafe fn change(twig: *const Twig, change: impl FnOnce(&mut Links)) {
    // SAFETY: the caller's word.
    let twig = unsafe { &*twig };
    // SAFETY: the lock is held (invariant 1).
    twig.links.with_mut(|links| change(unsafe { &mut *links }));
}
