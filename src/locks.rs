//! Locks for values that are held across `await`s: those of the crate `async-lock`, and waiting for them
//! until a token is cancelled.
//!
//! [`Mutex`], [`RwLock`] and [`OnceCell`] are re-exported as they are. They do not borrow from
//! anything else here and are not under its models; they allocate when somebody waits for the first
//! time, and need compare-and-swap. async-lock's `Semaphore` and `Barrier` are left out, because
//! [`Semaphore`](crate::Semaphore) and [`Barrier`](crate::Barrier) have what they lack: weights and an
//! order that is kept, and a wait that can be cancelled without holding up the others.
//!
//! A mutex is not the way to limit how many do something (that is a semaphore), nor to hand over values
//! (that is a [`channel`](crate::channel)), and a value that is not held across an `await` is better
//! off in the mutex of `std`.
//!
//! Whatever else there is to wait for, an `Arc`'s guard, an upgrade, a cell that gets its value, takes
//! [`or_cancel`](crate::cancel::OrCancel::or_cancel) as every future does.
//!
//! With the feature `inspect` it is told of a child that it waits for a lock, where and of which, if it does
//! so by the functions of this module: futures of async-lock itself tell nobody, with a token or
//! without. Who holds a lock is not known either.
//!
//! # Examples
//!
//! ```
//! use pleach::{CancelToken, block_on, locks::{Mutex, OnceCell}, cancel::OrCancel};
//!
//! # block_on(async {
//! static CONFIG: OnceCell<String> = OnceCell::new();
//!
//! let token = CancelToken::new();
//! let config = CONFIG.get_or_init(|| async { "read from far away".into() });
//! assert!(config.or_cancel(&token).await.is_ok());
//!
//! let log = Mutex::new(vec![]);
//! pleach::locks::lock_or_cancel(&log, &token).await.unwrap().push("begun");
//! token.cancel();
//! assert!(pleach::locks::lock_or_cancel(&log, &token).await.is_err());
//! # });
//! ```

pub use async_lock::{
    Mutex, MutexGuard, MutexGuardArc, OnceCell, RwLock, RwLockReadGuard, RwLockReadGuardArc,
    RwLockUpgradableReadGuard, RwLockUpgradableReadGuardArc, RwLockWriteGuard, RwLockWriteGuardArc,
};

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use async_lock::futures::{Lock, Read, UpgradableRead, Write};
use pin_project_lite::pin_project;

use crate::{
    cancel::{OrCancel, Run, Token},
    inspect::{self, Resource, Site, WaitKind},
};

/// Locks a mutex, unless `token` is cancelled first.
///
/// A token that is cancelled from the beginning wins over a mutex that is free; after that a lock that
/// was taken is given out. The mutex is fair in the end: a newcomer may overtake, but not for ever.
/// Nothing is allocated that [`Mutex::lock`] does not allocate.
///
/// # Cancel safety
///
/// Dropping the future gives up the place in the queue, and so does a token that is cancelled; the
/// mutex is free for the others at once.
///
/// # Errors
///
/// [`Cancelled`](crate::Cancelled), with the token's cause.
///
/// # Examples
///
/// ```
/// use pleach::{CancelToken, block_on, locks::{Mutex, lock_or_cancel}};
///
/// # block_on(async {
/// let (mutex, token) = (Mutex::new(1), CancelToken::new());
/// let held = lock_or_cancel(&mutex, &token).await.unwrap();
/// assert_eq!(*held, 1);
/// token.cancel();
/// assert!(lock_or_cancel(&mutex, &token).await.is_err());
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn lock_or_cancel<'a, 'm, T: ?Sized>(
    mutex: &'m Mutex<T>,
    token: &'a Token,
) -> Run<'a, Locking<Lock<'m, T>>> {
    Locking::new(mutex.lock(), Resource::at(mutex)).or_cancel(token)
}

/// Locks for reading, unless `token` is cancelled first.
///
/// Readers wait for a writer that waits. Otherwise as [`lock_or_cancel`].
///
/// # Errors
///
/// [`Cancelled`](crate::Cancelled), with the token's cause.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn read_or_cancel<'a, 'm, T: ?Sized>(
    lock: &'m RwLock<T>,
    token: &'a Token,
) -> Run<'a, Locking<Read<'m, T>>> {
    Locking::new(lock.read(), Resource::at(lock)).or_cancel(token)
}

/// Locks for reading beside other readers, and perhaps for writing later, unless `token` is cancelled
/// first.
///
/// Otherwise as [`lock_or_cancel`].
///
/// # Errors
///
/// [`Cancelled`](crate::Cancelled), with the token's cause.
#[cfg_attr(feature = "inspect", track_caller)]
pub fn upgradable_read_or_cancel<'a, 'm, T: ?Sized>(
    lock: &'m RwLock<T>,
    token: &'a Token,
) -> Run<'a, Locking<UpgradableRead<'m, T>>> {
    Locking::new(lock.upgradable_read(), Resource::at(lock)).or_cancel(token)
}

/// Locks for writing, unless `token` is cancelled first.
///
/// A writer that gives up lets the readers go on that waited for it. Otherwise as [`lock_or_cancel`].
///
/// # Errors
///
/// [`Cancelled`](crate::Cancelled), with the token's cause.
///
/// # Examples
///
/// ```
/// use pleach::{CancelToken, block_on, locks::{RwLock, read_or_cancel, write_or_cancel}};
///
/// # block_on(async {
/// let (lock, token) = (RwLock::new(1), CancelToken::new());
/// *write_or_cancel(&lock, &token).await.unwrap() += 1;
/// assert_eq!(*read_or_cancel(&lock, &token).await.unwrap(), 2);
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn write_or_cancel<'a, 'm, T: ?Sized>(
    lock: &'m RwLock<T>,
    token: &'a Token,
) -> Run<'a, Locking<Write<'m, T>>> {
    Locking::new(lock.write(), Resource::at(lock)).or_cancel(token)
}

pin_project! {
    /// The future of a lock of async-lock, by which it is known who waits for that: what
    /// [`lock_or_cancel`] and its like run.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Locking<F> {
        #[pin]
        future: F,
        site: Site,
        lock: Resource,
    }
}

impl<F> Locking<F> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn new(future: F, lock: Resource) -> Self {
        Self {
            future,
            site: Site::here(),
            lock,
        }
    }
}

impl<F: Future> Future for Locking<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.future.poll(cx);
        if polled.is_pending() {
            inspect::note(cx, WaitKind::Lock, this.site, *this.lock);
        }
        polled
    }
}
