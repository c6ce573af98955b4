//! What several test files need: wakers that misbehave, counters, polling by hand.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

pub(crate) mod programs;
pub(crate) mod rng;
// The crate's own, also where its feature `testing` is off.
#[path = "../../src/testing/waker.rs"]
#[allow(unreachable_pub, reason = "public there")]
mod waker;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

pub(crate) use waker::{HookedWaker as Hostile, Wakes};

/// Runs a future on this thread, also in builds where the crate's own `block_on` is left out.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = poll_with(future.as_mut(), &waker) {
            return output;
        }
        std::thread::park();
    }
}

/// Polls once with `waker`.
pub(crate) fn poll_with<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_now<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Is pending once, having woken itself.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Forgets `value`, but keeps a pointer to it, so that a leak checker knows of it.
pub(crate) fn forget<T>(value: T) {
    leak(std::mem::ManuallyDrop::new(value));
}

/// A reference for good, which a leak checker knows of.
pub(crate) fn leak<'a, T>(value: T) -> &'a T {
    static LEAKED: std::sync::Mutex<Vec<usize>> = std::sync::Mutex::new(Vec::new());
    let leaked: &T = Box::leak(Box::new(value));
    let address = std::ptr::from_ref(leaked).expose_provenance();
    LEAKED.lock().unwrap().push(address);
    leaked
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("not a text")
}
