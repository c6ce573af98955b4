//! How scopes end: order, panics, and the defects of other crates that must not come back.

mod support;

use std::{
    any::Any,
    future::{Future, pending, poll_fn},
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
};

use pleach::{Scope, scope, try_scope};
use support::{Wakes, block_on, message, poll_now, poll_with, yield_now};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn push(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Something that says when it is dropped.
    fn guard(&self, name: impl Into<String>) -> Guard<'_> {
        Guard(self, name.into())
    }
}

struct Guard<'a>(&'a Log, String);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.push(std::mem::take(&mut self.1));
    }
}

fn panics<T>(f: impl FnOnce() -> T) -> Box<dyn Any + Send> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => payload,
    }
}

/// Two running children, two that are held back by a limit, a body; then what `end` does.
fn scenario<'env, B: Send + 'env>(
    log: &'env Log,
    s: &Scope<'env, B>,
    end: impl Future<Output = Result<(), B>> + Send + 'env,
) -> impl Future<Output = Result<(), B>> {
    for name in ["first", "second"] {
        let guard = log.guard(name);
        s.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
    }
    s.spawn_try(end);
    for name in ["unstarted 1", "unstarted 2"] {
        let guard = log.guard(name);
        s.spawn(async move { drop(guard) });
    }
    let guard = log.guard("body");
    async move {
        let _guard = guard;
        pending().await
    }
}

const ORDER: [&str; 5] = ["unstarted 2", "unstarted 1", "body", "second", "first"];

#[test]
fn an_error_tears_down_in_the_documented_order_before_the_result() {
    let log = Log::default();
    let (driver, s) = pleach::scope::try_scope();
    let driver = driver.limit(NonZeroUsize::new(3).unwrap());
    let result = block_on(driver.run_try(scenario(&log, &s, async { Err("ended") })));
    log.push("resolved");
    assert_eq!(result, Err("ended"));
    assert_eq!(log.take(), [&ORDER[..], &["resolved"]].concat());
}

#[test]
fn a_panic_tears_down_in_the_documented_order_and_goes_on() {
    let log = Log::default();
    let (driver, s) = pleach::scope::try_scope::<()>();
    let driver = driver.limit(NonZeroUsize::new(3).unwrap());
    let running = driver.run_try(scenario(&log, &s, async { panic!("the payload") }));
    let payload = panics(|| block_on(running));
    assert_eq!(message(&*payload), "the payload");
    assert_eq!(log.take(), ORDER);
}

#[test]
fn dropping_the_scope_tears_down_in_the_documented_order() {
    let log = Log::default();
    let (driver, s) = pleach::scope::try_scope::<()>();
    let driver = driver.limit(NonZeroUsize::new(3).unwrap());
    let mut running = Box::pin(driver.run_try(scenario(&log, &s, pending())));
    for _ in 0..3 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    assert_eq!(log.take(), [""; 0]);
    drop(running);
    assert_eq!(log.take(), ORDER);
}

#[test]
fn dropping_a_scope_that_was_never_polled_drops_all() {
    let log = Log::default();
    let (driver, s) = pleach::scope::try_scope::<()>();
    drop(driver.run_try(scenario(&log, &s, pending())));
    let newest_first = ["unstarted 2", "unstarted 1", "second", "first", "body"];
    assert_eq!(log.take(), newest_first);
}

#[test]
fn moro_child_panic_does_not_abort_the_process() {
    let payload = panics(|| {
        block_on(scope!(|s| {
            s.spawn(pending::<()>());
            s.spawn(async { panic!("a child panics") }).await.unwrap()
        }))
    });
    assert_eq!(message(&*payload), "a child panics");
}

#[test]
fn moro_grandchild_spawned_by_a_woken_child_is_not_lost() {
    let parked: Mutex<Option<Waker>> = Mutex::new(None);
    let got = block_on(scope!(|s| {
        // Parked while the other one is woken and spawns.
        let parked = &parked;
        let waiting = s.spawn(async move {
            let mut polled = false;
            poll_fn(|cx| {
                *parked.lock().unwrap() = Some(cx.waker().clone());
                match std::mem::replace(&mut polled, true) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
        });
        let grandchild = s.spawn_with(|s| async move {
            yield_now().await;
            let value = s.spawn(async { 42 }).await;
            parked.lock().unwrap().take().unwrap().wake();
            value
        });
        waiting.await.unwrap();
        grandchild.await.unwrap()
    }));
    assert_eq!(got, Ok(42));
}

#[test]
fn moro_destructor_that_spawns_during_teardown_does_not_deadlock() {
    struct SpawnsOnDrop<'env>(Scope<'env, &'static str>, Arc<AtomicUsize>);
    impl Drop for SpawnsOnDrop<'_> {
        fn drop(&mut self) {
            let inner = SpawnsNothing(Arc::clone(&self.1));
            assert!(block_on(self.0.spawn(async move { drop(inner) })).is_err());
        }
    }
    struct SpawnsNothing(Arc<AtomicUsize>);
    impl Drop for SpawnsNothing {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let result: Result<(), _> = block_on(try_scope!(|s| {
        for started in [true, false] {
            let guard = SpawnsOnDrop(s.clone(), Arc::clone(&drops));
            let child = async move {
                let _guard = guard;
                pending::<()>().await;
            };
            s.spawn(child);
            if started {
                yield_now().await;
                yield_now().await;
            }
        }
        Err("end")
    }));
    assert_eq!((result, drops.load(SeqCst)), (Err("end"), 2));
}

#[test]
fn moro_early_end_leaves_no_sibling_alive() {
    let alive = AtomicUsize::new(0);
    struct Alive<'a>(&'a AtomicUsize);
    impl Drop for Alive<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    let result: Result<(), ()> = block_on(try_scope!(|s| {
        let alive = &alive;
        for _ in 0..10 {
            s.spawn(async move {
                alive.fetch_add(1, SeqCst);
                let _alive = Alive(alive);
                pending::<()>().await;
            });
        }
        s.spawn_try(async {
            while alive.load(SeqCst) < 10 {
                yield_now().await;
            }
            Err::<(), ()>(())
        });
        pending().await
    }));
    assert_eq!((result, alive.into_inner()), (Err(()), 0));
}

#[test]
fn moro_local_nested_spawn_does_not_panic() {
    let value = block_on(pleach::local_scope!(|s| {
        let future1 = s.spawn_with(|s| async move {
            let future2 = s.spawn(async { 22 });
            let future3 = s.spawn(async { 44 });
            future2.await.unwrap() + future3.await.unwrap()
        });
        future1.await.unwrap()
    }));
    assert_eq!(value, 66);
}

#[test]
fn a_panicking_body_drops_the_children_first() {
    let log = Log::default();
    let payload = panics(|| {
        block_on(scope!(|s| {
            let guard = log.guard("child");
            s.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
            yield_now().await;
            yield_now().await;
            panic!("the body panics");
        }))
    });
    assert_eq!(message(&*payload), "the body panics");
    assert_eq!(log.take(), ["child"]);
}

// Without `std` the second panic cannot be caught while the first one unwinds.
#[cfg(feature = "std")]
#[test]
fn destructors_that_panic_stop_nothing_and_the_first_one_goes_on() {
    struct PanicsOnDrop<'a> {
        log: &'a Log,
        text: &'static str,
    }
    impl Drop for PanicsOnDrop<'_> {
        fn drop(&mut self) {
            self.log.push(self.text);
            panic!("{}", self.text);
        }
    }
    let log = Log::default();
    let payload = panics(|| {
        let (driver, s) = pleach::scope::try_scope::<&str>();
        for text in ["first", "second", "third"] {
            let guard = PanicsOnDrop { log: &log, text };
            s.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
        }
        s.spawn_try(async { Err::<(), _>("an error is less than a panic") });
        block_on(driver.run_try(pending::<Result<(), &str>>()))
    });
    assert_eq!(message(&*payload), "third");
    assert_eq!(log.take(), ["third", "second", "first"]);
}

#[test]
fn a_destructor_that_panics_when_the_child_is_done_counts_as_its_panic() {
    struct Bomb;
    impl Future for Bomb {
        type Output = &'static str;

        fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<&'static str> {
            Poll::Ready("lost")
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let payload = panics(|| block_on(scope!(|s| s.spawn(Bomb).await)));
    assert_eq!(message(&*payload), "dropped");
}

#[test]
fn an_output_that_panics_when_nobody_wants_it_counts_as_the_childs_panic() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("output dropped");
        }
    }
    let payload = panics(|| block_on(scope!(|s| drop(s.spawn(async { Bomb })))));
    assert_eq!(message(&*payload), "output dropped");
}

#[test]
fn a_joiners_waker_that_panics_counts_as_a_panic_of_the_scope() {
    let waker = support::Hostile::default()
        .on_wake(|| panic!("a joiner's waker panics"))
        .waker();
    let (driver, s) = pleach::scope::scope();
    let mut handle = s.spawn(async { 5 });
    assert!(poll_with(Pin::new(&mut handle), &waker).is_pending());
    let payload = panics(|| block_on(driver.run(pending::<()>())));
    assert_eq!(message(&*payload), "a joiner's waker panics");
    assert_eq!(block_on(handle), Ok(5), "the output is there all the same");
}

#[test]
fn the_bodys_value_is_dropped_in_the_bodys_place() {
    let log = Log::default();
    let result: Result<Guard<'_>, &str> = block_on(try_scope!(|s| {
        let guard = log.guard("child");
        s.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        s.spawn_try(async {
            yield_now().await;
            Err::<(), _>("ended")
        });
        Ok(log.guard("value"))
    }));
    assert!(matches!(result, Err("ended")));
    assert_eq!(log.take(), ["value", "child"]);
}

/// Panics when it is dropped.
#[cfg(feature = "std")]
#[derive(Debug)]
struct Bomb(&'static str);

#[cfg(feature = "std")]
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

// Without `std` the second panic cannot be caught while the first one unwinds.
#[cfg(feature = "std")]
#[test]
fn of_several_panics_the_first_goes_on_whatever_is_dropped_with_it() {
    let body_value = panics(|| {
        block_on(scope!(|s| {
            s.spawn(async {
                yield_now().await;
                panic!("first");
            });
            Bomb("the body's value")
        }))
    });
    assert_eq!(message(&*body_value), "first");
    let error = panics(|| {
        block_on(try_scope!(|s| -> Bomb {
            s.spawn(async {
                let _bomb = Bomb("first");
                pending::<()>().await;
            });
            s.spawn_try(async {
                yield_now().await;
                Err::<(), _>(Bomb("the error"))
            });
            pending::<Result<(), Bomb>>().await
        }))
    });
    assert_eq!(message(&*error), "first");
}

/// Runs `make` once for each place where it can be stopped, and stops it there.
fn at_every_poll<F: Future>(make: impl Fn() -> F, check: impl Fn(usize)) {
    for stop_at in 0.. {
        let mut running = Box::pin(make());
        let (wakes, waker) = Wakes::new();
        for poll in 0..=stop_at {
            if poll == stop_at {
                break;
            }
            let before = wakes.count();
            if poll_with(running.as_mut(), &waker).is_ready() {
                return;
            }
            assert!(wakes.count() > before, "pending, and nobody will wake it");
        }
        drop(running);
        check(stop_at);
    }
}

#[test]
fn dropped_at_any_poll_a_scope_leaves_nothing_alive() {
    let alive = Arc::new(());
    let make = || {
        let alive = Arc::clone(&alive);
        async move {
            scope!(limit = NonZeroUsize::new(2).unwrap(), |s| {
                let handles: Vec<_> = (0..5)
                    .map(|n| {
                        let alive = Arc::clone(&alive);
                        s.spawn_with(|s| async move {
                            let grandchild = {
                                let alive = Arc::clone(&alive);
                                s.spawn(async move {
                                    yield_now().await;
                                    alive
                                })
                            };
                            for _ in 0..n {
                                yield_now().await;
                            }
                            grandchild.await
                        })
                    })
                    .collect();
                for handle in handles {
                    assert!(handle.await.unwrap().is_ok());
                }
                drop(alive);
            })
            .await;
        }
    };
    let drops = AtomicUsize::new(0);
    at_every_poll(make, |stop_at| {
        assert_eq!(
            Arc::strong_count(&alive),
            1,
            "dropped before poll {stop_at}"
        );
        drops.fetch_add(1, SeqCst);
    });
    assert!(drops.into_inner() > 10, "the scenario has many polls");
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn a_panic_at_any_step_leaves_nothing_alive() {
    let alive = Arc::new(());
    for step in 0.. {
        let (steps, witness) = (AtomicUsize::new(0), Arc::clone(&alive));
        let tick = || assert_ne!(steps.fetch_add(1, SeqCst), step, "step");
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            block_on(scope!(limit = NonZeroUsize::MIN, |s| {
                let (tick, witness) = (&tick, &witness);
                for _ in 0..3 {
                    let witness = Arc::clone(witness);
                    s.spawn_with(|s| async move {
                        tick();
                        let inner = Arc::clone(&witness);
                        let grandchild = s.spawn(async move {
                            tick();
                            yield_now().await;
                            tick();
                            inner
                        });
                        let _ = grandchild.await;
                        tick();
                        drop(witness);
                    });
                }
                tick();
                yield_now().await;
                tick();
            }));
        }));
        drop(witness);
        assert_eq!(Arc::strong_count(&alive), 1, "after a panic at step {step}");
        if outcome.is_ok() {
            assert!(step > 10, "the scenario has many steps");
            return;
        }
    }
}
