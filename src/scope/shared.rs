//! The one heap block of a scope: what its driver, its handles and its wakers share.

use alloc::boxed::Box;
use core::{
    mem::ManuallyDrop,
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::{
    count::Count,
    limit::Limits,
    ready::{Link, QUEUED, ReadyQueue},
};
use crate::sys::atomic::{AtomicU8, Ordering};

const LIVE: u8 = 0;
const CANCELLED: u8 = 1;

#[derive(Debug)]
pub(super) struct Shared {
    refs: Count,
    pub(super) ready: ReadyQueue,
    /// The body's place in the queue: it is child number 0.
    body: Link,
    /// Queued when the driver should look at what was asked of the scope.
    signal: Link,
    phase: AtomicU8,
    pub(super) limits: Limits,
}

/// A counted pointer to [`Shared`].
#[derive(Debug)]
pub(super) struct SharedRef(NonNull<Shared>);

// SAFETY: a `Shared` is reached through `&` only, and all its fields may be used from any
// thread: atomics, locks, and links under the rules of `ready.rs`.
unsafe impl Send for SharedRef {}
// SAFETY: as above.
unsafe impl Sync for SharedRef {}

/// What a queued link stands for.
pub(super) enum Who {
    Body,
    Signal,
    Child,
}

impl SharedRef {
    /// The block of a new scope, with its body queued.
    pub(super) fn new() -> Self {
        let shared = Box::into_raw(Box::new(Shared {
            refs: Count::new(1),
            ready: ReadyQueue::new(),
            body: Link::new(QUEUED),
            signal: Link::new(0),
            phase: AtomicU8::new(LIVE),
            limits: Limits::new(),
        }));
        // SAFETY: fresh from the box. Only the field's address is taken.
        let body = unsafe { &raw mut (*shared).body };
        // SAFETY: as above; nobody else knows the block yet.
        let queue = unsafe { &(*shared).ready };
        // SAFETY: the link was made with its bit set and lives as long as the block, which
        // the driver, the only one to take it off, keeps alive.
        unsafe { queue.push(body) };
        // SAFETY: a box is not null.
        Self(unsafe { NonNull::new_unchecked(shared) })
    }

    /// # Safety
    ///
    /// `raw` came from [`as_raw`](Self::as_raw) or [`into_raw`](Self::into_raw), and the
    /// caller owns the count that the result will release.
    unsafe fn from_raw(raw: *const ()) -> Self {
        // SAFETY: never null, by the caller's word.
        Self(unsafe { NonNull::new_unchecked(raw.cast_mut().cast()) })
    }

    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }

    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }

    /// What `link`, which was queued here, stands for.
    pub(super) fn who(&self, link: *mut Link) -> Who {
        if core::ptr::eq(link, &self.body) {
            Who::Body
        } else if core::ptr::eq(link, &self.signal) {
            Who::Signal
        } else {
            Who::Child
        }
    }

    /// The waker of the body, borrowed: it holds no count of its own.
    ///
    /// # Safety
    ///
    /// The block outlives the waker's use.
    pub(super) unsafe fn body_waker(&self) -> ManuallyDrop<Waker> {
        // SAFETY: the table keeps the contract of `RawWaker`; not dropping the waker leaves
        // the count it did not take alone.
        ManuallyDrop::new(unsafe { Waker::new(self.as_raw(), &BODY) })
    }

    /// Whether the body was woken and not polled since.
    pub(super) fn body_is_queued(&self) -> bool {
        self.body.state.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// Asks for a graceful stop.
    pub(super) fn cancel(&self) {
        // Release: pairs with the load in `is_cancelled`.
        self.phase.store(CANCELLED, Ordering::Release);
        self.enqueue(&self.signal);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the store in `cancel`; whoever sees the scope cancelled sees
        // what was done before.
        self.phase.load(Ordering::Acquire) == CANCELLED
    }

    /// Queues one of the two links of the block itself.
    fn enqueue(&self, link: &Link) {
        if link.queue(0) & QUEUED == 0 {
            // SAFETY: the bit was set here, and the callers' links are in the block, which
            // outlives its driver, the only one to take them off.
            unsafe { self.ready.push(core::ptr::from_ref(link).cast_mut()) };
        }
    }
}

impl core::ops::Deref for SharedRef {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        // SAFETY: this holds a count, so the block is alive.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for SharedRef {
    fn clone(&self) -> Self {
        self.refs.acquire();
        Self(self.0)
    }
}

impl Drop for SharedRef {
    fn drop(&mut self) {
        if self.refs.release() {
            // SAFETY: the last count is gone and the block came from a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// The body's waker: its data is the scope's block, one count each.
static BODY: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: the data of this table is always a block; the count stays with `data`.
        let shared = ManuallyDrop::new(unsafe { SharedRef::from_raw(data) });
        RawWaker::new(SharedRef::clone(&shared).into_raw(), &BODY)
    },
    |data| {
        // SAFETY: as above; waking by value gives the count up.
        let shared = unsafe { SharedRef::from_raw(data) };
        shared.enqueue(&shared.body);
    },
    |data| {
        // SAFETY: as above; the count stays with `data`.
        let shared = ManuallyDrop::new(unsafe { SharedRef::from_raw(data) });
        shared.enqueue(&shared.body);
    },
    |data| {
        // SAFETY: as above; dropping the waker gives the count up.
        drop(unsafe { SharedRef::from_raw(data) });
    },
);
