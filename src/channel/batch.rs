//! A few messages on the stack: what one hold of the lock takes out of a channel.

use core::mem;

use super::{RecvEnd, held::Held, place::Place};
use crate::sys::BATCH;

/// What a batch may take up. Larger messages are received one by one, and need no more of the
/// stack than [`recv`](RecvEnd::recv) does.
const MOST_BYTES: usize = 1024;

/// Up to [`BATCH`] messages, to be taken out from the front.
struct Batch<T> {
    messages: [Option<T>; BATCH],
    next: usize,
    end: usize,
}

impl<T> Batch<T> {
    const fn new() -> Self {
        Self {
            messages: [const { None }; BATCH],
            next: 0,
            end: 0,
        }
    }

    /// Takes up to `limit` messages that are not promised.
    fn fill(&mut self, held: &mut Held<'_, T>, limit: usize) {
        let mut first = Place::new();
        held.take(&mut first);
        let Some(first) = first.take() else {
            return;
        };
        self.push(first);
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

impl<T> RecvEnd<T> {
    /// Receives up to `limit` messages of those that are there, as many as one hold of the lock is
    /// to take out. Returns how many.
    pub(super) fn recv_some(&self, into: &mut impl Extend<T>, limit: usize) -> usize {
        if mem::size_of::<[T; BATCH]>() > MOST_BYTES {
            return self.try_recv().map_or(0, |message| {
                into.extend(Some(message));
                1
            });
        }
        self.recv_batch(into, limit)
    }

    /// Apart, so that the batch is on the stack only where it is used.
    #[inline(never)]
    fn recv_batch(&self, into: &mut impl Extend<T>, limit: usize) -> usize {
        let mut batch = Batch::new();
        self.raw().step(|held| batch.fill(held, limit));
        let count = batch.end;
        into.extend(&mut batch);
        count
    }
}
