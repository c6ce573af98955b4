//! Results as a stream that a body takes while the children go on.

use std::{
    cell::Cell,
    future::{pending, ready},
    num::NonZeroUsize,
    pin::pin,
    sync::Mutex,
    task::{Poll, Waker},
};

use futures_util::{StreamExt, future::FusedFuture};
use pleach::group::{group, open};

use crate::support::{block_on, poll_now, poll_with, yield_now};

async fn after<T>(yields: usize, output: T) -> T {
    for _ in 0..yields {
        yield_now().await;
    }
    output
}

#[test]
fn results_come_as_they_are_done_or_in_order() {
    for (in_order, expected) in [(false, [2, 1, 0]), (true, [0, 1, 2])] {
        let group = group((0..3).map(|n| after(2 - n, n)));
        let (driver, results) = if in_order {
            group.ordered_results()
        } else {
            group.results()
        };
        let mut run = pin!(driver.run(results.collect::<Vec<_>>()));
        assert_eq!(block_on(run.as_mut()), expected);
        assert!(run.is_terminated());
    }
}

/// What a plain stream of futures does not do (futures-rs #2387).
#[test]
fn children_go_on_while_the_body_awaits_something_else() {
    let done = Cell::new(0);
    let children = (0..5).map(|n| {
        let done = &done;
        async move {
            yield_now().await;
            yield_now().await;
            done.set(done.get() + 1);
            n
        }
    });
    let (driver, mut results) = group(children).results();
    block_on(driver.run(async {
        assert!(results.next().await.is_some());
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(done.get(), 5);
    }));
}

#[test]
fn no_more_are_started_than_are_taken() {
    for prefetch in [0, 1, 5] {
        for in_order in [false, true] {
            let started = Cell::new(0_usize);
            let children = (0..100).map(|n| {
                started.set(started.get() + 1);
                ready(n)
            });
            let limit = NonZeroUsize::new(3).unwrap();
            let group = group(children).limit(limit).prefetch(prefetch);
            let (driver, mut results) = if in_order {
                group.ordered_results()
            } else {
                group.results()
            };
            block_on(driver.run(async {
                for taken in 0..100 {
                    for _ in 0..5 {
                        yield_now().await;
                    }
                    let ahead = started.get() - taken;
                    assert_eq!(ahead, (3 + prefetch).min(100 - taken));
                    assert_eq!(results.next().await, Some(taken));
                }
                assert_eq!(results.next().await, None);
            }));
        }
    }
}

/// A body that is done takes nothing any more: children that wait for room would wait for ever.
#[test]
fn a_body_that_leaves_its_stream_behind_holds_up_nothing() {
    for in_order in [false, true] {
        let group = group((0..20).map(|n| after(n % 3, n))).limit(NonZeroUsize::MIN);
        let (driver, mut results) = if in_order {
            group.ordered_results()
        } else {
            group.results()
        };
        let first = block_on(driver.run(async { results.next().await }));
        assert_eq!(first, Some(0));
        let rest = block_on(results.collect::<Vec<_>>());
        assert_eq!(rest, (1..20).collect::<Vec<_>>());
    }
}

/// In order, one slow child must not let those behind it pile up.
#[test]
fn results_behind_a_slow_one_are_bounded_too() {
    let started = Cell::new(0);
    let children = (0..1000).map(|n| {
        started.set(started.get() + 1);
        async move {
            if n == 0 {
                for _ in 0..50 {
                    yield_now().await;
                }
            }
            n
        }
    });
    let limit = NonZeroUsize::new(4).unwrap();
    let (driver, mut results) = group(children).limit(limit).prefetch(6).ordered_results();
    block_on(driver.run(async {
        assert_eq!(results.next().await, Some(0));
        assert_eq!(started.get(), 10);
        let mut expected = 1;
        while let Some(n) = results.next().await {
            assert_eq!(n, expected);
            expected += 1;
        }
        assert_eq!(expected, 1000);
    }));
}

#[test]
fn a_body_that_is_done_lets_the_others_finish() {
    let done = Cell::new(0);
    let children = (0..10).map(|n| {
        let done = &done;
        async move {
            after(n, ()).await;
            done.set(done.get() + 1);
        }
    });
    let limit = NonZeroUsize::new(2).unwrap();
    let (driver, results) = group(children).limit(limit).results();
    let first = block_on(driver.run(async move {
        let mut results = results;
        results.next().await
    }));
    assert_eq!((first, done.get()), (Some(()), 10));
}

#[test]
fn an_error_of_the_body_ends_it_all() {
    let started = Cell::new(0);
    let children = (0..10).map(|n| {
        started.set(started.get() + 1);
        async move {
            if n == 3 {
                return Err(n);
            }
            if n > 3 {
                pending::<()>().await;
            }
            Ok(n)
        }
    });
    let (driver, mut results) = group(children).results();
    let result = block_on(driver.run_try(async {
        let mut sum = 0;
        while let Some(result) = results.next().await {
            sum += result?;
        }
        Ok::<_, i32>(sum)
    }));
    assert_eq!((result, started.get()), (Err(3), 10));
    let (driver, mut results) = group([ready(1), ready(2)]).results();
    let result = block_on(driver.run_try(async {
        Ok::<_, ()>(results.next().await.unwrap() + results.next().await.unwrap())
    }));
    assert_eq!(result, Ok(3));
}

#[test]
fn results_may_be_taken_in_another_task() {
    let (driver, results) = group((0..1000).map(ready))
        .limit(NonZeroUsize::MIN)
        .results();
    let reader = std::thread::spawn(move || block_on(results.collect::<Vec<_>>()));
    block_on(driver.run(async {}));
    assert_eq!(reader.join().unwrap(), (0..1000).collect::<Vec<_>>());
}

#[test]
fn results_that_are_left_stay_with_the_stream_and_end() {
    let (driver, mut results) = group((0..3).map(ready)).results();
    let mut run = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(run.as_mut()).is_pending());
    assert_eq!(block_on(results.next()), Some(0));
    drop(run);
    assert_eq!(block_on(results.collect::<Vec<_>>()), [1, 2]);
    let (driver, results) = group([pending::<()>()]).results();
    drop(driver);
    assert_eq!(block_on(results.collect::<Vec<_>>()), []);
}

#[test]
fn a_cancelled_wait_loses_no_result() {
    let kept = Mutex::new(None::<Waker>);
    let open = Cell::new(false);
    let child = std::future::poll_fn(|cx| {
        *kept.lock().unwrap() = Some(cx.waker().clone());
        if open.get() {
            Poll::Ready(7)
        } else {
            Poll::Pending
        }
    });
    let (driver, mut results) = group([child]).results();
    let mut run = pin!(driver.run(async {
        yield_now().await; // until the child was started
        assert!(poll_now(pin!(results.next())).is_pending());
        open.set(true);
        kept.lock().unwrap().take().unwrap().wake();
        yield_now().await;
        yield_now().await;
        assert!(poll_now(pin!(results.next())).is_ready());
        assert_eq!(poll_now(pin!(results.next())), Poll::Ready(None));
    }));
    while poll_with(run.as_mut(), Waker::noop()).is_pending() {}
}

#[test]
fn a_stream_of_nothing_ends() {
    let (driver, mut results) = group(std::iter::empty::<std::future::Ready<()>>()).results();
    block_on(driver.run(async { assert_eq!(results.next().await, None) }));
    let (group, _spawner) = open::<std::future::Ready<()>>();
    let (driver, mut results) = group.results();
    block_on(driver.run(async { assert_eq!(results.next().await, None) }));
}

#[test]
fn the_future_is_send_when_its_children_are() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let text = String::from("hedge");
    let (driver, mut results) = group((0..3).map(|n| {
        let text = &text;
        async move { text.len() + n }
    }))
    .results();
    let sum = block_on(is_send(driver.run(async {
        let mut sum = 0;
        while let Some(n) = results.next().await {
            sum += n;
        }
        sum
    })));
    assert_eq!(sum, 18);
}

/// What is behind a child that will never be done is given out when the group is gone.
#[test]
fn results_in_order_do_not_wait_for_who_is_gone() {
    let children = (0..6).map(|n| async move {
        if n % 3 == 0 {
            pending().await
        }
        n
    });
    let (driver, results) = group(children).ordered_results();
    let mut run = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(run.as_mut()).is_pending());
    let mut rest = pin!(results.collect::<Vec<_>>());
    assert!(poll_now(rest.as_mut()).is_pending());
    drop(run);
    assert_eq!(poll_now(rest), Poll::Ready(vec![1, 2, 4, 5]));
}

/// The waker of the body is known again when it comes back, so it is not cloned for each poll.
#[test]
fn the_wakers_of_the_body_and_of_children_are_known_again() {
    async fn check() {
        std::future::poll_fn(|cx| {
            let copy = cx.waker().clone();
            assert!(copy.will_wake(cx.waker()));
            assert!(copy.clone().will_wake(&copy));
            Poll::Ready(())
        })
        .await;
    }
    let (driver, _results) = group([check()]).results();
    block_on(driver.run(check()));
}
