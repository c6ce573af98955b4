//! The semaphore's state: the word, the queue, and how one gets in and out.
//!
//! Who is served, and when the flags change, is in `settle.rs`; how many permits there are in
//! `resize.rs`; what a waiter that is polled again finds in `look.rs`.
//!
//! One atomic word, `permits << 4 | BYPASS | STRICT | WAITERS | CLOSED`, and the list of
//! waiters behind a lock.
//!
//! | flag | a fast acquire | a release |
//! |---|---|---|
//! | none | takes permits by compare-and-swap | adds permits: one RMW |
//! | `WAITERS` | – | adds, then settles the queue under the lock |
//! | `STRICT` | refuses: those who wait come first, or permits are owed | – |
//! | `CLOSED` | refuses with an error | adds; whoever closes drains the waiters |
//! | `BYPASS` | a choice made at construction, never changed; see below | – |
//!
//! # Order
//!
//! Without `BYPASS`, `STRICT` is set whenever somebody waits, and permits are handed to the
//! head of the queue as they come free.
//!
//! With it, a release leaves its permits in the word and *calls* the head to come for them
//! (takes its waker and clears `WAITERS`: nobody else need be told). A newcomer may be quicker.
//! The head that finds too little has lost a race, and announces itself again. So has a head that
//! was not called because what came did not cover it. After [`RACES`] of them the word becomes
//! `STRICT` and it is handed its permits. It never loses its place, and nobody behind it in the
//! queue is served before it.
//!
//! # Invariants
//!
//! 1. `WAITERS` and `STRICT` change only under the lock, by an RMW on the word. Outside the
//!    lock, if the list is not empty then `WAITERS` is set, or somebody is about to settle the
//!    queue: the head that was called, when it looks or leaves, or whoever is between two
//!    batches. So a release either sees the flag and takes the lock, or comes before it in the
//!    word's order and the waiter sees its permits: no wake-up is lost, and no fence is needed.
//! 2. While `STRICT` is set only the lock's holder takes permits out of the word.
//! 3. Idle and handed-out permits together are `total`, which never exceeds
//!    [`MAX_PERMITS`]: returning permits cannot overflow the word.
//! 4. What `total` is above `limit` is owed: it is taken out of the word as it comes, before
//!    anybody is served. While something is owed both flags are set.
//! 5. `CLOSED` is set under the lock and never cleared.
//! 6. Grants are whole: a request is given all its permits at once or none. Whenever the
//!    head may have changed or permits have come, the holder of the lock settles the queue.

use core::{
    fmt,
    pin::Pin,
    task::{Poll, Waker},
};

use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        const_new,
        lock::Lock,
    },
    wait::{List, Outcome, Waiter},
};

pub(super) const CLOSED: usize = 0b0001;
pub(super) const WAITERS: usize = 0b0010;
pub(super) const STRICT: usize = 0b0100;
pub(super) const BYPASS: usize = 0b1000;
pub(super) const SHIFT: u32 = 4;

/// The most permits that a word can hold.
pub(super) const MAX_PERMITS: usize = usize::MAX >> SHIFT;

/// `limit` of a semaphore that has no known limit.
pub(super) const NO_LIMIT: usize = usize::MAX;

/// How many races the head of the queue may lose under `BYPASS`. Fewer in the models, so that
/// they get there.
pub(super) const RACES: usize = if cfg!(loom) { 1 } else { 4 };

pub(super) const fn permits_of(word: usize) -> usize {
    word >> SHIFT
}

pub(super) struct State {
    pub(super) word: AtomicUsize,
    /// How many permits there are to be, or `NO_LIMIT`. Changes only under the lock.
    pub(super) limit: AtomicUsize,
    pub(super) queue: Lock<Queue>,
}

pub(super) struct Queue {
    pub(super) waiters: List<Request>,
    /// Idle and handed-out permits together, what is owed included.
    pub(super) total: usize,
}

/// What a waiter asks for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) permits: usize,
    /// Written under the lock: the races lost while it waits, the limit once it was refused.
    note: AtomicUsize,
}

/// What became of an attempt to take permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    Taken,
    /// Too few permits, or others come first.
    Short,
    /// More than this limit can never be taken.
    TooMany(usize),
    Closed,
}

impl Request {
    const_new! {
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(super) const fn new(permits: usize) -> Self {
            Self { permits, note: AtomicUsize::new(0) }
        }
    }

    // Relaxed, all of these: under the lock, or ordered by the outcome that the owner has seen.

    pub(super) fn races_lost(&self) -> usize {
        self.note.load(Ordering::Relaxed)
    }

    pub(super) fn lose_race(&self) {
        let lost = RACES.min(self.races_lost() + 1);
        self.note.store(lost, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, limit: usize) {
        self.note.store(limit, Ordering::Relaxed);
    }

    /// The limit that it was refused for.
    pub(super) fn limit(&self) -> usize {
        self.note.load(Ordering::Relaxed)
    }
}

impl State {
    const_new! {
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(super) const fn new(permits: usize, limit: usize, mode: usize) -> Self {
            Self {
                word: AtomicUsize::new(permits << SHIFT | mode),
                limit: AtomicUsize::new(limit),
                queue: Lock::new(Queue { waiters: List::new(), total: permits }),
            }
        }
    }

    pub(super) fn available(&self) -> usize {
        permits_of(self.word.load(Ordering::Relaxed))
    }

    pub(super) fn is_closed(&self) -> bool {
        // Acquire: pairs with the release in `close`.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    pub(super) fn limit(&self) -> Option<usize> {
        // Relaxed: a number that publishes nothing.
        let limit = self.limit.load(Ordering::Relaxed);
        (limit != NO_LIMIT).then_some(limit)
    }

    pub(super) fn bypasses(&self) -> bool {
        self.word.load(Ordering::Relaxed) & BYPASS != 0
    }

    pub(super) fn waiters(&self) -> usize {
        self.queue.with(|queue| queue.waiters.len())
    }

    /// The most that a request may ask for.
    pub(super) fn ceiling(&self) -> usize {
        self.limit.load(Ordering::Relaxed).min(MAX_PERMITS)
    }

    /// Takes `wanted` permits if they are free for everybody: without waiting, without the lock.
    #[inline]
    pub(super) fn take_free(&self, wanted: usize) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & (CLOSED | STRICT) == 0 && permits_of(word) >= wanted {
            // Acquire: pairs with the releasing add in `release`, so that the new holder
            // sees what the last one did.
            match self.word.compare_exchange_weak(
                word,
                word - (wanted << SHIFT),
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(newer) => word = newer,
            }
        }
        false
    }

    /// As [`take_free`](Self::take_free), and says why not.
    #[inline]
    pub(super) fn take(&self, wanted: usize) -> Take {
        if self.take_free(wanted) {
            Take::Taken
        } else {
            self.why_not(wanted)
        }
    }

    #[cold]
    fn why_not(&self, wanted: usize) -> Take {
        let limit = self.ceiling();
        if self.is_closed() {
            Take::Closed
        } else if wanted == 0 {
            Take::Taken
        } else if wanted > limit {
            Take::TooMany(limit)
        } else {
            Take::Short
        }
    }

    /// Gives permits back that are part of `total`, and hands them on if others wait.
    #[inline]
    pub(super) fn release(&self, permits: usize) {
        // Release: pairs with the acquiring RMWs that take permits out. Cannot overflow:
        // invariant 3.
        let before = self.word.fetch_add(permits << SHIFT, Ordering::Release);
        if before & WAITERS != 0 {
            self.serve(before, permits);
        }
    }

    /// Links `waiter` with the waker, unless there is an answer already; then the waker, which
    /// was cloned in vain, comes back to be dropped when that may panic.
    ///
    /// # Safety
    ///
    /// `waiter` is idle, is used with this state alone, and will not be freed before it has
    /// left the queue by an outcome, [`leave`](Self::leave) or
    /// [`Look::take`](super::look::Look::take), unless it is never freed at all.
    pub(super) unsafe fn enter(
        &self,
        waiter: Pin<&Waiter<Request>>,
        waker: Waker,
    ) -> Poll<(Take, Waker)> {
        self.queue.with(|queue| {
            match self.take_or_announce(queue, waiter.request().permits) {
                Take::Short => {
                    // SAFETY: the caller's word.
                    unsafe { queue.waiters.push_back(waiter, waker) };
                    Poll::Pending
                }
                answer => Poll::Ready((answer, waker)),
            }
        })
    }

    /// Under the lock: takes `wanted` permits, or announces a waiter that the caller links
    /// before it lets go of the lock (`Take::Short`). Turns again only if another thread has
    /// just taken or given back permits: the word makes progress, whoever it is that does.
    fn take_or_announce(&self, queue: &Queue, wanted: usize) -> Take {
        loop {
            let word = self.word.load(Ordering::Relaxed);
            // Where others come first or permits are owed, the flags are right already.
            let behind = word & (STRICT | CLOSED) == STRICT;
            if behind && (1..=self.ceiling()).contains(&wanted) {
                return Take::Short;
            }
            match self.take(wanted) {
                Take::Short => {}
                done => return done,
            }
            if !queue.waiters.is_empty() || self.announce(word, wanted) {
                return Take::Short;
            }
        }
    }

    /// Under the lock: sets the flags that say that the head of the queue waits, unless the
    /// word is no longer `word` or covers what it wants (invariant 1).
    pub(super) fn announce(&self, word: usize, wanted: usize) -> bool {
        let flags = if word & BYPASS == 0 {
            WAITERS | STRICT
        } else {
            WAITERS
        };
        // Relaxed: the flags publish nothing.
        permits_of(word) < wanted
            && self
                .word
                .compare_exchange(word, word | flags, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// A waiter gives up its place. If it was the head, those behind it may fit now.
    ///
    /// What [`List::remove`] returns is left in `removed`.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own and is used with this state alone.
    pub(super) unsafe fn leave(
        &self,
        waiter: &Waiter<Request>,
        removed: &mut Result<Option<Waker>, Outcome>,
    ) {
        self.settle_after(|queue| {
            let first = queue.waiters.is_front(waiter);
            // SAFETY: the caller's own node.
            *removed = unsafe { queue.waiters.remove(waiter) };
            first
        });
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Semaphore")
            .field("available_permits", &permits_of(word))
            .field("limit", &self.limit())
            .field("bypass", &(word & BYPASS != 0))
            .field("closed", &(word & CLOSED != 0))
            .finish_non_exhaustive()
    }
}
