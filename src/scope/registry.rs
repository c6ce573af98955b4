//! What is known of a scope or a group, for those who look at it from anywhere: feature `inspect`.
//!
//! A [`Branch`] lies in the block of each scope and each group. It has the list of the children, apart
//! from the driver's lists, which nobody else may touch (`list.rs`): each child has a [`Card`] in its
//! node, linked from its spawn until it is retired; or, if it was dropped before the task that a runtime
//! has for it, until that is gone. And it has a place among other branches: one whose
//! driver is first polled with the waker of a child, or of the body, of another one hangs below that
//! child until it ends (`tree.rs`). If the waker is of any other kind the branch is a top, under
//! whose lock the tree below it is.
//!
//! # Invariants
//!
//! 1. A branch in a tree counts for its own block, and holds counts of its parent and of its top. The
//!    tree's count is given up when it is taken out, the others right after.
//! 2. `place` is the driver's, who changes it under the lock of the list; others look at it under that.
//! 3. No lock is taken under another.

mod card;
mod list;
mod scope;
mod tell;
mod tree;
mod visit;
#[cfg(feature = "std")]
mod watched;

use core::{
    fmt,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    ptr::{self, NonNull},
    task::{Context, Waker},
};

use crate::{
    cancel::{Cause, Phase},
    inspect::{
        self, Audience, End, Event, NodeId, NodeKind, Resource, Site, State, WaitKind, clock::Stamp,
    },
    sys::{
        atomic::{AtomicUsize, Ordering},
        cell::UnsafeCell,
        lock::{BriefLock, Lock},
    },
};
pub(crate) use card::Card;
use list::Cards;
use tree::{Tree, Twig};
#[cfg(feature = "std")]
pub(super) use watched::{Watched, watched};

use super::whose::{Whose, whose};

/// What blocks that have a branch can do, each kind in its way.
pub(crate) trait Grown {
    const FAMILY: Family;
}

/// The same as values.
pub(crate) struct Family {
    pub(crate) kind: NodeKind,
    /// Adds a count of the block.
    pub(crate) acquire: unsafe fn(NonNull<Branch>),
    /// Gives one up.
    pub(crate) release: unsafe fn(NonNull<Branch>),
    pub(crate) now: unsafe fn(NonNull<Branch>) -> Now,
    /// For the card of a child that is linked, under the lock.
    pub(crate) child: unsafe fn(NonNull<Card>) -> Own,
    /// How a child has ended that was not polled to its end; as for `child`, but for the lock.
    pub(crate) unfinished: unsafe fn(NonNull<Card>) -> End,
}

/// What a scope or group is doing.
pub(crate) struct Now {
    pub(crate) own: Own,
    pub(crate) phase: Phase,
    pub(crate) cause: Option<Cause>,
    /// Of runtimes, that are not gone.
    pub(crate) tasks: usize,
    pub(crate) token: Option<NodeId>,
}

/// What a node is and does, but for what is in its card.
pub(crate) struct Own {
    pub(crate) kind: NodeKind,
    pub(crate) state: State,
    /// Of what those wait at who wait for its end.
    pub(crate) address: usize,
    /// The same of the scope whose limit it counts for, if it was not started; or 0.
    pub(crate) limited_by: usize,
}

/// The part of a scope's or group's block that others look at.
// The twig is first (`tree.rs`, invariant 3).
#[repr(C)]
pub(crate) struct Branch {
    twig: Twig,
    family: &'static Family,
    cards: BriefLock<Cards>,
    place: UnsafeCell<Place>,
    /// Which one of its tree it is; 0 for the top.
    serial: AtomicUsize,
    /// If it is a top.
    tree: Lock<Tree>,
    /// Where it was made.
    site: &'static Location<'static>,
    /// That of the body. Never linked; its name is guarded by the lock of the list.
    body: Card,
    /// A [`Stamp`].
    cancelled: AtomicUsize,
    /// Who is told of what happens; nobody until it has a place.
    audience: Audience,
    /// Who is to be told beside those of the branch above.
    given: Audience,
    /// The child that was polled last and has ended by that, and how (`tell.rs`). The driver's.
    last: AtomicUsize,
    /// How the scope or group itself ends: an [`End`], or 0. The driver's.
    end: AtomicUsize,
    is_cancel_told: AtomicUsize,
}

/// Where a branch is.
enum Place {
    /// It was not polled yet.
    New,
    /// At the top of a tree, for good.
    Top,
    Below {
        top: BranchRef,
        /// That by whose child it was polled last.
        parent: BranchRef,
        number: usize,
    },
    /// It has ended.
    Out,
}

// SAFETY: all of it is atomics, what locks guard, and, by invariant 2, `place`.
unsafe impl Send for Branch {}
// SAFETY: as above.
unsafe impl Sync for Branch {}
// A panic leaves nothing broken: nothing of the user's runs while it is changed.
impl UnwindSafe for Branch {}
impl RefUnwindSafe for Branch {}

impl Branch {
    /// That of a new block of this kind, which is made where this is called.
    #[track_caller]
    pub(crate) fn new<G: Grown>() -> Self {
        Self {
            twig: Twig::new(false),
            family: &const { G::FAMILY },
            cards: BriefLock::new(Cards::new()),
            place: UnsafeCell::new(Place::New),
            serial: AtomicUsize::new(0),
            tree: Lock::new(Tree::new()),
            site: Location::caller(),
            body: Card::new(0),
            cancelled: AtomicUsize::new(0),
            audience: Audience::new(),
            given: Audience::new(),
            last: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            is_cancel_told: AtomicUsize::new(0),
        }
    }

    pub(crate) fn body(&self) -> &Card {
        &self.body
    }

    pub(crate) fn serial(&self) -> usize {
        // Relaxed: a name, and no more.
        self.serial.load(Ordering::Relaxed)
    }

    /// # Safety
    ///
    /// The card is that of a new child, and is unlinked before the driver lets go of that. The pointer
    /// may be used for all of the child that [`Family::child`] looks at.
    #[inline]
    pub(crate) unsafe fn link(&self, card: *const Card) {
        let observer = self.cards.with(|cards| {
            // SAFETY: the caller's word; the lock is held.
            unsafe { cards.link(card) };
            self.audience.get()
        });
        if let (Some(observer), Some(card)) = (observer, NonNull::new(card.cast_mut())) {
            // SAFETY: alive, since it is new.
            unsafe { self.tell(observer, card, Event::Spawned) };
        }
    }

    /// The driver lets go of the child, which stays in the list if it is [lent](Self::lend).
    ///
    /// # Safety
    ///
    /// The card is linked here, and the child stays until this returns, which is called for it once.
    #[inline]
    pub(crate) unsafe fn unlink(&self, card: *const Card) {
        let observer = self.cards.with(|cards| {
            // SAFETY: linked, so alive.
            let child = unsafe { &*card };
            // SAFETY: the lock is held.
            if unsafe { child.leave() } {
                // SAFETY: the caller's word; the lock is held.
                unsafe { cards.unlink(card) };
            }
            self.audience.get()
        });
        if let (Some(observer), Some(card)) = (observer, NonNull::new(card.cast_mut())) {
            // SAFETY: alive, by the caller's word.
            unsafe { self.tell_child_end(observer, card) };
        }
    }

    /// The child goes before its task, and stays in the list until it is [given back](Self::give_back).
    ///
    /// # Safety
    ///
    /// The card is linked here. The caller is the driver, and sees to it that the child is given back
    /// once, and alive until then.
    #[cfg(feature = "std")]
    pub(crate) unsafe fn lend(&self, card: &Card) {
        // SAFETY: the lock is held.
        self.cards.with(|_| unsafe { card.set_away() });
    }

    /// The task is gone.
    ///
    /// # Safety
    ///
    /// The card was lent. The pointer may be used for all of the child.
    #[cfg(feature = "std")]
    pub(crate) unsafe fn give_back(&self, card: *const Card) {
        self.cards.with(|cards| {
            // SAFETY: alive, by the word given to `lend`.
            let child = unsafe { &*card };
            // SAFETY: the lock is held.
            if unsafe { child.come_back() } {
                // SAFETY: linked still; the lock is held.
                unsafe { cards.unlink(card) };
            }
        });
    }

    /// Names a child of this one, or its body.
    ///
    /// # Safety
    ///
    /// As for `woken`.
    pub(crate) unsafe fn set_name(&self, card: *const Card, name: &'static str) {
        let name = Card::name(name);
        // SAFETY: alive, by the caller's word.
        let known = unsafe { &*card };
        // SAFETY: no mark; the lock is held.
        let (old, observer) = self
            .cards
            .with(|_| (unsafe { known.set_name(name) }, self.audience.get()));
        drop(old);
        if let (Some(observer), Some(card)) = (observer, NonNull::new(card.cast_mut())) {
            // SAFETY: the caller's word.
            unsafe { self.tell(observer, card, Event::Named) };
        }
    }

    /// Names the scope or group.
    pub(crate) fn set_own_name(&self, name: &'static str) {
        // SAFETY: the body's.
        unsafe { self.set_name(&self.body, name) };
    }

    /// Notes that a child of this one is a task of a runtime.
    #[cfg(feature = "std")]
    pub(crate) fn set_parallel(&self, card: &Card) {
        // SAFETY: the lock is held.
        self.cards.with(|_| unsafe { card.set_parallel() });
    }

    /// Notes that the task of `cx` waits for the end of this, which is known to it as `resource`.
    pub(crate) fn note_wait(&self, cx: &Context<'_>, resource: Resource) {
        let site = Site::begun(self.site, self.body.born());
        inspect::note(cx, WaitKind::Scope, &site, resource);
    }

    /// Notes since when it is cancelled.
    pub(crate) fn note_cancelled(&self) {
        // Relaxed: for people. Of two at a time either will do.
        if self.cancelled.load(Ordering::Relaxed) == 0 {
            let now = Stamp::now().to_bits() as usize;
            self.cancelled.store(now, Ordering::Relaxed);
        }
    }

    /// Notes that the driver is polled with `waker`, and so where the branch hangs.
    ///
    /// # Safety
    ///
    /// `this` may be used for the whole block, which is alive; the caller is its driver.
    #[inline]
    pub(crate) unsafe fn attach(this: NonNull<Self>, waker: &Waker) {
        // SAFETY: alive, by the caller's word.
        let branch = unsafe { this.as_ref() };
        // SAFETY: the driver alone changes it (invariant 2).
        let is_settled = branch.place.with(|place| match unsafe { &*place } {
            Place::New => false,
            Place::Top | Place::Out => true,
            Place::Below { parent, number, .. } => whose(waker)
                .is_none_or(|whose| whose.branch() == parent.0 && whose.number() == *number),
        });
        if !is_settled {
            // SAFETY: the caller's word.
            unsafe { Self::settle(this, whose(waker)) };
        }
    }

    /// # Safety
    ///
    /// As for `attach`; it is new, or below another than that of `whose`.
    #[cold]
    unsafe fn settle(this: NonNull<Self>, whose: Option<Whose<'_>>) {
        // SAFETY: alive, by the caller's word.
        let branch = unsafe { this.as_ref() };
        let place = match whose {
            // SAFETY: the caller's word.
            Some(whose) => unsafe { Self::hang(this, &whose) },
            None => None,
        };
        // SAFETY: the driver alone changes it (invariant 2).
        let is_new = branch
            .place
            .with(|place| matches!(unsafe { &*place }, Place::New));
        match place {
            Some(place) => drop(branch.set_place(place)),
            None if is_new => drop(branch.set_place(Place::Top)),
            None => {}
        }
        if is_new {
            // SAFETY: the caller's word.
            unsafe { Self::begin_to_tell(this) };
        }
    }

    /// Hangs the branch below a child, if the parent is in a tree, and this one in none or in the same. One
    /// that hangs already stays where it is while somebody walks: the next poll looks again.
    ///
    /// # Safety
    ///
    /// As for `attach`.
    unsafe fn hang(this: NonNull<Self>, whose: &Whose<'_>) -> Option<Place> {
        // SAFETY: who is polled is alive, and the pointer is that of its block.
        let parent = unsafe { BranchRef::of(whose.branch()) };
        let number = whose.number();
        let top = parent.top()?;
        // SAFETY: alive, by the caller's word.
        let branch = unsafe { this.as_ref() };
        // SAFETY: the driver alone changes it (invariant 2).
        let before = branch.place.with(|place| match unsafe { &*place } {
            Place::Below { top, .. } => Some(top.0),
            _ => None,
        });
        if before.is_some_and(|before| before != top.0) {
            return None;
        }
        let (twig, above) = (twig_of(this), twig_of(parent.0));
        let hangs = top.tree.with(|tree| {
            // SAFETY: alive, and the lock is held.
            if parent != top && unsafe { tree.parent(above) }.is_none() {
                return false;
            }
            if before.is_some() {
                // As it would be if it were polled with a waker that was kept of one in it.
                // SAFETY: the top or in the tree; the lock is held.
                if !tree.may_move() || unsafe { tree.is_within(above, twig) } {
                    return false;
                }
                // Whatever hangs below it stays there.
                // SAFETY: it is in this tree; the lock is held.
                unsafe { tree.take_out(twig) };
            } else {
                branch.serial.store(tree.serial(), Ordering::Relaxed);
                // SAFETY: alive, by the caller's word.
                unsafe { (branch.family.acquire)(this) };
            }
            // SAFETY: alive, the one in no tree and the other in this; the lock is held.
            unsafe { tree.hang(twig, above, number) };
            true
        });
        hangs.then_some(Place::Below {
            top,
            parent,
            number,
        })
    }

    /// Notes that the scope or group has ended. What still hangs below it, since it was moved elsewhere or
    /// forgotten, hangs below the parent from then on.
    ///
    /// # Safety
    ///
    /// As for `attach`.
    pub(crate) unsafe fn leave(this: NonNull<Self>) {
        // SAFETY: alive, by the caller's word.
        let branch = unsafe { this.as_ref() };
        branch.tell_end();
        // SAFETY: the driver alone changes it (invariant 2).
        let is_below = branch
            .place
            .with(|place| matches!(unsafe { &*place }, Place::Below { .. }));
        if !is_below {
            return;
        }
        if let Place::Below { top, .. } = branch.set_place(Place::Out) {
            let twig = twig_of(this);
            let take_out = |tree: &mut Tree| {
                // SAFETY: in this tree until it is taken out here; the lock is held.
                if unsafe { tree.raise_last(twig) } {
                    return false;
                }
                // SAFETY: as above, and nothing is below it.
                unsafe { tree.take_out(twig) };
                true
            };
            while !top.tree.with(take_out) {}
            // SAFETY: the tree's count (invariant 1).
            unsafe { (branch.family.release)(this) };
        }
    }

    /// The place that it had. The caller is the driver.
    fn set_place(&self, new: Place) -> Place {
        self.cards.with(|_| {
            // SAFETY: the driver's, and nobody looks at it: the lock is held (invariant 2).
            self.place
                .with_mut(|place| core::mem::replace(unsafe { &mut *place }, new))
        })
    }
}

fn twig_of(branch: NonNull<Branch>) -> *const Twig {
    // The first field.
    branch.as_ptr().cast_const().cast()
}

/// A counted pointer to a branch, and so to the block in which it is.
pub(crate) struct BranchRef(NonNull<Branch>);

// SAFETY: it leads to a `Branch`, and stands for a count of its block, which is given up anywhere.
unsafe impl Send for BranchRef {}
// SAFETY: as above.
unsafe impl Sync for BranchRef {}

impl BranchRef {
    /// # Safety
    ///
    /// The block is alive, and the pointer may be used for all of it.
    pub(crate) unsafe fn of(branch: NonNull<Branch>) -> Self {
        // SAFETY: alive, by the caller's word.
        let family = unsafe { branch.as_ref() }.family;
        // SAFETY: as above.
        unsafe { (family.acquire)(branch) };
        Self(branch)
    }

    /// The top of its tree; `None` if it was not polled yet, or has ended.
    fn top(&self) -> Option<Self> {
        // SAFETY: alive by the count, and the lock is held (invariant 2).
        let look = |place: *const Place| match unsafe { &*place } {
            Place::New | Place::Out => None,
            Place::Top => Some(self.clone()),
            Place::Below { top, .. } => Some(top.clone()),
        };
        self.cards.with(|_| self.place.with(look))
    }
}

impl Clone for BranchRef {
    fn clone(&self) -> Self {
        // SAFETY: this holds a count; made of a pointer to the block.
        unsafe { Self::of(self.0) }
    }
}

impl Drop for BranchRef {
    fn drop(&mut self) {
        let family = self.family;
        // SAFETY: this count.
        unsafe { (family.release)(self.0) };
    }
}

impl PartialEq for BranchRef {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.0.as_ptr(), other.0.as_ptr())
    }
}

impl core::ops::Deref for BranchRef {
    type Target = Branch;

    fn deref(&self) -> &Branch {
        // SAFETY: this holds a count.
        unsafe { self.0.as_ref() }
    }
}

impl fmt::Debug for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Branch").finish_non_exhaustive()
    }
}
