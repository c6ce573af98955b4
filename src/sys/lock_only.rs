//! Atomics where there is no compare-and-swap: plain loads and stores of the machine, and
//! read-modify-writes in a critical section.
//!
//! # Why this is enough
//!
//! 1. Whatever writes does so inside the one critical section, a plain store included: a write
//!    from outside could be overwritten by a read-modify-write that has read before it.
//! 2. So all writes are ordered by the section, and a read-modify-write sees everything that
//!    came before any earlier write, whatever ordering its caller asked for. Loads inside need
//!    none of their own.
//! 3. A load takes no section. It pairs with the release of the write that it reads, which by 2
//!    publishes all earlier writes too: what a release sequence does elsewhere. That is why every
//!    write releases, also one whose caller asks for less.

use super::{
    atomic::plain::{self, Ordering},
    critical,
};

/// An `AtomicUsize` that needs no compare-and-swap.
pub(crate) type AtomicUsize = LockOnly<plain::AtomicUsize>;

/// An `AtomicPtr` that needs no compare-and-swap.
pub(crate) type AtomicPtr<T> = LockOnly<plain::AtomicPtr<T>>;

#[derive(Debug)]
pub(crate) struct LockOnly<A>(A);

macro_rules! lock_only {
    ([$($generics:tt)*] $plain:ty, $value:ty, $($fetch:ident = $new:expr;)*) => {
        impl<$($generics)*> LockOnly<$plain> {
            super::const_new! {
                pub(crate) const fn new(value: $value) -> Self {
                    Self(<$plain>::new(value))
                }
            }

            #[inline]
            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.0.load(order)
            }

            /// Writes what `new` makes of the value, if anything; returns the value before.
            fn update(&self, new: impl FnOnce($value) -> Option<$value>) -> $value {
                critical::with(|| {
                    // Relaxed: rule 2 above.
                    let before = self.0.load(Ordering::Relaxed);
                    if let Some(new) = new(before) {
                        // Release: rule 3 above; pairs with `load`.
                        self.0.store(new, Ordering::Release);
                    }
                    before
                })
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                _: Ordering,
                _: Ordering,
            ) -> Result<$value, $value> {
                let before = self.update(|value| (value == current).then_some(new));
                if before == current { Ok(before) } else { Err(before) }
            }

            pub(crate) fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            $(
                pub(crate) fn $fetch(&self, operand: $value, _: Ordering) -> $value {
                    let new: fn($value, $value) -> $value = $new;
                    self.update(|value| Some(new(value, operand)))
                }
            )*
        }
    };
}

lock_only!([] plain::AtomicUsize, usize,
    store = |_, new| new;
    fetch_add = usize::wrapping_add;
    fetch_sub = usize::wrapping_sub;
    fetch_or = |value, bits| value | bits;
    fetch_and = |value, bits| value & bits;
);
lock_only!([T] plain::AtomicPtr<T>, *mut T,
    swap = |_, new| new;
);
