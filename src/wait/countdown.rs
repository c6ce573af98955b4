//! A count, and those who wait for it to be zero: events, latches and wait groups.
//!
//! # State
//!
//! One atomic word, `count << 1 | WAITERS`, and a list of waiters behind a lock.
//!
//! | word | a new wait | a change that does not end at zero | a change that ends at zero |
//! |---|---|---|---|
//! | count 0 | is over at once | one exchange | one exchange |
//! | count > 0 | queues, and raises `WAITERS` | one exchange | one exchange |
//! | count > 0, `WAITERS` | queues | one exchange | under the lock: lets go all who wait |
//! | count 0, `WAITERS` | is over at once | one exchange | under the lock: lets go the rest |
//!
//! The last row lasts while those who wait are let go, eight a hold of the lock.
//!
//! # Invariants
//!
//! 1. `WAITERS` changes only under the lock, by an RMW on the word, and outside the lock it
//!    is set if and only if the list is not empty.
//! 2. While `WAITERS` is set, the count becomes zero only under the lock. So a waiter that
//!    queues either sees the zero in the RMW that raises the flag, or is in the list when
//!    the count becomes zero: no wake-up is lost.
//! 3. Who is let go is settled in that same hold: a *mark*, a node of the thread that lets
//!    go, is linked behind them. Those who queue later, because the count has risen again,
//!    stand behind the mark and are left alone, however long the rest takes.
//! 4. Every change is an RMW that acquires and releases, also one that changes nothing: the
//!    changes of a count are one release sequence, and whoever acts on a count has seen what
//!    was done before all changes that led to it.
//!
//! # When a [`Wait`] is dropped
//!
//! | its node | what happens |
//! |---|---|
//! | never queued, or ended | nothing |
//! | queued | unlinked under the lock; the last to leave takes `WAITERS` down |
//!
//! So it is when a `Wait` that is queued is polled and finds the count zero: it leaves by itself.

use core::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use futures_core::future::FusedFuture;

use super::{Held, Queue, Stage, Waiter, wake_in_batches};
use crate::{
    inspect::WaitKind,
    sys::{
        atomic::{AtomicUsize, Ordering},
        const_new,
    },
};

const WAITERS: usize = 0b1;
const SHIFT: u32 = 1;

const fn count_of(word: usize) -> usize {
    word >> SHIFT
}

/// A count with waiters.
pub(crate) struct Countdown {
    word: AtomicUsize,
    queue: Queue<(), ()>,
}

impl Countdown {
    pub(crate) const MAX: usize = usize::MAX >> SHIFT;

    const_new! {
        /// Starts at `count`, which must not exceed `MAX`.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(crate) const fn new(count: usize) -> Self {
            Self {
                word: AtomicUsize::new(count << SHIFT),
                queue: Queue::new(()),
            }
        }
    }

    #[inline]
    pub(crate) fn count(&self) -> usize {
        // Acquire: pairs with the exchange in `update`, for those who act on a zero.
        count_of(self.word.load(Ordering::Acquire))
    }

    pub(crate) fn has_waiters(&self) -> bool {
        self.word.load(Ordering::Relaxed) & WAITERS != 0
    }

    /// Waits for the count to be zero.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(crate) fn wait(&self) -> Wait<'_> {
        Wait {
            countdown: self,
            waiter: Waiter::new(()),
        }
    }

    /// Changes the count to what `f` makes of it, which must not exceed `MAX`, and lets go
    /// all who wait if it becomes zero. Returns the count before; an error if `f` refuses
    /// it, and then nothing has changed.
    #[inline]
    pub(crate) fn change(&self, f: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        let needs_no_lock = |word: usize| {
            let after = f(count_of(word))?;
            (!opens(word, after)).then_some(after)
        };
        self.update(needs_no_lock)
            .or_else(|_| self.change_locked(f))
            .map(count_of)
            .map_err(count_of)
    }

    /// The rest of [`change`](Self::change): for counts that others wait for to be zero, and
    /// those that `f` refuses.
    #[cold]
    fn change_locked(&self, f: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        let mark = pin!(Waiter::new(()));
        let mark = mark.into_ref();
        let mut changed = None;
        wake_in_batches(|batch| {
            self.queue.with(|held| {
                changed.get_or_insert_with(|| {
                    let before = self.update(|word| f(count_of(word)))?;
                    if f(count_of(before)).is_some_and(|after| opens(before, after)) {
                        // SAFETY: the node is idle, since this runs once, and used with this
                        // list alone. `wake_in_batches` goes on, whoever panics, until
                        // `end_through` has taken it out: it is freed after that.
                        unsafe { held.waiters.push_back(mark, Waker::noop().clone()) };
                    }
                    Ok(before)
                });
                let more = held.end_through(&mark, batch);
                self.clear_flag_if_empty(held);
                more
            })
        });
        changed.expect("the closure ran at least once")
    }

    /// Replaces the count as long as `f` makes something of the word. Returns the word
    /// before, or as an error the one that `f` would not have.
    #[inline]
    fn update(&self, f: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let Some(after) = f(word) else {
                return Err(word);
            };
            // Release: what this thread did before is seen by whoever acts on the count.
            // Acquire: and so is what those did who changed it before, by a waiter whose
            // outcome this thread stores, and by this thread. (Invariant 4.)
            match self.word.compare_exchange_weak(
                word,
                after << SHIFT | word & WAITERS,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(word),
                Err(newer) => word = newer,
            }
        }
    }

    /// Under the lock: announces a waiter that the caller links before it lets go of the
    /// lock, or says that there is nothing to wait for.
    fn announce(&self, held: &Held<(), ()>) -> Option<()> {
        // Acquire: pairs with the exchange in `update`, if there is nothing to wait for.
        let before = self.word.fetch_or(WAITERS, Ordering::Acquire);
        if count_of(before) > 0 {
            return None;
        }
        self.clear_flag_if_empty(held);
        Some(())
    }

    /// Under the lock: takes the flag down if nobody is left.
    fn clear_flag_if_empty(&self, held: &Held<(), ()>) {
        if held.waiters.is_empty() {
            // Release: pairs with the exchange in `update`. Whoever opens and finds nobody waiting
            // has behind it that they were let go; they may look at their nodes without the lock.
            // An RMW, because others change the count meanwhile.
            self.word.fetch_and(!WAITERS, Ordering::Release);
        }
    }
}

/// Whether that change lets go those who wait, or all who are still to be let go.
#[inline]
const fn opens(word: usize, after: usize) -> bool {
    word & WAITERS != 0 && after == 0
}

impl fmt::Debug for Countdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Countdown")
            .field("count", &self.count())
            .field("has_waiters", &self.has_waiters())
            .finish_non_exhaustive()
    }
}

/// The future of [`Event::wait`](crate::Event::wait), [`Latch::wait`](crate::Latch::wait) and
/// [`WaitGroup::wait`](crate::WaitGroup::wait).
///
/// It begins to wait when it is first polled, not when it is made. It is `Send`, not `Unpin`,
/// and fused in the sense of [`FusedFuture`]; polling it after it has completed panics. It
/// never allocates.
#[must_use = "futures do nothing unless awaited or polled"]
#[derive(Debug)]
pub struct Wait<'a> {
    countdown: &'a Countdown,
    waiter: Waiter<()>,
}

impl Wait<'_> {
    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<()>> {
        // SAFETY: `waiter` is structurally pinned: no method moves it, and `Drop` does not
        // end before it is unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    /// First poll: queues, if there is something to wait for.
    fn start(self: Pin<&Self>, cx: &Context<'_>) -> Poll<()> {
        let countdown = self.countdown;
        let decide = |held: &mut Held<(), ()>| countdown.announce(held);
        // SAFETY: the node is idle (only the first poll comes here), is used with this queue
        // alone, and `Drop` leaves it.
        unsafe { countdown.queue.enter(self.waiter(), cx, decide) }.map(drop)
    }

    /// Whether the count says so, though nobody may have said it to this waiter yet: who has found
    /// the event set, or the latch open, does not find a wait for that pending.
    fn is_over(&self) -> bool {
        self.waiter.stage() != Stage::Done && self.countdown.count() == 0
    }

    fn leave(&self) {
        let left = |held: &mut Held<(), ()>| self.countdown.clear_flag_if_empty(held);
        // SAFETY: the node is this future's own, used with this queue alone.
        unsafe { self.countdown.queue.leave(&self.waiter, left) };
    }
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.into_ref();
        if this.is_over() {
            this.leave();
            this.waiter.finish();
            return Poll::Ready(());
        }
        let queue = &this.countdown.queue;
        // SAFETY: the node is this future's own, used with this queue alone.
        unsafe { queue.poll(&this.waiter, cx, WaitKind::Event, || this.start(cx)) }
    }
}

impl FusedFuture for Wait<'_> {
    fn is_terminated(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
