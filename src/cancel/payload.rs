//! What a cause cannot hold itself: a counted block with the user's value.

use alloc::sync::Arc;
use core::any::Any;

use super::{
    Token,
    cause::{Cause, Phase, Stored},
    token::{RAISED, STOPPING},
    walk,
};
use crate::sys::atomic::Ordering;

impl Token {
    /// As [`cancel_with`](Self::cancel_with), with a value beside the cause: what
    /// [`payload`](Self::payload) then gives, of this token and of all below it.
    ///
    /// It takes one allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pleach::{CancelToken, cancel::CauseKind};
    ///
    /// let import = CancelToken::new();
    /// let worker = import.child();
    /// let error = "line 7: not a number".parse::<u8>().unwrap_err();
    /// import.cancel_with_payload(CauseKind::User, Arc::new(error));
    /// let error = worker.payload::<std::num::ParseIntError>().unwrap();
    /// assert_eq!(error.to_string(), "invalid digit found in string");
    /// ```
    pub fn cancel_with_payload<T>(&self, cause: impl Into<Cause>, payload: Arc<T>) -> bool
    where
        T: Any + Send + Sync,
    {
        let cause = Stored::with_payload(cause.into(), payload);
        walk::raise(self, Phase::Cancelled, cause)
    }

    /// The value that the token was cancelled with, if there is one of this type.
    ///
    /// Of a token that was stopped and then cancelled it is that of the cancellation.
    #[must_use]
    pub fn payload<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        // Acquire: pairs with the release in `Shape::raise`.
        let state = self.state.load(Ordering::Acquire);
        let cell = if state & RAISED != 0 {
            &self.raised
        } else if state & STOPPING != 0 {
            &self.cause
        } else {
            return None;
        };
        // SAFETY: the bit was seen by an acquiring load (`token.rs`, invariant 1).
        let value = cell.with(|cause| unsafe { &*cause }.payload())?;
        value.downcast().ok()
    }
}

pub(super) type Value = Arc<dyn Any + Send + Sync>;

/// The block: the text of the cause has moved in here, to leave its pointer to the block.
pub(super) struct Payload {
    text: Option<&'static str>,
    value: Value,
}

impl Payload {
    pub(super) fn into_raw(text: Option<&'static str>, value: Value) -> *const u8 {
        Arc::into_raw(Arc::new(Self { text, value })).cast()
    }

    /// # Safety
    ///
    /// `raw` came from [`into_raw`](Self::into_raw), and a count of it is held for `'a`.
    pub(super) unsafe fn of<'a>(raw: *const u8) -> &'a Self {
        // SAFETY: the caller's word.
        unsafe { &*raw.cast::<Self>() }
    }

    /// # Safety
    ///
    /// As for [`of`](Self::of). The caller gets a count more.
    pub(super) unsafe fn retain(raw: *const u8) {
        // SAFETY: the caller's word.
        unsafe { Arc::increment_strong_count(raw.cast::<Self>()) };
    }

    /// # Safety
    ///
    /// As for [`of`](Self::of). The caller gives its count up.
    pub(super) unsafe fn release(raw: *const u8) {
        // SAFETY: the caller's word.
        unsafe { Arc::decrement_strong_count(raw.cast::<Self>()) };
    }

    pub(super) fn text(&self) -> Option<&'static str> {
        self.text
    }

    pub(super) fn value(&self) -> Value {
        Arc::clone(&self.value)
    }
}
