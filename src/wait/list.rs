//! An intrusive, doubly linked FIFO of pinned nodes.
//!
//! ```text
//!  List { head ──┐  len: 3 }
//!                ▼
//!   ┌───────► Waiter ◄─────► Waiter ◄─────► Waiter ◄────┐
//!   │         first in                      last in     │
//!   └───────────────────────────────────────────────────┘
//! ```
//!
//! The nodes form a ring, so that the first one leads to the last and the list needs one
//! pointer. Nodes point to nodes, never to the list: the list may move while nodes are linked
//! (a pinned future that was forgotten leaves its node linked for good, and the primitive may
//! then be moved or dropped).
//!
//! # States of a node
//!
//! | state | linked | waker stored | who may change it |
//! |---|---|---|---|
//! | `IDLE` | no | no | the owner |
//! | `QUEUED` | yes | yes, unless taken by [`List::take_front_waker`] | whoever holds the lock |
//! | `GRANTED`, `REFUSED`, `CLOSED` | no | no | the owner |
//! | `DONE` | no | no | nobody: the outcome has been taken |
//!
//! # Invariants
//!
//! 1. A node is linked if and only if its state is `QUEUED`, and a linked node is pinned and
//!    stays alive: its destructor must not end before [`List::remove`] or an outcome.
//! 2. `links` of a node is read and written only with the lock held while it is `QUEUED`,
//!    and only by its owner otherwise.
//! 3. `state` leaves `QUEUED` only under the lock. Towards an outcome that store is a
//!    release and the last access to the node by the lock's holder; the owner's acquiring
//!    load of it orders everything before.
//! 4. All nodes of a list were linked by it: a node is never handed to another list.
//! 5. `waker` is written under the lock, by the owner or by [`List::take_front_waker`]. Others
//!    that hold the lock read it. So in a list where wakers are never taken the owner may read
//!    it without the lock.

use core::{
    fmt,
    marker::PhantomPinned,
    mem::{self, MaybeUninit},
    pin::Pin,
    ptr,
    task::Waker,
};

use crate::{
    inspect::Site,
    sys::{
        atomic::{AtomicU8, Ordering},
        cell::UnsafeCell,
        const_new,
    },
};

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const GRANTED: u8 = 2;
const REFUSED: u8 = 3;
const CLOSED: u8 = 4;
const DONE: u8 = 5;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The request was granted whole.
    Granted,
    /// The request can no longer be granted.
    Refused,
    /// The primitive was closed before the request could be granted.
    Closed,
}

/// One step of a [`List::sweep`].
#[derive(Debug)]
pub enum Swept {
    /// There is nothing behind the mark.
    All,
    /// The mark is now behind one that was not picked.
    Passed,
    /// One was picked: its waker, to be called once the lock is released.
    Ended(Option<Waker>),
}

/// Where a node stands, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Never linked.
    Idle,
    /// Linked when looked at; only under the lock is that certain.
    Queued,
    /// Ended and unlinked; the node is the owner's alone.
    Ended(Outcome),
    /// Ended, and the owner has taken the outcome.
    Done,
}

/// A node: one request of one future.
pub struct Waiter<T> {
    state: AtomicU8,
    request: T,
    site: Site,
    /// There only while the node is linked. So to make a node that is never linked, as most are, is
    /// to write its state.
    links: UnsafeCell<MaybeUninit<Links<T>>>,
    /// As the links: there is nothing to drop with the node.
    waker: UnsafeCell<MaybeUninit<Option<Waker>>>,
    // Others hold pointers to the node while its owner polls it through `&mut`: this is what
    // keeps that `&mut` from claiming to be the only pointer.
    _pinned: PhantomPinned,
}

struct Links<T> {
    prev: *const Waiter<T>,
    next: *const Waiter<T>,
}

/// The list. Lives behind the lock of the primitive whose waiters it links.
#[derive(Debug)]
pub struct List<T> {
    head: *const Waiter<T>,
    len: usize,
}

// SAFETY: the pointers lead to nodes whose contents the lock around this list guards
// (invariants 1 and 2); the request and the waker may be used by any thread that holds it.
unsafe impl<T: Send + Sync> Send for List<T> {}

// SAFETY: to send a linked node is to send a pinned pointer to it: the node stays where it
// is, its `links` are touched only under the lock (invariant 2), and what the lock's holder
// reads of it is `Send + Sync`.
unsafe impl<T: Send + Sync> Send for Waiter<T> {}

// SAFETY: through `&Waiter` only `state` (atomic) and `request` (`Sync`) can be reached;
// `links` follows invariant 2.
unsafe impl<T: Send + Sync> Sync for Waiter<T> {}

impl<T> Waiter<T> {
    const_new! {
        /// A node that asks for `request`.
        #[inline]
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new(request: T) -> Self {
            Self {
                state: AtomicU8::new(IDLE),
                request,
                site: Site::here(),
                links: UnsafeCell::new(MaybeUninit::uninit()),
                waker: UnsafeCell::new(MaybeUninit::uninit()),
                _pinned: PhantomPinned,
            }
        }
    }

    /// What the node asks for.
    #[inline]
    pub fn request(&self) -> &T {
        &self.request
    }

    /// Of the future whose node it is: where that was made.
    #[inline]
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Of a node that is made for a future from there.
    #[inline]
    pub(crate) fn set_site(&mut self, site: Site) {
        self.site = site;
    }

    /// Where the node stands. An outcome is certain; `Queued` may be out of date.
    #[inline]
    pub fn stage(&self) -> Stage {
        // Acquire: pairs with the release in `List::pop_front` (invariant 3), so that the
        // owner sees what the granter did before, and may free the node.
        match self.state.load(Ordering::Acquire) {
            IDLE => Stage::Idle,
            QUEUED => Stage::Queued,
            GRANTED => Stage::Ended(Outcome::Granted),
            REFUSED => Stage::Ended(Outcome::Refused),
            CLOSED => Stage::Ended(Outcome::Closed),
            _ => Stage::Done,
        }
    }

    /// Whether [`stage`](Self::stage) is `Idle`; for fast paths.
    #[inline]
    pub fn is_idle(&self) -> bool {
        // Relaxed: it leaves that state by its owner's hand.
        self.state.load(Ordering::Relaxed) == IDLE
    }

    /// Whether [`stage`](Self::stage) is `Ended(Granted)`; for fast paths.
    #[inline]
    pub fn is_granted(&self) -> bool {
        // Acquire: as in `stage`.
        self.state.load(Ordering::Acquire) == GRANTED
    }

    /// Whether the waker that is stored would wake the same task as `waker`, without the lock.
    ///
    /// # Safety
    ///
    /// The node is the caller's own and was found `Queued`, in a list of which
    /// [`take_front_waker`](List::take_front_waker) is never called.
    #[inline]
    pub unsafe fn will_wake(&self, waker: &Waker) -> bool {
        self.waker.with(|stored| {
            // SAFETY: nobody writes it but the caller (invariant 5). It was there when the node was
            // found queued; should it have been taken out and dropped since, then these are its
            // bytes, of which only the two pointers are compared. They cannot have been used anew
            // for `waker`: it would be the outcome's doing, and the node would have been found
            // ended.
            unsafe { &*stored.cast::<Option<Waker>>() }
                .as_ref()
                .is_some_and(|stored| stored.will_wake(waker))
        })
    }

    /// Makes a node that is not linked ready to be linked again.
    #[inline]
    pub fn renew(&self) {
        self.site.renew();
        // Relaxed: as in `finish`.
        self.state.store(IDLE, Ordering::Relaxed);
    }

    /// Notes that the owner has what it waited for. Only for a node that is not linked.
    #[inline]
    pub fn finish(&self) {
        // Relaxed: nobody else looks at a node that is not linked.
        self.state.store(DONE, Ordering::Relaxed);
    }
}

impl<T> List<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self {
            head: ptr::null(),
            len: 0,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head.is_null()
    }

    /// What the first waiter asks for.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        // SAFETY: a linked node is alive (invariant 1), and stays so while the lock is held,
        // which the borrow of the list stands for. `request` is never written.
        unsafe { self.head.as_ref() }.map(Waiter::request)
    }

    /// Whether the first node has a waker: not if [`take_front_waker`](Self::take_front_waker)
    /// has had it and its owner has not looked since, and not if there is none.
    pub fn front_has_waker(&self) -> bool {
        // SAFETY: a linked node is alive (invariant 1).
        let first = unsafe { self.head.as_ref() };
        first.is_some_and(|first| Self::with_stored(first, |waker| waker.is_some()))
    }

    /// Whether `waiter` is the first.
    #[inline]
    pub fn is_front(&self, waiter: &Waiter<T>) -> bool {
        ptr::eq(self.head, waiter)
    }

    /// Links an idle node at the end.
    ///
    /// # Safety
    ///
    /// `waiter` is idle, is used with no other list, and will not be freed before it has
    /// left this list by [`pop_front`](Self::pop_front) or [`remove`](Self::remove), unless
    /// it is never freed at all.
    pub unsafe fn push_back(&mut self, waiter: Pin<&Waiter<T>>, waker: Waker) {
        self.link(waiter, Some(waker));
    }

    /// Links an idle node in front of all others, as the mark of a [`sweep`](Self::sweep).
    ///
    /// # Safety
    ///
    /// As for [`push_back`](Self::push_back).
    pub unsafe fn push_mark(&mut self, mark: Pin<&Waiter<T>>) {
        self.link(mark, None);
        // Last in the ring is also in front of the first.
        self.head = mark.get_ref();
    }

    fn link(&mut self, waiter: Pin<&Waiter<T>>, waker: Option<Waker>) {
        let node: *const Waiter<T> = waiter.get_ref();
        // SAFETY: a linked node is alive (invariant 1).
        let (prev, next) = match unsafe { self.head.as_ref() } {
            Some(first) => {
                let last = Self::with_links(first, |links| mem::replace(&mut links.prev, node));
                // SAFETY: as above; the last of a list that is not empty is linked.
                Self::with_links(unsafe { &*last }, |links| links.next = node);
                (last, self.head)
            }
            None => {
                self.head = node;
                (node, node)
            }
        };
        waiter.links.with_mut(|links| {
            // SAFETY: the lock is held and the node is about to be linked (invariant 2).
            unsafe { links.cast::<Links<T>>().write(Links { prev, next }) };
        });
        waiter.waker.with_mut(|stored| {
            // SAFETY: as above (invariant 5).
            unsafe { stored.cast::<Option<Waker>>().write(waker) };
        });
        self.len += 1;
        // Relaxed: others look only under the lock, the owner needs no order with itself.
        waiter.state.store(QUEUED, Ordering::Relaxed);
    }

    /// Unlinks the first node, ends its wait and returns the waker to be called once the
    /// lock is released.
    pub fn pop_front(&mut self, outcome: Outcome) -> Option<Waker> {
        // SAFETY: a linked node is alive (invariant 1).
        let waiter = unsafe { self.head.as_ref() }?;
        self.end(waiter, outcome)
    }

    /// Ends the wait of a linked node.
    fn end(&mut self, waiter: &Waiter<T>, outcome: Outcome) -> Option<Waker> {
        let waker = self.unlink(waiter);
        let ended = match outcome {
            Outcome::Granted => GRANTED,
            Outcome::Refused => REFUSED,
            Outcome::Closed => CLOSED,
        };
        // Release: pairs with the load in `Waiter::stage`. The last access (invariant 3):
        // from here on the owner may free the node without taking the lock.
        waiter.state.store(ended, Ordering::Release);
        waker
    }

    /// Looks at the node behind `mark`: ends its wait if `picks` says so, and otherwise moves the
    /// mark behind it. Nodes keep their order, so several marks do not disturb one another.
    ///
    /// # Safety
    ///
    /// `mark` is linked in this list.
    pub unsafe fn sweep(&mut self, mark: &Waiter<T>, picks: impl FnOnce(&T) -> bool) -> Swept {
        let (before, next) = Self::with_links(mark, |links| (links.prev, links.next));
        if ptr::eq(next, self.head) {
            return Swept::All;
        }
        // SAFETY: a neighbour of a linked node is linked, hence alive (invariant 1).
        let waiter = unsafe { &*next };
        if picks(&waiter.request) {
            return Swept::Ended(self.end(waiter, Outcome::Granted));
        }
        if ptr::eq(self.head, mark) {
            self.head = next;
        }
        // Of two, the one is before and behind the other.
        if self.len > 2 {
            let behind = Self::with_links(waiter, |links| {
                links.prev = before;
                mem::replace(&mut links.next, mark)
            });
            // SAFETY: as above.
            Self::with_links(unsafe { &*before }, |links| links.next = next);
            // SAFETY: as above.
            Self::with_links(unsafe { &*behind }, |links| links.prev = mark);
            Self::with_links(mark, |links| (links.prev, links.next) = (next, behind));
        }
        Swept::Passed
    }

    /// Takes the waker of the first node, which stays linked, to be called once the lock is
    /// released: its owner is asked to look, and stores a waker again if it goes on waiting.
    pub fn take_front_waker(&mut self) -> Option<Waker> {
        // SAFETY: a linked node is alive (invariant 1).
        let waiter = unsafe { self.head.as_ref() }?;
        Self::with_stored(waiter, Option::take)
    }

    /// Unlinks a node whose owner gives up; its waker is returned to be dropped once the
    /// lock is released. `Err` if its wait has ended already.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own and is used with no other list.
    pub unsafe fn remove(&mut self, waiter: &Waiter<T>) -> Result<Option<Waker>, Outcome> {
        match waiter.stage() {
            Stage::Queued => {
                let waker = self.unlink(waiter);
                // Relaxed: only the owner, who is here, looks at it from now on.
                waiter.state.store(DONE, Ordering::Relaxed);
                Ok(waker)
            }
            Stage::Ended(outcome) => Err(outcome),
            Stage::Idle | Stage::Done => Ok(None),
        }
    }

    /// Looks at the waker of a node that was queued, or replaces it. `Err` if the wait has ended.
    ///
    /// Only a comparison may run inside `f`: the lock is held.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own and is used with no other list.
    pub unsafe fn with_waker<R>(
        &mut self,
        waiter: &Waiter<T>,
        f: impl FnOnce(&mut Option<Waker>) -> R,
    ) -> Result<R, Outcome> {
        match waiter.stage() {
            Stage::Queued => Ok(Self::with_stored(waiter, f)),
            Stage::Ended(outcome) => Err(outcome),
            Stage::Idle | Stage::Done => unreachable!("only the wait of a queued node can end"),
        }
    }

    /// Takes a linked node out and its waker with it; `state` is left to the caller.
    fn unlink(&mut self, waiter: &Waiter<T>) -> Option<Waker> {
        // SAFETY: read and not taken, because the owner may be reading it too (invariant 5). It
        // is not looked at again: the node is linked anew, if ever, with another.
        let waker = waiter
            .waker
            .with(|stored| unsafe { stored.cast::<Option<Waker>>().read() });
        let (prev, next) = Self::with_links(waiter, |links| (links.prev, links.next));
        self.len -= 1;
        if self.len == 0 {
            self.head = ptr::null();
            return waker;
        }
        // SAFETY: a neighbour of a linked node is linked, hence alive (invariant 1).
        Self::with_links(unsafe { &*prev }, |links| links.next = next);
        // SAFETY: as above.
        Self::with_links(unsafe { &*next }, |links| links.prev = prev);
        if ptr::eq(self.head, waiter) {
            self.head = next;
        }
        waker
    }

    #[inline]
    fn with_links<R>(waiter: &Waiter<T>, f: impl FnOnce(&mut Links<T>) -> R) -> R {
        waiter.links.with_mut(|links| {
            // SAFETY: the caller holds the lock (it has `&mut` or is a method of the list
            // inside) and the node is linked: invariant 2.
            f(unsafe { &mut *links.cast::<Links<T>>() })
        })
    }

    #[inline]
    fn with_stored<R>(waiter: &Waiter<T>, f: impl FnOnce(&mut Option<Waker>) -> R) -> R {
        waiter.waker.with_mut(|stored| {
            // SAFETY: as in `with_links`, and invariant 5: the caller is the owner, or the owner
            // reads only under the lock.
            f(unsafe { &mut *stored.cast::<Option<Waker>>() })
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Waiter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("request", &self.request)
            .field("stage", &self.stage())
            .finish_non_exhaustive()
    }
}
