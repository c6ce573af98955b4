//! Where a message is moved to when it is received.

use core::mem::{self, MaybeUninit};

use super::ring::Slot;

/// A message straight out of the ring, or out of the hands of a sender, if there was one.
///
/// Whoever receives makes the place and hands it down, so that a message moves there without a stop.
/// It is dropped with the place if a waker panics before it is taken.
pub(super) struct Place<T> {
    message: MaybeUninit<T>,
    /// Whether there is a message.
    is_full: bool,
}

impl<T> Place<T> {
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            message: MaybeUninit::uninit(),
            is_full: false,
        }
    }

    /// Moves the message of a slot here; nothing has been here.
    ///
    /// # Safety
    ///
    /// As for [`Slot::read_into`].
    #[inline]
    pub(super) unsafe fn fill_from(&mut self, slot: &Slot<T>) {
        debug_assert!(!self.is_full, "a message would be lost");
        // SAFETY: the caller's word.
        unsafe { slot.read_into(&mut self.message) };
        self.is_full = true;
    }

    /// Takes the message out.
    #[inline]
    pub(super) fn take(&mut self) -> Option<T> {
        // SAFETY: it is here, and is not any more.
        mem::take(&mut self.is_full).then(|| unsafe { self.message.assume_init_read() })
    }
}

impl<T> Drop for Place<T> {
    #[inline]
    fn drop(&mut self) {
        drop(self.take());
    }
}
