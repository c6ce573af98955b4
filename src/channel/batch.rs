//! A few messages on the stack: what one hold of the lock takes out of a channel.

use core::{array, mem};

use super::{
    RecvError,
    held::{Held, Taken},
};
use crate::sys::BATCH;

/// Up to [`BATCH`] messages, to be taken out from the front.
pub(super) struct Batch<T> {
    messages: [Option<T>; BATCH],
    next: usize,
    end: usize,
}

impl<T> Batch<T> {
    fn new() -> Self {
        Self {
            messages: array::from_fn(|_| None),
            next: 0,
            end: 0,
        }
    }

    pub(super) fn of(first: T) -> Self {
        let mut batch = Self::new();
        batch.push(first);
        batch
    }

    /// Takes up to `limit` messages that are not promised; none if there are none.
    ///
    /// # Errors
    ///
    /// If there will never be one.
    pub(super) fn take(held: &mut Held<'_, T>, limit: usize) -> Result<Option<Self>, RecvError> {
        match held.take() {
            Taken::Message(first) => {
                let mut batch = Self::of(first);
                batch.fill(held, limit);
                Ok(Some(batch))
            }
            Taken::Nothing => Ok(None),
            Taken::Finished => Err(RecvError),
        }
    }

    /// Takes more, up to `limit` in all.
    pub(super) fn fill(&mut self, held: &mut Held<'_, T>, limit: usize) {
        while self.end < limit.min(BATCH) {
            let Some(message) = held.take_buffered() else {
                break;
            };
            self.push(message);
        }
    }

    fn push(&mut self, message: T) {
        self.messages[self.end] = Some(message);
        self.end += 1;
    }
}

impl<T> Iterator for Batch<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let message = mem::take(self.messages.get_mut(self.next)?)?;
        self.next += 1;
        Some(message)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Batch<T> {}
