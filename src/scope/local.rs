//! Scopes for children that are not `Send`.
//!
//! The same as [`scope`](super), with the same types under another kind: children may hold an
//! `Rc` or a `Cell`, and in return neither the scope's future nor its handle can leave the
//! thread. Wakers still may: a child can be woken from any thread.
//!
//! ```
//! # pleach::block_on(async {
//! use std::{cell::Cell, rc::Rc};
//!
//! let seen = Rc::new(Cell::new(0));
//! pleach::local_scope!(|s| {
//!     for n in 1..=3 {
//!         let seen = Rc::clone(&seen);
//!         s.spawn(async move { seen.set(seen.get() + n) });
//!     }
//! })
//! .await;
//! assert_eq!(seen.get(), 6);
//! # });
//! ```

use core::convert::Infallible;

use super::Local;

/// A [`Driver`](super::Driver) of children that need not be `Send`.
pub type Driver<'env, B = Infallible> = super::Driver<'env, B, Local>;

/// A [`Scope`](super::Scope) of children that need not be `Send`.
pub type Scope<'env, B = Infallible> = super::Scope<'env, B, Local>;

/// Opens a scope of children that need not be `Send`; see [`scope`](super::scope()).
#[cfg_attr(feature = "inspect", track_caller)]
pub fn scope<'env>() -> (Driver<'env>, Scope<'env>) {
    super::open(true)
}

/// Opens a scope of children that need not be `Send` and that the first error ends; see
/// [`try_scope`](super::try_scope).
#[cfg_attr(feature = "inspect", track_caller)]
pub fn try_scope<'env, B>() -> (Driver<'env, B>, Scope<'env, B>) {
    super::open(true)
}
