//! One place of a group: a future, and what its wakers need.
//!
//! ```text
//!  Slot<F> ┌ Head ─────────────────────────┐┌───────────────────┐
//!          │ link (state, next) · chunk    ││ siblings · future │
//!          └───────────────────────────────┘└───────────────────┘
//! ```
//!
//! The state counts the wakers of the place beside its two bits, so it takes one word to tell
//! whether it can be used again, and a child that never cloned its waker costs no
//! read-modify-write at all.
//!
//! | state | the place |
//! |---|---|
//! | `QUEUED` | is in the queue of those ready, or about to be put there |
//! | `RETIRED` | holds no future any more and waits until it is free: not `QUEUED`, no wakers |
//! | the rest | has so many wakers, not counting the one that its driver polls with |
//!
//! # Invariants
//!
//! 1. The future belongs to the driver. Wakers touch the head, and never the future.
//! 2. A retired place that is not free is *lent*, and the driver counts it. Whoever makes it free
//!    ends that: the driver if it comes off the queue and has no wakers, else the last waker (by its end,
//!    or where the queue refuses what it has woken with that), which gives the place back to the driver,
//!    or, if there is no driver any more, tells the chunk. The
//!    memory stays until the driver and all who had places lent then have done so.
//! 3. The bit `RETIRED` is set by the driver while it has the place; a waker that then finds
//!    `QUEUED` clear may set it for a moment, and clears it before it gives its own count up.

use core::{
    mem::{ManuallyDrop, MaybeUninit},
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::shared::SharedRef;
#[cfg(feature = "inspect")]
use crate::{
    inspect::{NodeKind, State},
    scope::{registry::Own, whose::Whose},
};
use crate::{
    scope::{
        ready::{Link, Pushed, QUEUED, ReadyQueue},
        registry::{Branch, Card},
    },
    sys::{
        atomic::{AtomicUsize, Ordering},
        cell::UnsafeCell,
    },
};

const RETIRED: usize = 1 << 1;
/// One waker, in the bits above the flags.
const WAKER: usize = 1 << 2;
/// Half the range: far more wakers than memory could hold, unless they are forgotten.
const MOST: usize = usize::MAX / 2;
/// One place less.
const MINUS_ONE: usize = usize::MAX;

/// What places in one piece of memory have in common.
#[repr(C)]
pub(super) struct ChunkHead {
    /// Places that are lent. The driver's.
    lent: UnsafeCell<usize>,
    /// What the driver leaves behind of `lent`, less those that have come free without it: negative
    /// until it does, and zero at the end.
    left: AtomicUsize,
    shared: SharedRef,
    free: unsafe fn(NonNull<Self>),
}

impl ChunkHead {
    /// `free` is called when the driver has left it and no place is lent.
    pub(super) fn new(shared: SharedRef, free: unsafe fn(NonNull<Self>)) -> Self {
        Self {
            lent: UnsafeCell::new(0),
            left: AtomicUsize::new(0),
            shared,
            free,
        }
    }

    /// Counts one place more, or one less, that is lent.
    ///
    /// # Safety
    ///
    /// The caller is the driver.
    unsafe fn lend(chunk: NonNull<Self>, change: usize) {
        // SAFETY: the driver has not left its chunks.
        let lent = unsafe { &chunk.as_ref().lent };
        lent.with_mut(|lent| {
            // SAFETY: the count is the driver's.
            let lent = unsafe { &mut *lent };
            *lent = lent.wrapping_add(change);
        });
    }

    /// The driver leaves the chunk to those who have places lent.
    ///
    /// # Safety
    ///
    /// The caller is the driver, takes no places back any more, and uses the chunk no more.
    pub(super) unsafe fn leave(chunk: NonNull<Self>) {
        // SAFETY: the driver had not left it.
        let lent = unsafe { &chunk.as_ref().lent };
        // SAFETY: the count is the driver's.
        let lent = lent.with(|lent| unsafe { *lent });
        // SAFETY: this is how the driver leaves.
        unsafe { Self::settle(chunk, lent) };
    }

    /// Adds to `left`, and frees the chunk if that is all.
    ///
    /// # Safety
    ///
    /// The caller is the driver that leaves, with all that are lent, or whoever made one of these
    /// free, with minus one. It uses the chunk no more.
    unsafe fn settle(chunk: NonNull<Self>, change: usize) {
        // SAFETY: alive until all have settled.
        let head = unsafe { chunk.as_ref() };
        let free = head.free;
        // Release: whoever frees the chunk sees that this one is done with it. Acquire: pairs with
        // that.
        let before = head.left.fetch_add(change, Ordering::AcqRel);
        if before.wrapping_add(change) == 0 {
            // SAFETY: nobody is left. (A place that settles first takes it below zero, since the
            // driver has not added it yet.)
            unsafe { free(chunk) };
        }
    }
}

/// The part of a place that wakers know.
#[repr(C)]
pub(super) struct Head {
    // First, so that a pointer to the link is one to the place.
    link: Link,
    /// Never written. In a cell, so that the models see who may still read it when it is freed.
    chunk: UnsafeCell<NonNull<ChunkHead>>,
    /// Written while the place is free.
    pub(super) card: Card,
}

impl Head {
    fn chunk(&self) -> NonNull<ChunkHead> {
        // SAFETY: it is never written.
        self.chunk.with(|chunk| unsafe { *chunk })
    }
}

#[repr(C)]
pub(super) struct Slot<F> {
    head: Head,
    pub(super) siblings: UnsafeCell<Siblings<F>>,
    pub(super) future: UnsafeCell<MaybeUninit<F>>,
}

/// Neighbours in the driver's list of running children, and which child it is. The driver's.
pub(super) struct Siblings<F> {
    pub(super) prev: Option<NonNull<Slot<F>>>,
    pub(super) next: Option<NonNull<Slot<F>>>,
    pub(super) index: usize,
}

impl<F> Slot<F> {
    pub(super) fn new(chunk: NonNull<ChunkHead>) -> Self {
        Self {
            head: Head {
                link: Link::new(0),
                chunk: UnsafeCell::new(chunk),
                card: Card::vacant(),
            },
            siblings: UnsafeCell::new(Siblings {
                prev: None,
                next: None,
                index: 0,
            }),
            future: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    pub(super) fn link(&self) -> &Link {
        &self.head.link
    }

    /// Makes a free place one of a child.
    ///
    /// # Safety
    ///
    /// The place is free and the caller's, who has no reference to it.
    pub(super) unsafe fn occupy(slot: NonNull<Self>, branch: &Branch, number: usize) {
        // SAFETY: in bounds of the place.
        let card = unsafe { &raw mut (*slot.as_ptr()).head.card };
        // SAFETY: nobody else knows of a free place, and a child's card was unlinked.
        unsafe { Card::fill(card, branch, number) };
        // SAFETY: as above.
        let place = unsafe { slot.as_ref() };
        // Relaxed: as above.
        place.head.link.state.store(0, Ordering::Relaxed);
    }

    /// A pointer to the card that may be used for the whole place.
    ///
    /// # Safety
    ///
    /// The place is alive.
    pub(super) unsafe fn card_ptr(slot: NonNull<Self>) -> *const Card {
        // SAFETY: in bounds of the place, which is alive.
        unsafe { &raw const (*slot.as_ptr()).head.card }
    }

    /// Whether the child was woken and did not come off the queue since.
    pub(super) fn is_queued(&self) -> bool {
        self.head.link.state.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// Takes the place off the queue, as whoever popped it has to. `None` if the child in it is
    /// to be polled, else whether the place is free now.
    pub(super) fn come_off(&self) -> Option<bool> {
        let before = self.head.link.unqueue(0);
        if before & RETIRED == 0 {
            return None;
        }
        let is_free = before < WAKER;
        if is_free {
            self.come_back();
        }
        Some(is_free)
    }

    /// Retires a place whose future is gone. Whether it is free at once; else it is lent.
    pub(super) fn retire(&self) -> bool {
        let state = &self.head.link.state;
        // Acquire: pairs with the release of the last waker that there was: its subtraction, or where it
        // has taken itself off the queue that refused it.
        if state.load(Ordering::Acquire) == 0 {
            return true;
        }
        // Acquire: as above. No release: whoever makes the place free touches only what wakers do.
        let is_free = state.fetch_or(RETIRED, Ordering::Acquire) == 0;
        if !is_free {
            // SAFETY: only the driver retires places.
            unsafe { ChunkHead::lend(self.head.chunk(), 1) };
        }
        is_free
    }

    /// Takes a place over that was lent and is free. The driver's.
    pub(super) fn come_back(&self) {
        // SAFETY: only the driver takes places back.
        unsafe { ChunkHead::lend(self.head.chunk(), MINUS_ONE) };
    }

    /// The waker of the child in `slot`, borrowed: it is not counted.
    ///
    /// # Safety
    ///
    /// The place stays this child's while the waker is used.
    pub(super) unsafe fn waker(slot: NonNull<Self>) -> ManuallyDrop<Waker> {
        let data = slot.as_ptr().cast_const().cast();
        // SAFETY: the table keeps the contract of `RawWaker`; not dropping the waker leaves
        // the count it did not take alone.
        ManuallyDrop::new(unsafe { Waker::new(data, &TABLE) })
    }
}

/// A pointer to the head of a place that is occupied or lent.
#[derive(Clone, Copy)]
struct Place(NonNull<Head>);

impl Place {
    /// # Safety
    ///
    /// `data` is that of a waker with the table below.
    unsafe fn of(data: *const ()) -> Self {
        // SAFETY: the data of such a waker is a place, so not null.
        Self(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) })
    }

    /// # Safety
    ///
    /// There is a waker of the place, or its driver polls it, for `'a`.
    unsafe fn head<'a>(self) -> &'a Head {
        // SAFETY: alive, by the caller's word (invariant 2), and never borrowed mutably.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    ///
    /// As for `head`.
    unsafe fn acquire(self) {
        // SAFETY: the caller's word.
        let state = unsafe { &self.head().link.state };
        // Relaxed: a new waker is made out of an old one, nothing is looked at.
        if state.fetch_add(WAKER, Ordering::Relaxed) >= MOST {
            state.fetch_sub(WAKER, Ordering::Relaxed);
            panic!("too many wakers of one task: were they forgotten?");
        }
    }

    /// # Safety
    ///
    /// As for `head`.
    unsafe fn wake(self) {
        // SAFETY: the caller's word.
        let head = unsafe { self.head() };
        let link = &head.link;
        // Relaxed: what is retired has nobody to tell.
        if link.state.load(Ordering::Relaxed) & RETIRED != 0 {
            return;
        }
        let before = link.queue(0);
        if before & QUEUED != 0 {
            return;
        }
        let queued = before & RETIRED == 0 && {
            // SAFETY: a place that is occupied or lent keeps its chunk.
            let shared = unsafe { &head.chunk().as_ref().shared };
            // SAFETY: in bounds of the place.
            let card = unsafe { &raw const (*self.0.as_ptr()).card };
            // SAFETY: its child, or what was one, since the waker keeps the place.
            unsafe { shared.branch.woken(card) };
            // SAFETY: the bit was set just now; the chunk stays while the place is queued, since
            // the driver keeps it, or there is no driver and the push is refused.
            unsafe { shared.ready.push(self.0.as_ptr().cast()) }
        };
        if !queued {
            // Retired meanwhile, or the group is gone.
            link.unqueue(0);
        }
    }

    /// As [`wake`](Self::wake), and gives a waker's count up: of a place that is neither queued nor retired
    /// with the bit, by one step.
    ///
    /// # Safety
    ///
    /// As for `release`.
    unsafe fn wake_and_release(self) {
        // SAFETY: the caller's count.
        let head = unsafe { self.head() };
        let state = &head.link.state;
        let known = state.load(Ordering::Relaxed);
        let queued = (known | QUEUED).wrapping_sub(WAKER);
        // Acquire: as in `Link::queue`. No release: what comes before it goes with the push.
        let is_queued = known & (QUEUED | RETIRED) == 0
            && state
                .compare_exchange(known, queued, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if !is_queued {
            // Also if the parent's waker panics.
            let waker = Release(self);
            // SAFETY: the caller's count.
            return unsafe { waker.0.wake() };
        }
        let chunk = head.chunk();
        // SAFETY: a queued place keeps its chunk.
        let shared = unsafe { &chunk.as_ref().shared };
        // SAFETY: in bounds of the place.
        let card = unsafe { &raw const (*self.0.as_ptr()).card };
        // SAFETY: its child, or what was one, since it was not retired when the bit was set.
        unsafe { shared.branch.woken(card) };
        let link = self.0.as_ptr().cast();
        // It borrows nothing of the chunk, which may be gone before it is dropped.
        // SAFETY: called while the bit, set just now, keeps the chunk.
        let keep = || unsafe { chunk.as_ref() }.shared.clone();
        // SAFETY: the bit keeps the chunk and with it the block until the link is queued; after that a
        // count of the block does.
        let pushed = unsafe { ReadyQueue::push_keeping(NonNull::from(&shared.ready), link, keep) };
        match pushed {
            Pushed::Queued => {}
            Pushed::Unparked(shared) => shared.ready.wake_parent(),
            // The group is gone.
            Pushed::Refused => {
                if head.link.unqueue(0) == QUEUED | RETIRED {
                    // SAFETY: retired, without wakers and not queued.
                    unsafe { self.come_free(chunk) };
                }
            }
        }
    }

    /// # Safety
    ///
    /// The caller owns a waker's count of the place, and gives it up.
    unsafe fn release(self) {
        // SAFETY: the caller's count.
        let head = unsafe { self.head() };
        // Before the count is given up, for the models: they see by this that a waker was here.
        let chunk = head.chunk();
        // Release: whoever uses the place again sees that this waker is done with it. Acquire:
        // pairs with the releases of the other wakers, and of the driver that retired it.
        let before = head.link.state.fetch_sub(WAKER, Ordering::AcqRel);
        if before == RETIRED | WAKER {
            // SAFETY: retired, without wakers and not queued.
            unsafe { self.come_free(chunk) };
        }
    }

    /// Gives a lent place back to the driver, or tells its chunk.
    ///
    /// # Safety
    ///
    /// The place is retired, free by what the caller did just now, and of that chunk.
    unsafe fn come_free(self, chunk: NonNull<ChunkHead>) {
        // SAFETY: a lent place keeps its chunk.
        let shared = unsafe { &chunk.as_ref().shared };
        // SAFETY: free and the caller's; the driver keeps the chunk.
        if !unsafe { shared.give_back(self.0.as_ptr().cast()) } {
            // SAFETY: the place was lent and is free, and the driver takes none back.
            unsafe { ChunkHead::settle(chunk, MINUS_ONE) };
        }
    }
}

/// Gives a waker's count up when it is dropped.
struct Release(Place);

impl Drop for Release {
    fn drop(&mut self) {
        // SAFETY: made where there is a count to give up.
        unsafe { self.0.release() };
    }
}

/// The children's waker: its data is the place, one count each.
static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: called by a waker of this table.
        let place = unsafe { Place::of(data) };
        // SAFETY: the waker's count.
        unsafe { place.acquire() };
        RawWaker::new(data, &TABLE)
    },
    |data| {
        // SAFETY: called by a waker of this table.
        let place = unsafe { Place::of(data) };
        // SAFETY: waking by value gives the waker's count up.
        unsafe { place.wake_and_release() };
    },
    |data| {
        // SAFETY: called by a waker of this table.
        let place = unsafe { Place::of(data) };
        // SAFETY: the waker's count, or the driver's poll.
        unsafe { place.wake() };
    },
    |data| {
        // SAFETY: called by a waker of this table.
        let place = unsafe { Place::of(data) };
        // SAFETY: dropping the waker gives its count up.
        unsafe { place.release() };
    },
);

/// The child whose waker this is.
#[cfg(feature = "inspect")]
pub(super) fn whose(waker: &Waker) -> Option<Whose<'_>> {
    core::ptr::eq(waker.vtable(), &TABLE).then(|| {
        // SAFETY: of that table.
        let place = unsafe { Place::of(waker.data()) };
        // SAFETY: the waker's count, or the driver's poll.
        let head = unsafe { place.head() };
        // SAFETY: a place that is occupied or lent keeps its chunk.
        let shared = unsafe { &head.chunk().as_ref().shared };
        // SAFETY: the chunk holds the block, and the waker keeps both.
        unsafe { Whose::new(shared.branch_ptr(), NonNull::from(&head.card)) }
    })
}

/// What the child with this card is doing.
///
/// # Safety
///
/// The card is that of a place, which is occupied, and the pointer may be used for all of that.
#[cfg(feature = "inspect")]
pub(super) unsafe fn now(card: NonNull<Card>) -> Own {
    // SAFETY: the caller's word.
    let head = unsafe { card.byte_sub(core::mem::offset_of!(Head, card)) };
    // SAFETY: as above.
    let head = unsafe { head.cast::<Head>().as_ref() };
    let is_queued = head.link.state.load(Ordering::Relaxed) & QUEUED != 0;
    Own {
        kind: NodeKind::Child,
        state: if is_queued {
            State::Ready
        } else {
            State::Waiting
        },
        address: card.as_ptr().addr(),
        limited_by: 0,
    }
}
