//! The limit of a scope: who starts when, and how a waiting child lends its place.

mod support;

use std::{
    future::Future,
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
};

use futures_util::{
    StreamExt,
    future::{join, join_all},
    stream::FuturesUnordered,
};
use pleach::{Handle, Scope, scope};
use support::{block_on, poll_now, yield_now};

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Counts who is inside and remembers the most.
#[derive(Default)]
struct Meter {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Meter {
    async fn pass_through(&self) {
        self.most
            .fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        for _ in 0..3 {
            yield_now().await;
        }
        self.now.fetch_sub(1, SeqCst);
    }
}

#[test]
fn no_more_children_run_than_the_limit_allows_and_no_fewer() {
    for n in [1, 2, 7] {
        let meter = Meter::default();
        block_on(scope!(limit = limit(n), |s| {
            for _ in 0..50 {
                s.spawn(meter.pass_through());
            }
        }));
        assert_eq!(meter.most.into_inner(), n);
    }
}

#[test]
fn children_start_in_the_order_in_which_they_were_spawned() {
    let order = Mutex::new(Vec::new());
    block_on(scope!(limit = limit(2), |s| {
        let order = &order;
        for n in 0..20 {
            s.spawn(async move {
                order.lock().unwrap().push(n);
                for _ in 0..n % 3 {
                    yield_now().await;
                }
            });
        }
    }));
    assert!(order.into_inner().unwrap().into_iter().eq(0..20));
}

#[test]
fn spawning_never_waits_and_the_body_takes_no_place() {
    let meter = Meter::default();
    block_on(scope!(limit = limit(1), |s| {
        let handles: Vec<_> = (0..10).map(|_| s.spawn(meter.pass_through())).collect();
        for handle in handles {
            assert_eq!(handle.await, Ok(()));
        }
    }));
    assert_eq!(meter.most.into_inner(), 1);
}

#[test]
fn try_spawn_refuses_at_the_limit_and_gives_the_future_back() {
    let release = AtomicUsize::new(0);
    block_on(scope!(limit = limit(2), |s| {
        let first = s.try_spawn(async { 1 }).unwrap();
        let second = s.spawn(async { 2 });
        let refused = s.try_spawn(async { 3 }).unwrap_err();
        assert!(refused.is_full());
        assert_eq!(refused.into_inner().await, 3);
        assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
        assert_eq!(s.try_spawn(async { 4 }).unwrap().await, Ok(4));
        // Those that wait for a place count too.
        for _ in 0..5 {
            s.spawn(async {
                while release.load(SeqCst) == 0 {
                    yield_now().await;
                }
            });
        }
        assert!(s.try_spawn(async {}).unwrap_err().is_full());
        s.cancel();
        assert!(!s.try_spawn(async {}).unwrap_err().is_full());
        release.store(1, SeqCst);
    }));
}

#[test]
fn a_refused_spawn_leaves_the_count_alone() {
    let (driver, s) = pleach::scope::scope();
    let driver = driver.limit(limit(1));
    block_on(driver.run(async {}));
    for _ in 0..3 {
        assert!(
            !s.try_spawn(async {}).unwrap_err().is_full(),
            "over, not full"
        );
    }
}

fn tree(s: Scope<'_>, depth: usize) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
    Box::pin(async move {
        if depth == 0 {
            return 1;
        }
        let left = s.spawn(tree(s.clone(), depth - 1));
        let right = s.spawn(tree(s.clone(), depth - 1));
        left.await.unwrap() + right.await.unwrap()
    })
}

#[test]
fn a_tree_of_children_that_await_children_fits_any_limit() {
    for n in [1, 2, 3, 1000] {
        let leaves = block_on(scope!(limit = limit(n), |s| {
            s.spawn(tree(s.clone(), 8)).await.unwrap()
        }));
        assert_eq!(leaves, 256);
    }
}

#[test]
fn a_lent_place_is_one_place() {
    let meter = Meter::default();
    block_on(scope!(limit = limit(2), |s| {
        let meter = &meter;
        for _ in 0..5 {
            s.spawn_with(|s| async move {
                let children: Vec<_> = (0..6).map(|_| s.spawn(meter.pass_through())).collect();
                for result in join_all(children).await {
                    result.unwrap();
                }
            });
        }
    }));
    assert_eq!(meter.most.into_inner(), 2);
}

#[test]
fn lending_works_through_combinators_with_wakers_of_their_own() {
    let meter = Meter::default();
    block_on(scope!(limit = limit(1), |s| {
        let meter = &meter;
        s.spawn_with(|s| async move {
            let mut children: FuturesUnordered<_> =
                (0..50).map(|_| s.spawn(meter.pass_through())).collect();
            while let Some(result) = children.next().await {
                result.unwrap();
            }
        });
    }));
    assert_eq!(meter.most.into_inner(), 1);
}

#[test]
fn lending_works_from_inside_a_nested_scope() {
    let value = block_on(scope!(limit = limit(1), |outer| {
        outer
            .spawn_with(|outer| async move {
                let outer = &outer;
                scope!(|inner| {
                    let outer = outer.clone();
                    inner
                        .spawn(async move { outer.spawn(async { 5 }).await })
                        .await
                })
                .await
            })
            .await
    }));
    assert_eq!(value, Ok(Ok(Ok(5))));
}

#[test]
fn a_child_that_stops_waiting_takes_its_place_back() {
    let meter = Meter::default();
    block_on(scope!(limit = limit(1), |s| {
        let meter = &meter;
        s.spawn_with(|s| async move {
            let mut given_up = s.spawn(meter.pass_through());
            assert!(
                std::future::poll_fn(|cx| {
                    Poll::Ready(Pin::new(&mut given_up).poll(cx).is_pending())
                })
                .await
            );
            drop(given_up);
            yield_now().await;
        });
        for _ in 0..3 {
            s.spawn(meter.pass_through());
        }
    }));
    assert_eq!(meter.most.into_inner(), 1);
}

#[test]
fn a_handle_that_leaves_its_waiting_child_keeps_the_books_straight() {
    let (driver, s) = pleach::scope::scope();
    let driver = driver.limit(limit(1));
    let escaped = Arc::new(Mutex::new(None));
    let escape = Arc::clone(&escaped);
    block_on(driver.run(async {
        s.spawn_with(|s| async move {
            let mut handle = s.spawn(async { 1 });
            // Waits once, then ends with the handle still alive elsewhere.
            std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut handle).poll(cx).is_pending()))
                .await;
            *escape.lock().unwrap() = Some(handle);
        })
        .await
        .unwrap();
        for n in 0..3 {
            assert_eq!(s.spawn(async move { n }).await, Ok(n));
        }
    }));
    let handle = escaped.lock().unwrap().take().unwrap();
    assert_eq!(block_on(handle), Ok(1));
}

#[test]
fn cancel_drops_those_held_back_awaited_or_not() {
    let value = block_on(scope!(limit = limit(1), |s| {
        s.spawn_with(|s| async move {
            let awaited = s.spawn(async { 1 });
            let other = s.spawn(async { 2 });
            s.cancel();
            (awaited.await.is_err(), other.await.is_err())
        })
        .await
    }));
    assert_eq!(value, Ok((true, true)));
}

#[test]
fn a_limit_that_is_set_late_still_gates() {
    let meter = Meter::default();
    let (driver, s) = pleach::scope::scope();
    for _ in 0..10 {
        s.spawn(meter.pass_through());
    }
    block_on(driver.limit(limit(3)).run(async {}));
    assert_eq!(meter.most.load(SeqCst), 3);
}

/// Polls once in the task that calls it; whether it was ready.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_ready())).await
}

#[test]
fn a_handle_that_changes_hands_lends_the_place_of_whoever_has_it() {
    let passed = Arc::new(Mutex::new(None));
    block_on(scope!(limit = limit(1), |s| {
        s.spawn_with(|s| async move {
            let take = Arc::clone(&passed);
            let mut first = s.spawn(async move {
                yield_now().await;
                yield_now().await;
                let second: Handle<()> = take.lock().unwrap().take().unwrap();
                second.await.unwrap();
            });
            let mut second = s.spawn(async {});
            assert!(!poll_once(&mut first).await && !poll_once(&mut second).await);
            *passed.lock().unwrap() = Some(second);
        });
    }));
}

#[test]
fn a_place_is_given_back_as_soon_as_the_awaited_child_is_done() {
    let (meter, go) = (Meter::default(), AtomicUsize::new(0));
    block_on(scope!(limit = limit(1), |s| {
        let (meter, go) = (&meter, &go);
        s.spawn_with(|s| async move {
            let inner = s.clone();
            let works_after_waiting = s.spawn(async move {
                let awaited = inner.spawn(async move {
                    go.store(1, SeqCst);
                    for _ in 0..3 {
                        yield_now().await;
                    }
                });
                awaited.await.unwrap();
                meter.pass_through().await;
            });
            let late = async {
                while go.load(SeqCst) == 0 {
                    yield_now().await;
                }
                s.spawn(meter.pass_through()).await.unwrap();
            };
            join(works_after_waiting, late).await.0.unwrap();
        });
    }));
    assert_eq!(meter.most.into_inner(), 1);
}

#[test]
fn nothing_starts_once_cancel_has_returned() {
    let started = AtomicUsize::new(0);
    // From a child that makes room by ending.
    block_on(scope!(limit = limit(1), |s| {
        s.spawn_with(|s| async move {
            yield_now().await;
            s.cancel();
        });
        s.spawn(async {
            started.fetch_add(1, SeqCst);
        });
    }));
    // And between two polls, when room was made in the first.
    let (driver, s) = pleach::scope::scope();
    s.spawn(yield_now());
    s.spawn(async {
        started.fetch_add(1, SeqCst);
    });
    let mut running = Box::pin(driver.limit(limit(1)).run(async {}));
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(poll_now(running.as_mut()).is_pending());
    s.cancel();
    block_on(running);
    assert_eq!(started.into_inner(), 0);
}

#[test]
fn a_child_that_was_called_and_not_polled_counts_as_not_started() {
    struct Log<'a>(&'a Mutex<Vec<&'static str>>, &'static str);
    impl Drop for Log<'_> {
        fn drop(&mut self) {
            self.0.lock().unwrap().push(self.1);
        }
    }
    let log = Mutex::new(Vec::new());
    {
        let (driver, s) = pleach::scope::scope();
        s.spawn(yield_now());
        let unstarted = Log(&log, "unstarted");
        s.spawn(async move { drop(unstarted) });
        let body = Log(&log, "body");
        let mut running = Box::pin(driver.limit(limit(1)).run(async move {
            let _body = body;
            std::future::pending::<()>().await;
        }));
        assert!(poll_now(running.as_mut()).is_pending());
        assert!(poll_now(running.as_mut()).is_pending());
    }
    assert_eq!(*log.lock().unwrap(), ["unstarted", "body"]);
}

#[test]
fn whoever_has_a_childs_result_finds_its_place_free() {
    block_on(scope!(limit = limit(1), |s| {
        for n in 0..5 {
            assert_eq!(s.try_spawn(async move { n }).unwrap().await, Ok(n));
        }
    }));
}

/// Takes what somebody else is going to leave in `place`.
async fn found<T>(place: &Mutex<Option<T>>) -> T {
    loop {
        let found = place.lock().unwrap().take();
        if let Some(found) = found {
            return found;
        }
        yield_now().await;
    }
}

#[test]
fn a_child_lends_its_place_also_while_it_waits_for_one_that_has_started() {
    let [to_body, to_second, to_first] = [(); 3].map(|()| Mutex::new(None::<Handle<()>>));
    block_on(scope!(limit = limit(2), |s| {
        let (to_body, to_second, to_first) = (&to_body, &to_second, &to_first);
        s.spawn_with(|s| async move {
            // Starts on the place that is lent here, and spawns when that loan is over.
            let mut lent = s.spawn_with(|s| async move {
                for _ in 0..20 {
                    yield_now().await;
                }
                s.spawn(async {}).await.unwrap();
            });
            for _ in 0..5 {
                assert!(!poll_once(&mut lent).await);
                yield_now().await;
            }
            *to_body.lock().unwrap() = Some(lent);
            found(to_first).await.await.unwrap();
        });
        let second = s.spawn(async move { found(to_second).await.await.unwrap() });
        *to_first.lock().unwrap() = Some(second);
        let mut lent = found(to_body).await;
        // No child polls it now, so the loan ends; the next to poll it has no place to lend
        // for an unstarted one.
        assert!(!poll_once(&mut lent).await);
        *to_second.lock().unwrap() = Some(lent);
    }));
}

#[test]
fn a_child_that_ends_while_it_lends_is_not_counted_any_more() {
    let (meter, escaped) = (Meter::default(), Mutex::new(None));
    block_on(scope!(limit = limit(1), |s| {
        let (meter, escaped) = (&meter, &escaped);
        s.spawn_with(|s| async move {
            let mut handle = s.spawn(yield_now());
            assert!(!poll_once(&mut handle).await);
            *escaped.lock().unwrap() = Some(handle);
        })
        .await
        .unwrap();
        s.spawn_with(|s| async move {
            let both = [(); 2].map(|()| s.spawn(meter.pass_through()));
            for result in join_all(both).await {
                result.unwrap();
            }
        });
    }));
    assert_eq!(meter.most.into_inner(), 1);
}

#[test]
fn a_child_that_waits_for_two_lends_its_place_until_it_waits_for_neither() {
    let (driver, s) = pleach::scope::scope();
    // Spawned before the limit is set, and without a handle: a child of which nothing else is
    // noted than how many it waits for.
    let spawner = s.clone();
    drop(s.spawn(async move {
        let (mut one, mut other) = (spawner.spawn(async { 1 }), spawner.spawn(async { 2 }));
        assert!(!poll_once(&mut one).await && !poll_once(&mut other).await);
        drop(one);
        assert_eq!(other.await, Ok(2));
    }));
    let mut run = pin!(driver.limit(limit(1)).run(async {}));
    let is_done = (0..100).any(|_| poll_now(run.as_mut()).is_ready());
    assert!(is_done, "nobody can go on");
}

#[cfg(feature = "std")]
#[test]
fn a_handle_that_another_thread_polls_lends_no_place() {
    let started = std::sync::atomic::AtomicBool::new(false);
    block_on(scope!(limit = limit(1), |s| {
        let (started, spawner) = (&started, s.clone());
        s.spawn(async move {
            let mut sibling = spawner.spawn(async { started.store(true, SeqCst) });
            std::thread::scope(|threads| {
                threads.spawn(|| assert!(poll_now(Pin::new(&mut sibling)).is_pending()));
            });
            for _ in 0..3 {
                yield_now().await;
                assert!(!started.load(SeqCst), "there is one place, and this has it");
            }
        });
    }));
    assert!(started.into_inner());
}
