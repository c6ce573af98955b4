//! A child: one allocation that holds its future, then its output, and its handle's waker.
//!
//! ```text
//!  Node<F, S> ┌ Header ───────────────────────────────────────────┐┌ slot ──────────┐
//!             │ link (state, next) · count · scope · table ·      ││ F, then output │
//!             │ siblings · joiner                                 ││                │
//!             └───────────────────────────────────────────────────┘└────────────────┘
//!   counted by: the driver · the handle · each waker · (the scope's block by the header)
//! ```
//!
//! # Bits of the state
//!
//! | bit | set by | meaning |
//! |---|---|---|
//! | `QUEUED` | whoever wakes | see `ready.rs` |
//! | `UNSTARTED` | birth; cleared by the driver | never polled |
//! | `LISTED` | the driver | unstarted and known to the driver, which holds it back |
//! | `CALLED` | the driver | listed, queued, and a place is reserved for it: `gate.rs` |
//! | `AWAITED` | the handle | unstarted, and a sibling that was started waits for it |
//! | `HANDLE` | birth; cleared by the handle's drop | somebody may want the output |
//! | `JOINER` | the handle | `joiner` is filled and belongs to the driver |
//! | `COMPLETE` | the driver | the future is gone; the output is there unless `EMPTY` |
//! | `EMPTY` | the driver | the slot holds neither future nor output |
//! | `RETIRED` | the driver | the driver has let go of the child |
//! | `HANDED` | the driver, with `COMPLETE` | its count is the handle's, which has two now |
//! | `ABORTED` | the handle | the driver is to drop the child |
//! | `LOST` | the child | it is aborted because the runtime lost it: `held.rs` |
//! | `DAEMON`, `SHIELDED` | birth | what [kind](Kind) of child it is |
//! | `COUNTED` | birth | the child counts towards the scope's limit |
//! | the rest | handles | how many siblings' handles the child waits for: `limit.rs` |
//!
//! # Invariants
//!
//! 1. The slot belongs to the driver until `COMPLETE`. After that the output belongs to the
//!    handle if `HANDLE` was set at that moment, else to the driver, who drops it. Wakers
//!    never touch the slot: the last of them frees the memory and no more. So futures and
//!    outputs are destroyed by those who carry the lifetime of what they borrow.
//! 2. `joiner` belongs to the handle while `JOINER` is clear, and to whoever sets `COMPLETE`
//!    while it is set.
//! 3. The driver's count covers the queue. If the child is retired while `QUEUED` is set,
//!    the count passes to that place in the queue, and whoever clears the bit releases it.
//! 4. `siblings` is the driver's alone.
//!
//! With the feature `inspect` there is a card in the header: `registry/card.rs`.

use core::{
    future::Future,
    mem::ManuallyDrop,
    ptr::NonNull,
    task::{Context, RawWaker, RawWakerVTable, Waker},
};

use super::{
    count::Count,
    limit::Loan,
    node::{Node, Progress, Settle, Table},
    ready::{Link, QUEUED},
    registry::Card,
    shared::SharedRef,
    tally::ChildId,
};
use crate::sys::cell::UnsafeCell;

pub(super) const UNSTARTED: usize = 1 << 1;
pub(super) const LISTED: usize = 1 << 2;
pub(super) const AWAITED: usize = 1 << 3;
pub(super) const HANDLE: usize = 1 << 4;
pub(super) const JOINER: usize = 1 << 5;
pub(super) const COMPLETE: usize = 1 << 6;
pub(super) const EMPTY: usize = 1 << 7;
pub(super) const RETIRED: usize = 1 << 8;
pub(super) const COUNTED: usize = 1 << 9;
pub(super) const CALLED: usize = 1 << 10;
pub(super) const ABORTED: usize = 1 << 11;
pub(super) const DAEMON: usize = 1 << 12;
const SHIELDED: usize = 1 << 13;
/// The bits of the [`Kind`].
pub(super) const KIND: usize = DAEMON | SHIELDED;
/// Set both: what a handle that is gone has cleared.
pub(super) const OF_HANDLE: usize = HANDLE | JOINER;
/// Set both: the driver has taken the joiner.
pub(super) const JOINED: usize = COMPLETE | JOINER;
/// Set the first alone: the output is there.
pub(super) const EMPTIED: usize = COMPLETE | EMPTY;
pub(super) const LOST: usize = 1 << 14;
pub(super) const HANDED: usize = 1 << 15;
/// One sibling waited for, in the bits above the flags.
pub(super) const AWAITING: usize = 1 << 16;

/// What becomes of a child when its scope is cancelled or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Kind {
    /// It is dropped, or waited for.
    Regular = 0,
    /// It is never waited for, and dropped last.
    Daemon = DAEMON,
    /// It is waited for whatever happens.
    Shielded = SHIELDED,
    /// Not a child of the user's: it ends the scope when it is polled.
    Breaker = DAEMON | SHIELDED,
}

impl Kind {
    /// The kind of the child with this state.
    pub(super) fn of(state: usize) -> Self {
        match state & KIND {
            0 => Self::Regular,
            DAEMON => Self::Daemon,
            SHIELDED => Self::Shielded,
            _ => Self::Breaker,
        }
    }

    /// Whether the scope does not finish before the child is over, and counts it so long.
    pub(super) fn is_waited_for(self) -> bool {
        self as usize & DAEMON == 0
    }

    /// Whether the end of the scope is not the child's.
    pub(super) fn outlasts_the_end(self) -> bool {
        matches!(self, Self::Daemon | Self::Shielded)
    }
}

/// The part of a node that does not depend on the future's type.
#[repr(C)]
pub(super) struct Header {
    // First, so that a pointer to the link is a pointer to the header.
    pub(super) link: Link,
    count: Count,
    pub(super) scope: SharedRef,
    pub(super) card: Card,
    table: &'static Table,
    /// Stands for the slot (`node.rs`).
    pub(super) slot: UnsafeCell<()>,
    pub(super) siblings: UnsafeCell<Siblings>,
    pub(super) joiner: UnsafeCell<Joiner>,
}

/// Who waits for the output: whom to wake, and which sibling lends its place meanwhile.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    pub(super) waker: Option<Waker>,
    pub(super) loan: Option<Loan>,
}

/// Neighbours in one of the driver's lists.
pub(super) struct Siblings {
    pub(super) prev: Option<Child>,
    pub(super) next: Option<Child>,
}

/// A pointer to a child. It holds no count: who has it says why the child is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child(pub(super) NonNull<Header>);

impl Child {
    /// A node with two counts: one for the driver, one for the handle.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new<F, S>(
        scope: SharedRef,
        id: ChildId,
        future: F,
        kind: Kind,
        counted: bool,
    ) -> Self
    where
        F: Future,
        S: Settle<F::Output>,
    {
        let counted = if counted { COUNTED } else { 0 };
        let memory = Node::<F, S>::allocate();
        let header = Header {
            link: Link::new(QUEUED | UNSTARTED | HANDLE | kind as usize | counted),
            count: Count::new(2),
            scope,
            card: Card::new(id.get()),
            table: const { &Node::<F, S>::TABLE },
            slot: UnsafeCell::new(()),
            siblings: UnsafeCell::new(Siblings {
                prev: None,
                next: None,
            }),
            joiner: UnsafeCell::new(Joiner::default()),
        };
        Node::fill(memory, header, future)
    }

    /// The child whose link this is.
    ///
    /// # Safety
    ///
    /// The link is that of a child, with the provenance of [`as_link`](Self::as_link).
    pub(super) unsafe fn from_link(link: *mut Link) -> Self {
        // SAFETY: not null, by the caller's word; the link is the header's first field.
        Self(unsafe { NonNull::new_unchecked(link.cast()) })
    }

    /// A pointer to its card that may be used for the whole node.
    ///
    /// # Safety
    ///
    /// The child is alive.
    pub(super) unsafe fn card(self) -> *const Card {
        // SAFETY: in bounds of the node, which is alive.
        unsafe { &raw const (*self.0.as_ptr()).card }
    }

    pub(super) fn as_link(self) -> *mut Link {
        self.0.as_ptr().cast()
    }

    /// # Safety
    ///
    /// The child is alive for `'a`.
    pub(super) unsafe fn header<'a>(self) -> &'a Header {
        // SAFETY: alive, by the caller's word, and never borrowed mutably.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    ///
    /// The caller holds one count, and gives it up.
    pub(super) unsafe fn release(self) {
        // SAFETY: alive while a count is held.
        let header = unsafe { self.header() };
        if header.count.release() {
            // SAFETY: the last count is gone.
            unsafe { (header.table.free)(self) };
        }
    }

    /// Gives up what the handle of a child with this state has: its own count, and the driver's if that
    /// was handed over.
    ///
    /// # Safety
    ///
    /// The caller is the handle, and uses the child no more; the state is known to be complete, or is that
    /// in which the handle has left.
    pub(super) unsafe fn release_as_handle(self, state: usize) {
        let counts = 1 + usize::from(state & HANDED != 0);
        // SAFETY: alive while a count is held.
        let header = unsafe { self.header() };
        // The driver has let go of the child, unless that is on its way, and few wakers stay.
        if header.count.release_as_last(counts) {
            // SAFETY: the last count is gone.
            unsafe { (header.table.free)(self) };
        }
    }

    /// # Safety
    ///
    /// The child is alive.
    pub(super) unsafe fn acquire(self) {
        // SAFETY: alive, by the caller's word.
        unsafe { self.header() }.count.acquire();
    }

    /// Marks the child as ready and queues it, unless it is queued already or over.
    ///
    /// # Safety
    ///
    /// The child is alive and stays so during the call.
    pub(super) unsafe fn wake(self) {
        // SAFETY: the caller's word.
        unsafe { self.wake_as(0) };
    }

    /// As [`wake`](Self::wake), setting the bits `mark` as well; the state before.
    ///
    /// # Safety
    ///
    /// As for `wake`.
    #[inline]
    pub(super) unsafe fn wake_as(self, mark: usize) -> usize {
        // SAFETY: alive, by the caller's word.
        let header = unsafe { self.header() };
        let before = header.link.queue(mark);
        if before & (QUEUED | RETIRED) == 0 {
            if mark == 0 {
                // SAFETY: alive, by the caller's word.
                let card = unsafe { self.card() };
                // SAFETY: as above.
                unsafe { header.scope.branch.woken(card) };
            }
            // SAFETY: the bit was set just now; the driver's count, or the count that it
            // leaves behind when it retires the child (invariant 3), keeps it alive.
            unsafe { self.push_queued() };
        }
        before
    }

    /// Asks the driver to drop the child, which it finds queued for that.
    ///
    /// # Safety
    ///
    /// As for `wake`.
    pub(super) unsafe fn abort(self) {
        // SAFETY: alive, by the caller's word.
        let before = unsafe { self.wake_as(ABORTED) };
        if before & (QUEUED | LISTED | RETIRED) == QUEUED | LISTED {
            // SAFETY: as above.
            let scope = unsafe { &self.header().scope };
            // It may be among those awaited, which nobody looks through otherwise.
            scope.signal();
        }
    }

    /// Puts a child whose `QUEUED` bit the caller has set on the scope's queue.
    ///
    /// # Safety
    ///
    /// As for `ReadyQueue::push`.
    pub(super) unsafe fn push_queued(self) {
        // SAFETY: alive, by the caller's word.
        let header = unsafe { self.header() };
        // SAFETY: the caller's word.
        let accepted = unsafe { header.scope.ready.push(self.as_link()) };
        if !accepted {
            // SAFETY: the caller's word.
            unsafe { self.give_place_up() };
        }
    }

    /// Clears the `QUEUED` bit, which the caller has set, after the queue has refused the child.
    ///
    /// # Safety
    ///
    /// The bit is the caller's, and was not cleared since.
    #[cold]
    pub(super) unsafe fn give_place_up(self) {
        // SAFETY: alive, by the bit (invariant 3).
        let header = unsafe { self.header() };
        if header.link.unqueue(0) & RETIRED != 0 {
            // SAFETY: the count that the driver left to this place (invariant 3).
            unsafe { self.release() };
        }
    }

    /// The child's waker, borrowed: it holds no count of its own.
    ///
    /// # Safety
    ///
    /// The child outlives the waker's use.
    pub(super) unsafe fn waker(self) -> ManuallyDrop<Waker> {
        let data = self.0.as_ptr().cast_const().cast();
        // SAFETY: the table keeps the contract of `RawWaker`; not dropping the waker leaves
        // the count it did not take alone.
        ManuallyDrop::new(unsafe { Waker::new(data, &CHILD) })
    }

    /// # Safety
    ///
    /// The caller is the driver, the slot holds the future, and `broke` points to an
    /// `Option` of the break type that the child was made with.
    pub(super) unsafe fn poll(self, cx: &mut Context<'_>, broke: *mut ()) -> Progress {
        // SAFETY: the driver holds a count.
        let table = unsafe { self.header() }.table;
        // SAFETY: the caller's word.
        unsafe { (table.poll)(self, cx, broke) }
    }

    /// # Safety
    ///
    /// The caller is the driver and the slot holds the future, which it no longer does after.
    pub(super) unsafe fn drop_future(self) {
        // SAFETY: the driver holds a count.
        let table = unsafe { self.header() }.table;
        // SAFETY: the caller's word.
        unsafe { (table.drop_future)(self) };
    }

    /// # Safety
    ///
    /// The slot holds the output, which belongs to the caller and is of the type `T`. It holds
    /// nothing after.
    pub(super) unsafe fn take_output<T>(self) -> T {
        // SAFETY: the owner of the output holds a count.
        let header = unsafe { self.header() };
        // SAFETY: as above.
        let slot = unsafe { self.slot() };
        // SAFETY: the caller's word.
        header.slot.with_mut(|_| unsafe { slot.cast::<T>().read() })
    }

    /// Where its future is, or its output.
    ///
    /// # Safety
    ///
    /// The child is alive.
    pub(super) unsafe fn slot(self) -> NonNull<()> {
        // SAFETY: alive, by the caller's word.
        let table = unsafe { self.header() }.table;
        // SAFETY: the slot is in the node, to all of which this is a pointer.
        unsafe { self.0.byte_add(table.slot) }.cast()
    }

    /// # Safety
    ///
    /// The slot holds the output, which belongs to the caller.
    pub(super) unsafe fn drop_output(self) {
        // SAFETY: the owner of the output holds a count.
        let table = unsafe { self.header() }.table;
        // SAFETY: the caller's word.
        unsafe { (table.drop_output)(self) };
    }
}

/// The children's waker: its data is the node, one count each.
static CHILD: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: called by a waker of this table.
        let child = unsafe { child_of(data) };
        // SAFETY: the waker's count keeps the child alive.
        unsafe { child.acquire() };
        RawWaker::new(data, &CHILD)
    },
    |data| {
        // SAFETY: called by a waker of this table; waking by value gives its count up, also
        // if the parent's waker panics.
        let waker = Release(unsafe { child_of(data) });
        // SAFETY: the waker's count keeps the child alive.
        unsafe { waker.0.wake() };
    },
    |data| {
        // SAFETY: called by a waker of this table.
        let child = unsafe { child_of(data) };
        // SAFETY: the waker's count keeps the child alive.
        unsafe { child.wake() };
    },
    |data| {
        // SAFETY: called by a waker of this table.
        let child = unsafe { child_of(data) };
        // SAFETY: dropping the waker gives its count up.
        unsafe { child.release() };
    },
);

/// Gives a count up when it is dropped.
pub(super) struct Release(pub(super) Child);

impl Drop for Release {
    fn drop(&mut self) {
        // SAFETY: made where there is a count to give up.
        unsafe { self.0.release() };
    }
}

/// # Safety
///
/// `data` is that of a waker with the table `CHILD`.
pub(super) unsafe fn child_of(data: *const ()) -> Child {
    // SAFETY: the data of such a waker is a node, so not null.
    Child(unsafe { NonNull::new_unchecked(data.cast_mut().cast()) })
}

/// The child whose waker this is.
#[cfg(feature = "inspect")]
pub(super) fn of_waker(waker: &Waker) -> Option<Child> {
    // SAFETY: of that table.
    core::ptr::eq(waker.vtable(), &CHILD).then(|| unsafe { child_of(waker.data()) })
}
