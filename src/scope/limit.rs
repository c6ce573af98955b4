//! The limit: how many children run at a time, and how a waiting child lends its place.
//!
//! The limit gates *starting*. Spawning never waits: a child beyond the limit is kept back,
//! unpolled, and started in order of spawning when a place is free.
//!
//! Children that wait for the handles of siblings that have not been started would, under a
//! limit, wait for ever once all places are taken by such children. So a child lends its place
//! while it waits for a sibling's handle (one that has started may itself depend on one that
//! has not): with `started` children of which `blocked` wait in that way,
//!
//! * a child that nobody waits for is started while `started < limit`;
//! * a child that a started sibling waits for is started while `started - blocked < limit`.
//!
//! So no more than `limit` children run that do not wait for one another, and a chain of
//! children that spawn and wait goes on under any limit, one lent place at a time.
//!
//! Who waits is found out when a handle is polled: whichever child has its work done on this very
//! thread (`held.rs`), or else is polled here by this scope's driver. That holds through combinators
//! with wakers of their own and through nested scopes. The [`Loan`] lies beside the joiner's
//! waker, and ends with the wait: when somebody else polls the handle, when it is dropped, or when
//! the child that is awaited is done, which is before anybody else is started. A child that polls
//! a handle and then does other things beside (in a `select`) still counts as waiting; and where a
//! wait is given up while somebody runs on the lent place, both run until one of them is done.
//!
//! Without `std` threads cannot be told apart: a handle that another core polls at the same
//! moment then counts as a wait of that child, and one child too many may run for a while.
//!
//! This file is what handles and spawns see, from any thread; the driver's side is `gate.rs`.

use core::num::NonZeroUsize;

use super::{
    child::{AWAITED, AWAITING, Child, RETIRED},
    places::Places,
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
    /// Of children spawned under the limit and not over, and of slots.
    pub(super) places: Places,
    /// Started children that wait for a sibling's handle.
    blocked: AtomicUsize,
    /// The child that the driver polls, and where.
    polled: Lock<Option<(thread::ThreadId, Child)>>,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            limit: AtomicUsize::new(0),
            places: Places::new(),
            blocked: AtomicUsize::new(0),
            polled: Lock::new(None),
        }
    }

    pub(super) fn set(&self, limit: NonZeroUsize) {
        // Relaxed, as all here: numbers that publish nothing else.
        self.limit.store(limit.get(), Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn get(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.limit.load(Ordering::Relaxed))
    }

    /// Counts a child that is about to be spawned; whether there was a limit to count for.
    pub(super) fn count(&self) -> bool {
        let limited = self.get().is_some();
        if limited {
            self.places.take();
        }
        limited
    }

    /// As [`count`](Self::count), if the limit is not reached and nobody waits; `None` if not.
    pub(super) fn try_count(&self) -> Option<bool> {
        match self.get() {
            None => Some(false),
            Some(limit) => self.places.try_take(limit.get()).then_some(true),
        }
    }

    /// A counted child was not spawned after all, or a slot is not used.
    pub(super) fn uncount(&self) {
        if self.places.give_back() {
            self.serve();
        }
    }

    /// Gives those who wait for a place what there is.
    pub(super) fn serve(&self) {
        // There is a limit, or nobody would wait.
        self.places
            .serve(self.get().map_or(usize::MAX, NonZeroUsize::get));
    }

    /// Nobody waits for a place any more.
    pub(super) fn close(&self) {
        if self.get().is_some() {
            self.places.close();
        }
    }

    /// How many started children wait for a sibling's handle.
    pub(super) fn blocked(&self) -> usize {
        self.blocked.load(Ordering::Relaxed)
    }

    /// A child that waits no longer, or has been retired while it did.
    pub(super) fn unblock(&self) {
        self.blocked.fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes that the driver polls `child` here, until the result is dropped; not if it has no
    /// place to lend.
    ///
    /// # Safety
    ///
    /// The child stays alive until then.
    pub(super) unsafe fn polling(&self, child: Child, has_place: bool) -> Option<Polling<'_>> {
        self.get()?;
        if !has_place {
            return None;
        }
        let entry = Some((thread::current(), child));
        self.polled.with(|polled| *polled = entry);
        Some(Polling(self))
    }

    /// The child that has its work done on this thread, or that the driver polls here, and where, with
    /// a count for the caller.
    fn polled_here(&self) -> Option<(Child, Where)> {
        #[cfg(feature = "std")]
        if let Some(child) = super::held::working_here(self) {
            // SAFETY: it is alive as long as it is at work (`held.rs`, invariant 1).
            unsafe { child.acquire() };
            return Some((child, Where::Elsewhere));
        }
        let here = thread::current();
        let polled = self.polled.with(|polled| match *polled {
            Some((thread, child)) if thread == here => {
                // SAFETY: the driver polls it, so it is alive, and stays so while the lock
                // keeps the driver from leaving `Polling`.
                unsafe { child.acquire() };
                Some(child)
            }
            _ => None,
        });
        polled.map(|child| (child, Where::InThePass))
    }
}

/// Where a child runs that polls a handle.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// In a pass of the driver, which looks for places when it ends.
    InThePass,
    /// As a task of its own: `held.rs`.
    #[cfg(feature = "std")]
    Elsewhere,
}

/// While this lives, the driver polls a child of a limited scope.
#[derive(Debug)]
pub(super) struct Polling<'a>(&'a Limits);

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.polled.with(|polled| *polled = None);
    }
}

/// Says that a started child waits for the handle of a sibling. Holds a count of the child
/// that waits.
#[derive(Debug)]
pub(super) struct Loan(Child);

impl Loan {
    /// What a loan becomes when the handle of `awaited` is polled and not ready: one of the
    /// child that polls it, if it is a child that does.
    ///
    /// # Safety
    ///
    /// The caller holds a count of `awaited`.
    pub(super) unsafe fn renew(loan: &mut Option<Self>, awaited: Child, unstarted: bool) {
        // SAFETY: the caller's word.
        let limits = unsafe { &awaited.header().scope.limits };
        if limits.get().is_none() {
            return;
        }
        let Some((poller, place)) = limits.polled_here() else {
            *loan = None;
            return;
        };
        if loan.as_ref().is_some_and(|loan| loan.0 == poller) {
            // SAFETY: gives up the count of `polled_here`; the loan has its own.
            unsafe { poller.release() };
            return;
        }
        // SAFETY: hands over the count of `polled_here`.
        *loan = unsafe { Self::of(poller, limits) };
        if loan.is_none() {
            return;
        }
        if unstarted {
            // The driver finds it queued, unstarted and awaited: `Gate::admit`.
            // SAFETY: the caller holds a count.
            unsafe { awaited.wake_as(AWAITED) };
        }
        if place != Where::InThePass {
            // There may be a place now for one that is held back and awaited, be it another one.
            // SAFETY: the caller holds a count.
            unsafe { &awaited.header().scope }.signal();
        }
    }

    /// # Safety
    ///
    /// The caller hands over a count of `lender`.
    unsafe fn of(lender: Child, limits: &Limits) -> Option<Self> {
        // SAFETY: the caller's count.
        let state = unsafe { &lender.header().link.state };
        // Before the child is seen to wait, so that nobody takes off what was not added yet.
        limits.blocked.fetch_add(1, Ordering::Relaxed);
        let before = state.fetch_add(AWAITING, Ordering::Relaxed);
        let refused = before & RETIRED != 0 || before > usize::MAX / 2;
        if refused || before >= AWAITING {
            limits.unblock();
        }
        if refused {
            state.fetch_sub(AWAITING, Ordering::Relaxed);
            // SAFETY: gives up the caller's count.
            unsafe { lender.release() };
            return None;
        }
        Some(Self(lender))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // SAFETY: counted by `of`.
        let header = unsafe { self.0.header() };
        let before = header.link.state.fetch_sub(AWAITING, Ordering::Relaxed);
        if before & RETIRED == 0 && before < 2 * AWAITING {
            header.scope.limits.unblock();
        }
        // SAFETY: gives up the count of `of`.
        unsafe { self.0.release() };
    }
}
