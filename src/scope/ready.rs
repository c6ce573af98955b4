//! Who is ready to be polled: a queue with many producers and one consumer, the driver.
//!
//! A producer is a waker or a spawn, on any thread. It puts a [`Link`] on a stack with one
//! compare-and-swap; the driver takes the whole stack with one swap and turns it round, so
//! that a pass serves in order of arrival and what becomes ready during a pass waits for
//! the next one. (The spawns of a local scope do not come here: `inbox.rs`.)
//!
//! # States of the head
//!
//! | head | meaning | a push | the driver |
//! |---|---|---|---|
//! | `EMPTY` | nothing is ready, the driver is at work | succeeds | may park or close |
//! | a link | that one and those below are ready | succeeds | takes them all |
//! | `PARKED` | nothing is ready, the parent's waker is registered | succeeds, then wakes the parent | takes nothing |
//! | `CLOSED` | the scope has ended | is refused | – |
//!
//! Leaving `PARKED` is what wakes the parent, so a burst of wakes costs it one. `EMPTY` to
//! `CLOSED` is one compare-and-swap: a spawn comes before the end and is awaited, or after
//! it and is refused; there is nothing between.
//!
//! # Invariants
//!
//! 1. A link is in the queue, or in the hands of a producer about to put it there, if and
//!    only if its `QUEUED` bit is set. Whoever sets the bit owns `next` until the link is on
//!    the stack; then the driver owns it until it clears the bit.
//! 2. The memory of a queued link stays alive until its bit is cleared
//!    (for children see `child.rs`, invariant 3).

use core::{
    ptr::{self, NonNull},
    task::Context,
};

use crate::{
    sys::{
        atomic::{AtomicPtr, AtomicUsize, Ordering},
        cell::UnsafeCell,
    },
    wait::WakerCell,
};

/// The bit of [`Link::state`] that says that the link is queued.
pub(crate) const QUEUED: usize = 0b1;

/// One place in the queue. `state` is shared with the owner, who uses the other bits.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) state: AtomicUsize,
    next: UnsafeCell<*mut Link>,
}

impl Link {
    pub(crate) fn new(state: usize) -> Self {
        Self {
            state: AtomicUsize::new(state),
            next: UnsafeCell::new(ptr::null_mut()),
        }
    }

    /// Sets the `QUEUED` bit, and `also` with it, and returns the state before. If the bit was
    /// clear, the caller has to push the link.
    #[inline]
    pub(crate) fn queue(&self, also: usize) -> usize {
        // Release: pairs with the acquire in `unqueue`, also where the bit was set already.
        // Acquire: pairs with its release; `next` is the caller's now (invariant 1).
        self.state.fetch_or(QUEUED | also, Ordering::AcqRel)
    }

    /// Clears the `QUEUED` bit, and `also` with it, and returns the state before.
    ///
    /// To be called before what the link stands for is looked at: what was published by a
    /// wake that found the bit set is seen then.
    #[inline]
    pub(crate) fn unqueue(&self, also: usize) -> usize {
        // Acquire: pairs with the release in every `queue` that found the bit set.
        // Release: hands `next` over to the next producer (invariant 1).
        self.state.fetch_and(!(QUEUED | also), Ordering::AcqRel)
    }

    /// To be called by the owner of `next` alone (invariant 1).
    pub(crate) fn next(&self) -> *mut Link {
        // SAFETY: only the owner of `next` calls this (invariant 1).
        self.next.with(|next| unsafe { *next })
    }

    /// To be called by the owner of `next` alone (invariant 1).
    pub(crate) fn set_next(&self, link: *mut Link) {
        // SAFETY: only the owner of `next` calls this (invariant 1).
        self.next.with_mut(|next| unsafe { *next = link });
    }
}

/// After so many children that woke themselves while they were polled a pass ends. Enough to make
/// what a pass costs small beside them, and few beside the polls that a runtime's budget allows.
pub(crate) const SELF_WAKES: usize = 16;

const EMPTY: *mut Link = ptr::null_mut();
const PARKED: *mut Link = ptr::without_provenance_mut(1);
const CLOSED: *mut Link = ptr::without_provenance_mut(2);

/// What came of a push.
pub(crate) enum Pushed<K> {
    /// The scope has ended.
    Refused,
    Queued,
    /// It is queued, and was the first since the driver parked.
    Unparked(K),
}

/// The stack of ready links and the waker of the task that polls the scope.
#[derive(Debug)]
pub(crate) struct ReadyQueue {
    head: AtomicPtr<Link>,
    parent: WakerCell,
}

impl ReadyQueue {
    pub(crate) fn new() -> Self {
        Self {
            head: AtomicPtr::new(EMPTY),
            parent: WakerCell::new(),
        }
    }

    /// Puts a link on the stack; `false` if the scope has ended.
    ///
    /// # Safety
    ///
    /// The caller has set the link's `QUEUED` bit (or made it with the bit set), and the
    /// memory stays alive as invariant 2 demands.
    pub(crate) unsafe fn push(&self, link: *mut Link) -> bool {
        // SAFETY: the caller's word, and this is borrowed.
        match unsafe { Self::push_keeping(NonNull::from(self), link, || ()) } {
            Pushed::Refused => return false,
            Pushed::Queued => {}
            Pushed::Unparked(()) => self.wake_parent(),
        }
        true
    }

    /// As [`push`](Self::push), where only the link keeps this alive. Before it unparks the driver it
    /// calls `keep`, for something that keeps it for the caller, who has to
    /// [wake the parent](Self::wake_parent) then. By pointer, because it may be gone when the link is
    /// queued.
    ///
    /// # Safety
    ///
    /// As for `push`; this is alive until the link is queued.
    #[inline]
    pub(crate) unsafe fn push_keeping<K>(
        this: NonNull<Self>,
        link: *mut Link,
        keep: impl Fn() -> K,
    ) -> Pushed<K> {
        // SAFETY: alive, by the caller's word, and not used when the link is queued.
        let queue = unsafe { this.as_ref() };
        let mut head = queue.head.load(Ordering::Relaxed);
        loop {
            if head == CLOSED {
                return Pushed::Refused;
            }
            let is_parked = head == PARKED;
            // SAFETY: alive by the caller's word.
            unsafe { &*link }.set_next(if is_parked { EMPTY } else { head });
            let kept = is_parked.then(&keep);
            // Release: pairs with the swaps of the driver, which see `next` and all that came
            // before. Whoever finds `PARKED` finds the waker too, without an acquire: it was
            // registered before, under the lock that is taken to wake it; had that lock been
            // taken earlier, `PARKED` could not have been read earlier still.
            let pushed =
                queue
                    .head
                    .compare_exchange_weak(head, link, Ordering::Release, Ordering::Relaxed);
            match pushed {
                Ok(_) => return kept.map_or(Pushed::Queued, Pushed::Unparked),
                Err(newer) => head = newer,
            }
        }
    }

    /// Wakes the task that polls the scope, for a push that has unparked the driver.
    pub(crate) fn wake_parent(&self) {
        self.parent.wake();
    }

    /// Takes all that is ready, in order of arrival.
    pub(crate) fn take(&self) -> Batch {
        self.take_leaving(EMPTY)
    }

    /// Closes the queue for good and takes what is left.
    pub(crate) fn close(&self) -> Batch {
        self.take_leaving(CLOSED)
    }

    fn take_leaving(&self, head: *mut Link) -> Batch {
        // Acquire: pairs with the releases in `push`.
        let mut link = self.head.swap(head, Ordering::Acquire);
        let mut batch = Batch::new();
        while link != EMPTY && link != PARKED && link != CLOSED {
            // SAFETY: a queued link is alive (invariant 2).
            let below = unsafe { &*link }.next();
            // SAFETY: the link came off the stack and belongs to the driver now.
            unsafe { batch.push_front(link) };
            link = below;
        }
        batch
    }

    /// Closes the queue if nothing is ready. Called by the driver, so not while parked.
    pub(crate) fn close_if_empty(&self) -> bool {
        // Relaxed: it publishes nothing and takes nothing.
        self.head
            .compare_exchange(EMPTY, CLOSED, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Registers the task of `cx` and parks, unless something is ready.
    pub(crate) fn park(&self, cx: &Context<'_>) -> bool {
        if self.head.load(Ordering::Relaxed) != EMPTY {
            return false;
        }
        self.parent.register(cx);
        // Fails if something came since. Relaxed: see `push`.
        self.head
            .compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Wakes the parent, if it is parked, for something that is ready elsewhere. Called on the thread
    /// that parks.
    #[inline]
    pub(crate) fn unpark(&self) {
        // Relaxed: parked on this thread, if at all; see `push`. Whoever has left that state before
        // has woken the parent, or is about to.
        if self.head.load(Ordering::Relaxed) == PARKED
            && self
                .head
                .compare_exchange(PARKED, EMPTY, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.parent.wake();
        }
    }

    /// Drops the waker of a task that has nothing to wait for any more.
    pub(crate) fn forget_parent(&self) {
        self.parent.clear();
    }

    /// Whether the scope has ended. A hint: the refusal of a push is what counts.
    pub(crate) fn is_closed(&self) -> bool {
        self.head.load(Ordering::Relaxed) == CLOSED
    }
}

/// Queued links in the hands of the driver, first in, first out.
#[derive(Debug)]
pub(crate) struct Batch {
    head: *mut Link,
    tail: *mut Link,
}

impl Batch {
    pub(crate) const fn new() -> Self {
        Self {
            head: EMPTY,
            tail: EMPTY,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// # Safety
    ///
    /// The link's bit is set, it is on no stack or batch, and the caller is the driver.
    unsafe fn push_front(&mut self, link: *mut Link) {
        if self.head.is_null() {
            self.tail = link;
        }
        // SAFETY: a queued link is alive (invariant 2).
        unsafe { &*link }.set_next(self.head);
        self.head = link;
    }

    /// # Safety
    ///
    /// As for `push_front`.
    pub(crate) unsafe fn push_back(&mut self, link: *mut Link) {
        // SAFETY: a queued link is alive (invariant 2).
        unsafe { &*link }.set_next(EMPTY);
        // SAFETY: as above.
        match unsafe { self.tail.as_ref() } {
            Some(tail) => tail.set_next(link),
            None => self.head = link,
        }
        self.tail = link;
    }

    /// Puts all of `other` behind what is there.
    pub(super) fn append(&mut self, other: Self) {
        // SAFETY: a queued link is alive (invariant 2).
        match unsafe { self.tail.as_ref() } {
            _ if other.is_empty() => return,
            Some(tail) => tail.set_next(other.head),
            None => self.head = other.head,
        }
        self.tail = other.tail;
    }

    /// Whether `picks` chooses one of them.
    pub(super) fn any(&self, picks: impl Fn(*mut Link) -> bool) -> bool {
        let mut link = self.head;
        // SAFETY: a queued link is alive (invariant 2).
        while let Some(queued) = unsafe { link.as_ref() } {
            if picks(link) {
                return true;
            }
            link = queued.next();
        }
        false
    }

    /// Takes the first link; its bit is still set and the caller must clear it.
    pub(crate) fn pop_front(&mut self) -> Option<*mut Link> {
        // SAFETY: a queued link is alive (invariant 2).
        let next = unsafe { self.head.as_ref() }?.next();
        let link = core::mem::replace(&mut self.head, next);
        if next.is_null() {
            self.tail = EMPTY;
        }
        Some(link)
    }
}
