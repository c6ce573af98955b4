//! The one lock: scoped by a closure, never held across user code.
//!
//! A closure rather than a guard, because a critical section cannot be expressed as a guard
//! that may be dropped in any order. What runs inside must be short and bounded
//! ([`BATCH`](super::BATCH)), must not call into user code, and must not lock again.
//!
//! | build, the first that applies | back-end |
//! |---|---|
//! | models | loom's mutex: one scheduling point a hold, so that upper models stay small |
//! | `std` | the mutex of `std`, which spins a little and then sleeps; trying it first a number of times measures no better (`benches/benches/lock.rs`) |
//! | `critical-section` | [`CriticalLock`]: interrupt handlers may use whatever is behind it |
//! | compare-and-swap, by the target or by `portable-atomic` | [`SpinLock`], verified by models of its own; not for interrupt handlers |
//!
//! Channels, whose every operation is one hold, and cancellation trees, whose every child is two,
//! take [`BriefLock`]: under `std` that is the spin lock, which then sleeps as well. It is let go by a
//! plain store where a mutex that others may sleep on needs another read-modify-write, and that is a
//! third of what a message costs (`benches/benches/channel`). The price is that who waits for a
//! thread that was taken off its processor looks again and again, with a sleep in between, and is not
//! woken. Elsewhere it is the lock of the table.
//!
//! The models of the lock-only build (`atomic.rs`) run on [`CriticalLock`] too: its section is
//! one mutex of loom's then.
//!
//! Nothing of the user's runs inside, so a panic there is a bug of this crate; data behind
//! the lock is left as it is, and other users of the lock are not taken down with it.

#[cfg(any(
    all(loom, pleach_lock_only),
    all(not(loom), not(feature = "std"), feature = "critical-section")
))]
pub use critical::CriticalLock as Lock;
#[cfg(all(loom, not(pleach_lock_only)))]
pub use loom_lock::Lock;
#[cfg(all(not(loom), feature = "std"))]
pub(crate) use os::Lock;
#[cfg(all(not(loom), not(feature = "std"), not(feature = "critical-section")))]
pub(crate) use spin::SpinLock as Lock;

/// The lock for what is little else than holds of it.
#[cfg(all(not(loom), feature = "std"))]
pub(crate) type BriefLock<T> = spin::SpinLock<T>;
/// The lock for what is little else than holds of it.
#[cfg(any(loom, not(feature = "std")))]
pub(crate) type BriefLock<T> = Lock<T>;

#[cfg(all(
    not(feature = "std"),
    not(feature = "critical-section"),
    not(feature = "portable-atomic"),
    not(target_has_atomic = "ptr")
))]
compile_error!(
    "this target has no compare-and-swap: enable pleach's feature `critical-section` (locks and \
     read-modify-writes mask interrupts, by the implementation that your program links), or its \
     feature `portable-atomic` (and choose a back-end of that crate)"
);

#[cfg(all(pleach_lock_only, not(loom), not(feature = "critical-section")))]
compile_error!("`--cfg pleach_lock_only` needs the feature `critical-section`");

#[cfg(all(loom, not(pleach_lock_only)))]
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

#[cfg(any(
    all(loom, pleach_lock_only),
    all(not(loom), not(feature = "std"), feature = "critical-section")
))]
mod critical {
    //! A lock that is the program's critical section: nothing to wait for on one core.

    use core::panic::{RefUnwindSafe, UnwindSafe};

    use crate::sys::{cell::UnsafeCell, const_new, critical};

    /// Data that is reached in a critical section only.
    #[derive(Debug)]
    pub struct CriticalLock<T> {
        value: UnsafeCell<T>,
    }

    // SAFETY: `with` hands the value to one at a time, threads and interrupt handlers alike, so
    // sharing the lock only ever moves access to `T` between them.
    unsafe impl<T: Send> Sync for CriticalLock<T> {}

    // As the mutex of `std` has it: a panic inside leaves nothing broken behind the lock.
    impl<T> UnwindSafe for CriticalLock<T> {}
    impl<T> RefUnwindSafe for CriticalLock<T> {}

    impl<T> CriticalLock<T> {
        const_new! {
            /// Wraps `value`.
            pub const fn new(value: T) -> Self {
                Self { value: UnsafeCell::new(value) }
            }
        }

        /// Runs `f` in a critical section.
        #[inline]
        pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            critical::with(|| {
                self.value.with_mut(|value| {
                    // SAFETY: every access is in a critical section, and none is inside
                    // another one of the same lock: what runs under a lock takes no lock.
                    f(unsafe { &mut *value })
                })
            })
        }
    }
}

#[cfg(any(loom, feature = "std", not(feature = "critical-section")))]
pub(crate) mod spin {
    //! A test-and-test-and-set lock.
    //!
    //! It waits by spinning; where there are threads, by letting others run, and by sleeping when that
    //! has not helped. An interrupt handler that spins on a lock whose holder it interrupted never
    //! returns: on such targets take a back-end that masks interrupts.

    use core::panic::{RefUnwindSafe, UnwindSafe};

    use crate::sys::{
        atomic::{AtomicUsize, Ordering},
        cell::UnsafeCell,
        const_new, thread,
    };

    const FREE: usize = 0;
    const HELD: usize = 1;

    /// A spin lock.
    #[derive(Debug)]
    pub struct SpinLock<T> {
        state: AtomicUsize,
        value: UnsafeCell<T>,
    }

    // SAFETY: `with` hands the value to one thread at a time, so sharing the lock only ever
    // moves access to `T` between threads.
    unsafe impl<T: Send> Sync for SpinLock<T> {}

    // As the mutex of `std` has it: a panic inside leaves nothing broken behind the lock.
    impl<T> UnwindSafe for SpinLock<T> {}
    impl<T> RefUnwindSafe for SpinLock<T> {}

    impl<T> SpinLock<T> {
        const_new! {
            /// Wraps `value`.
            pub const fn new(value: T) -> Self {
                Self {
                    state: AtomicUsize::new(FREE),
                    value: UnsafeCell::new(value),
                }
            }
        }

        /// Runs `f` with the lock held.
        #[inline(always)]
        pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            if !self.take() {
                self.wait();
            }
            let _held = Held(&self.state);
            self.value.with_mut(|value| {
                // SAFETY: the exchange from FREE to HELD succeeded, and only `Held` goes
                // back, so this is the only access until `_held` is dropped.
                f(unsafe { &mut *value })
            })
        }
    }

    impl<T> SpinLock<T> {
        #[inline]
        fn take(&self) -> bool {
            // Acquire: pairs with the release in `Held::drop`, so that this holder sees what
            // the last one wrote.
            self.state
                .compare_exchange_weak(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        }

        #[cold]
        fn wait(&self) {
            let mut turns = 0;
            while !self.take() {
                // Only looks until the lock seems free, so that waiters do not fight over
                // the cache line.
                while self.state.load(Ordering::Relaxed) == HELD {
                    thread::spin(&mut turns);
                }
            }
        }
    }

    /// Frees the lock, also when the closure unwinds.
    struct Held<'a>(&'a AtomicUsize);

    impl Drop for Held<'_> {
        fn drop(&mut self) {
            // Release: pairs with the acquiring exchange in `with`.
            self.0.store(FREE, Ordering::Release);
        }
    }
}
