//! Wakers outside the lock: batches of them, and a cell for one.

use core::task::{Context, Waker};

use crate::{
    inspect,
    sys::{BATCH, lock::Lock, unwind},
};

/// Wakers on their way out of a lock. Never more than one hold may collect.
#[derive(Debug)]
pub(crate) struct WakeBatch {
    wakers: [Option<Waker>; BATCH],
    len: usize,
}

impl WakeBatch {
    pub(crate) const fn new() -> Self {
        Self {
            wakers: [const { None }; BATCH],
            len: 0,
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len == BATCH
    }

    /// Adds a waker; there must be room.
    #[inline]
    pub(crate) fn push(&mut self, waker: Option<Waker>) {
        self.wakers[self.len] = waker;
        self.len += 1;
    }

    /// What follows the first call of `fill` in [`wake_in_batches`]: for callers whose first hold
    /// of the lock is another than those after it.
    pub(crate) fn wake(&mut self, more: bool, fill: impl FnMut(&mut Self) -> bool) {
        let mut rounds = Rounds {
            fill,
            batch: self,
            more,
        };
        unwind::run_in_drop(move || rounds.run(Waker::wake));
    }

    /// Calls `wake` with each waker, first in, first out. A waker that panics is gone and
    /// the next call goes on behind it.
    fn drain(&mut self, mut wake: impl FnMut(Waker)) {
        for slot in &mut self.wakers[..self.len] {
            if let Some(waker) = slot.take() {
                wake(waker);
            }
        }
        self.len = 0;
    }
}

/// Lets `fill` collect wakers (under the lock, returning whether there is more to collect)
/// and wakes them between its calls, until nothing is left.
///
/// A waker that panics does not strand the others: they are woken before its panic goes on,
/// which it does unless the thread is panicking already. (Without `std` they are woken while
/// the panic unwinds, and a second panic aborts.)
pub(crate) fn wake_in_batches(fill: impl FnMut(&mut WakeBatch) -> bool) {
    WakeBatch::new().wake(true, fill);
}

struct Rounds<'a, F: FnMut(&mut WakeBatch) -> bool> {
    fill: F,
    batch: &'a mut WakeBatch,
    more: bool,
}

impl<F: FnMut(&mut WakeBatch) -> bool> Rounds<'_, F> {
    fn run(&mut self, wake: impl Fn(Waker)) {
        loop {
            self.batch.drain(&wake);
            if !self.more {
                return;
            }
            self.more = (self.fill)(self.batch);
        }
    }
}

impl<F: FnMut(&mut WakeBatch) -> bool> Drop for Rounds<'_, F> {
    fn drop(&mut self) {
        // There is something left only while a waker's panic unwinds. A second panic must not
        // leave this destructor; the first one is on its way to the caller.
        self.run(|waker| unwind::swallow(|| waker.wake()));
    }
}

/// One waiter, many wakes: the waker of the single task that waits here.
///
/// [`register`](Self::register) stores the waker, [`wake`](Self::wake) takes it out and
/// calls it. A wake after a registration reaches that task once; what it is woken for must
/// have been published before, and the task must look again after it registered.
#[derive(Debug)]
pub struct WakerCell {
    waker: Lock<Option<Waker>>,
}

impl WakerCell {
    crate::sys::const_new! {
        /// An empty cell.
        pub const fn new() -> Self {
            Self { waker: Lock::new(None) }
        }
    }

    /// Makes the task of `cx` the one to be woken. Clones the waker only if it is another.
    pub fn register(&self, cx: &Context<'_>) {
        let known = self.waker.with(
            |stored| matches!(stored, Some(waker) if waker.will_wake(inspect::inner(cx.waker()))),
        );
        if !known {
            let fresh = cx.waker().clone();
            // The old waker leaves the closure and is dropped outside the lock.
            drop(self.waker.with(|stored| stored.replace(fresh)));
        }
    }

    /// Forgets the registered task, if there is one.
    pub fn clear(&self) {
        drop(self.waker.with(Option::take));
    }

    /// Wakes the registered task, if there is one.
    pub fn wake(&self) {
        if let Some(waker) = self.waker.with(Option::take) {
            waker.wake();
        }
    }
}
