//! Who is alive.

use std::{
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// Counts the guards that are alive.
#[derive(Clone, Default)]
pub(crate) struct Census(Arc<AtomicUsize>);

/// One of them.
pub(crate) struct Guard(Census);

impl Census {
    pub(crate) fn guard(&self) -> Guard {
        self.0.fetch_add(1, SeqCst);
        Guard(self.clone())
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Never ready.
    pub(crate) fn stays(&self) -> impl Future<Output = ()> + Send + use<> {
        let guard = self.guard();
        async move {
            let _guard = guard;
            pending().await
        }
    }

    /// Gives a guard, having yielded so often.
    pub(crate) fn gives(&self, yields: usize) -> impl Future<Output = Guard> + Send + use<> {
        let (captured, census) = (self.guard(), self.clone());
        async move {
            let _captured = captured;
            for _ in 0..yields {
                crate::support::yield_now().await;
            }
            census.guard()
        }
    }

    #[track_caller]
    pub(crate) fn assert_empty(&self) {
        assert_eq!(self.alive(), 0, "somebody is alive");
    }

    /// As `assert_empty`, for what nobody can wait for but by looking.
    pub(crate) fn wait_until_empty(&self) {
        while self.alive() > 0 {
            thread::yield_now();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

/// A guard whose destructor takes long.
pub(crate) struct Slow(#[allow(dead_code, reason = "owned")] pub(crate) Guard);

impl Drop for Slow {
    fn drop(&mut self) {
        for _ in 0..200 {
            thread::yield_now();
        }
    }
}

/// Calls its closure when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
