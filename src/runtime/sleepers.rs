//! Those who sleep by one thread, whose wakers the thread calls when they are due.
//!
//! A sleep enters the list of the thread that polls it. One that is polled by another thread later
//! moves to that one's list, and one that is dropped leaves.

use alloc::{collections::BTreeMap, sync::Arc};
use core::{mem, task::Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    sys::unwind::FirstPanic,
    time::{Clock, Instant},
};

/// Those who sleep by one thread.
#[derive(Default)]
pub(super) struct Sleepers {
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    wakers: BTreeMap<(Instant, u64), Waker>,
    next_id: u64,
}

impl Sleepers {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who are due, and tells when the next one is.
    pub(super) fn wake_due(&self, clock: impl Clock) -> Option<Instant> {
        loop {
            let mut list = self.list();
            let (at, _) = *list.wakers.first_key_value()?.0;
            if at > clock.now() {
                return Some(at);
            }
            let due = list.wakers.pop_first();
            drop(list);
            if let Some((_, waker)) = due {
                waker.wake();
            }
        }
    }

    /// Wakes all, for them to sleep by whichever thread polls them next.
    pub(super) fn wake_all(&self) {
        let mut panics = FirstPanic::default();
        let left = mem::take(&mut self.list().wakers);
        for waker in left.into_values() {
            panics.run(|| waker.wake());
        }
        panics.resume_in_drop();
    }

    #[cfg(feature = "wasm")]
    pub(super) fn is_empty(&self) -> bool {
        self.list().wakers.is_empty()
    }
}

/// A sleep's place in a list: taken out when it is dropped.
pub(super) struct Entry {
    sleepers: Arc<Sleepers>,
    key: (Instant, u64),
}

impl Entry {
    /// Sees to it that the list has this waker, and that no other list has one of `entry`.
    pub(super) fn renew(
        entry: &mut Option<Self>,
        sleepers: Arc<Sleepers>,
        at: Instant,
        waker: &Waker,
    ) {
        let waker = waker.clone();
        match entry {
            Some(entry) if Arc::ptr_eq(&entry.sleepers, &sleepers) => {
                let old = sleepers.list().wakers.insert(entry.key, waker);
                drop(old);
            }
            _ => {
                // If it slept by another thread, that entry goes here.
                *entry = None;
                let mut list = sleepers.list();
                let key = (at, list.next_id);
                list.next_id += 1;
                list.wakers.insert(key, waker);
                drop(list);
                *entry = Some(Self { sleepers, key });
            }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let waker = self.sleepers.list().wakers.remove(&self.key);
        drop(waker);
    }
}
