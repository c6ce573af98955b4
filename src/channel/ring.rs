//! The machine of a channel: one lock, a ring, tickets. Everything here happens under the lock
//! and is bounded; no code of users runs in it.
//!
//! ```text
//!   sending                     ring                        receiving
//!   ┌───┬───┐  admit   ┌────┬────┬────┬────┬────┐  ticket   ┌───┬───┐
//!   │ v │ v ├─────────►│ m4 │ m3 │ m2 │ m1 │ m0 ├──────────►│ w │ w │
//!   └───┴───┘          └────┴────┴────┴────┴────┘           └───┴───┘
//!                                  len = 5, of which `granted` are promised
//! ```
//!
//! Messages enter the ring at its end and leave it at its front, always. A receiver that is woken
//! is not handed a message: it gets a *ticket*, the promise that one of those in the ring is its,
//! and takes the first when it is polled. So nothing is lost if it is dropped instead (the ticket
//! goes back, the message never moved), and nobody who comes in between gets ahead of it: as long as
//! all there is in the ring is promised a newcomer finds nothing, also if senders wait with more.
//!
//! *Room* is what can be added: the capacity and, beside it, a *place* for each receiver that
//! waits or holds a ticket, up to `places` of them; less what is in the ring or reserved. A waiting
//! receiver counts as a place because what it is sent does not stay in the channel. That is also all
//! there is to a capacity of zero.
//!
//! # Invariants
//!
//! Between any two holds of the lock, but while somebody is in the middle of restoring them:
//!
//! 1. Senders wait only if there is no room for the first of them.
//! 2. Receivers wait only if each message in the ring is promised: `granted == len`.
//! 3. If the channel is closed nobody waits to send; if it is finished nobody waits to receive.
//! 4. `granted <= len`, and `len + reserved` is at most capacity and places: the ring has a slot for
//!    each permit that is out.
//!
//! And always:
//!
//! 5. A slot holds a message if and only if it is one of the `len` from `head` on; slots are touched
//!    only under the lock.
//! 6. The value of a sender that waits is in its future. It is moved from there, under the lock, in
//!    the hold that ends its wait as granted; if that ends otherwise it stays.
//!
//! Whoever breaks 1 to 3 restores them: [`Raw::step`] for a small step, which concerns one of those
//! who wait at most, or now and then a second, and [`Raw::settle`] after a close, a batch of wakers a
//! hold.

use core::{
    mem::MaybeUninit,
    panic::{RefUnwindSafe, UnwindSafe},
    task::{Context, Waker},
};

use super::held::Held;
use crate::{
    inspect::{self, Made, Resource, WaitKind},
    sys::{
        array_of,
        cell::UnsafeCell,
        const_new,
        lock::BriefLock,
        unwind::{self, FirstPanic},
    },
    wait::{List, Outcome, Stage, Waiter, wake_in_batches},
};

/// Messages that waiting receivers make room for, at most.
pub(super) const PLACES: usize = 4;

/// The largest capacity: positions in the ring, also before they are wrapped, fit in their type.
pub(super) const MAX_CAPACITY: usize = i32::MAX as usize - PLACES;

/// Where a message is, if there is one.
pub(super) struct Slot<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: a slot is only a place; whoever reads or writes it has a lock or is its owner
// (invariants 5 and 6), so that the message moves from one thread to another at most.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    const_new! {
        pub(super) const fn new() -> Self {
            Self(UnsafeCell::new(MaybeUninit::uninit()))
        }
    }

    const_new! {
        pub(super) const fn full(value: T) -> Self {
            Self(UnsafeCell::new(MaybeUninit::new(value)))
        }
    }

    /// # Safety
    ///
    /// Nobody else touches it meanwhile, and it holds no value.
    #[inline]
    pub(super) unsafe fn write(&self, value: T) {
        // SAFETY: the caller's word.
        self.0
            .with_mut(|slot| unsafe { slot.cast::<T>().write(value) });
    }

    /// # Safety
    ///
    /// Nobody else touches it meanwhile, and it holds a value, which is then the caller's.
    #[inline]
    pub(super) unsafe fn read(&self) -> T {
        // SAFETY: the caller's word.
        self.0.with_mut(|slot| unsafe { slot.cast::<T>().read() })
    }

    /// Moves a value here.
    ///
    /// # Safety
    ///
    /// Nobody else touches the slot meanwhile, and it holds no value; that the value is here now is
    /// for the caller to know.
    #[inline]
    pub(super) unsafe fn write_from(&self, value: &T) {
        self.0.with_mut(|slot| {
            // SAFETY: the caller's word.
            unsafe { slot.cast::<T>().copy_from_nonoverlapping(value, 1) };
        });
    }

    /// Moves the value to `place`.
    ///
    /// # Safety
    ///
    /// Nobody else touches it meanwhile, and it holds a value.
    #[inline]
    pub(super) unsafe fn read_into(&self, place: &mut MaybeUninit<T>) {
        // SAFETY: the caller's word.
        self.0.with_mut(|slot| unsafe {
            place.as_mut_ptr().copy_from_nonoverlapping(slot.cast(), 1)
        });
    }

    /// Moves the value of another slot here.
    ///
    /// # Safety
    ///
    /// Nobody else touches the two meanwhile; this one holds no value, and that one does.
    #[inline]
    pub(super) unsafe fn move_from(&self, other: &Self) {
        self.0.with_mut(|to| {
            other.0.with_mut(|from| {
                // SAFETY: the caller's word.
                unsafe { to.copy_from_nonoverlapping(from, 1) };
            });
        });
    }
}

/// What one who waits to send asks for.
pub(super) struct Sending<T> {
    /// Places in the ring.
    pub(super) need: usize,
    /// The slot with the value to send; null for who only wants the places. It is written by the
    /// owner before it is linked.
    pub(super) value: UnsafeCell<MaybeUninit<*const Slot<T>>>,
}

// SAFETY: the pointer leads to a slot beside it, in the same future; what is in there is moved to
// another thread at most.
unsafe impl<T: Send> Send for Sending<T> {}
// SAFETY: as above; it is read under the lock (invariant 6).
unsafe impl<T: Send> Sync for Sending<T> {}

impl<T> Sending<T> {
    const_new! {
        pub(super) const fn new(need: usize) -> Self {
            Self { need, value: UnsafeCell::new(MaybeUninit::uninit()) }
        }
    }

    /// Says where the value is, before the node is linked.
    pub(super) fn set_value(&self, slot: *const Slot<T>) {
        // SAFETY: nobody but the owner knows the node yet.
        self.value
            .with_mut(|value| unsafe { value.cast::<*const Slot<T>>().write(slot) });
    }

    /// Of a node that is linked.
    pub(super) fn value(&self) -> *const Slot<T> {
        // SAFETY: written before the node was linked.
        self.value
            .with(|value| unsafe { value.cast::<*const Slot<T>>().read() })
    }
}

/// What one who waits to receive asks for: the next message.
#[derive(Debug)]
pub(super) struct Receiving;

/// What one asks for who waits to be told that there is something to receive, and takes nothing.
#[derive(Debug)]
pub(super) struct Watching;

/// What one asks for who waits to be told that the channel is closed.
#[derive(Debug)]
pub(super) struct Closing;

/// What nodes ask for, and the list where they queue for it.
pub(super) trait Request<T>: Sized {
    const KIND: WaitKind;

    fn list(state: &mut State<T>) -> &mut List<Self>;

    /// Whether one who comes to wait, after it found nothing, is news to others who do.
    fn is_news(_: &State<T>) -> bool {
        false
    }
}

impl<T> Request<T> for Sending<T> {
    const KIND: WaitKind = WaitKind::Send;

    fn list(state: &mut State<T>) -> &mut List<Self> {
        &mut state.sending
    }

    /// It may have a message in its hands.
    #[inline]
    fn is_news(state: &State<T>) -> bool {
        !state.watching.is_empty()
    }
}

impl<T> Request<T> for Receiving {
    const KIND: WaitKind = WaitKind::Recv;

    fn list(state: &mut State<T>) -> &mut List<Self> {
        &mut state.receiving
    }

    /// It may be a place.
    #[inline]
    fn is_news(state: &State<T>) -> bool {
        !state.sending.is_empty()
    }
}

impl<T> Request<T> for Watching {
    const KIND: WaitKind = WaitKind::Recv;

    fn list(state: &mut State<T>) -> &mut List<Self> {
        &mut state.watching
    }
}

impl<T> Request<T> for Closing {
    /// Not `Send`: those who receive do not end it.
    const KIND: WaitKind = WaitKind::Event;

    fn list(state: &mut State<T>) -> &mut List<Self> {
        &mut state.closing
    }
}

/// An end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Send,
    Recv,
}

/// A channel: what is read and written under the lock, and the ring.
///
/// `S` is `[Slot<T>; N]` where it is made, and `[Slot<T>]` for all who use it.
#[repr(C)]
pub(super) struct Ring<T, S: ?Sized> {
    state: BriefLock<State<T>>,
    made: Made,
    /// The first slots of the ring.
    places: [Slot<T>; PLACES],
    /// The others: as many as the capacity.
    pub(super) slots: S,
}

pub(super) type Raw<T> = Ring<T, [Slot<T>]>;

// As the mutex of `std`: a panic leaves nothing broken behind the lock.
impl<T, S: ?Sized> UnwindSafe for Ring<T, S> {}
impl<T, S: ?Sized> RefUnwindSafe for Ring<T, S> {}

impl<T, const N: usize> Ring<T, [Slot<T>; N]> {
    const_new! {
        /// A channel with nobody at it. `places` is at most [`PLACES`], and more than none if the
        /// capacity is zero.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(super) const fn new(places: u8) -> Self {
            // Twice the number of slots is a position in the ring, while it is being wrapped.
            assert!(N <= MAX_CAPACITY, "the capacity is too large");
            Self {
                state: BriefLock::new(State::new(places)),
                made: Made::here(),
                places: array_of![Slot::new(); PLACES],
                slots: array_of![Slot::new(); N],
            }
        }
    }
}

pub(super) struct State<T> {
    pub(super) head: u32,
    pub(super) len: u32,
    /// Tickets out.
    pub(super) granted: u32,
    /// Permits out.
    pub(super) reserved: u32,
    /// Nodes in all lists.
    pub(super) waiting: u32,
    /// Handles, by [`End`].
    pub(super) handles: [usize; 2],
    pub(super) places: u8,
    pub(super) is_closed: bool,
    /// There is no receiver any more.
    pub(super) is_abandoned: bool,
    /// Whether the last step that ended a wait left others to be ended.
    pub(super) is_behind: bool,
    pub(super) sending: List<Sending<T>>,
    pub(super) receiving: List<Receiving>,
    pub(super) watching: List<Watching>,
    pub(super) closing: List<Closing>,
}

impl<T> State<T> {
    const fn new(places: u8) -> Self {
        Self {
            head: 0,
            len: 0,
            granted: 0,
            reserved: 0,
            waiting: 0,
            handles: [0; 2],
            places,
            is_closed: false,
            is_abandoned: false,
            is_behind: false,
            sending: List::new(),
            receiving: List::new(),
            watching: List::new(),
            closing: List::new(),
        }
    }
}

impl<T> Raw<T> {
    #[inline]
    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Runs `f` under the lock.
    #[inline]
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Held<'_, T>) -> R) -> R {
        self.state.with(|state| f(&mut Held::new(state, self)))
    }

    /// The same, and then restores the invariants and wakes. What must be so before a waker runs,
    /// which may panic, is to be done by `f`.
    #[inline(always)]
    pub(super) fn step<R>(&self, f: impl FnOnce(&mut Held<'_, T>) -> R) -> R {
        let (mut waker, mut is_behind) = (None, false);
        let result = self.state.with(|state| {
            let mut held = Held::new(state, self);
            let result = f(&mut held);
            waker = held.end_step();
            is_behind = state.is_behind;
            result
        });
        if let Some(waker) = waker {
            self.wake(waker, is_behind);
        }
        result
    }

    #[inline(never)]
    fn wake(&self, waker: Waker, is_behind: bool) {
        if is_behind {
            self.wake_more(waker);
        } else {
            // Nothing is left to do if it panics.
            waker.wake();
        }
    }

    /// Wakes, and sees to who is left: mostly one more, as when a receiver that comes to wait lets
    /// in a sender, whose message it is promised.
    #[inline(never)]
    fn wake_more(&self, first: Waker) {
        let mut panic = FirstPanic::default();
        let (mut next, mut is_behind) = (Some(first), true);
        while let Some(waker) = next.take() {
            panic.run(|| waker.wake());
            if is_behind {
                (next, is_behind) = self.state.with(|state| {
                    let waker = Held::new(state, self).end_step();
                    (waker, state.is_behind)
                });
            }
        }
        panic.resume_in_drop();
    }

    /// Restores the invariants, one batch of wakers a hold.
    #[cold]
    pub(super) fn settle(&self) {
        wake_in_batches(|batch| self.with(|held| held.settle(batch)));
    }

    /// Closes the channel. Returns whether that was news.
    pub(super) fn close(&self) -> bool {
        let is_news = self.with(|held| held.close());
        if is_news {
            self.settle();
        }
        is_news
    }

    /// Closes the channel, to which nobody listens any more, and drops what is in it.
    #[cold]
    pub(super) fn abandon(&self) {
        self.with(|held| held.abandon());
        let mut panic = FirstPanic::default();
        while let Some(message) = self.with(|held| held.discard()) {
            panic.run(|| drop(message));
        }
        // Those who hold tickets still do: they find the ring empty.
        panic.run(|| self.settle());
        panic.resume_in_drop();
    }

    /// One handle more.
    ///
    /// # Panics
    ///
    /// If there are too many: they were leaked without end.
    pub(super) fn join(&self, end: End) {
        let is_counted = self.with(|held| held.join(end));
        assert!(is_counted, "there are too many handles");
    }

    /// One handle less. The last one closes the channel, and leaves nothing in it that nobody can
    /// receive. Returns whether it was the last.
    pub(super) fn leave(&self, end: End) -> bool {
        let is_last = self.with(|held| held.leave(end));
        if is_last {
            match end {
                End::Send => unwind::run_in_drop(|| self.settle()),
                End::Recv => self.abandon(),
            }
        }
        is_last
    }

    /// What those who wait here are said to wait at.
    #[inline]
    pub(super) fn resource(&self) -> Resource {
        self.made.resource()
    }

    /// Notes that the task of `cx` waits, by this node.
    #[inline]
    pub(super) fn note<R: Request<T>>(&self, waiter: &Waiter<R>, cx: &Context<'_>) {
        inspect::note(cx, R::KIND, waiter.site(), self.resource());
    }

    /// Whether a node that was queued still waits, now for the task of `cx`.
    ///
    /// # Safety
    ///
    /// The node is the caller's own and used with this channel alone.
    #[inline]
    pub(super) unsafe fn keeps_waiting<R: Request<T>>(
        &self,
        waiter: &Waiter<R>,
        cx: &Context<'_>,
    ) -> bool {
        // SAFETY: the caller's word, found queued, and no list of a channel takes wakers.
        waiter.stage() == Stage::Queued
            && (unsafe { waiter.will_wake(inspect::inner(cx.waker())) }
                // SAFETY: the caller's word.
                || unsafe { self.changes_waker(waiter, cx) })
    }

    /// The rest of [`keeps_waiting`](Self::keeps_waiting).
    ///
    /// # Safety
    ///
    /// As there.
    #[cold]
    unsafe fn changes_waker<R: Request<T>>(&self, waiter: &Waiter<R>, cx: &Context<'_>) -> bool {
        let mut fresh = Some(cx.waker().clone());
        // Whichever is not needed is dropped with `fresh`, outside the lock.
        self.with(|held| {
            // SAFETY: the caller's word.
            unsafe { held.swap_waker(waiter, &mut fresh) }
        })
    }

    /// Takes out the node of somebody who gives up; `granted` sees to what it was granted, if it
    /// was. Returns how its wait had ended, if it had. Panics are noted in `panic`.
    ///
    /// # Safety
    ///
    /// The node is the caller's own and used with this channel alone.
    #[cold]
    pub(super) unsafe fn withdraw<R: Request<T>>(
        &self,
        waiter: &Waiter<R>,
        panic: &mut FirstPanic,
        granted: impl FnOnce(&mut Held<'_, T>),
    ) -> Option<Outcome> {
        let mut removed = Ok(None);
        panic.run(|| {
            self.step(|held| {
                // SAFETY: the caller's word.
                removed = unsafe { held.dequeue(waiter) };
                if let Err(Outcome::Granted) = removed {
                    granted(held);
                }
            });
        });
        let outcome = removed.as_ref().err().copied();
        panic.run(|| drop(removed));
        outcome
    }

    #[inline]
    pub(super) fn slot(&self, at: u32) -> &Slot<T> {
        debug_assert!((at as usize) < PLACES + self.slots.len());
        let this: *const Self = self;
        // SAFETY: in bounds of the struct.
        let first = unsafe { &raw const (*this).places }.cast::<Slot<T>>();
        // SAFETY: `repr(C)` and a common alignment put the slots right behind the places, and `at`
        // is below their number (`Held::at`).
        let slot = unsafe { first.add(at as usize) };
        // SAFETY: as above.
        unsafe { &*slot }
    }
}
