//! A thread that sleeps until it is woken.
//!
//! A [`Parker`] is one thread's; its waker may go anywhere and stay there for ever, so what
//! they share is counted. A thread keeps its parker for the next time: a wake that arrives late
//! makes the next wait look once too often, which every wait must bear.

use core::{
    future::Future,
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, Waker},
};
use std::{sync::Arc, task::Wake};

use imp::{Thread, Woken};

pub use imp::{Instant, with_parker};

/// How often a wait looks before it sleeps: about as long as it takes to fall asleep.
const LOOKS: u32 = if cfg!(loom) { 1 } else { 100 };

/// What one thread sleeps by.
#[derive(Debug)]
pub struct Parker {
    shared: Arc<Shared>,
    waker: Waker,
}

#[derive(Debug)]
struct Shared {
    thread: Thread,
    woken: Woken,
}

impl Parker {
    fn new() -> Self {
        let shared = Arc::new(Shared {
            thread: imp::current(),
            woken: Woken::new(0),
        });
        let waker = Waker::from(Arc::clone(&shared));
        Self { shared, waker }
    }

    /// Wakes the thread, or keeps it from falling asleep the next time.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Sleeps until the waker has been woken since the last wait ended, or until `deadline`.
    /// Returns whether it was woken.
    pub fn wait(&self, deadline: Option<Instant>) -> bool {
        for _ in 0..LOOKS {
            if self.shared.woken.load(Ordering::Relaxed) != 0 {
                break;
            }
            core::hint::spin_loop();
        }
        // Acquire: pairs with the release in `wake_by_ref`, so that what follows sees what it
        // was woken for. A loop, because a thread may be unparked for other reasons.
        while self.shared.woken.swap(0, Ordering::Acquire) == 0 {
            if !imp::park(&self.shared.thread, deadline) {
                return false;
            }
        }
        true
    }
}

/// Sleeps until the future is ready.
pub(crate) fn wait<F: Future>(future: Pin<&mut F>) -> F::Output {
    match sleep(future, None) {
        Some(output) => output,
        None => unreachable!("without a deadline nothing ends the wait"),
    }
}

/// Sleeps until the future is ready, or until `deadline`.
pub(crate) fn wait_until<F: Future>(future: Pin<&mut F>, deadline: Instant) -> Option<F::Output> {
    sleep(future, Some(deadline))
}

fn sleep<F: Future>(mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    with_parker(|parker| {
        let mut cx = Context::from_waker(parker.waker());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Some(output);
            }
            if !parker.wait(deadline) {
                // What came at the last moment is taken.
                return match future.as_mut().poll(&mut cx) {
                    Poll::Ready(output) => Some(output),
                    Poll::Pending => None,
                };
            }
        }
    })
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the acquire in `wait`. The first wake alone unparks.
        if self.woken.swap(1, Ordering::Release) == 0 {
            self.thread.unpark();
        }
    }
}

#[cfg(not(loom))]
mod imp {
    use std::{cell::Cell, thread};

    use super::Parker;

    pub use std::time::Instant;
    pub(super) use std::{
        sync::atomic::AtomicUsize as Woken,
        thread::{Thread, current},
    };

    std::thread_local! {
        /// The thread's parker, while it is not in use.
        static IDLE: Cell<Option<Parker>> = const { Cell::new(None) };
    }

    /// Runs `f` with the thread's parker, or with a new one if that is in use further out.
    pub fn with_parker<R>(f: impl FnOnce(&Parker) -> R) -> R {
        /// Puts the parker back, also when `f` unwinds.
        struct Lent(Option<Parker>);

        impl Drop for Lent {
            fn drop(&mut self) {
                // Not if the thread is at its end.
                let _ = IDLE.try_with(|idle| idle.set(self.0.take()));
            }
        }

        let idle = IDLE.try_with(Cell::take).ok().flatten();
        let lent = Lent(idle.or_else(|| Some(Parker::new())));
        match &lent.0 {
            Some(parker) => f(parker),
            None => unreachable!("it is put back when dropped"),
        }
    }

    /// Sleeps until unparked, or for no reason; `false` when `deadline` has passed.
    pub(super) fn park(_: &Thread, deadline: Option<Instant>) -> bool {
        let Some(deadline) = deadline else {
            thread::park();
            return true;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::park_timeout(left);
        true
    }
}

#[cfg(loom)]
mod imp {
    use loom::sync::Notify;

    use super::Parker;

    pub(super) use crate::sys::complete::AtomicUsize as Woken;

    /// A moment that may come at any time: loom has no clock.
    #[derive(Clone, Copy, Debug)]
    pub struct Instant;

    /// Stands for a thread: what loom's own threads are unparked by would also end another
    /// wait of theirs, such as a join.
    #[derive(Debug)]
    pub(super) struct Thread(Notify);

    impl Thread {
        pub(super) fn unpark(&self) {
            self.0.notify();
        }
    }

    pub(super) fn current() -> Thread {
        Thread(Notify::new())
    }

    /// Runs `f` with a parker of this thread.
    pub fn with_parker<R>(f: impl FnOnce(&Parker) -> R) -> R {
        f(&Parker::new())
    }

    pub(super) fn park(thread: &Thread, deadline: Option<Instant>) -> bool {
        if deadline.is_none() {
            thread.0.wait();
        }
        deadline.is_none()
    }
}
