//! The one lock: scoped by a closure, never held across user code.
//!
//! A closure rather than a guard, because a critical section cannot be expressed as a guard
//! that may be dropped in any order. What runs inside must be short and bounded
//! ([`BATCH`](super::BATCH)), must not call into user code, and must not lock again.
//!
//! | build | back-end |
//! |---|---|
//! | models | loom's mutex: one scheduling point a hold, so that upper models stay small |
//! | `std` | the mutex of `std`, which spins a little and then sleeps; trying it first a number of times measures no better (`benches/benches/lock.rs`) |
//! | otherwise, with compare-and-swap | [`SpinLock`], verified by models of its own |
//!
//! Nothing of the user's runs inside, so a panic there is a bug of this crate; data behind
//! the lock is left as it is, and other users of the lock are not taken down with it.

#[cfg(loom)]
pub use loom_lock::Lock;
#[cfg(all(not(loom), feature = "std"))]
pub(crate) use os::Lock;
#[cfg(all(not(loom), not(feature = "std")))]
pub(crate) use spin::SpinLock as Lock;

#[cfg(all(not(feature = "std"), not(target_has_atomic = "ptr")))]
compile_error!(
    "pleach has no lock for this target yet: the feature `std` is off and the target has no \
     compare-and-swap, which the spin lock needs"
);

#[cfg(loom)]
mod loom_lock {
    /// Loom's mutex behind the crate's interface.
    #[derive(Debug)]
    pub struct Lock<T>(loom::sync::Mutex<T>);

    impl<T> Lock<T> {
        /// Wraps `value`.
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        /// Runs `f` with the lock held.
        pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            let mut held = match self.0.lock() {
                Ok(held) => held,
                Err(poisoned) => poisoned.into_inner(),
            };
            f(&mut held)
        }
    }
}

#[cfg(all(not(loom), feature = "std"))]
mod os {
    extern crate std;

    use std::sync::{Mutex, PoisonError};

    #[derive(Debug)]
    pub(crate) struct Lock<T>(Mutex<T>);

    impl<T> Lock<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        #[inline]
        pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }
}

#[cfg(any(loom, not(feature = "std")))]
pub(crate) mod spin {
    //! A test-and-test-and-set lock.
    //!
    //! It waits by spinning: an interrupt handler that spins on a lock whose holder it
    //! interrupted never returns. On such targets take a back-end that masks interrupts.

    use crate::sys::{
        atomic::{AtomicU8, Ordering},
        cell::UnsafeCell,
        const_new, thread,
    };

    const FREE: u8 = 0;
    const HELD: u8 = 1;

    /// A spin lock: the back-end where there is no operating system to sleep on.
    #[derive(Debug)]
    pub struct SpinLock<T> {
        state: AtomicU8,
        value: UnsafeCell<T>,
    }

    // SAFETY: `with` hands the value to one thread at a time, so sharing the lock only ever
    // moves access to `T` between threads.
    unsafe impl<T: Send> Sync for SpinLock<T> {}

    impl<T> SpinLock<T> {
        const_new! {
            /// Wraps `value`.
            pub const fn new(value: T) -> Self {
                Self {
                    state: AtomicU8::new(FREE),
                    value: UnsafeCell::new(value),
                }
            }
        }

        /// Runs `f` with the lock held.
        #[inline]
        pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // Acquire: pairs with the release in `Held::drop`, so that this holder sees what
            // the last one wrote.
            while self
                .state
                .compare_exchange_weak(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
            {
                // Only looks until the lock seems free, so that waiters do not fight over
                // the cache line.
                while self.state.load(Ordering::Relaxed) == HELD {
                    thread::spin();
                }
            }
            let _held = Held(&self.state);
            self.value.with_mut(|value| {
                // SAFETY: the exchange from FREE to HELD succeeded, and only `Held` goes
                // back, so this is the only access until `_held` is dropped.
                f(unsafe { &mut *value })
            })
        }
    }

    /// Frees the lock, also when the closure unwinds.
    struct Held<'a>(&'a AtomicU8);

    impl Drop for Held<'_> {
        fn drop(&mut self) {
            // Release: pairs with the acquiring exchange in `with`.
            self.0.store(FREE, Ordering::Release);
        }
    }
}
