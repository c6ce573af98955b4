//! Where a task and who awaits it meet that are in no scope's child: in memory of their own.
//!
//! It is that of both until they have gone. To the bits of the slot (`slot.rs`) come two more:
//!
//! | bit | set by | meaning |
//! |---|---|---|
//! | `WAITS` | the waiter, which also clears it | its waker is there, for the task to take with `DONE` |
//! | `GONE` | the task, last of all | it has done with the memory |
//!
//! The waiter's waker is its own to change while `WAITS` is clear. Where `DONE` came with `WAITS` it is
//! the task's, and where it came without, or with `LEFT`, it stays the waiter's. Whoever comes second
//! with `GONE` and `LEFT` frees the memory. A waiter that finds `GONE` is the second one without a word;
//! a task that is done after `LEFT` is so, too.

use alloc::boxed::Box;
use core::{
    mem::{self, ManuallyDrop, MaybeUninit},
    ptr::NonNull,
    task::{Context, Poll, Waker},
};

use super::{
    slot::{Outcome, Slot},
    task::{Post, unclaimed},
};
use crate::{
    inspect::{self, Resource},
    scope::Crew,
    sys::{
        Shared,
        cell::UnsafeCell,
        unwind::{self, FirstPanic, Payload},
    },
};

struct Desk<T> {
    slot: Slot<T>,
    /// The waiter's, as the bits say. There is one until the task is done.
    waker: UnsafeCell<MaybeUninit<Waker>>,
    crew: Shared<Crew>,
}

impl<T> Desk<T> {
    /// # Safety
    ///
    /// There is a waker, or was one that is not yet overwritten; and of all that this gives for it, one
    /// at most is used for more than to be compared.
    unsafe fn waker(&self) -> ManuallyDrop<Waker> {
        // It is read, and may be by both at once; the bits say whose the waker is.
        self.waker.with(|waker| {
            // SAFETY: nobody writes it: the waiter alone does, and the task reads it only where `DONE` met
            // `WAITS`, when that does not any more.
            let waker = unsafe { &*waker };
            // SAFETY: the caller's word.
            ManuallyDrop::new(unsafe { waker.assume_init_read() })
        })
    }

    /// # Safety
    ///
    /// The desk is the caller's alone, and is not used after this.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: it came from a box.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }
}

/// A desk for a task of the crew, which has joined it, and for whoever is to be woken when it is done.
pub(super) fn open<T>(waker: Waker, crew: Shared<Crew>) -> (AtDesk<T>, ToDesk<T>) {
    let desk = Box::into_raw(Box::new(Desk {
        slot: Slot::awaited(),
        waker: UnsafeCell::new(MaybeUninit::new(waker)),
        crew,
    }));
    // SAFETY: a box is not null.
    let desk = unsafe { NonNull::new_unchecked(desk) };
    (AtDesk(desk), ToDesk(desk))
}

/// The waiter's side.
pub(super) struct AtDesk<T>(NonNull<Desk<T>>);

// SAFETY: what is shared is used as the bits allow, from any thread; the outcome is made by one and
// taken by another.
unsafe impl<T: Send> Send for AtDesk<T> {}
// SAFETY: as above; nothing is reached through `&` but an address.
unsafe impl<T: Send> Sync for AtDesk<T> {}

impl<T> AtDesk<T> {
    fn desk(&self) -> &Desk<T> {
        // SAFETY: alive until this has left.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn resource(&self) -> Resource {
        Resource::at(self.desk())
    }

    /// Ready when the task is done. Until then the task of `cx` is to be woken when it is.
    pub(super) fn poll_done(&mut self, cx: &Context<'_>) -> Poll<()> {
        let desk = self.desk();
        if desk.slot.is_done() {
            return Poll::Ready(());
        }
        // SAFETY: there was one a moment ago; and if the task takes it now, it is only compared.
        let known = unsafe { desk.waker() };
        if known.will_wake(inspect::inner(cx.waker())) {
            return Poll::Pending;
        }
        let fresh = cx.waker().clone();
        if !desk.slot.stop_waiting() {
            return Poll::Ready(());
        }
        let fresh = MaybeUninit::new(fresh);
        // SAFETY: the waiter's: the bit is clear since before the task was done, if it is.
        let old = desk
            .waker
            .with_mut(|waker| unsafe { mem::replace(&mut *waker, fresh) });
        let waits = desk.slot.wait();
        // SAFETY: it was done without the bit, and leaves the waker alone.
        let unused = (!waits).then(|| ManuallyDrop::into_inner(unsafe { desk.waker() }));
        // SAFETY: there was one.
        let old = unsafe { old.assume_init() };
        unwind::run_both_in_drop(|| drop(old), || drop(unused));
        if waits {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// What the task came to; `None` if it was lost.
    ///
    /// # Safety
    ///
    /// It is done.
    pub(super) unsafe fn finish(self) -> Option<Outcome<T>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: done, and this is who waits. It is not taken again.
        unsafe { this.take() }
    }

    /// # Safety
    ///
    /// The task is done, and this is not used any more.
    unsafe fn take(&self) -> Option<Outcome<T>> {
        let desk = self.desk();
        // SAFETY: the task is done, and the outcome read once.
        let outcome = unsafe { desk.slot.read_outcome() };
        if Slot::leave_done(NonNull::from(&desk.slot)) {
            // SAFETY: the task has gone.
            unsafe { Desk::free(self.0) };
        }
        outcome
    }
}

/// Asks the task to end.
impl<T> Drop for AtDesk<T> {
    fn drop(&mut self) {
        let desk = self.desk();
        let mut panics = FirstPanic::default();
        if !desk.slot.is_done() {
            // SAFETY: this is who waits, and it is the end.
            panics.run(|| unsafe { desk.slot.abort() });
            // SAFETY: there was one a moment ago; and it is used only if the task does not take it.
            let waker = unsafe { desk.waker() };
            if Slot::leave_undone(NonNull::from(&desk.slot)) {
                panics.run(|| drop(ManuallyDrop::into_inner(waker)));
                return panics.resume_in_drop();
            }
        }
        // SAFETY: it is done, and this is the end.
        panics.note(unclaimed(unsafe { self.take() }));
        panics.resume_in_drop();
    }
}

/// The task's side.
pub(super) struct ToDesk<T>(NonNull<Desk<T>>);

// SAFETY: as for `AtDesk`.
unsafe impl<T: Send> Send for ToDesk<T> {}

impl<T> ToDesk<T> {
    fn desk(&self) -> &Desk<T> {
        // SAFETY: alive until this has gone.
        unsafe { self.0.as_ref() }
    }
}

/// Goes when it is dropped.
struct Going<T> {
    desk: NonNull<Desk<T>>,
    /// The waiter had left before the task was done.
    is_left: bool,
}

impl<T> Drop for Going<T> {
    fn drop(&mut self) {
        // SAFETY: alive until this has gone.
        let slot = NonNull::from(unsafe { &self.desk.as_ref().slot });
        if self.is_left || Slot::go(slot) {
            // SAFETY: the waiter has left.
            unsafe { Desk::free(self.desk) };
        }
    }
}

impl<T: Send> Post for ToDesk<T> {
    type Output = T;

    fn slot(&self) -> &Slot<T> {
        &self.desk().slot
    }

    fn polling<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        poll(cx)
    }

    fn calling<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    fn fail(&self, payload: Payload) {
        self.desk().crew.note(payload);
    }

    unsafe fn deliver(self, outcome: Option<Outcome<T>>) {
        let desk = self.desk();
        // SAFETY: the task does this once, by the caller's word.
        let put = unsafe { Slot::put(NonNull::from(&desk.slot), outcome) };
        let _going = Going {
            desk: self.0,
            is_left: put.is_err(),
        };
        let told = match put {
            Ok(true) => {
                // SAFETY: it was done while the waiter waits, and the waker is the task's.
                let waker = unsafe { desk.waker() };
                unwind::catch(|| ManuallyDrop::into_inner(waker).wake())
            }
            Ok(false) => Ok(()),
            Err(unwanted) => unclaimed(unwanted),
        };
        if let Err(payload) = told {
            self.fail(payload);
        }
        desk.crew.leave();
    }
}
