//! The semaphore's state and all its transitions.
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
//! The head that finds too little has lost a race, and announces itself again; after
//! [`RACES`] of them it makes the word `STRICT` and is handed its permits. It never loses its
//! place, and nobody behind it in the queue is served before it.
//!
//! # Invariants
//!
//! 1. `WAITERS` and `STRICT` change only under the lock, by an RMW on the word. Outside the
//!    lock, if the list is not empty then `WAITERS` is set, or the head has been called and will
//!    look or leave, and so come to [`State::settle`]. So a release either sees the flag and
//!    takes the lock, or comes before it in the word's order and the waiter sees its permits:
//!    no wake-up is lost, and no fence is needed.
//! 2. While `STRICT` is set only the lock's holder takes permits out of the word.
//! 3. Idle and handed-out permits together are `total`, which never exceeds
//!    [`MAX_PERMITS`]: returning permits cannot overflow the word.
//! 4. What `total` is above `limit` is owed: it is taken out of the word as it comes, before
//!    anybody is served. While something is owed both flags are set.
//! 5. `CLOSED` is set under the lock and never cleared.
//! 6. Grants are whole: a request is given all its permits at once or none. Whenever the
//!    head may have changed or permits have come, the holder of the lock settles the queue.

use core::{fmt, mem, pin::Pin, task::Waker};

use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        const_new,
        lock::Lock,
    },
    wait::{List, Outcome, Waiter, WakeBatch, wake_in_batches},
};

const CLOSED: usize = 0b0001;
const WAITERS: usize = 0b0010;
const STRICT: usize = 0b0100;
pub(super) const BYPASS: usize = 0b1000;
const SHIFT: u32 = 4;

/// The most permits that a word can hold.
pub(super) const MAX_PERMITS: usize = usize::MAX >> SHIFT;

/// `limit` of a semaphore that has no known limit.
pub(super) const NO_LIMIT: usize = usize::MAX;

/// How many races the head of the queue may lose under `BYPASS`. Fewer in the models, so that
/// they get there.
const RACES: usize = if cfg!(loom) { 1 } else { 4 };

const fn permits_of(word: usize) -> usize {
    word >> SHIFT
}

pub(super) struct State {
    word: AtomicUsize,
    /// How many permits there are to be, or `NO_LIMIT`. Changes only under the lock.
    limit: AtomicUsize,
    queue: Lock<Queue>,
}

pub(super) struct Queue {
    waiters: List<Request>,
    /// Idle and handed-out permits together, what is owed included.
    total: usize,
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

/// A waiter's look at its place in the queue: what it brings, and what it finds.
///
/// Gives permits that it won back when it is dropped, unless [`keep`](Self::keep) has come
/// first: other wakers may panic in between.
#[derive(Debug)]
pub(super) struct Look<'a> {
    state: &'a State,
    waiter: &'a Waiter<Request>,
    /// That of the task that polls.
    waker: &'a Waker,
    /// A clone of it, if one was found to be needed.
    fresh: Option<Waker>,
    /// What was stored before: to be dropped outside the lock.
    old: Option<Waker>,
    seen: Seen,
}

/// What a waiter finds that looks at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// It goes on waiting.
    Waits,
    /// As above, but another waker has to be stored and no clone was there.
    NeedsWaker,
    /// It had been called, and came too late. It waits, unless it was served since.
    Lost,
    /// It has taken its permits and is out of the queue.
    Won,
    /// Its wait has an outcome.
    Ended,
}

impl<'a> Look<'a> {
    /// Looks for a waiter that was polled, which leaves the queue if it takes its permits.
    /// Returns whether they are its own now.
    ///
    /// # Safety
    ///
    /// `waiter` is the caller's own, is used with `state` alone, and has been queued.
    pub(super) unsafe fn take(
        state: &'a State,
        waiter: &'a Waiter<Request>,
        waker: &'a Waker,
    ) -> bool {
        let mut look = Self {
            state,
            waiter,
            waker,
            fresh: None,
            old: None,
            seen: Seen::NeedsWaker,
        };
        // SAFETY: the caller's word.
        unsafe { look.now() };
        if look.seen == Seen::NeedsWaker {
            look.fresh = Some(waker.clone());
            // SAFETY: the caller's word.
            unsafe { look.now() };
        }
        look.keep()
    }

    /// # Safety
    ///
    /// As for `take`.
    unsafe fn now(&mut self) {
        let state = self.state;
        state.settle_after(|queue| {
            let first = state.bypasses() && queue.waiters.is_front(self.waiter);
            if first && state.take(self.waiter.request().permits) == Take::Taken {
                self.seen = Seen::Won;
                // SAFETY: the caller's word.
                self.old = unsafe { queue.waiters.remove(self.waiter) }.unwrap_or(None);
                return true;
            }
            let waiter = self.waiter;
            // SAFETY: the caller's word.
            let seen = unsafe { queue.waiters.with_waker(waiter, |stored| self.at(stored)) };
            self.seen = seen.unwrap_or(Seen::Ended);
            if self.seen == Seen::Lost {
                let lost = &waiter.request().note;
                lost.store(lost.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            self.seen == Seen::Lost
        });
    }

    /// Under the lock: looks at the stored waker, which is missing if the waiter was called.
    fn at(&mut self, stored: &mut Option<Waker>) -> Seen {
        if matches!(stored, Some(waker) if waker.will_wake(self.waker)) {
            return Seen::Waits;
        }
        if self.fresh.is_none() {
            return Seen::NeedsWaker;
        }
        self.old = mem::replace(stored, self.fresh.take());
        match self.old {
            Some(_) => Seen::Waits,
            None => Seen::Lost,
        }
    }

    /// Drops the wakers that are not needed, and then keeps what was won.
    fn keep(mut self) -> bool {
        drop(self.fresh.take());
        drop(self.old.take());
        mem::replace(&mut self.seen, Seen::Ended) == Seen::Won
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if self.seen == Seen::Won {
            self.state.release(self.waiter.request().permits);
        }
    }
}

/// What the head of the queue gets.
enum Answer {
    /// Nothing: too few permits. The flags say that it waits.
    Nothing,
    /// Its permits.
    Grant,
    /// A wake: there are permits to come for.
    Call,
    /// An error: it asks for more than there will ever be.
    Refusal,
}

impl Request {
    const_new! {
        pub(super) const fn new(permits: usize) -> Self {
            Self { permits, note: AtomicUsize::new(0) }
        }
    }

    /// The limit that it was refused for.
    pub(super) fn limit(&self) -> usize {
        // Relaxed: ordered by the outcome, which the owner has seen.
        self.note.load(Ordering::Relaxed)
    }
}

impl State {
    const_new! {
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

    fn bypasses(&self) -> bool {
        self.word.load(Ordering::Relaxed) & BYPASS != 0
    }

    pub(super) fn waiters(&self) -> usize {
        self.queue.with(|queue| queue.waiters.len())
    }

    /// The most that a request may ask for.
    fn ceiling(&self) -> usize {
        self.limit.load(Ordering::Relaxed).min(MAX_PERMITS)
    }

    /// Takes `wanted` permits without waiting and without the lock.
    #[inline]
    pub(super) fn take(&self, wanted: usize) -> Take {
        // Acquire, here and on failure: pairs with the release in `close`.
        let mut word = self.word.load(Ordering::Acquire);
        while word & (CLOSED | STRICT) == 0 && permits_of(word) >= wanted {
            // Acquire: pairs with the releasing add in `release`, so that the new holder
            // sees what the last one did.
            match self.word.compare_exchange_weak(
                word,
                word - (wanted << SHIFT),
                Ordering::Acquire,
                Ordering::Acquire,
            ) {
                Ok(_) => return Take::Taken,
                Err(newer) => word = newer,
            }
        }
        self.why_not(word, wanted)
    }

    #[cold]
    fn why_not(&self, word: usize, wanted: usize) -> Take {
        let limit = self.ceiling();
        if word & CLOSED != 0 {
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
            self.serve();
        }
    }

    #[cold]
    fn serve(&self) {
        self.settle_after(|_| true);
    }

    /// Takes the permits, or links `waiter` with the waker and leaves `None` in its place.
    ///
    /// # Safety
    ///
    /// `waiter` is idle, is used with this state alone, and will not be freed before it has
    /// left the queue by an outcome, [`leave`](Self::leave) or [`Look::take`], unless
    /// it is never freed at all.
    pub(super) unsafe fn enter(
        &self,
        waiter: Pin<&Waiter<Request>>,
        waker: &mut Option<Waker>,
    ) -> Take {
        self.queue.with(|queue| {
            let taken = self.take_or_announce(queue, waiter.request().permits);
            if taken == Take::Short {
                if let Some(waker) = waker.take() {
                    // SAFETY: the caller's word.
                    unsafe { queue.waiters.push_back(waiter, waker) };
                }
            }
            taken
        })
    }

    /// Under the lock: takes `wanted` permits, or announces a waiter that the caller links
    /// before it lets go of the lock (`Take::Short`). Turns again only if another thread has
    /// just taken or given back permits: the word makes progress, whoever it is that does.
    fn take_or_announce(&self, queue: &Queue, wanted: usize) -> Take {
        loop {
            match self.take(wanted) {
                Take::Short => {}
                done => return done,
            }
            let word = self.word.load(Ordering::Relaxed);
            // Where others wait or permits are owed, the flags are right already.
            if !queue.waiters.is_empty() || word & STRICT != 0 || self.announce(word, wanted) {
                return Take::Short;
            }
        }
    }

    /// Under the lock: sets the flags that say that the head of the queue waits, unless the
    /// word is no longer `word` or covers what it wants (invariant 1).
    fn announce(&self, word: usize, wanted: usize) -> bool {
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

    /// Adds new permits; `false`, and nothing is added, if they would be too many.
    pub(super) fn add(&self, permits: usize) -> bool {
        let mut fits = false;
        self.settle_after(|queue| {
            fits = permits <= MAX_PERMITS - queue.total;
            if fits {
                queue.total += permits;
                self.raise_limit(permits);
                // Release: as in `release`.
                self.word.fetch_add(permits << SHIFT, Ordering::Release);
            }
            fits
        });
        fits
    }

    /// Takes up to `most` idle permits off for good and returns how many.
    pub(super) fn forget_idle(&self, most: usize) -> usize {
        let mut taken = 0;
        self.settle_after(|queue| {
            // What is owed comes first: it is not there to be forgotten.
            if !self.collect(queue) {
                taken = self.take_idle(most);
                queue.total -= taken;
                self.lower_limit(taken);
            }
            true
        });
        taken
    }

    /// Takes permits that are out off the books for good: what is owed first.
    pub(super) fn forget_out(&self, permits: usize) {
        self.settle_after(|queue| {
            let owed = self.owed(queue);
            queue.total -= permits;
            self.lower_limit(permits.saturating_sub(owed));
            true
        });
    }

    /// Makes `limit` the number of permits that there are, as soon as enough have come back.
    pub(super) fn set_limit(&self, limit: usize) {
        self.settle_after(|queue| {
            self.limit.store(limit, Ordering::Relaxed);
            let added = limit.saturating_sub(queue.total);
            queue.total += added;
            // Release: as in `release`.
            self.word.fetch_add(added << SHIFT, Ordering::Release);
            true
        });
    }

    /// Ends all waits and refuses all to come.
    pub(super) fn close(&self) {
        wake_in_batches(|batch| {
            self.queue.with(|queue| {
                // Release: pairs with the acquiring loads of the word; whoever sees the
                // semaphore closed sees what the closer did before.
                self.word.fetch_or(CLOSED, Ordering::Release);
                while !queue.waiters.is_empty() {
                    if batch.is_full() {
                        return true;
                    }
                    batch.push(queue.waiters.pop_front(Outcome::Closed));
                }
                self.settle(queue, batch, &mut None)
            })
        });
    }

    /// Runs `first` under the lock; if it says so, settles the queue, in as many holds as that
    /// takes, and wakes outside.
    fn settle_after(&self, first: impl FnOnce(&mut Queue) -> bool) {
        let mut first = Some(first);
        let mut budget = None;
        wake_in_batches(|batch| {
            self.queue.with(|queue| {
                let go_on = first.take().is_none_or(|first| first(queue));
                go_on && self.settle(queue, batch, &mut budget)
            })
        });
    }

    /// Under the lock: brings the word in line with the queue, and serves the queue from the
    /// word, one batch. Returns whether there is more to do.
    ///
    /// Stays bounded though others keep releasing: `budget` is what was free when it began,
    /// and whoever releases later settles too.
    fn settle(&self, queue: &mut Queue, batch: &mut WakeBatch, budget: &mut Option<usize>) -> bool {
        let owed = self.collect(queue);
        while let Some(head) = queue.waiters.front() {
            let answer = self.answer(head, owed, budget);
            if matches!(answer, Answer::Nothing) {
                return false;
            }
            if batch.is_full() {
                return true;
            }
            match answer {
                Answer::Nothing => {}
                Answer::Grant => {
                    let wanted = head.permits;
                    // Acquire: pairs with the releasing adds whose permits are handed on; the
                    // store of the outcome passes that on to the waiter. Permits cannot have
                    // become fewer since the look: invariant 2.
                    self.word.fetch_sub(wanted << SHIFT, Ordering::Acquire);
                    *budget = budget.map(|left| left - wanted);
                    batch.push(queue.waiters.pop_front(Outcome::Granted));
                }
                Answer::Call => {
                    // Relaxed: the flag publishes nothing.
                    self.word.fetch_and(!WAITERS, Ordering::Relaxed);
                    batch.push(queue.waiters.take_front_waker());
                    return false;
                }
                Answer::Refusal => {
                    head.note.store(self.ceiling(), Ordering::Relaxed);
                    batch.push(queue.waiters.pop_front(Outcome::Refused));
                }
            }
        }
        if !owed {
            // Relaxed: the flags publish nothing; an RMW, so that what earlier releases
            // published stays visible to whoever takes permits next.
            self.word.fetch_and(!(WAITERS | STRICT), Ordering::Relaxed);
        }
        false
    }

    /// Under the lock: what the head of the queue gets, with the flags set as that needs.
    fn answer(&self, head: &Request, owed: bool, budget: &mut Option<usize>) -> Answer {
        let word = self.word.load(Ordering::Relaxed);
        if word & CLOSED != 0 {
            // Whoever closes is about to end its wait.
            Answer::Nothing
        } else if head.permits > self.ceiling() {
            Answer::Refusal
        } else if owed {
            Answer::Nothing
        } else if word & BYPASS != 0 && head.note.load(Ordering::Relaxed) < RACES {
            self.call(head.permits)
        } else {
            self.grant(head.permits, budget)
        }
    }

    /// Under the lock: what a head gets that permits are handed to.
    fn grant(&self, wanted: usize, budget: &mut Option<usize>) -> Answer {
        const BOTH: usize = WAITERS | STRICT;
        let mut word = self.word.load(Ordering::Relaxed);
        if word & BOTH != BOTH {
            // It has just lost its last race, so this is its own `settle_after`, and there is
            // no budget yet. Relaxed: the flags publish nothing.
            word = self.word.fetch_or(BOTH, Ordering::Relaxed);
        }
        let left = budget.get_or_insert(permits_of(word));
        if permits_of(word).min(*left) < wanted {
            return Answer::Nothing;
        }
        Answer::Grant
    }

    /// Under the lock: what a head gets that may lose a race.
    fn call(&self, wanted: usize) -> Answer {
        loop {
            let mut word = self.word.load(Ordering::Relaxed);
            if word & STRICT != 0 {
                // Relaxed: the flag publishes nothing.
                word = self.word.fetch_and(!STRICT, Ordering::Relaxed) & !STRICT;
            }
            if permits_of(word) >= wanted {
                return Answer::Call;
            }
            if self.announce(word, wanted) {
                return Answer::Nothing;
            }
        }
    }

    /// Under the lock: takes what is owed out of the word; whether some is still owed.
    fn collect(&self, queue: &mut Queue) -> bool {
        loop {
            match self.owed(queue) {
                0 => return false,
                owed => queue.total -= self.take_idle(owed),
            }
            // Relaxed: the flags publish nothing. Whoever releases after this settles.
            if self.owed(queue) > 0
                && permits_of(self.word.fetch_or(WAITERS | STRICT, Ordering::Relaxed)) == 0
            {
                return true;
            }
        }
    }

    fn owed(&self, queue: &Queue) -> usize {
        let limit = self.limit.load(Ordering::Relaxed);
        queue.total.saturating_sub(limit)
    }

    /// Takes up to `most` permits out of the word.
    fn take_idle(&self, most: usize) -> usize {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let taken = permits_of(word).min(most);
            // Relaxed: these permits are nobody's any more and carry nothing on.
            match self.word.compare_exchange_weak(
                word,
                word - (taken << SHIFT),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return taken,
                Err(newer) => word = newer,
            }
        }
    }

    /// Under the lock.
    fn raise_limit(&self, by: usize) {
        if let Some(limit) = self.limit() {
            self.limit.store(limit + by, Ordering::Relaxed);
        }
    }

    /// Under the lock.
    fn lower_limit(&self, by: usize) {
        if let Some(limit) = self.limit() {
            self.limit.store(limit - by, Ordering::Relaxed);
        }
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
