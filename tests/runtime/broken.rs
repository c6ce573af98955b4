//! The suite finds what breaks a contract, and says what.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use pleach::{
    runtime::{Spawn, SpawnBlocking, StdSleep, StdTimer, conformance::Suite},
    time::{Clock, Instant, Timer},
};

/// What is lost is lost: no need to wait for long.
const SUITE: Suite = Suite::new().limit(Duration::from_secs(3));

/// What a part of the suite panics with.
fn fault_of(part: impl Future<Output = ()>) -> String {
    let part = AssertUnwindSafe(|| pleach::block_on(part));
    let payload = catch_unwind(part).expect_err("it finds nothing");
    *payload.downcast().expect("a message")
}

fn assert_found(part: impl Future<Output = ()>, claim: &str, fault: &str) {
    let found = fault_of(part);
    assert!(found.contains(claim) && found.contains(fault), "{found}");
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An executor by a function that breaks what it is given.
#[derive(Clone, Copy)]
struct Broken(fn(Task));

impl Spawn for Broken {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        (self.0)(Box::pin(future));
    }
}

/// What is forgotten, for the checkers of leaks to know.
static FORGOTTEN: Mutex<Vec<Box<dyn Any + Send>>> = Mutex::new(Vec::new());

fn run(future: impl Future<Output = ()> + Send + 'static) {
    smol::spawn(future).detach();
}

#[test]
fn a_poll_within_spawn() {
    let executor = Broken(|mut task| {
        let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending() {
            run(task);
        }
    });
    assert_found(SUITE.spawn(&executor), "not in `spawn`", "within `spawn`");
}

#[test]
fn a_future_that_is_forgotten() {
    let executor = Broken(|task| FORGOTTEN.lock().unwrap().push(Box::new(task)));
    let fault = "in vain for all futures to be dropped";
    assert_found(SUITE.spawn(&executor), "a future is polled", fault);
}

#[test]
fn a_future_that_is_dropped_unpolled() {
    let executor = Broken(drop);
    assert_found(
        SUITE.spawn(&executor),
        "a future is polled",
        "dropped before",
    );
}

#[test]
fn a_future_that_is_dropped_while_it_waits() {
    let executor = Broken(|mut task| {
        run(poll_fn(move |cx| {
            // Ready whatever the task is.
            let _ = task.as_mut().poll(cx);
            Poll::Ready(())
        }))
    });
    assert_found(SUITE.spawn(&executor), "wakes itself", "dropped before");
}

#[test]
fn a_poll_after_the_last() {
    let executor = Broken(|mut task| {
        run(poll_fn(move |cx| {
            let polled = task.as_mut().poll(cx);
            if polled.is_ready() {
                let _ = task.as_mut().poll(cx);
            }
            polled
        }));
    });
    assert_found(
        SUITE.spawn(&executor),
        "a future is polled",
        "after it was ready",
    );
}

/// A waker that does nothing while its task is polled.
struct Deaf {
    waker: Waker,
    is_polling: AtomicBool,
}

impl Wake for Deaf {
    fn wake(self: Arc<Self>) {
        if !self.is_polling.load(Ordering::Acquire) {
            self.waker.wake_by_ref();
        }
    }
}

#[test]
fn a_wake_that_is_lost_within_the_poll() {
    let executor = Broken(|mut task| {
        run(poll_fn(move |cx| {
            let deaf = Arc::new(Deaf {
                waker: cx.waker().clone(),
                is_polling: AtomicBool::new(true),
            });
            let polled = task
                .as_mut()
                .poll(&mut Context::from_waker(&deaf.clone().into()));
            deaf.is_polling.store(false, Ordering::Release);
            polled
        }));
    });
    assert_found(SUITE.spawn(&executor), "wakes itself", "in vain");
}

/// A waker that owns its task.
struct Owner {
    waker: Waker,
    _task: Arc<Mutex<Task>>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {
        self.waker.wake_by_ref();
    }
}

#[test]
fn a_future_that_lives_as_long_as_its_wakers() {
    let executor = Broken(|task| {
        let task = Arc::new(Mutex::new(task));
        run(poll_fn(move |cx| {
            let owner = Owner {
                waker: cx.waker().clone(),
                _task: task.clone(),
            };
            let waker = Waker::from(Arc::new(owner));
            task.lock()
                .unwrap()
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
        }));
    });
    assert_found(SUITE.spawn(&executor), "wakers of it are alive", "in vain");
}

#[test]
fn a_future_that_takes_all_turns() {
    let pool = futures_executor::ThreadPool::builder()
        .pool_size(1)
        .create();
    let pool = crate::executors::Pool(pool.unwrap());
    assert_found(
        SUITE.fairness(&pool),
        "wakes itself",
        "others were not polled",
    );
}

#[test]
fn a_spawn_that_goes_unnoticed_from_another_thread() {
    let executor = Broken(|task| {
        // The harness names its threads, the suite does not.
        if thread::current().name().is_some() {
            run(task);
        } else {
            FORGOTTEN.lock().unwrap().push(Box::new(task));
        }
    });
    let part = SUITE.spawn_from_elsewhere(&executor);
    assert_found(part, "from any thread", "in vain");
}

#[test]
fn an_executor_that_does_not_go_away() {
    let executor = Broken(run);
    let part = async { SUITE.leave_behind(&executor).await.assert_dropped() };
    assert_found(part, "goes away", "in vain");
    let part = async { SUITE.assert_gone(&executor) };
    assert_found(part, "is gone", "it was polled");
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        Instant::EPOCH + Duration::from_secs(1)
    }
}

impl Timer for Fixed {
    type Sleep = std::future::Ready<()>;

    fn sleep_until(&self, _: Instant) -> Self::Sleep {
        std::future::ready(())
    }
}

#[test]
fn a_sleep_that_is_over_too_early() {
    assert_found(SUITE.timer(&Fixed), "and not before", "too early");
}

struct Backwards(AtomicUsize);

impl Clock for Backwards {
    fn now(&self) -> Instant {
        let left = self.0.fetch_sub(1, Ordering::Relaxed);
        Instant::from_nanos(left as u64)
    }
}

impl Timer for Backwards {
    type Sleep = std::future::Ready<()>;

    fn sleep_until(&self, _: Instant) -> Self::Sleep {
        std::future::ready(())
    }
}

#[test]
fn a_clock_that_goes_back() {
    let clock = Backwards(AtomicUsize::new(1 << 20));
    assert_found(SUITE.timer(&clock), "`now` never goes back", "it did");
}

/// How a sleep is broken.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    FirstWakerStays,
    DropDoesNothing,
}

impl Clock for Flaw {
    fn now(&self) -> Instant {
        StdTimer.now()
    }
}

impl Timer for Flaw {
    type Sleep = FlawedSleep;

    fn sleep_until(&self, at: Instant) -> FlawedSleep {
        FlawedSleep {
            sleep: Some(StdTimer.sleep_until(at)),
            first: None,
            flaw: *self,
        }
    }
}

struct FlawedSleep {
    sleep: Option<StdSleep>,
    first: Option<Waker>,
    flaw: Flaw,
}

impl Future for FlawedSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let sleep = this.sleep.as_mut().expect("it is there until the drop");
        if this.flaw == Flaw::DropDoesNothing {
            return Pin::new(sleep).poll(cx);
        }
        let first = this.first.get_or_insert_with(|| cx.waker().clone());
        Pin::new(sleep).poll(&mut Context::from_waker(first))
    }
}

impl Drop for FlawedSleep {
    fn drop(&mut self) {
        let sleep = self.sleep.take();
        if self.flaw == Flaw::DropDoesNothing {
            FORGOTTEN.lock().unwrap().push(Box::new(sleep));
        }
    }
}

#[test]
fn a_sleep_that_wakes_who_polled_it_first() {
    let part = SUITE.timer(&Flaw::FirstWakerStays);
    assert_found(part, "who polled it last", "in vain for its end");
}

#[test]
fn a_sleep_that_is_not_taken_out() {
    let found = fault_of(SUITE.timer(&Flaw::DropDoesNothing));
    assert!(found.contains("out of its timer"), "{found}");
    // The timer's thread may be late with a wake that ought not to come.
    assert!(
        found.contains("it woke") || found.contains("its waker is kept"),
        "{found}"
    );
}

type Work = Box<dyn FnOnce() + Send>;

/// Threads by a function that breaks what it is given.
struct BrokenThreads<F>(F);

impl<F: Fn(Work)> SpawnBlocking for BrokenThreads<F> {
    fn spawn_blocking<W>(&self, work: W)
    where
        W: FnOnce() + Send + 'static,
    {
        (self.0)(Box::new(work));
    }
}

#[test]
fn work_that_is_called_at_once() {
    let threads = BrokenThreads(|work: Work| work());
    let part = SUITE.spawn_blocking(&threads);
    assert_found(part, "on another thread", "that spawned it");
}

#[test]
fn work_that_is_not_called() {
    let threads = BrokenThreads(drop);
    assert_found(
        SUITE.spawn_blocking(&threads),
        "is called",
        "dropped before",
    );
}

#[test]
fn work_that_holds_up_other_work() {
    let (queue, works) = mpsc::channel::<Work>();
    thread::spawn(move || works.into_iter().for_each(|work| work()));
    let threads = BrokenThreads(move |work| queue.send(work).unwrap());
    let part = SUITE.spawn_blocking(&threads);
    assert_found(part, "until other work is done", "not called meanwhile");
}
