//! The limit: nobody is over it, and nobody is locked out by it.

use std::{
    future::{Future, pending, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use futures_util::future::join_all;
use pleach::{
    Event,
    join::join,
    par::{ParScope, par_scope},
    par_scope, scope, select,
};

use crate::{
    Any, Census, Each, Threads, block_on,
    executors::Shelf,
    limit,
    support::{Wakes, poll_with, yield_now},
};

/// How many are at work at once.
#[derive(Clone, Default)]
struct Gauge(Arc<[AtomicUsize; 2]>);

impl Gauge {
    fn enter(&self) {
        let now = self.0[0].fetch_add(1, SeqCst) + 1;
        self.0[1].fetch_max(now, SeqCst);
    }

    fn leave(&self) {
        self.0[0].fetch_sub(1, SeqCst);
    }

    fn most(&self) -> usize {
        self.0[1].load(SeqCst)
    }

    async fn work(self) {
        self.enter();
        for _ in 0..3 {
            yield_now().await;
            thread::yield_now();
        }
        self.leave();
    }
}

#[test]
fn never_more_than_the_limit_run() {
    Each::run(|executor| {
        for most in [1, 3] {
            let gauge = Gauge::default();
            block_on(par_scope!(executor, limit = limit(most), |s| {
                for n in 0..40 {
                    match n % 4 {
                        0 => drop(s.scope().spawn(gauge.clone().work())),
                        1 => drop(s.spawn_shielded(gauge.clone().work())),
                        _ => drop(s.spawn(gauge.clone().work())),
                    }
                }
            }));
            assert!(gauge.most() <= most, "{} at once", gauge.most());
        }
    });
}

#[test]
fn a_limit_is_made_use_of() {
    let both = Arc::new(pleach::Barrier::new(2));
    block_on(par_scope!(Threads, limit = limit(2), |s| {
        for _ in 0..2 {
            let both = Arc::clone(&both);
            s.spawn(async move { both.wait().await });
        }
    }));
}

/// A child, and children of it, `depth` deep, each awaited by the one above, by `how`.
fn chain(
    s: ParScope<'static, Any>,
    depth: usize,
    gauge: Gauge,
    how: How,
) -> Pin<Box<dyn Future<Output = usize> + Send>> {
    Box::pin(async move {
        gauge.clone().work().await;
        if depth == 0 {
            return 0;
        }
        let below = s
            .clone()
            .spawn(chain(s.clone(), depth - 1, gauge.clone(), how));
        let below = match how {
            How::Plainly => below.await,
            How::Joined => join((below, ready(()))).await.0,
            How::Selected => select! {
                below = below => below,
                _ = pending::<()>() => unreachable!(),
            },
            How::WakersOfItsOwn => join_all([below]).await.remove(0),
            How::InAScope => scope!(|inner| { inner.spawn(below).await.unwrap() }).await,
        };
        gauge.work().await;
        below.unwrap() + 1
    })
}

#[derive(Clone, Copy, Debug)]
enum How {
    Plainly,
    Joined,
    Selected,
    WakersOfItsOwn,
    InAScope,
}

#[test]
fn children_that_await_children_do_not_lock_up_under_a_limit_of_one() {
    use How::*;
    Each::run(|executor| {
        for how in [Plainly, Joined, Selected, WakersOfItsOwn, InAScope] {
            let gauge = Gauge::default();
            let depth = block_on(par_scope!(Any::clone(executor), limit = limit(1), |s| {
                let top = s.spawn(chain(s.clone(), 5, gauge.clone(), how));
                let beside = s.spawn(chain(s.clone(), 5, gauge.clone(), how));
                top.await.unwrap() + beside.await.unwrap()
            }));
            assert_eq!(depth, 10, "{how:?}");
            assert!(gauge.most() <= 1, "{how:?}: {} at once", gauge.most());
        }
    });
}

#[test]
fn a_child_of_the_scopes_own_task_lends_its_place_to_a_parallel_one_and_the_other_way_round() {
    Each::run(|executor| {
        block_on(par_scope!(executor, limit = limit(1), |s| {
            let scope = s.scope();
            scope.spawn(async { s.spawn(async { 1 }).await.unwrap() });
            let here = scope.spawn(yield_now());
            s.spawn(async { here.await.unwrap() });
        }));
    });
}

#[test]
fn a_child_that_is_awaited_by_nobody_waits_for_its_turn() {
    Each::run(|executor| {
        let gauge = Gauge::default();
        block_on(par_scope!(Any::clone(executor), limit = limit(2), |s| {
            for _ in 0..10 {
                let gauge = gauge.clone();
                s.spawn_with(|s| async move {
                    let below = s.spawn(gauge.clone().work());
                    gauge.work().await;
                    drop(below);
                });
            }
        }));
        assert!(gauge.most() <= 2, "{} at once", gauge.most());
    });
}

#[test]
fn a_daemon_has_no_place_to_lend() {
    let (gauge, census, shelf) = (Gauge::default(), Census::default(), Shelf::default());
    block_on(par_scope!(shelf.clone(), limit = limit(1), |s| {
        let first = s.spawn(gauge.clone().work());
        let second = s.spawn(gauge.clone().work());
        let guard = census.guard();
        let daemon = s.spawn_daemon(async move {
            let _guard = guard;
            join((first, second)).await
        });
        // The daemon waits for both of them, and yet they take turns.
        while !s.is_empty() {
            shelf.poll_all();
            yield_now().await;
        }
        shelf.poll_all();
        let both = daemon.await.unwrap();
        assert!(both.0.is_ok() && both.1.is_ok());
    }));
    assert_eq!(gauge.most(), 1);
    census.assert_empty();
}

#[test]
fn what_is_awaited_starts_when_the_last_who_ran_waits_too() {
    // A waits for B and C, of which B takes the place that A lends. When B waits for D, which has
    // been started, there is a place for C, although nobody's start or end says so; and D ends when C
    // has run.
    let (census, shelf) = (Census::default(), Shelf::default());
    let (driver, s) = par_scope(shelf.clone());
    let c_has_run = Arc::new(Event::new());
    let d = s.spawn({
        let c_has_run = Arc::clone(&c_has_run);
        async move { c_has_run.wait().await }
    });
    let c_is_held_back = Arc::new(Event::new());
    let guard = census.guard();
    s.spawn_with(|s| {
        let c_is_held_back = Arc::clone(&c_is_held_back);
        async move {
            let _guard = guard;
            let b = s.spawn(async move {
                c_is_held_back.wait().await;
                d.await.unwrap();
            });
            let c = s.spawn(async move { c_has_run.set() });
            let both = join((b, c)).await;
            both.0.unwrap();
        }
    });
    let mut scope = Box::pin(driver.limit(limit(2)).run(ready(())));
    let (wakes, waker) = Wakes::new();
    let mut polled = 0;
    for round in 0..20 {
        // As its task would poll it: if it was woken.
        while polled <= wakes.count() {
            polled = wakes.count() + 1;
            if poll_with(scope.as_mut(), &waker).is_ready() {
                drop(s);
                census.assert_empty();
                return;
            }
        }
        if round == 5 {
            c_is_held_back.set();
        }
        shelf.poll_all();
    }
    panic!("nobody has told the scope of the place");
}
