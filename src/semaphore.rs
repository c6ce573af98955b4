//! A weighted, first-come-first-served counting semaphore.
//!
//! | file | |
//! |---|---|
//! | `state.rs` | the word, the queue, how one gets in and out: the invariants are there |
//! | `settle.rs`, `look.rs`, `resize.rs` | who is served; a waiter that is polled again; limits |
//! | `acquire.rs`, `permit.rs` | the future and what it gives, for a borrowed semaphore |
//! | `owned.rs` | the same for one behind an `Arc` |
//! | `blocking.rs` | the same for threads |

mod acquire;
#[cfg(feature = "std")]
mod blocking;
mod cancel;
mod error;
mod look;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod owned;
mod permit;
mod resize;
mod settle;
mod state;

pub use acquire::Acquire;
pub use cancel::AcquireOrCancel;
pub use error::{AcquireError, TryAcquireError};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use owned::{AcquireOwned, OwnedPermit};
pub use permit::Permit;

use core::fmt;

use crate::{
    inspect::{Made, Resource},
    sys::const_new,
};
use permit::Held;
use state::{BYPASS, NO_LIMIT, State, Take};

/// A counting semaphore: at most a given number of permits are out at any time.
///
/// Requests are weighted ([`acquire_many`](Self::acquire_many)) and served strictly first
/// come, first served (unless it is made [`with_bypass`](Self::with_bypass)): a newcomer never
/// overtakes a waiter, and a large request at the head is not starved by small ones behind it
/// (they wait for it, even if they would fit).
/// A [`Permit`] gives its permits back when it is dropped.
///
/// Nothing that tasks do here allocates, and the constructors are `const`: a semaphore can be a
/// `static`. (A thread that blocks allocates once. And where `std` keeps its mutex in a box, as
/// on Apple's systems, that box is made at the first contended use.)
/// Acquiring free permits is one atomic operation, and so is giving them back when nobody
/// waits. The contract is that of Go's `golang.org/x/sync/semaphore`, with closing, resizing
/// and owned permits added.
///
/// # How many permits there are
///
/// | call | idle permits | those out | [`limit`](Self::limit), if known |
/// |---|---|---|---|
/// | [`add_permits`](Self::add_permits) | more | | rises |
/// | [`forget_permits`](Self::forget_permits) | fewer, if there are some | | falls with them |
/// | [`Permit::forget`] | | never come back | falls with them |
/// | [`set_limit`](Self::set_limit) | as many as fit under the new limit | too many: taken off as they come back | as given |
///
/// With a known limit ([`with_limit`](Self::with_limit), `set_limit`) a request for more than
/// that is refused at once, instead of waiting for ever and keeping all others waiting.
///
/// # A granted permit belongs to its future
///
/// Permits are handed to a waiter when they come free, not when it is next polled. A task
/// that holds a granted [`Acquire`] and does not poll it keeps those permits from others
/// until it polls or drops it.
///
/// # Threads that block
///
/// Handing permits from one thread to the next costs a sleep each time, so threads that fight
/// over few permits are slow first come, first served, with every such semaphore. For them there
/// is [`with_bypass`](Self::with_bypass). Between tasks of one thread order costs nothing.
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
    state: State,
    made: Made,
}

const TOO_MANY: &str = "a semaphore cannot have more than `Semaphore::MAX_PERMITS` permits";

impl Semaphore {
    /// The largest number of permits that a semaphore can have: `usize::MAX >> 4`.
    pub const MAX_PERMITS: usize = state::MAX_PERMITS;

    const_new! {
        /// Creates a semaphore with `permits` permits and no known limit: more may be added.
        ///
        /// # Panics
        ///
        /// If `permits` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS); in a `const` context
        /// that is an error at compile time.
        #[track_caller]
        pub const fn new(permits: usize) -> Self {
            assert!(permits <= Semaphore::MAX_PERMITS, "{}", TOO_MANY);
            Self { state: State::new(permits, NO_LIMIT, 0), made: Made::here() }
        }
    }

    const_new! {
        /// Creates a semaphore with `limit` permits, which is known to be all there are: a
        /// request for more is an error at once.
        ///
        /// # Panics
        ///
        /// As [`new`](Self::new).
        ///
        /// # Examples
        ///
        /// ```
        /// use pleach::{AcquireError, Semaphore, block_on};
        ///
        /// let semaphore = Semaphore::with_limit(3);
        /// let refused = block_on(semaphore.acquire_many(4)).unwrap_err();
        /// assert_eq!(refused, AcquireError::TooMany { requested: 4, limit: 3 });
        /// ```
        #[track_caller]
        pub const fn with_limit(limit: usize) -> Self {
            assert!(limit <= Semaphore::MAX_PERMITS, "{}", TOO_MANY);
            Self { state: State::new(limit, limit, 0), made: Made::here() }
        }
    }

    const_new! {
        /// Creates a semaphore with `permits` permits on which newcomers may overtake, but not
        /// for ever: for threads that block, and for throughput before order.
        ///
        /// Permits that come free are there for whoever is first. The head of the queue is
        /// woken for them when they cover its request. When it has come too late, or they were too
        /// few, four times in all, it is next: newcomers are held back until it has its permits.
        /// Those behind it never overtake it. A waiter that is woken and not polled keeps no
        /// permits from newcomers, only from those behind it.
        ///
        /// An attempt such as [`try_acquire`](Self::try_acquire) succeeds here although others
        /// wait. All else is as with [`new`](Self::new), and [`set_limit`](Self::set_limit) gives it a
        /// known limit.
        ///
        /// # Panics
        ///
        /// As [`new`](Self::new).
        ///
        /// # Examples
        ///
        /// ```
        /// use std::thread;
        /// use pleach::Semaphore;
        ///
        /// static TURNSTILE: Semaphore = Semaphore::with_bypass(1);
        ///
        /// thread::scope(|threads| {
        ///     for _ in 0..2 {
        ///         threads.spawn(|| {
        ///             for _ in 0..1000 {
        ///                 let _permit = TURNSTILE.acquire_blocking().unwrap();
        ///             }
        ///         });
        ///     }
        /// });
        /// assert_eq!(TURNSTILE.available_permits(), 1);
        /// ```
        #[track_caller]
        pub const fn with_bypass(permits: usize) -> Self {
            assert!(permits <= Semaphore::MAX_PERMITS, "{}", TOO_MANY);
            Self { state: State::new(permits, NO_LIMIT, BYPASS), made: Made::here() }
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
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for `permits` permits at once.
    ///
    /// The request is granted whole or not at all; while it is at the head of the queue,
    /// those behind it wait. Zero permits are there at once unless the semaphore is closed.
    /// A hand-written future that acquires again and again may store one of these and call
    /// [`Acquire::poll_acquire`].
    ///
    /// # Cancel safety
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// [`AcquireError::Closed`] if the semaphore is closed, now or while waiting;
    /// [`AcquireError::TooMany`], at once, for a request above a known limit or above
    /// [`MAX_PERMITS`](Self::MAX_PERMITS), and for one that the limit has fallen below by the
    /// time it is at the head of the queue.
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
    #[inline]
    #[cfg_attr(feature = "inspect", track_caller)]
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
        self.try_take(permits)?;
        Ok(Permit(Held::new(self, permits)))
    }

    /// What those who wait here are said to wait at.
    #[inline]
    fn resource(&self) -> Resource {
        self.made.resource()
    }

    #[inline]
    fn try_take(&self, permits: usize) -> Result<(), TryAcquireError> {
        match self.state.take(permits) {
            Take::Taken => Ok(()),
            Take::Short => Err(TryAcquireError::NoPermits),
            Take::TooMany(limit) => Err(TryAcquireError::TooMany {
                requested: permits,
                limit,
            }),
            Take::Closed => Err(TryAcquireError::Closed),
        }
    }

    /// Adds `permits` new permits and serves those who wait. A known limit rises with them.
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
        assert!(
            self.state.add(permits),
            "adding {permits} permits would exceed `Semaphore::MAX_PERMITS`"
        );
    }

    /// Takes up to `permits` idle permits off for good, and returns how many there were.
    ///
    /// A known limit falls with them. Permits that are out are not touched: see
    /// [`set_limit`](Self::set_limit) and [`Permit::forget`].
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.forget_permits(5), 2);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget_permits(&self, permits: usize) -> usize {
        self.state.forget_idle(permits)
    }

    /// Makes `limit` the number of permits, those that are out included, and a known limit.
    ///
    /// If there are fewer, new ones are added. If there are more, idle ones are taken off at
    /// once and the rest is *owed*: permits that come back are taken off, and nobody is given
    /// any, until that is paid. Nothing waits for it.
    ///
    /// A request above the limit is refused: at once if it is new, when it is at the head of
    /// the queue if it waits already.
    ///
    /// # Panics
    ///
    /// If `limit` exceeds [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(3);
    /// let mut permits = semaphore.try_acquire_many(3).unwrap();
    /// semaphore.set_limit(1); // two are owed
    /// drop(permits.split(2));
    /// assert_eq!(semaphore.available_permits(), 0);
    /// drop(permits);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// semaphore.set_limit(5);
    /// assert_eq!(semaphore.available_permits(), 5);
    /// ```
    #[track_caller]
    pub fn set_limit(&self, limit: usize) {
        assert!(limit <= Self::MAX_PERMITS, "{TOO_MANY}");
        self.state.set_limit(limit);
    }

    /// The number of permits that there are, or will be when what is owed has come back.
    /// `None` unless it was made known by [`with_limit`](Self::with_limit) or
    /// [`set_limit`](Self::set_limit).
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.state.limit()
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
        self.state.close();
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// The number of free permits at this moment.
    ///
    /// Permits that a large request at the head of the queue still waits for are counted:
    /// they are free, though nobody else may take them.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.state.available()
    }

    /// How many requests wait at this moment. Takes the semaphore's short lock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::Future, pin::pin, task::{Context, Waker}};
    /// use pleach::Semaphore;
    ///
    /// let semaphore = Semaphore::new(0);
    /// let mut waiting = pin!(semaphore.acquire());
    /// assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    /// assert_eq!(semaphore.waiters(), 1);
    /// ```
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.state.waiters()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}
