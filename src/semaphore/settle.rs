//! Settling the queue: whoever changed something sees to it that the word and the queue agree
//! again, and that everybody is served who can be.

use core::{mem, task::Waker};

use super::state::{
    BYPASS, CLOSED, Queue, RACES, Request, SHIFT, STRICT, State, WAITERS, permits_of,
};
use crate::{
    sys::{
        atomic::Ordering,
        unwind::{self, FirstPanic, OnUnwind},
    },
    wait::{Outcome, WakeBatch, wake_in_batches},
};

const BOTH: usize = WAITERS | STRICT;

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

/// How it stands with the head of the queue after a grant.
enum Next {
    /// It goes on waiting, or there is none.
    Waits,
    /// It can be granted too.
    Fits,
    /// `settle` has to see.
    Unclear,
}

impl State {
    /// Hands on the `permits` that a release has brought; the word was `before`.
    ///
    /// One grant a hold of the lock, as long as all is plain: that is less work than a batch
    /// for the few that most releases serve. Stays bounded though others keep releasing: whoever
    /// releases later serves too.
    #[inline(never)]
    pub(super) fn serve(&self, before: usize, permits: usize) {
        if before & BYPASS != 0 {
            return self.settle_after(|queue| {
                self.pass_over(queue, permits);
                true
            });
        }
        let mut free = permits_of(before) + permits;
        let (waker, next) = self.queue.with(|queue| self.hand_on(queue, &mut free));
        match (waker, next) {
            (Some(waker), Next::Waits) => unwind::run_in_drop(|| waker.wake()),
            (None, Next::Waits) => {}
            (waker, next) => self.serve_more(waker, next, free),
        }
    }

    #[inline(never)]
    fn serve_more(&self, mut waker: Option<Waker>, mut next: Next, mut free: usize) {
        let mut panic = FirstPanic::default();
        loop {
            if let Some(waker) = waker {
                // Without `std` a panic leaves from here; those behind are served on its way.
                let rest = OnUnwind(|| {
                    if !matches!(next, Next::Waits) {
                        self.settle_all();
                    }
                });
                panic.run(|| waker.wake());
                mem::forget(rest);
            }
            match next {
                Next::Waits => break,
                Next::Fits => {}
                Next::Unclear => {
                    panic.run(|| self.settle_all());
                    break;
                }
            }
            (waker, next) = self.queue.with(|queue| self.hand_on(queue, &mut free));
        }
        panic.resume_in_drop();
    }

    #[inline(never)]
    fn settle_all(&self) {
        self.settle_after(|_| true);
    }

    /// Under the lock, when `came` permits have come: under `BYPASS` a head that was not called
    /// and that the word does not cover has lost a race. Otherwise newcomers that keep taking
    /// fewer than it asks for could pass it over for ever.
    pub(super) fn pass_over(&self, queue: &Queue, came: usize) {
        let word = self.word.load(Ordering::Relaxed);
        if let Some(head) = queue.waiters.front() {
            let called = !queue.waiters.front_has_waker();
            let short = came > 0 && permits_of(word) < head.permits;
            if word & BYPASS != 0 && !called && short {
                head.lose_race();
            }
        }
    }

    /// Under the lock, without `BYPASS`: grants what the head wants, if there is nothing else to
    /// see to; what is to be done next.
    #[inline]
    fn hand_on(&self, queue: &mut Queue, free: &mut usize) -> (Option<Waker>, Next) {
        let limit = self.limit.load(Ordering::Relaxed);
        let word = self.word.load(Ordering::Relaxed);
        *free = permits_of(word).min(*free);
        let Some(&Request { permits, .. }) = queue.waiters.front() else {
            return (None, Next::Unclear);
        };
        let plain = word & (BOTH | CLOSED) == BOTH && queue.total <= limit;
        if !plain {
            return (None, Next::Unclear);
        }
        // Also where it asks for more than the limit: whoever made it the head will refuse it.
        if permits > *free {
            return (None, Next::Waits);
        }
        *free -= permits;
        let waker = self.grant(queue, permits);
        let next = match queue.waiters.front() {
            Some(next) if next.permits > limit => Next::Unclear,
            Some(next) if next.permits <= *free => Next::Fits,
            _ => Next::Waits,
        };
        (waker, next)
    }

    /// Runs `first` under the lock; if it says so, settles the queue, in as many holds as that
    /// takes, and wakes outside.
    pub(super) fn settle_after(&self, first: impl FnOnce(&mut Queue) -> bool) {
        let mut batch = WakeBatch::new();
        let mut free = usize::MAX;
        let more = self
            .queue
            .with(|queue| first(queue) && self.settle(queue, &mut batch, &mut free));
        if more || !batch.is_empty() {
            self.settle_on(&mut batch, more, free);
        }
    }

    /// The rest of `settle_after`, which is the same for all callers: as a function of its own it
    /// is in a program once.
    #[inline(never)]
    fn settle_on(&self, batch: &mut WakeBatch, more: bool, mut free: usize) {
        batch.wake(more, |batch| {
            self.queue
                .with(|queue| self.settle(queue, batch, &mut free))
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
                self.settle(queue, batch, &mut 0)
            })
        });
    }

    /// Under the lock: brings the word in line with the queue, and serves the queue from the
    /// word, one batch. Returns whether there is more to do.
    ///
    /// Stays bounded as [`serve`](Self::serve) does: `free` is what was free when it began.
    #[inline(never)]
    fn settle(&self, queue: &mut Queue, batch: &mut WakeBatch, free: &mut usize) -> bool {
        let owed = self.collect(queue);
        while let Some(head) = queue.waiters.front() {
            let answer = self.answer(head, owed, free);
            if matches!(answer, Answer::Nothing) {
                return false;
            }
            if batch.is_full() {
                return true;
            }
            batch.push(match answer {
                Answer::Nothing => None,
                Answer::Grant => {
                    let wanted = head.permits;
                    *free -= wanted;
                    self.grant(queue, wanted)
                }
                Answer::Call => {
                    // Relaxed: the flag publishes nothing.
                    self.word.fetch_and(!WAITERS, Ordering::Relaxed);
                    queue.waiters.take_front_waker()
                }
                Answer::Refusal => {
                    head.refuse(self.ceiling());
                    queue.waiters.pop_front(Outcome::Refused)
                }
            });
            if matches!(answer, Answer::Call) {
                return false;
            }
        }
        if !owed {
            // Relaxed: the flags publish nothing; an RMW, so that what earlier releases
            // published stays visible to whoever takes permits next.
            self.word.fetch_and(!BOTH, Ordering::Relaxed);
        }
        false
    }

    /// Under the lock: what the head of the queue gets, with the flags set as that needs.
    fn answer(&self, head: &Request, owed: bool, free: &mut usize) -> Answer {
        let word = self.word.load(Ordering::Relaxed);
        if word & CLOSED != 0 {
            // Whoever closes is about to end its wait.
            Answer::Nothing
        } else if head.permits > self.ceiling() {
            Answer::Refusal
        } else if owed {
            Answer::Nothing
        } else if word & BYPASS != 0 && head.races_lost() < RACES {
            self.call(head.permits)
        } else {
            // Both flags are set, unless it has just lost its last race. Relaxed: they publish
            // nothing.
            let word = self.word.fetch_or(BOTH, Ordering::Relaxed);
            *free = permits_of(word).min(*free);
            if head.permits <= *free {
                Answer::Grant
            } else {
                Answer::Nothing
            }
        }
    }

    /// Under the lock: hands the head the `permits` that it wants and returns its waker. The
    /// word covers them, and has had both flags since that was found: nobody else takes any
    /// (invariant 2).
    #[inline]
    fn grant(&self, queue: &mut Queue, permits: usize) -> Option<Waker> {
        // With the last waiter the flags go.
        let flags = if queue.waiters.len() == 1 { BOTH } else { 0 };
        // Acquire: pairs with the releasing adds whose permits are handed on; the store of the
        // outcome passes that on to the waiter.
        self.word
            .fetch_sub((permits << SHIFT) + flags, Ordering::Acquire);
        queue.waiters.pop_front(Outcome::Granted)
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
    pub(super) fn collect(&self, queue: &mut Queue) -> bool {
        loop {
            match self.owed(queue) {
                0 => return false,
                owed => queue.total -= self.take_idle(owed),
            }
            // Relaxed: the flags publish nothing. Whoever releases after this settles.
            if self.owed(queue) > 0 && permits_of(self.word.fetch_or(BOTH, Ordering::Relaxed)) == 0
            {
                return true;
            }
        }
    }
}
