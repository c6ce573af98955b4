//! How many permits there are: adding, forgetting, and the limit. All of it under the lock.

use super::state::{MAX_PERMITS, Queue, SHIFT, State, permits_of};
use crate::sys::atomic::Ordering;

impl State {
    /// Adds new permits; `false`, and nothing is added, if they would be too many.
    pub(super) fn add(&self, permits: usize) -> bool {
        let mut fits = false;
        self.settle_after(|queue| {
            fits = permits <= MAX_PERMITS - queue.total;
            if fits {
                queue.total += permits;
                self.raise_limit(permits);
                // Release: as in `release`.
                self.word.fetch_add(permits << SHIFT, Ordering::Release);
                self.pass_over(queue, permits);
            }
            fits
        });
        fits
    }

    /// Takes up to `most` idle permits off for good and returns how many.
    pub(super) fn forget_idle(&self, most: usize) -> usize {
        let mut taken = 0;
        self.settle_after(|queue| {
            // What is owed comes first: it is not there to be forgotten.
            if !self.collect(queue) {
                taken = self.take_idle(most);
                queue.total -= taken;
                self.lower_limit(taken);
            }
            true
        });
        taken
    }

    /// Takes permits that are out off the books for good: what is owed first.
    pub(super) fn forget_out(&self, permits: usize) {
        self.settle_after(|queue| {
            let owed = self.owed(queue);
            queue.total -= permits;
            self.lower_limit(permits.saturating_sub(owed));
            true
        });
    }

    /// Makes `limit` the number of permits that there are, as soon as enough have come back.
    pub(super) fn set_limit(&self, limit: usize) {
        self.settle_after(|queue| {
            self.limit.store(limit, Ordering::Relaxed);
            let added = limit.saturating_sub(queue.total);
            queue.total += added;
            // Release: as in `release`.
            self.word.fetch_add(added << SHIFT, Ordering::Release);
            self.pass_over(queue, added);
            true
        });
    }

    /// How many permits are out or idle that there should not be (invariant 4).
    pub(super) fn owed(&self, queue: &Queue) -> usize {
        let limit = self.limit.load(Ordering::Relaxed);
        queue.total.saturating_sub(limit)
    }

    /// Takes up to `most` permits out of the word.
    pub(super) fn take_idle(&self, most: usize) -> usize {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let taken = permits_of(word).min(most);
            // Relaxed: these permits are nobody's any more and carry nothing on.
            match self.word.compare_exchange_weak(
                word,
                word - (taken << SHIFT),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return taken,
                Err(newer) => word = newer,
            }
        }
    }

    /// Under the lock.
    fn raise_limit(&self, by: usize) {
        if let Some(limit) = self.limit() {
            self.limit.store(limit + by, Ordering::Relaxed);
        }
    }

    /// Under the lock.
    fn lower_limit(&self, by: usize) {
        if let Some(limit) = self.limit() {
            self.limit.store(limit - by, Ordering::Relaxed);
        }
    }
}
