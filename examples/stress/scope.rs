//! A scope that other threads spawn into, wake and cancel while it is polled, moved between
//! threads, or dropped.
//!
//! Checked are: no child outlives the scope; a handle gives its own child's output, and fails
//! only where the scope was cancelled or dropped; nothing hangs; and, by ThreadSanitizer, that
//! what children write is seen by whoever has their outputs.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
};

use pleach::{Handle, Scope, Semaphore, block_on};

use crate::support::{Plain, Rng, Tally, linger};

/// By one thread in one round.
const SPAWNS: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Everything runs to its end.
    Calm,
    /// Someone calls `cancel`.
    Cancelled,
    /// The scope's future is dropped half-way.
    Dropped,
}

struct World {
    end: End,
    /// Children that exist.
    alive: AtomicUsize,
    /// Children that ran to their end; children take turns.
    finished: Plain,
    /// What children wait for; whoever takes one out fires it.
    signals: Mutex<Vec<Arc<Signal>>>,
    /// One permit from each thread that needs the scope no longer.
    done: Semaphore,
}

/// One scope with its threads.
pub(crate) fn round(threads: usize, rng: &mut Rng, tally: &mut Tally) {
    let world = World {
        end: [End::Calm, End::Cancelled, End::Dropped][rng.below(3)],
        alive: AtomicUsize::new(0),
        finished: Plain::default(),
        signals: Mutex::default(),
        done: Semaphore::new(0),
    };
    let (driver, s) = pleach::scope::scope();
    let body = async {
        let permit = world.done.acquire_many(threads - 1).await;
        permit.expect("never closed").forget();
    };
    let running = Box::pin(driver.run(body));
    thread::scope(|scope| {
        let outsiders: Vec<_> = (1..threads)
            .map(|_| {
                let mut outsider = Outsider {
                    world: &world,
                    scope: s.clone(),
                    rng: rng.fork(),
                    tally: Tally::default(),
                };
                scope.spawn(move || {
                    outsider.act();
                    outsider.tally
                })
            })
            .collect();
        drive(running, world.end, rng);
        if world.end != End::Dropped {
            // Nobody spawns any more: the body has waited for that.
            assert_eq!(world.alive_now(), 0, "a child outlived its scope");
        }
        for outsider in outsiders {
            tally.add(outsider.join().expect("a promise was broken"));
        }
    });
    assert_eq!(world.alive_now(), 0, "a child outlived its scope");
    // SAFETY: the scope is gone, and so are its children.
    let finished = unsafe { world.finished.read() };
    if world.end == End::Calm {
        assert_eq!(
            finished,
            ((threads - 1) * SPAWNS) as u64,
            "a child was lost"
        );
    }
    tally.count("scope: round");
}

/// Polls the scope to its end, here and on another thread, or drops it.
fn drive<F: Future + Send>(mut running: Pin<Box<F>>, end: End, rng: &mut Rng) {
    let (polls, elsewhere) = (rng.below(20), rng.one_in(2));
    let mut poll_some = || {
        (0..polls).any(|_| {
            let mut cx = Context::from_waker(Waker::noop());
            linger(rng);
            running.as_mut().poll(&mut cx).is_ready()
        })
    };
    let ready = if elsewhere {
        thread::scope(|scope| scope.spawn(poll_some).join()).expect("a promise was broken")
    } else {
        poll_some()
    };
    if !ready && end != End::Dropped {
        block_on(running);
    }
}

/// A thread that uses the scope from outside.
struct Outsider<'env> {
    world: &'env World,
    scope: Scope<'env>,
    rng: Rng,
    tally: Tally,
}

impl<'env> Outsider<'env> {
    fn act(&mut self) {
        let mut handles = Vec::new();
        for number in 0..SPAWNS {
            let handle = self.spawn(number);
            if self.rng.one_in(4) {
                self.tally.count("scope: handle dropped");
            } else {
                handles.push((number, handle));
            }
            if self.rng.one_in(2) {
                self.world.fire_one(&mut self.rng);
            }
            if self.rng.one_in(10) {
                self.await_some(&mut handles);
            }
            if self.world.end == End::Cancelled && self.rng.one_in(SPAWNS) {
                self.scope.cancel();
                self.tally.count("scope: cancelled");
            }
        }
        self.await_some(&mut handles);
        self.world.done.add_permits(1);
    }

    fn spawn(&mut self, number: usize) -> Handle<Box<usize>> {
        let world = self.world;
        let signal = Arc::new(Signal::default());
        world.signals.lock().unwrap().push(Arc::clone(&signal));
        self.tally.count("scope: spawned");
        let witness = Witness::new(world);
        let nested = self.rng.one_in(4);
        self.scope.spawn_with(move |s| async move {
            let _witness = witness;
            signal.fired().await;
            if nested {
                let inner = Witness::new(world);
                let echo = s.spawn(async move {
                    let _witness = inner;
                    number
                });
                // An error means a cancelled scope, which this child outlives.
                assert!(echo.await.is_ok_and(|echo| echo == number) || s.is_cancelled());
            }
            // SAFETY: children take turns on the task of their scope.
            unsafe { world.finished.add_one() };
            Box::new(number)
        })
    }

    /// Every signal there is has been fired, or is about to be by another thread, so that
    /// this cannot wait for ever.
    fn await_some(&mut self, handles: &mut Vec<(usize, Handle<Box<usize>>)>) {
        while self.world.fire_one(&mut self.rng) {}
        for (number, handle) in handles.drain(..) {
            match block_on(handle) {
                Ok(output) => {
                    assert_eq!(*output, number, "the output of another child");
                    self.tally.count("scope: awaited");
                }
                Err(_) => {
                    assert!(self.world.end != End::Calm, "lost: {number}");
                    self.tally.count("scope: child cancelled");
                }
            }
        }
    }
}

impl World {
    fn alive_now(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }

    /// Fires a signal; false if there is none.
    fn fire_one(&self, rng: &mut Rng) -> bool {
        let taken = {
            let mut signals = self.signals.lock().unwrap();
            let count = signals.len();
            (count > 0).then(|| signals.swap_remove(rng.below(count)))
        };
        taken.inspect(|signal| signal.fire()).is_some()
    }
}

/// Alive as long as a child's future is.
struct Witness<'env>(&'env World);

impl<'env> Witness<'env> {
    fn new(world: &'env World) -> Self {
        world.alive.fetch_add(1, Ordering::Relaxed);
        Self(world)
    }
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Fired once, by any thread.
#[derive(Default)]
struct Signal(Mutex<(bool, Option<Waker>)>);

impl Signal {
    fn fire(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn fired(&self) {
        poll_fn(|cx| {
            let fresh = cx.waker().clone();
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            let _replaced = state.1.replace(fresh);
            drop(state);
            Poll::Pending
        })
        .await;
    }
}
