//! What models of tokens, and of other handles, do on another thread.

use std::sync::Arc;

use loom::thread::{self, JoinHandle};
use pleach_loom::{
    CancelToken,
    internals::complete::{AtomicUsize, Ordering},
};

/// Does something there with a handle of its own.
pub(crate) fn elsewhere<H: Clone + 'static, T: 'static>(
    handle: &H,
    f: impl FnOnce(&H) -> T + 'static,
) -> JoinHandle<T> {
    let handle = handle.clone();
    thread::spawn(move || f(&handle))
}

pub(crate) fn cancel_elsewhere(token: &CancelToken) -> JoinHandle<bool> {
    elsewhere(token, |token| token.cancel())
}

pub(crate) fn drop_elsewhere<T: 'static>(value: T) -> JoinHandle<()> {
    thread::spawn(move || drop(value))
}

/// Does some work there, which is 1 then, and after it what tells of it.
pub(crate) fn work_then<T: 'static>(
    tell: impl FnOnce() -> T + 'static,
) -> (Arc<AtomicUsize>, JoinHandle<T>) {
    let work = Arc::new(AtomicUsize::new(0));
    let there = Arc::clone(&work);
    let other = thread::spawn(move || {
        there.store(1, Ordering::Relaxed);
        tell()
    });
    (work, other)
}
