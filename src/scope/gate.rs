//! The gate: children that were spawned and not started, because of the limit (`limit.rs`).
//!
//! A child is *held back* when it comes off the queue and there is no place for it. When there
//! is one, it is *called*: put on the queue again, with its place reserved. It starts when it
//! comes off the queue the second time and is polled; until then it can be cancelled, and
//! counts as not started. Called children count as started for the sums of `limit.rs`.
//!
//! The driver alone uses this.

use core::mem;

use super::{
    child::{ABORTED, AWAITED, CALLED, Child, LISTED},
    limit::Limits,
    ready::Batch,
    siblings::List,
};
use crate::sys::atomic::Ordering;

#[derive(Debug)]
pub(super) struct Gate {
    /// All that are held back or called, in order of spawning.
    unstarted: List,
    /// The first of them that may be called in its turn: those before it have been.
    next: Option<Child>,
    /// How many have been called and did not come yet.
    called: usize,
    /// Those held back that a started sibling waits for. They keep their `QUEUED` bit, so
    /// that the driver owns their link.
    awaited: Batch,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self {
            unstarted: List::new(),
            next: None,
            called: 0,
            awaited: Batch::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unstarted.is_empty()
    }

    /// Whether `child`, unstarted and just taken off the queue, starts now. If so, it is in no
    /// list, and its bits are for the caller to clear; if not, it is held back.
    ///
    /// # Safety
    ///
    /// The child is unstarted and queued, and was off the queue; the driver has a count.
    pub(super) unsafe fn admit(&mut self, limits: &Limits, child: Child, started: usize) -> bool {
        let Some(limit) = limits.get() else {
            return true;
        };
        // SAFETY: the caller's word.
        let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
        if state & LISTED == 0 {
            let may_pass = self.unstarted.is_empty() && self.taken(started) < limit.get();
            if may_pass || (state & AWAITED != 0 && self.may_borrow(limits, started)) {
                return true;
            }
            // SAFETY: the caller's word; not listed.
            unsafe { self.hold(child) };
            return false;
        }
        if state & CALLED != 0 || self.may_borrow(limits, started) {
            // SAFETY: listed.
            unsafe { self.remove(child) };
            return true;
        }
        // SAFETY: its bit is still set.
        unsafe { self.awaited.push_back(child.as_link()) };
        false
    }

    /// Holds back a child that was not known yet.
    ///
    /// # Safety
    ///
    /// As for `admit`; the child is not `LISTED`.
    pub(super) unsafe fn hold(&mut self, child: Child) {
        // SAFETY: in no list, and the driver has a count.
        unsafe { self.unstarted.push_back(child) };
        self.next = self.next.or(Some(child));
        // SAFETY: as above.
        let link = unsafe { &child.header().link };
        link.state.fetch_or(LISTED, Ordering::Relaxed);
        if link.unqueue(0) & (AWAITED | ABORTED) != 0 {
            // Awaited or aborted already: back on the queue, to be found as such.
            // SAFETY: the driver has a count.
            unsafe { child.wake() };
        }
    }

    /// Calls whoever there is a place for: first those that a sibling waits for.
    pub(super) fn call(&mut self, limits: &Limits, started: usize) {
        let Some(limit) = limits.get() else {
            return;
        };
        while self.may_borrow(limits, started) {
            let Some(link) = self.awaited.pop_front() else {
                break;
            };
            // SAFETY: only links of children are in this batch.
            let child = unsafe { Child::from_link(link) };
            self.mark_called(child);
            // SAFETY: its bit is still set.
            unsafe { child.push_queued() };
        }
        while self.taken(started) < limit.get() {
            let Some(child) = self.next else {
                break;
            };
            // SAFETY: listed.
            self.next = unsafe { self.unstarted.after(child) };
            // SAFETY: listed, so the driver has a count.
            let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
            if state & CALLED == 0 {
                self.mark_called(child);
                // SAFETY: as above.
                unsafe { child.wake() };
            }
        }
    }

    fn mark_called(&mut self, child: Child) {
        self.called += 1;
        // SAFETY: listed, so the driver has a count.
        let state = unsafe { &child.header().link.state };
        state.fetch_or(CALLED, Ordering::Relaxed);
    }

    /// Those among the awaited whose state `picks` chooses: they are among the awaited no more.
    pub(super) fn take_awaited(&mut self, picks: impl Fn(usize) -> bool) -> Batch {
        let mut taken = Batch::new();
        let mut awaited = mem::replace(&mut self.awaited, Batch::new());
        while let Some(link) = awaited.pop_front() {
            // Relaxed: who aborts a child signals after that, and the signal was seen.
            // SAFETY: held back, so the driver has a count of the child.
            let state = unsafe { &*link }.state.load(Ordering::Relaxed);
            let to = if picks(state) {
                &mut taken
            } else {
                &mut self.awaited
            };
            // SAFETY: its bit is still set.
            unsafe { to.push_back(link) };
        }
        taken
    }

    /// Takes a child out for good.
    ///
    /// # Safety
    ///
    /// The child is `LISTED`, and not among those awaited.
    pub(super) unsafe fn remove(&mut self, child: Child) {
        if self.next == Some(child) {
            // SAFETY: listed.
            self.next = unsafe { self.unstarted.after(child) };
        }
        // SAFETY: listed, so the driver has a count.
        let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
        self.called -= usize::from(state & CALLED != 0);
        // SAFETY: listed.
        unsafe { self.unstarted.remove(child) };
    }

    /// Takes out those whose state `picks` chooses, newest first, and gives them to `each`.
    pub(super) fn remove_all(
        &mut self,
        picks: impl Fn(usize) -> bool,
        mut each: impl FnMut(Child),
    ) {
        let mut awaited = self.take_awaited(&picks);
        while let Some(link) = awaited.pop_front() {
            // SAFETY: held back, so the driver has a count of the child.
            unsafe { &*link }.unqueue(0);
        }
        let mut next = self.unstarted.last();
        while let Some(child) = next {
            // SAFETY: listed.
            next = unsafe { self.unstarted.before(child) };
            // SAFETY: listed, so the driver has a count.
            if picks(unsafe { child.header() }.link.state.load(Ordering::Relaxed)) {
                // SAFETY: listed, and not among those awaited any more.
                unsafe { self.remove(child) };
                each(child);
            }
        }
    }

    /// Places that are taken, or reserved by a call.
    fn taken(&self, started: usize) -> usize {
        started + self.called
    }

    /// Whether a child that a sibling waits for may start, on a place that is lent or free.
    fn may_borrow(&self, limits: &Limits, started: usize) -> bool {
        let running = self.taken(started).saturating_sub(limits.blocked());
        limits.get().is_none_or(|limit| running < limit.get())
    }
}
