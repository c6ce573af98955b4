//! A small executor that takes no side: a queue of ready tasks, one thread, wakers that are
//! counted pointers as in most runtimes and may be called from any thread.

use std::{
    cell::Cell,
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use parking_lot::Mutex;

/// What the wakers of one executor share.
struct Home {
    ready: Mutex<VecDeque<usize>>,
    thread: Thread,
}

struct Task {
    index: usize,
    /// Set while the task is in the queue: further wakes do nothing.
    queued: AtomicBool,
    home: Arc<Home>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // AcqRel: with the swap in `run`, a poll sees what was done before any wake that
        // found the task queued already.
        if !self.queued.swap(true, Ordering::AcqRel) {
            let mut ready = self.home.ready.lock();
            let was_empty = ready.is_empty();
            ready.push_back(self.index);
            drop(ready);
            if was_empty {
                self.home.thread.unpark();
            }
        }
    }
}

/// Runs the futures as tasks on this thread until all have ended. Returns the number of polls.
pub fn run<F: Future<Output = ()>>(futures: impl IntoIterator<Item = F>) -> u64 {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let home = Arc::new(Home {
        ready: Mutex::new((0..futures.len()).collect()),
        thread: thread::current(),
    });
    let tasks: Vec<(Arc<Task>, Waker)> = (0..futures.len())
        .map(|index| {
            let task = Arc::new(Task {
                index,
                queued: AtomicBool::new(true),
                home: Arc::clone(&home),
            });
            (Arc::clone(&task), Waker::from(task))
        })
        .collect();
    let mut running = futures.len();
    let mut polls = 0;
    while running > 0 {
        let next = home.ready.lock().pop_front();
        let Some(index) = next else {
            thread::park();
            continue;
        };
        let (task, waker) = &tasks[index];
        task.queued.swap(false, Ordering::AcqRel);
        polls += 1;
        let mut cx = Context::from_waker(waker);
        if futures[index].as_mut().poll(&mut cx).is_ready() {
            running -= 1;
        }
    }
    polls
}

/// Lets the other ready tasks run first.
pub fn yield_now() -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Polls a future that is ready at once. Inlined, as an `.await` is.
#[inline(always)]
pub fn now<F: Future>(future: F, cx: &mut Context<'_>) -> F::Output {
    match pin!(future).poll(cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future was to be ready at once"),
    }
}

/// Waits for a future on this thread, which sleeps meanwhile: for the crates that have no
/// blocking form of their own. It allocates once a thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    block_on_idle(future, thread::park)
}

/// As [`block_on`], but when the future waits and was not woken `idle` is called, which has to see
/// to it that it is.
pub fn block_on_idle<F: Future>(future: F, mut idle: impl FnMut()) -> F::Output {
    thread_local! {
        static PARKER: (Arc<Parker>, Waker) = {
            let parker = Arc::new(Parker {
                thread: thread::current(),
                woken: AtomicBool::new(false),
            });
            (Arc::clone(&parker), Waker::from(parker))
        };
    }
    PARKER.with(|(parker, waker)| {
        let mut future = pin!(future);
        let mut cx = Context::from_waker(waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
            while !parker.woken.swap(false, Ordering::Acquire) {
                idle();
            }
        }
    })
}

/// How often wakers of [`block_on`] were called on this thread.
pub fn wakes() -> u64 {
    WAKES.get()
}

thread_local! {
    static WAKES: Cell<u64> = const { Cell::new(0) };
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
        WAKES.set(WAKES.get() + 1);
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
