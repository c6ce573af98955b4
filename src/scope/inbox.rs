//! Where the children of a local scope are queued when they are spawned.
//!
//! A local scope and its handles stay on one thread: there a spawn need not go by the stack that
//! wakers of any thread share with the driver (`ready.rs`), but puts the child at the end of a plain
//! queue. A child in it has its `QUEUED` bit set as one on the stack has, so nobody queues it twice.
//!
//! # Invariants
//!
//! 1. The inbox is that of a local scope, of which neither driver nor [`Scope`] is `Send` or `Sync`:
//!    all that use it are on one thread. Of other scopes it is not used.
//! 2. Nothing of the user's is run while it is borrowed.
//!
//! [`Scope`]: super::Scope

use core::{mem, task::Context};

use super::{
    driver::Engine,
    ready::{Batch, Link},
    shared::{Shared, SharedRef},
};
use crate::sys::cell::UnsafeCell;

/// So many counts are taken at a time.
const COUNTS: usize = 64;

#[derive(Debug)]
pub(super) struct Inbox(UnsafeCell<Contents>);

#[derive(Debug)]
struct Contents {
    spawned: Batch,
    /// Counts of the scope's block that children will be given.
    counts: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self(UnsafeCell::new(Contents {
            spawned: Batch::new(),
            counts: 0,
        }))
    }

    /// # Safety
    ///
    /// The caller is on the driver's thread, as invariant 1 has it.
    unsafe fn with<R>(&self, f: impl FnOnce(&mut Contents) -> R) -> R {
        // SAFETY: on the one thread, by the caller's word, where nobody borrows it (invariant 2).
        self.0.with_mut(|contents| f(unsafe { &mut *contents }))
    }
}

impl Shared {
    /// Queues a new child; `false` if the scope has ended.
    ///
    /// # Safety
    ///
    /// As for `ReadyQueue::push`. Of a scope that is local, the caller has a [`Scope`](super::Scope)
    /// of that kind.
    #[inline]
    pub(super) unsafe fn push_new(&self, link: *mut Link) -> bool {
        if !self.is_local {
            // SAFETY: the caller's word.
            return unsafe { self.ready.push(link) };
        }
        // Exact: it is closed on this thread.
        if self.ready.is_closed() {
            return false;
        }
        let push = |contents: &mut Contents| {
            let is_first = contents.spawned.is_empty();
            // SAFETY: the caller's word.
            unsafe { contents.spawned.push_back(link) };
            is_first
        };
        // SAFETY: who has such a `Scope` is on that thread (invariant 1).
        if unsafe { self.inbox.with(push) } {
            self.ready.unpark();
        }
        true
    }
}

impl SharedRef {
    /// A count of the block for a new child. The children of a local scope get those that were taken
    /// in advance, which takes no read-modify-write.
    ///
    /// # Safety
    ///
    /// Of a scope that is local, the caller has a [`Scope`](super::Scope) of that kind.
    #[inline]
    pub(super) unsafe fn for_child(&self) -> Self {
        // When it is closed the rest was given back.
        if !self.is_local || self.ready.is_closed() {
            return self.clone();
        }
        let take = |contents: &mut Contents| {
            if contents.counts == 0 {
                self.refs.acquire_some(COUNTS);
                contents.counts = COUNTS;
            }
            contents.counts -= 1;
        };
        // SAFETY: who has such a `Scope` is on that thread (invariant 1).
        unsafe { self.inbox.with(take) };
        // SAFETY: the count that was taken just now.
        unsafe { self.counted() }
    }
}

/// An engine is not `Sync`: who has a `&` of it is on the driver's thread.
impl<B> Engine<B> {
    /// Takes all that is ready: first those that were woken, or spawned by any thread.
    pub(super) fn take_ready(&self) -> Batch {
        let mut ready = self.shared.ready.take();
        self.append_inbox(&mut ready);
        ready
    }

    /// Closes the queue for good and takes what is left.
    pub(super) fn close(&self) -> Batch {
        let mut left = self.shared.ready.close();
        self.append_inbox(&mut left);
        if self.shared.is_local {
            // SAFETY: the driver's thread (invariant 1).
            let counts = unsafe {
                self.shared
                    .inbox
                    .with(|contents| mem::take(&mut contents.counts))
            };
            self.shared.refs.release_some(counts);
        }
        left
    }

    /// Closes the queue if nothing is ready.
    pub(super) fn close_if_empty(&self) -> bool {
        self.is_inbox_empty() && self.shared.ready.close_if_empty()
    }

    /// Registers the task of `cx` and parks, unless something is ready.
    pub(super) fn park(&mut self, cx: &Context<'_>) -> bool {
        if !self.is_inbox_empty() {
            return false;
        }
        self.has_parked = true;
        // Once more after that: the task's waker was cloned, and may have spawned.
        self.shared.ready.park(cx) && self.is_inbox_empty()
    }

    #[inline]
    fn append_inbox(&self, ready: &mut Batch) {
        if self.shared.is_local {
            // SAFETY: the driver's thread (invariant 1).
            let spawned = unsafe {
                self.shared
                    .inbox
                    .with(|contents| mem::replace(&mut contents.spawned, Batch::new()))
            };
            ready.append(spawned);
        }
    }

    #[inline]
    fn is_inbox_empty(&self) -> bool {
        // SAFETY: the driver's thread (invariant 1).
        !self.shared.is_local
            || unsafe {
                self.shared
                    .inbox
                    .with(|contents| contents.spawned.is_empty())
            }
    }
}
