//! What holds for futures on an executor, wherever it polls them.

use alloc::{sync::Arc, vec::Vec};
use core::{
    future::{Future, poll_fn, ready},
    mem,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    task::{Context, Poll, Waker},
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
    time::Instant,
};

use super::{
    Suite,
    check::{Check, Seat, while_spawning},
};
use crate::{
    Event, oneshot,
    runtime::{Spawn, SpawnLocal},
};

/// An executor, of either kind.
pub(super) trait Host {
    /// The thread that its futures belong to.
    fn thread(&self) -> Option<ThreadId>;

    fn start<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// A seat for a future of its.
    fn seat(&self, check: &Check) -> Seat {
        check.seat(self.thread())
    }
}

/// By [`Spawn`].
pub(super) struct Anywhere<'a, S>(pub(super) &'a S);

impl<S: Spawn> Host for Anywhere<'_, S> {
    fn thread(&self) -> Option<ThreadId> {
        None
    }

    fn start<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while_spawning(|| self.0.spawn(future));
    }
}

/// By [`SpawnLocal`].
pub(super) struct Here<'a, S>(pub(super) &'a S);

impl<S: SpawnLocal> Host for Here<'_, S> {
    fn thread(&self) -> Option<ThreadId> {
        Some(thread::current().id())
    }

    fn start<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while_spawning(|| self.0.spawn_local(future));
    }
}

pub(super) async fn run<H: Host>(suite: Suite, host: &H) {
    be_polled(suite, host).await;
    be_dropped(suite, host).await;
    be_woken(suite, host).await;
    be_woken_by_a_task(suite, host).await;
    be_woken_often(suite, host).await;
    wake_from_a_destructor(suite, host).await;
    be_many(suite, host).await;
}

async fn be_polled(suite: Suite, host: &impl Host) {
    let check = Check::new(
        suite,
        "a future is polled without a wake, and not in `spawn`",
    );
    host.start(host.seat(&check).probe(ready(())));
    check.end().await;
}

/// What is claimed, and how it wakes.
type Way = (&'static str, fn(&Waker));

const WAYS: [Way; 4] = [
    ("a future that wakes itself is polled again", |waker| {
        waker.wake_by_ref();
    }),
    ("a clone of a waker is as good", |waker| {
        let clone = waker.clone();
        clone.wake();
    }),
    (
        "a future is polled again if another thread wakes it within its poll",
        |waker| {
            thread::scope(|scope| {
                scope.spawn(|| waker.wake_by_ref());
            });
        },
    ),
    (
        "a future is polled again when another thread wakes it",
        |waker| {
            let waker = waker.clone();
            thread::spawn(|| waker.wake());
        },
    ),
];

async fn be_woken(suite: Suite, host: &impl Host) {
    for (claim, wake) in WAYS {
        let check = Check::new(suite, claim);
        let mut left = 8;
        let woken = poll_fn(move |cx| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            wake(cx.waker());
            Poll::Pending
        });
        host.start(host.seat(&check).probe(woken));
        check.end().await;
    }
}

async fn be_woken_by_a_task(suite: Suite, host: &impl Host) {
    let check = Check::new(suite, "a future is polled again when another task wakes it");
    let signals: [Arc<Event>; 2] = Default::default();
    for own in 0..2 {
        let signals = signals.clone();
        let ball = async move {
            for _ in 0..8 {
                signals[1 - own].set();
                signals[own].wait().await;
                signals[own].reset();
            }
            // The other one may wait for the last time.
            signals[1 - own].set();
        };
        host.start(host.seat(&check).probe(ball));
    }
    check.end().await;
}

/// A number, and who waits for it to grow. Only the waker of the last poll counts.
#[derive(Default)]
struct Level {
    state: Mutex<(usize, Option<Waker>)>,
}

impl Level {
    fn state(&self) -> MutexGuard<'_, (usize, Option<Waker>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_reaches(&self, level: usize, cx: &mut Context<'_>) -> Poll<()> {
        let waker = Some(cx.waker().clone());
        let mut state = self.state();
        let old = mem::replace(&mut state.1, waker);
        let has_come = state.0 >= level;
        drop(state);
        drop(old);
        if has_come {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn raise(&self) {
        let mut state = self.state();
        state.0 += 1;
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake_by_ref();
            // Once more, so that wakes come in bursts.
            waker.wake();
        }
    }
}

async fn be_woken_often(suite: Suite, host: &impl Host) {
    const LAST: usize = 1000;
    let check = Check::new(suite, "a future is polled after the last of many wakes");
    let level = Arc::new(Level::default());
    let seen = Arc::clone(&level);
    host.start(
        host.seat(&check)
            .probe(poll_fn(move |cx| seen.poll_reaches(LAST, cx))),
    );
    thread::spawn(move || (0..LAST).for_each(|_| level.raise()));
    check.end().await;
}

async fn be_dropped(suite: Suite, host: &impl Host) {
    let check = Check::new(
        suite,
        "a future is dropped right after it is ready, though wakers of it are alive",
    );
    let (give, waker) = oneshot::channel();
    let mut give = Some(give);
    let future = poll_fn(move |cx| {
        // Whoever asked for it is still there: it has no other end.
        let _ = give.take().map(|give| give.send(cx.waker().clone()));
        Poll::Ready(())
    });
    host.start(host.seat(&check).probe(future));
    let waker = check.until("its poll", waker).await;
    check.end().await;
    // It is over, and this is for nobody.
    if let Ok(waker) = waker {
        waker.wake_by_ref();
        waker.wake();
    }
    check.end().await;
}

/// Wakes when it is dropped.
struct WakeInDrop(Waker);

impl Drop for WakeInDrop {
    fn drop(&mut self) {
        self.0.wake_by_ref();
    }
}

async fn wake_from_a_destructor(suite: Suite, host: &impl Host) {
    let check = Check::new(suite, "the destructor of a future may wake its own task");
    // It owns what wakes it when it is dropped.
    let mut at_end = Vec::with_capacity(1);
    let future = poll_fn(move |cx| {
        at_end.push(WakeInDrop(cx.waker().clone()));
        Poll::Ready(())
    });
    host.start(host.seat(&check).probe(future));
    check.end().await;
}

pub(super) async fn be_fair(suite: Suite, host: &impl Host) {
    let check = Check::new(
        suite,
        "a future that wakes itself does not keep others waiting",
    );
    let others_had_a_turn = Arc::new(AtomicBool::new(false));
    let is_running = Arc::new(Event::new());
    let (stop, running, log) = (
        Arc::clone(&others_had_a_turn),
        Arc::clone(&is_running),
        check.log(),
    );
    let (start, patience, mut polls) = (Instant::now(), check.patience(), 0_u32);
    let restless = poll_fn(move |cx| {
        polls = polls.saturating_add(1);
        if polls > 2 {
            running.set();
        }
        // Relaxed: nothing else is read because of it.
        if stop.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        if start.elapsed() > patience {
            log.fault("others were not polled");
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    host.start(host.seat(&check).probe(restless));
    check.until("some polls", is_running.wait()).await;
    let modest = async move { others_had_a_turn.store(true, Ordering::Relaxed) };
    host.start(host.seat(&check).probe(modest));
    check.end().await;
}

async fn be_many(suite: Suite, host: &impl Host) {
    const MANY: usize = 10_000;
    let check = Check::new(suite, "ten thousand futures may wait at once");
    let here = Arc::new(AtomicUsize::new(0));
    let all_here = Arc::new(Event::new());
    let gate = Arc::new(Event::new());
    for _ in 0..MANY {
        let (here, all_here, gate) = (Arc::clone(&here), Arc::clone(&all_here), Arc::clone(&gate));
        let one = async move {
            // Relaxed: it only counts.
            if here.fetch_add(1, Ordering::Relaxed) + 1 == MANY {
                all_here.set();
            }
            gate.wait().await;
        };
        host.start(host.seat(&check).probe(one));
    }
    check.until("the first poll of all", all_here.wait()).await;
    gate.set();
    check.end().await;
}

/// How deep tasks spawn tasks.
const DEPTH: usize = 1000;

const NESTED: &str = "a task may spawn another";

pub(super) async fn nest<S>(suite: Suite, executor: &S)
where
    S: Spawn + Clone + Send + 'static,
{
    fn chain<S: Spawn + Clone + Send + 'static>(executor: &S, mut seats: Vec<Seat>) {
        let Some(seat) = seats.pop() else { return };
        let next = executor.clone();
        let task = seat.probe(async move { chain(&next, seats) });
        while_spawning(|| executor.spawn(task));
    }
    let check = Check::new(suite, NESTED);
    chain(executor, (0..DEPTH).map(|_| check.seat(None)).collect());
    check.end().await;
}

pub(super) async fn nest_local<S>(suite: Suite, executor: &S)
where
    S: SpawnLocal + Clone + 'static,
{
    fn chain<S: SpawnLocal + Clone + 'static>(executor: &S, mut seats: Vec<Seat>) {
        let Some(seat) = seats.pop() else { return };
        let next = executor.clone();
        let task = seat.probe(async move { chain(&next, seats) });
        while_spawning(|| executor.spawn_local(task));
    }
    let check = Check::new(suite, NESTED);
    let own = Some(thread::current().id());
    chain(executor, (0..DEPTH).map(|_| check.seat(own)).collect());
    check.end().await;
}

pub(super) async fn come_from_elsewhere<S>(suite: Suite, executor: &S)
where
    S: Spawn + Clone + Send + 'static,
{
    let check = Check::new(suite, "futures are taken from any thread");
    let seats: Vec<_> = (0..100).map(|_| check.seat(None)).collect();
    let executor = executor.clone();
    thread::spawn(move || {
        for seat in seats {
            executor.spawn(seat.probe(ready(())));
        }
    });
    check.end().await;
}
