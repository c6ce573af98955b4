//! Guards: cancel when they are dropped.

use core::{fmt, ops::Deref};

#[cfg(feature = "alloc")]
use super::CancelToken;
use super::{
    cause::{Cause, CauseKind},
    token::Token,
};
use crate::sys::unwind;

/// Cancels its token when it is dropped, unless it has been [disarmed](Self::disarm).
///
/// The cause is [`CauseKind::Dropped`], or [`CauseKind::Panicked`] where a panic drops it and
/// `std` is there to tell.
#[must_use = "a guard that is dropped at once cancels at once"]
pub struct CancelGuard<T: Deref<Target = Token>> {
    token: Option<T>,
    only_on_panic: bool,
    /// Whether a panic was on its way when it was made: that one does not drop it.
    was_panicking: bool,
}

impl<T: Deref<Target = Token>> CancelGuard<T> {
    fn new(token: T, only_on_panic: bool) -> Self {
        Self {
            token: Some(token),
            only_on_panic,
            was_panicking: unwind::is_panicking(),
        }
    }

    /// The token.
    pub fn token(&self) -> &Token {
        match &self.token {
            Some(token) => token,
            None => unreachable!("it is there until the guard is disarmed, by value"),
        }
    }

    /// Gives the token back, uncancelled.
    pub fn disarm(mut self) -> T {
        match self.token.take() {
            Some(token) => token,
            None => unreachable!("it is there until the guard is disarmed, by value"),
        }
    }
}

#[cfg(feature = "alloc")]
impl CancelToken {
    /// Cancels the token when the guard is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let worker = token.child();
    /// let guard = token.guard();
    /// // Whichever way this block is left, the worker is told.
    /// drop(guard);
    /// assert!(worker.is_cancelled());
    /// ```
    pub fn guard(self) -> CancelGuard<CancelToken> {
        CancelGuard::new(self, false)
    }

    /// Cancels the token when the guard is dropped by a panic, and only then.
    #[cfg(feature = "std")]
    pub fn guard_on_panic(self) -> CancelGuard<CancelToken> {
        CancelGuard::new(self, true)
    }
}

impl Token {
    /// Cancels the token when the guard is dropped: for tokens that are borrowed.
    pub fn guard_ref(&self) -> CancelGuard<&Token> {
        CancelGuard::new(self, false)
    }

    /// Cancels the token when the guard is dropped by a panic, and only then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{panic, thread};
    /// use pleach::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let result = panic::catch_unwind(|| {
    ///     let _guard = token.guard_on_panic_ref();
    ///     panic!("by hand");
    /// });
    /// assert!(result.is_err() && token.is_cancelled());
    /// ```
    #[cfg(feature = "std")]
    pub fn guard_on_panic_ref(&self) -> CancelGuard<&Token> {
        CancelGuard::new(self, true)
    }
}

impl<T: Deref<Target = Token>> Drop for CancelGuard<T> {
    fn drop(&mut self) {
        let Some(token) = self.token.take() else {
            return;
        };
        let is_panicking = unwind::is_panicking() && !self.was_panicking;
        if self.only_on_panic && !is_panicking {
            return;
        }
        token.cancel_with(Cause::new(if is_panicking {
            CauseKind::Panicked
        } else {
            CauseKind::Dropped
        }));
    }
}

impl<T: Deref<Target = Token>> fmt::Debug for CancelGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelGuard")
            .field("token", &self.token.as_deref())
            .field("only_on_panic", &self.only_on_panic)
            .finish()
    }
}
