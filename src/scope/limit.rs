//! The limit: how many children run at a time, and how a waiting child lends its place.
//!
//! The limit gates *starting*. Spawning never waits: a child beyond the limit is kept back,
//! unpolled, and started in order of spawning when a place is free.
//!
//! A child that waits for the handle of a sibling that has not been started would, under a
//! limit, wait for ever once all places are taken by such children. So it lends its place:
//! with `started` children of which `blocked` wait in that way,
//!
//! * a child that nobody waits for is started while `started < limit`;
//! * a child that a started sibling waits for is started while `started - blocked < limit`.
//!
//! So no more than `limit` children run that do not wait for one another, and a chain of
//! children that spawn and wait goes on under any limit, one lent place at a time.
//!
//! Who waits is found out when a handle is polled: whichever child this scope's driver is
//! polling on this very thread. That holds through combinators with wakers of their own and
//! through nested scopes. Without `std` threads cannot be told apart: a handle that another
//! core polls at the same moment then counts as a wait of that child, and one child too many
//! may run for a while.

use core::num::NonZeroUsize;

use super::{
    child::{AWAITED, AWAITING, Child, LISTED, RETIRED, UNSTARTED},
    ready::Batch,
    siblings::List,
};
use crate::sys::{
    atomic::{AtomicUsize, Ordering},
    lock::Lock,
    thread,
};

/// What handles and spawns know of the limit, from any thread.
#[derive(Debug)]
pub(super) struct Limits {
    /// Zero: no limit.
    limit: AtomicUsize,
    /// Children spawned under the limit and not over.
    live: AtomicUsize,
    /// Started children that wait for unstarted ones.
    blocked: AtomicUsize,
    /// The child that the driver polls, and where.
    polled: Lock<Option<(thread::ThreadId, Child)>>,
}

// SAFETY: `Child` is a pointer to a node, whose shared parts may be used from any thread.
unsafe impl Send for Limits {}
// SAFETY: as above.
unsafe impl Sync for Limits {}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            limit: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            blocked: AtomicUsize::new(0),
            polled: Lock::new(None),
        }
    }

    pub(super) fn set(&self, limit: NonZeroUsize) {
        // Relaxed, as all here: numbers that publish nothing else.
        self.limit.store(limit.get(), Ordering::Relaxed);
    }

    #[inline]
    fn get(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.limit.load(Ordering::Relaxed))
    }

    /// Counts a child that is about to be spawned; whether there was a limit to count for.
    pub(super) fn count(&self) -> bool {
        let limited = self.get().is_some();
        if limited {
            self.live.fetch_add(1, Ordering::Relaxed);
        }
        limited
    }

    /// As [`count`](Self::count), if the limit is not reached; `None` if it is.
    pub(super) fn try_count(&self) -> Option<bool> {
        let Some(limit) = self.get() else {
            return Some(false);
        };
        let mut live = self.live.load(Ordering::Relaxed);
        while live < limit.get() {
            match self.live.compare_exchange_weak(
                live,
                live + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(true),
                Err(newer) => live = newer,
            }
        }
        None
    }

    /// A counted child is over, or was not spawned after all.
    pub(super) fn uncount(&self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// A child with loans has been retired.
    pub(super) fn unblock(&self) {
        self.blocked.fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes that the driver polls `child` here, until the result is dropped.
    pub(super) fn polling(&self, child: Child) -> Option<Polling<'_>> {
        self.get()?;
        let entry = Some((thread::current(), child));
        self.polled.with(|polled| *polled = entry);
        Some(Polling(self))
    }

    /// The child that the driver polls on this thread, with a count for the caller.
    fn polled_here(&self) -> Option<Child> {
        let here = thread::current();
        self.polled.with(|polled| match *polled {
            Some((thread, child)) if thread == here => {
                // SAFETY: the driver polls it, so it is alive, and stays so while the lock
                // keeps the driver from leaving `Polling`.
                unsafe { child.acquire() };
                Some(child)
            }
            _ => None,
        })
    }
}

/// While this lives, the driver polls a child of a limited scope.
#[derive(Debug)]
pub(super) struct Polling<'a>(&'a Limits);

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.polled.with(|polled| *polled = None);
    }
}

/// A handle's claim that a started child waits through it for an unstarted one. Holds a
/// count of the child that waits.
#[derive(Debug)]
pub(super) struct Loan(Child);

impl Loan {
    /// Called when the handle of `awaited`, unstarted, is polled and not ready.
    ///
    /// # Safety
    ///
    /// The caller holds a count of `awaited`.
    pub(super) unsafe fn offer(awaited: Child) -> Option<Self> {
        // SAFETY: the caller's word.
        let header = unsafe { awaited.header() };
        let limits = &header.scope.limits;
        limits.get()?;
        let lender = limits.polled_here()?;
        // SAFETY: counted by `polled_here`.
        let state = unsafe { &lender.header().link.state };
        let before = state.fetch_add(AWAITING, Ordering::Relaxed);
        if before & RETIRED != 0 || before > usize::MAX / 2 {
            state.fetch_sub(AWAITING, Ordering::Relaxed);
            // SAFETY: gives up the count of `polled_here`.
            unsafe { lender.release() };
            return None;
        }
        if before < AWAITING {
            limits.blocked.fetch_add(1, Ordering::Relaxed);
        }
        header.link.state.fetch_or(AWAITED, Ordering::Relaxed);
        // The driver finds it queued, unstarted and awaited: `Gate::hold`.
        // SAFETY: the caller holds a count.
        unsafe { awaited.wake() };
        Some(Self(lender))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // SAFETY: counted by `offer`.
        let header = unsafe { self.0.header() };
        let before = header.link.state.fetch_sub(AWAITING, Ordering::Relaxed);
        if before & RETIRED == 0 && before < 2 * AWAITING {
            header.scope.limits.unblock();
        }
        // SAFETY: gives up the count of `offer`.
        unsafe { self.0.release() };
    }
}

/// The driver's side: children that were spawned and not started.
#[derive(Debug)]
pub(super) struct Gate {
    /// All that are held back, in order of spawning.
    unstarted: List,
    /// Those of them that a started sibling waits for. They keep their `QUEUED` bit, so
    /// that the driver owns their link.
    awaited: Batch,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self {
            unstarted: List::new(),
            awaited: Batch::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unstarted.is_empty()
    }

    /// Whether `child`, unstarted and just taken off the queue, may start now. If not, it is
    /// held back; if so, it is in no list and its bits are for the caller to clear.
    ///
    /// # Safety
    ///
    /// The caller is the driver; `child` is unstarted and queued, and was off the queue.
    pub(super) unsafe fn admit(&mut self, limits: &Limits, child: Child, started: usize) -> bool {
        let Some(limit) = limits.get() else {
            return true;
        };
        // SAFETY: the driver holds a count.
        let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
        let free = started < limit.get();
        let lent = state & AWAITED != 0 && may_borrow(limits, limit, started);
        if state & LISTED != 0 {
            if free || lent {
                // SAFETY: the driver is the caller, and `LISTED` says where the child is.
                unsafe { self.unstarted.remove(child) };
                return true;
            }
            // SAFETY: its bit is still set and the caller is the driver.
            unsafe { self.awaited.push_back(child.as_link()) };
            return false;
        }
        if (free && self.unstarted.is_empty()) || lent {
            return true;
        }
        // SAFETY: the caller's word.
        unsafe { self.hold(child) };
        false
    }

    /// Keeps back a child that was not known yet.
    ///
    /// # Safety
    ///
    /// As for `admit`; the child is not `LISTED`.
    pub(super) unsafe fn hold(&mut self, child: Child) {
        // SAFETY: in no list, and the driver holds a count.
        unsafe { self.unstarted.push_back(child) };
        // SAFETY: as above.
        let link = unsafe { &child.header().link };
        link.state.fetch_or(LISTED, Ordering::Relaxed);
        if link.unqueue(0) & AWAITED != 0 {
            // Awaited already: back on the queue, to be found as such.
            // SAFETY: the driver holds a count.
            unsafe { child.wake() };
        }
    }

    /// # Safety
    ///
    /// The caller is the driver; `child` is `LISTED` and not on the list of those awaited.
    pub(super) unsafe fn remove(&mut self, child: Child) {
        // SAFETY: the caller's word.
        unsafe { self.unstarted.remove(child) };
    }

    /// Starts whoever may start by now: moves them to `children` and queues them.
    pub(super) fn start(&mut self, limits: &Limits, children: &mut List) {
        let Some(limit) = limits.get() else {
            return;
        };
        while may_borrow(limits, limit, children.len()) {
            let Some(link) = self.awaited.pop_front() else {
                break;
            };
            // SAFETY: only children's links are in this batch.
            let child = unsafe { Child::from_link(link) };
            self.move_to(children, child);
            // SAFETY: its bit is still set.
            unsafe { child.push_queued() };
        }
        while children.len() < limit.get() {
            let Some(child) = self.unstarted.first() else {
                break;
            };
            self.move_to(children, child);
            // SAFETY: the driver holds a count.
            unsafe { child.wake() };
        }
    }

    fn move_to(&mut self, children: &mut List, child: Child) {
        // SAFETY: whoever is awaited or listed is in this list.
        unsafe { self.unstarted.remove(child) };
        // SAFETY: in no list any more.
        unsafe { children.push_back(child) };
        // SAFETY: the driver holds a count.
        let state = unsafe { &child.header().link.state };
        state.fetch_and(!(UNSTARTED | LISTED | AWAITED), Ordering::Relaxed);
    }

    /// Takes the child that was spawned last out of those held back.
    pub(super) fn pop_back(&mut self) -> Option<Child> {
        while let Some(link) = self.awaited.pop_front() {
            // SAFETY: held back, so the driver holds a count of the child.
            unsafe { &*link }.unqueue(0);
        }
        let child = self.unstarted.last()?;
        // SAFETY: it was found there.
        unsafe { self.unstarted.remove(child) };
        Some(child)
    }
}

/// Whether a child that a sibling waits for may start on a place that is lent.
fn may_borrow(limits: &Limits, limit: NonZeroUsize, started: usize) -> bool {
    started.saturating_sub(limits.blocked.load(Ordering::Relaxed)) < limit.get()
}
