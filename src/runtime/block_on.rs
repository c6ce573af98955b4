//! Runs one future on the calling thread, with no runtime at all.

use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll},
};

use super::std_timer::Blocking;
use crate::sys::park;

/// Runs a future to its end on the calling thread, which sleeps while there is nothing to do.
///
/// It needs no runtime and starts no thread. Scopes, semaphores and whatever brings its own
/// threads (such as smol's blocking pool and timers) work in it; what needs a runtime around
/// it, such as tokio's sockets, does not. Its timer is [`StdTimer`](crate::runtime::StdTimer). A thread allocates the first time it does this, and
/// where one call is inside another. It sleeps by [`std::thread::park`], so a token that was
/// there for the thread may be used up, and a waker that is called when its wait is over may
/// cost the next one a poll.
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
    park::with_parker(|parker| {
        let mut cx = Context::from_waker(parker.waker());
        let blocking = Blocking::enter();
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
            // Those who are due may have woken this very future, and then the wait is over at
            // once.
            while !parker.wait(blocking.wake_due()) {}
        }
    })
}
