//! What a group shares with its wakers: who is ready, and which places have come back.

use core::{ptr::NonNull, task::RawWakerVTable};

use super::counted::{Counted, Woken};
use crate::{
    scope::{
        ready::{Link, QUEUED, ReadyQueue},
        registry::Branch,
    },
    sys::atomic::{AtomicPtr, Ordering},
};

const NONE: *mut Link = core::ptr::null_mut();
const CLOSED: *mut Link = core::ptr::without_provenance_mut(1);

/// The block of a group.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) ready: ReadyQueue,
    /// The place of the body in the queue.
    body: Link,
    /// Queued when the driver should look for room or for newcomers.
    signal: Link,
    /// Places whose last waker has gone, linked by `next`.
    returned: AtomicPtr<Link>,
    pub(super) branch: Branch,
}

// SAFETY: it is reached through `&` only, and all its fields may be used from any thread: atomics,
// locks, and links under the rules of `ready.rs` and of `give_back`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

pub(super) type SharedRef = Counted<Shared>;

/// What a link of the queue stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Body,
    Signal,
    Child,
}

impl Shared {
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new() -> Self {
        Self {
            ready: ReadyQueue::new(),
            body: Link::new(0),
            signal: Link::new(0),
            returned: AtomicPtr::new(NONE),
            branch: Branch::new::<Self>(),
        }
    }

    pub(super) fn who(&self, link: *mut Link) -> Who {
        if core::ptr::eq(link, &self.body) {
            Who::Body
        } else if core::ptr::eq(link, &self.signal) {
            Who::Signal
        } else {
            Who::Child
        }
    }

    /// Lets the driver poll the body.
    pub(super) fn call_body(&self) {
        self.enqueue(&self.body);
    }

    /// Whether the body was woken and not polled since.
    pub(super) fn body_is_queued(&self) -> bool {
        self.body.state.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// Lets the driver look for room or for newcomers.
    pub(super) fn call_driver(&self) {
        self.enqueue(&self.signal);
    }

    /// Queues one of the links of the block itself.
    fn enqueue(&self, link: &Link) {
        self.enqueue_then(link, || {});
    }

    /// The same; calls `tell` before anybody can take it off.
    fn enqueue_then(&self, link: &Link, tell: impl FnOnce()) {
        if link.queue(0) & QUEUED == 0 {
            tell();
            // SAFETY: the bit was set here, and the callers' links are in the block, which
            // outlives its driver, the only one to take them off.
            unsafe { self.ready.push(core::ptr::from_ref(link).cast_mut()) };
        }
    }

    /// Gives a free place back; `false` if the group is gone.
    ///
    /// # Safety
    ///
    /// The place is free, the caller's alone, and its memory outlives the group's driver.
    pub(super) unsafe fn give_back(&self, place: *mut Link) -> bool {
        let mut head = self.returned.load(Ordering::Relaxed);
        loop {
            if head == CLOSED {
                return false;
            }
            // SAFETY: alive and the caller's, by the caller's word.
            unsafe { &*place }.set_next(head);
            // Release: pairs with the swap of `take_returned`, which sees `next`, and that the
            // wakers of the place are done with it.
            let pushed = self.returned.compare_exchange_weak(
                head,
                place,
                Ordering::Release,
                Ordering::Relaxed,
            );
            match pushed {
                Ok(_) => return true,
                Err(newer) => head = newer,
            }
        }
    }

    /// Takes the places that have come back, the first of a list linked by `next`.
    pub(super) fn take_returned(&self) -> *mut Link {
        if self.returned.load(Ordering::Relaxed) == NONE {
            return NONE;
        }
        self.swap_returned(NONE)
    }

    /// As [`take_returned`](Self::take_returned), for the last time, and once.
    pub(super) fn close_returned(&self) -> *mut Link {
        self.swap_returned(CLOSED)
    }

    fn swap_returned(&self, head: *mut Link) -> *mut Link {
        // Acquire: pairs with the release in `give_back`.
        self.returned.swap(head, Ordering::Acquire)
    }
}

/// The block as a waker is the body's.
impl Woken for Shared {
    fn wake(&self) {
        self.enqueue_then(&self.body, || self.branch.body_woken());
    }

    fn table() -> &'static RawWakerVTable {
        static TABLE: RawWakerVTable = SharedRef::TABLE;
        &TABLE
    }
}

impl SharedRef {
    /// A pointer that may be used for the whole block.
    pub(super) fn branch_ptr(&self) -> NonNull<Branch> {
        // SAFETY: in bounds of the block, which is alive by this count.
        let branch = unsafe { &raw mut (*self.as_ptr().as_ptr()).branch };
        // SAFETY: not null, as the block.
        unsafe { NonNull::new_unchecked(branch) }
    }
}
