//! What models of futures need: values that loom watches, a bell, a task that counts wakes.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, Wake, Waker},
};

use loom::{sync::Mutex, thread};
use pleach_loom::internals::{
    UnsafeCell,
    complete::{AtomicUsize, Ordering},
};

use super::poll_now;

/// A value that loom watches: dropped once, by one who may.
pub(crate) struct Tracked(UnsafeCell<u32>);

// SAFETY: handed from thread to thread by what is under test; loom checks that.
unsafe impl Send for Tracked {}

impl Tracked {
    pub(crate) fn new(value: u32) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub(crate) fn get(&self) -> u32 {
        // SAFETY: checked by loom.
        self.0.with(|value| unsafe { *value })
    }
}

/// A child's waker on its way to another thread, and whether it has been called.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Flag,
    pub(crate) waker: Mutex<Option<Waker>>,
}

pub(crate) struct Flag(AtomicUsize);

impl Default for Flag {
    fn default() -> Self {
        Self(AtomicUsize::new(0))
    }
}

impl Bell {
    /// Ready once the bell was rung.
    pub(crate) async fn heard(&self) {
        poll_fn(|cx| {
            if self.is_rung() {
                return Poll::Ready(());
            }
            let old = self.waker.lock().unwrap().replace(cx.waker().clone());
            drop(old);
            // Looks again: it may have been rung before the waker was there.
            if self.is_rung() {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    pub(crate) fn is_rung(&self) -> bool {
        self.rung.0.load(Ordering::Acquire) != 0
    }

    pub(crate) fn ring(&self) {
        self.rung.0.store(1, Ordering::Release);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn take_waker(&self) -> Waker {
        self.waker.lock().unwrap().take().expect("polled before")
    }
}

/// Counts wakes where loom does not look: the models ask only after a join.
#[derive(Default)]
pub(crate) struct Task(std::sync::atomic::AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Task {
    /// How often it was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Whether it was woken since this was last asked.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(0, std::sync::atomic::Ordering::Relaxed) != 0
    }
}

/// Polls `running` as long as it is woken, waits for the other thread, and goes on until it
/// is ready: a wake that is missing then was lost.
///
/// Smaller than `block_on`, which also tries a spurious wake at each wait; the models that
/// use that one try those.
pub(crate) fn finish<F: Future, T>(running: F, other: thread::JoinHandle<T>) -> (F::Output, T) {
    let task = Arc::new(Task::default());
    let waker = Waker::from(Arc::clone(&task));
    let mut running = pin!(running);
    let mut advance = || loop {
        let output = poll_now(running.as_mut(), &waker);
        if output.is_ready() || !task.take() {
            return output;
        }
    };
    let early = advance();
    let joined = other.join().unwrap();
    match early {
        Poll::Ready(output) => (output, joined),
        Poll::Pending => {
            assert!(task.take(), "a wake was lost");
            match advance() {
                Poll::Ready(output) => (output, joined),
                Poll::Pending => panic!("a wake was lost after the first"),
            }
        }
    }
}

/// Polls a wait with another waker while `other` ends it. Whether that was ready; if not, the new
/// waker is the one that must have been called.
pub(crate) fn is_ready_for_another<F: Future, T>(
    wait: &mut Pin<Box<F>>,
    other: thread::JoinHandle<T>,
) -> bool {
    let task = Arc::new(Task::default());
    let ready = poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task))).is_ready();
    other.join().unwrap();
    assert!(
        ready || task.take(),
        "the new waker was stored and not called"
    );
    ready
}

pub(crate) fn ring_elsewhere(bell: &Arc<Bell>) -> thread::JoinHandle<()> {
    let bell = Arc::clone(bell);
    thread::spawn(move || bell.ring())
}
