//! Whoever runs in a scope uses it: timers, joiners, children, destructors.

use std::{
    future::{Future, pending, poll_fn, ready},
    num::NonZeroUsize,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

use pleach::{
    Handle, Scope,
    cancel::CauseKind,
    group::{Joiner, Spawner, open},
    scope,
    scope::scope,
    time::{Clock, Instant, Timer},
};

use crate::support::{block_on, yield_now};

/// A timer that spawns into a scope whenever it is used.
struct Spawning<'env>(Scope<'env>, &'env AtomicUsize);

impl Spawning<'_> {
    fn spawn(&self) {
        let Self(s, count) = self;
        let count = *count;
        s.spawn(async move {
            count.fetch_add(1, SeqCst);
        });
    }
}

impl Clock for Spawning<'_> {
    fn now(&self) -> Instant {
        self.spawn();
        Instant::EPOCH
    }
}

impl<'env> Timer for Spawning<'env> {
    type Sleep = Asleep<'env>;

    fn sleep_until(&self, _: Instant) -> Asleep<'env> {
        self.spawn();
        let Self(s, count) = self;
        Asleep(Spawning(s.clone(), count), 2)
    }
}

struct Asleep<'env>(Spawning<'env>, usize);

impl Future for Asleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.spawn();
        cx.waker().wake_by_ref();
        if self.1 == 0 {
            self.0.0.cancel();
            return Poll::Ready(());
        }
        self.1 -= 1;
        Poll::Pending
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.spawn();
    }
}

/// 11.
#[test]
fn the_timer_of_a_scope_may_spawn_into_it_and_cancel_it() {
    let count = AtomicUsize::new(0);
    let (driver, s) = scope();
    let driver = driver
        .deadline((Spawning(s.clone(), &count), Instant::EPOCH))
        .grace((Spawning(s.clone(), &count), Duration::ZERO));
    let token = s.token();
    let cause = block_on(driver.run(async move {
        let stays = s.spawn(pending::<()>());
        assert!(stays.await.is_err(), "the grace is over");
        token.cause().map(|cause| cause.kind())
    }));
    assert_eq!(cause, Some(CauseKind::Requested), "by the timer's own hand");
    assert!(count.into_inner() >= 3, "until it was cancelled");
}

/// A joiner that spawns a child for each that is done, so many times.
struct Multiplies<F: Future> {
    spawner: Spawner<F>,
    make: fn(u32) -> F,
    seen: Vec<u32>,
}

impl<F: Future<Output = u32>> Joiner<u32> for Multiplies<F> {
    type Output = Vec<u32>;

    fn on_done(&mut self, _: usize, output: u32) -> ControlFlow<()> {
        self.seen.push(output);
        if output > 0 {
            self.spawner.spawn((self.make)(output - 1)).unwrap();
        }
        ControlFlow::Continue(())
    }

    fn finish(self) -> Vec<u32> {
        self.seen
    }
}

/// 11, 23.
#[test]
fn a_joiner_may_spawn_into_its_group() {
    let (group, spawner) = open();
    assert!(spawner.spawn(ready(3)).is_ok());
    let joiner = Multiplies {
        spawner,
        make: ready,
        seen: Vec::new(),
    };
    assert_eq!(block_on(group.join(joiner)), [3, 2, 1, 0]);
}

/// 13.
#[test]
fn a_child_may_poll_and_drop_its_own_handle() {
    for limit in [NonZeroUsize::MIN, NonZeroUsize::MAX] {
        let own = Mutex::new(None::<Handle<u32>>);
        let other = block_on(scope!(limit = limit, |s| {
            let place = &own;
            let handle = s.spawn(async move {
                yield_now().await;
                let mut own = place.lock().unwrap().take().unwrap();
                for _ in 0..3 {
                    // It waits for itself, for as long as it cares to.
                    assert!(
                        poll_fn(|cx| Poll::Ready(Pin::new(&mut own).poll(cx)))
                            .await
                            .is_pending()
                    );
                    yield_now().await;
                }
                drop(own);
                yield_now().await;
                1
            });
            *own.lock().unwrap() = Some(handle);
            s.spawn(async { 2 }).await
        }));
        assert_eq!(other, Ok(2));
    }
}

/// Spawns another of its kind when it is dropped, so many times.
struct Respawns {
    scope: Scope<'static>,
    left: usize,
}

impl Future for Respawns {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for Respawns {
    fn drop(&mut self) {
        if let Some(left) = self.left.checked_sub(1) {
            self.scope.spawn(Self {
                scope: self.scope.clone(),
                left,
            });
        }
    }
}

/// 14.
#[test]
fn destructors_that_spawn_one_another_take_no_stack() {
    let small = thread::Builder::new().stack_size(192 << 10);
    let run = || {
        let (driver, s) = scope();
        s.spawn(Respawns {
            scope: s.clone(),
            left: 10_000,
        });
        block_on(driver.run(async {}));
    };
    small.spawn(run).unwrap().join().unwrap();
}
