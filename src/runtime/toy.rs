use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread,
};

use pleach::{
    runtime::{Spawn, StdTimer},
    time::{Clock, Instant, Timer},
};

/// An executor: the end of a queue whose tasks a thread polls.
#[derive(Clone)]
struct Toy(mpsc::Sender<Arc<Task>>);

/// A future, until it is ready, and the queue that its waker puts it into.
struct Task {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    queue: Toy,
}

impl Toy {
    fn start() -> Self {
        let (queue, tasks) = mpsc::channel::<Arc<Task>>();
        // It ends when no executor and no task is left.
        thread::spawn(move || tasks.into_iter().for_each(Task::run));
        Self(queue)
    }
}

impl Task {
    fn run(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut place = self.future.lock().unwrap();
        let Some(future) = &mut *place else { return };
        let poll = AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(&waker)));
        // A panic ends the task and nothing else.
        if catch_unwind(poll).map_or(true, |polled| polled.is_ready()) {
            *place = None;
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let Toy(queue) = self.queue.clone();
        queue
            .send(self)
            .expect("there is a thread while there is a task");
    }
}

impl Spawn for Toy {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        let future = Mutex::new(Some(Box::pin(future) as _));
        let queue = self.clone();
        Arc::new(Task { future, queue }).wake();
    }
}

/// A timer: a thread for each sleep, which wakes whoever is there when the time has come.
struct ToyTimer;

/// Its moment, and who waits for it.
struct ToySleep(Instant, Arc<Mutex<Option<Waker>>>);

impl Clock for ToyTimer {
    fn now(&self) -> Instant {
        StdTimer.now()
    }
}

impl Timer for ToyTimer {
    type Sleep = ToySleep;

    fn sleep_until(&self, at: Instant) -> ToySleep {
        ToySleep(at, Arc::default())
    }
}

impl Future for ToySleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.0 - ToyTimer.now();
        if left.is_zero() {
            return Poll::Ready(());
        }
        // The clone before the lock: a waker is somebody else's code.
        let waker = cx.waker().clone();
        let old = self.1.lock().unwrap().replace(waker);
        if old.is_none() {
            let waker = Arc::clone(&self.1);
            thread::spawn(move || {
                thread::sleep(left);
                let waker = waker.lock().unwrap().take();
                waker.map(Waker::wake)
            });
        }
        Poll::Pending
    }
}

impl Drop for ToySleep {
    fn drop(&mut self) {
        let waker = self.1.lock().unwrap().take();
        drop(waker);
    }
}
