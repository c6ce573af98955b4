//! A weighted, first-come-first-served counting semaphore.
//!
//! # State
//!
//! One atomic word, `permits << 3 | WAITERS | CLOSED`, and the list of waiters behind a lock
//! (the third flag bit is kept free).
//!
//! | word | fast acquire | release |
//! |---|---|---|
//! | neither flag | takes permits by compare-and-swap | adds permits: one RMW |
//! | `WAITERS` | refuses: those who wait come first | adds, then serves waiters under the lock |
//! | `CLOSED` | refuses with an error | adds; whoever closes drains the waiters |
//!
//! # Invariants
//!
//! 1. `WAITERS` changes only under the lock, by an RMW on the word, and outside the lock it
//!    is set if and only if the list is not empty. So a release either sees the flag and
//!    takes the lock, or comes before it in the word's order and the waiter sees its
//!    permits: no wake-up is lost, and no fence is needed.
//! 2. While `WAITERS` is set only the lock's holder takes permits out of the word.
//! 3. Idle and handed-out permits together are `total`, which never exceeds
//!    [`Semaphore::MAX_PERMITS`]: returning permits cannot overflow the word.
//! 4. `CLOSED` is set under the lock and never cleared.
//! 5. Grants are whole: a request is given all its permits at once or none. Whenever the
//!    head may have changed or permits have come, the holder of the lock serves the list.
//!
//! # When an [`Acquire`] is dropped
//!
//! | its node | what happens |
//! |---|---|
//! | never queued, or finished | nothing |
//! | queued | unlinked under the lock; if it was the head, those behind it are served |
//! | granted, not yet taken | its permits go back and are handed on |
//! | closed | nothing |

mod acquire;
mod error;
mod permit;

pub use acquire::Acquire;
pub use error::{AcquireError, TryAcquireError};
pub use permit::Permit;

use core::fmt;

use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        const_new,
        lock::Lock,
    },
    wait::{List, Outcome, WakeBatch, wake_in_batches},
};

const CLOSED: usize = 0b001;
const WAITERS: usize = 0b010;
const SHIFT: u32 = 3;

const fn permits_of(word: usize) -> usize {
    word >> SHIFT
}

/// A counting semaphore: at most a given number of permits are out at any time.
///
/// Requests are weighted ([`acquire_many`](Self::acquire_many)) and served strictly first
/// come, first served: a newcomer never overtakes a waiter, and a large request at the head
/// is not starved by small ones behind it (they wait for it, even if they would fit).
/// A [`Permit`] gives its permits back when it is dropped.
///
/// Nothing here allocates, and the constructor is `const`: a semaphore can be a `static`.
/// Acquiring free permits is one atomic operation, and so is giving them back when nobody
/// waits. The contract is that of Go's `golang.org/x/sync/semaphore`, with closing added.
///
/// # A granted permit belongs to its future
///
/// Permits are handed to a waiter when they come free, not when it is next polled. A task
/// that holds a granted [`Acquire`] and does not poll it keeps those permits from others
/// until it polls or drops it.
///
/// # Examples
///
/// ```
/// use pleach::{Semaphore, block_on};
///
/// static CONNECTIONS: Semaphore = Semaphore::new(2);
///
/// block_on(async {
///     let permit = CONNECTIONS.acquire().await?;
///     assert_eq!(CONNECTIONS.available_permits(), 1);
///     drop(permit);
///     assert_eq!(CONNECTIONS.available_permits(), 2);
///     Ok::<(), pleach::AcquireError>(())
/// })
/// # .unwrap();
/// ```
pub struct Semaphore {
    word: AtomicUsize,
    queue: Lock<Queue>,
}

struct Queue {
    waiters: List<usize>,
    /// Idle and handed-out permits together.
    total: usize,
}

/// What became of an attempt to take permits.
enum Take {
    Taken,
    /// Too few permits, or others wait.
    Short,
    Closed,
}

impl Semaphore {
    /// The largest number of permits that a semaphore can have: `usize::MAX >> 3`.
    pub const MAX_PERMITS: usize = usize::MAX >> SHIFT;

    const_new! {
        /// Creates a semaphore with `permits` permits.
        ///
        /// # Panics
        ///
        /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS); in a `const` context
        /// that is an error at compile time.
        #[track_caller]
        pub const fn new(permits: usize) -> Self {
            assert!(
                permits <= Semaphore::MAX_PERMITS,
                "a semaphore cannot have more than `Semaphore::MAX_PERMITS` permits"
            );
            Self {
                word: AtomicUsize::new(permits << SHIFT),
                queue: Lock::new(Queue { waiters: List::new(), total: permits }),
            }
        }
    }

    /// Waits for one permit.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses its place in the queue and nothing else: a permit that was
    /// already granted to it goes back and on to the next waiter.
    ///
    /// # Errors
    ///
    /// [`AcquireError::Closed`] if the semaphore is closed, now or while waiting. A permit
    /// that was granted before the close is delivered.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it has completed.
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for `permits` permits at once.
    ///
    /// The request is granted whole or not at all; while it is at the head of the queue,
    /// those behind it wait. Zero permits are there at once unless the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// [`AcquireError::Closed`] if the semaphore is closed, now or while waiting;
    /// [`AcquireError::TooMany`], at once, for a request that can never be granted.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it has completed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Semaphore, block_on};
    ///
    /// // One permit a kilobyte of a shared buffer.
    /// let kilobytes = Semaphore::new(64);
    /// block_on(async {
    ///     let room = kilobytes.acquire_many(48).await.unwrap();
    ///     assert_eq!(room.permits(), 48);
    ///     assert_eq!(kilobytes.available_permits(), 16);
    /// });
    /// ```
    pub fn acquire_many(&self, permits: usize) -> Acquire<'_> {
        Acquire::new(self, permits)
    }

    /// Takes one permit if it is free and nobody waits.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoPermits`] if no permit is free *or others wait*;
    /// [`TryAcquireError::Closed`] if the semaphore is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_ok());
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `permits` permits at once if they are free and nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`try_acquire`](Self::try_acquire); [`TryAcquireError::TooMany`] for a request
    /// that can never be granted.
    #[inline]
    pub fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_>, TryAcquireError> {
        if permits > Self::MAX_PERMITS {
            return Err(TryAcquireError::TooMany {
                requested: permits,
                limit: Self::MAX_PERMITS,
            });
        }
        match self.take(permits) {
            Take::Taken => Ok(Permit::new(self, permits)),
            Take::Short => Err(TryAcquireError::NoPermits),
            Take::Closed => Err(TryAcquireError::Closed),
        }
    }

    /// Adds `permits` new permits and serves those who wait.
    ///
    /// # Panics
    ///
    /// If the semaphore would then have more than [`MAX_PERMITS`](Self::MAX_PERMITS), those
    /// handed out included. Nothing is added then.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(0);
    /// semaphore.add_permits(3);
    /// assert_eq!(semaphore.available_permits(), 3);
    /// ```
    #[track_caller]
    pub fn add_permits(&self, permits: usize) {
        let fits = self.queue.with(|queue| {
            let fits = permits <= Self::MAX_PERMITS - queue.total;
            if fits {
                queue.total += permits;
            }
            fits
        });
        assert!(
            fits,
            "adding {permits} permits would exceed `Semaphore::MAX_PERMITS`"
        );
        self.release(permits);
    }

    /// Closes the semaphore: everyone who waits and everyone who comes later gets an error.
    ///
    /// Permits that are out stay valid and may still be given back; they are counted in
    /// [`available_permits`](Self::available_permits) but can no longer be acquired. When
    /// this returns, no request is waiting. Closing twice is harmless.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{AcquireError, Semaphore, block_on};
    ///
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert_eq!(block_on(semaphore.acquire()).unwrap_err(), AcquireError::Closed);
    /// ```
    pub fn close(&self) {
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
                self.clear_waiters_flag();
                false
            })
        });
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        // Acquire: pairs with the release in `close`.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// The number of free permits at this moment.
    ///
    /// Permits that a large request at the head of the queue still waits for are counted:
    /// they are free, though nobody else may take them.
    pub fn available_permits(&self) -> usize {
        permits_of(self.word.load(Ordering::Relaxed))
    }

    /// Takes `wanted` permits without waiting and without the lock.
    #[inline]
    fn take(&self, wanted: usize) -> Take {
        // Acquire, here and on failure: pairs with the release in `close`.
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            if word & CLOSED != 0 {
                return Take::Closed;
            }
            if wanted == 0 {
                return Take::Taken;
            }
            if word & WAITERS != 0 || permits_of(word) < wanted {
                return Take::Short;
            }
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
    }

    /// Under the lock: takes `wanted` permits, or announces a waiter that the caller links
    /// before it lets go of the lock (`Take::Short`). Turns again only if another thread has
    /// just taken or given back permits: the word makes progress, whoever it is that does.
    fn take_or_announce(&self, wanted: usize) -> Take {
        loop {
            match self.take(wanted) {
                Take::Short => {}
                done => return done,
            }
            let word = self.word.load(Ordering::Relaxed);
            if word & WAITERS != 0 {
                return Take::Short;
            }
            // The exchange fails if permits came since the look above; then they are tried
            // for again (invariant 1). Relaxed: the flag publishes nothing.
            if permits_of(word) < wanted
                && self
                    .word
                    .compare_exchange(word, word | WAITERS, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
            {
                return Take::Short;
            }
        }
    }

    /// Gives permits back that are part of `total`, and hands them on if others wait.
    #[inline]
    fn release(&self, permits: usize) {
        // Release: pairs with the acquiring RMWs that take permits out. Cannot overflow:
        // invariant 3.
        let before = self.word.fetch_add(permits << SHIFT, Ordering::Release);
        if before & (WAITERS | CLOSED) == WAITERS {
            self.serve();
        }
    }

    /// Grants what the free permits cover, in order, and wakes those it granted.
    ///
    /// Stays bounded though others keep releasing: it hands out no more than was free when
    /// it began, since whoever releases later serves for itself.
    #[cold]
    fn serve(&self) {
        let mut budget = None;
        wake_in_batches(|batch| {
            self.queue.with(|queue| {
                let budget = budget.get_or_insert_with(|| self.available_permits());
                self.grant(queue, batch, budget)
            })
        });
    }

    /// Under the lock: one batch of grants. Returns whether there may be more to grant.
    fn grant(&self, queue: &mut Queue, batch: &mut WakeBatch, budget: &mut usize) -> bool {
        while let Some(&wanted) = queue.waiters.front() {
            let word = self.word.load(Ordering::Relaxed);
            if word & CLOSED != 0 || permits_of(word).min(*budget) < wanted {
                return false;
            }
            if batch.is_full() {
                return true;
            }
            // Acquire: pairs with the releasing adds whose permits are handed on; the store
            // of the outcome passes that on to the waiter. Permits cannot have become fewer
            // since the load: invariant 2.
            self.word.fetch_sub(wanted << SHIFT, Ordering::Acquire);
            *budget -= wanted;
            batch.push(queue.waiters.pop_front(Outcome::Granted));
        }
        self.clear_waiters_flag();
        false
    }

    /// Under the lock, with the list empty: fast acquires are open again.
    fn clear_waiters_flag(&self) {
        // Relaxed: the flag publishes nothing; an RMW, so that what earlier releases
        // published stays visible to whoever takes permits next.
        self.word.fetch_and(!WAITERS, Ordering::Relaxed);
    }

    /// Takes permits that are out off the books for good.
    fn forget(&self, permits: usize) {
        self.queue.with(|queue| queue.total -= permits);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word.load(Ordering::Relaxed);
        f.debug_struct("Semaphore")
            .field("available_permits", &permits_of(word))
            .field("has_waiters", &(word & WAITERS != 0))
            .field("closed", &(word & CLOSED != 0))
            .finish_non_exhaustive()
    }
}
