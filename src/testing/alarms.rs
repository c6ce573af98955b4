//! Who waits for a moment, or for the executor to let it go on.
//!
//! An entry *sleeps* until its moment has come, and is *due* then: the executor wakes those who are due
//! one by one, in an order of its choice. One without a moment is due at once.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};
use core::task::Waker;

use crate::time::Instant;

/// Names an entry. Never used twice.
pub(super) type Key = u64;

/// Wakers are shared, so that none is cloned or dropped under the lock that this is behind: what leaves
/// is given back, to be dropped outside.
#[derive(Default)]
pub(super) struct Alarms {
    entries: BTreeMap<Key, Arc<Waker>>,
    sleeping: BTreeSet<(Instant, Key)>,
    due: Vec<Key>,
    next_key: Key,
}

impl Alarms {
    /// An entry that sleeps until `at`.
    pub(super) fn sleep(&mut self, at: Instant, waker: Arc<Waker>) -> Key {
        let key = self.enter(waker);
        self.sleeping.insert((at, key));
        key
    }

    /// An entry that is due.
    pub(super) fn add_due(&mut self, waker: Arc<Waker>) -> Key {
        let key = self.enter(waker);
        self.due.push(key);
        key
    }

    fn enter(&mut self, waker: Arc<Waker>) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        self.entries.insert(key, waker);
        key
    }

    /// Another waker for an entry, if that still waits; what is not needed.
    pub(super) fn renew(&mut self, key: Key, waker: Arc<Waker>) -> Arc<Waker> {
        match self.entries.get_mut(&key) {
            Some(old) => core::mem::replace(old, waker),
            None => waker,
        }
    }

    pub(super) fn is_waiting(&self, key: Key) -> bool {
        self.entries.contains_key(&key)
    }

    /// Takes an entry out, wherever it is.
    pub(super) fn cancel(&mut self, key: Key, at: Option<Instant>) -> Option<Arc<Waker>> {
        let waker = self.entries.remove(&key)?;
        let was_asleep = at.is_some_and(|at| self.sleeping.remove(&(at, key)));
        if !was_asleep {
            self.due.retain(|due| *due != key);
        }
        Some(waker)
    }

    pub(super) fn due(&self) -> usize {
        self.due.len()
    }

    /// Takes out the `n`th of those who are due.
    pub(super) fn take_due(&mut self, n: usize) -> Arc<Waker> {
        let key = self.due.swap_remove(n);
        self.entries.remove(&key).expect("what is due waits")
    }

    /// The next moment that somebody sleeps until; those who do are due then.
    pub(super) fn advance(&mut self) -> Option<Instant> {
        let (now, _) = *self.sleeping.first()?;
        while self.sleeping.first().is_some_and(|(at, _)| *at <= now) {
            self.due
                .extend(self.sleeping.pop_first().map(|(_, key)| key));
        }
        Some(now)
    }

    pub(super) fn sleepers(&self) -> usize {
        self.sleeping.len()
    }

    /// The waker of the `n`th of those who sleep, for a wake too many.
    pub(super) fn sleeper(&self, n: usize) -> Arc<Waker> {
        let (_, key) = self.sleeping.iter().nth(n).expect("there are so many");
        Arc::clone(&self.entries[key])
    }
}
