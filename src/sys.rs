//! The only door to `core`'s atomics and cells, to `std`, and to loom.
//!
//! Everything that two threads may share goes through here, so that the models see it:
//! [`atomic`] (under loom these are the *complete* atomics of `sys/complete.rs`), [`cell`]
//! (reads and writes reported to loom, and so is the end of a cell's life), and [`lock`]
//! (a closure-scoped lock whose back-end is chosen here and nowhere else).

pub(crate) mod atomic;
pub(crate) mod cell;
#[cfg(loom)]
pub mod complete;
#[cfg(any(
    pleach_lock_only,
    all(feature = "critical-section", not(feature = "std"), not(loom))
))]
pub(crate) mod critical;
pub(crate) mod lock;
#[cfg(any(
    pleach_lock_only,
    all(not(feature = "portable-atomic"), not(target_has_atomic = "ptr"))
))]
mod lock_only;
#[cfg(not(loom))]
pub(crate) mod lot;
#[cfg(feature = "std")]
pub(crate) mod park;
pub(crate) mod thread;
pub(crate) mod unwind;

/// What handles share; in the models loom sees its counts.
#[cfg(all(feature = "alloc", target_has_atomic = "ptr", not(loom)))]
pub(crate) use alloc::sync::Arc as Shared;
#[cfg(all(feature = "alloc", loom))]
pub(crate) use loom::sync::Arc as Shared;

/// Wakers that one hold of a lock may collect: the bound of every critical section. Two in
/// the models, so that they cross from one batch into the next.
pub(crate) const BATCH: usize = if cfg!(loom) { 2 } else { 8 };

/// Defines a constructor that is `const` except under loom, whose objects are registered at
/// run time.
macro_rules! const_new {
    ($(#[$meta:meta])* $vis:vis const fn $name:ident($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty $body:block) => {
        $(#[$meta])*
        #[cfg(not(loom))]
        $vis const fn $name($($arg: $ty),*) -> $ret $body

        $(#[$meta])*
        #[cfg(loom)]
        $vis fn $name($($arg: $ty),*) -> $ret $body
    };
}
pub(crate) use const_new;

/// An array of what one expression makes: a constant one, but under loom.
#[cfg(not(loom))]
macro_rules! array_of {
    ($new:expr; $len:expr) => {
        [const { $new }; $len]
    };
}
#[cfg(loom)]
macro_rules! array_of {
    ($new:expr; $len:expr) => {
        core::array::from_fn::<_, { $len }, _>(|_| $new)
    };
}
pub(crate) use array_of;

/// `Debug` by some of the fields, whatever the parameters are. A derive would ask it of the
/// messages as well, which are not shown.
macro_rules! debug_fields {
    ([$($generic:tt)*] $name:ident<$($arg:tt),+>: $($field:ident),+) => {
        impl<$($generic)*> core::fmt::Debug for $name<$($arg),+> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), &self.$field))+
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(crate) use debug_fields;
