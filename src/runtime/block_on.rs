//! Runs one future on the calling thread, with no runtime at all.

extern crate std;

use core::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};
use std::{
    sync::Arc,
    task::Wake,
    thread::{self, Thread},
};

/// Runs a future to its end on the calling thread, which sleeps while there is nothing to do.
///
/// It needs no runtime and starts no thread. Scopes, semaphores and whatever brings its own
/// threads (such as smol's blocking pool and timers) work in it; what needs a runtime around
/// it, such as tokio's sockets, does not. It allocates once a call.
///
/// # Panics
///
/// If the future panics.
///
/// # Examples
///
/// ```
/// assert_eq!(pleach::block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let parker = Arc::new(Parker {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&parker));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        // Acquire: pairs with the release in `wake_by_ref`, so that the next poll sees what
        // it was woken for. A loop, because a thread may be unparked for other reasons.
        while !parker.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the acquire in `block_on`. The first wake alone unparks.
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
