//! How pipelines end, and that each item is accounted for.

use std::{
    cell::RefCell,
    convert::Infallible,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use futures_util::{StreamExt as _, stream};
use pleach::{
    cancel::{Cause, CauseKind},
    channel::{self, Sender},
    pipeline::{Failed, Pipeline},
    scope, try_scope,
};

use super::{block_on, collect, pipeline, sorted, support::poll_now, yields};

#[test]
fn the_first_error_is_the_scopes_and_all_items_are_accounted_for() {
    let (given, left) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let keep = |n| left.lock().unwrap().push(n);
    let mut received = Vec::new();
    let failed = block_on(try_scope!(|s| {
        let items = pipeline(&s, 3)
            .iter((0..1000).inspect(|_| {
                given.fetch_add(1, SeqCst);
            }))
            .on_unprocessed(keep)
            .map(2, async |n| Ok(n))
            .on_unprocessed(keep)
            .map_ordered(3, async |n: usize| {
                yields(n % 3).await;
                if n == 50 { Err("50") } else { Ok(n) }
            })
            .on_unprocessed(keep)
            .into_receiver();
        while let Ok(n) = items.recv().await {
            received.push(n);
        }
        Ok(())
    }))
    .unwrap_err();
    assert_eq!(failed.errors(), ["50"]);
    let left = left.into_inner().unwrap();
    assert_eq!(failed.unprocessed(), left.len());
    assert!(received.len() > 30, "{received:?}");
    let mut accounted = [received, left, vec![50]].concat();
    accounted = sorted(accounted);
    assert_eq!(accounted, Vec::from_iter(0..given.into_inner()));
}

#[test]
fn workers_finish_what_they_have_in_hand() {
    let mut received = Vec::new();
    let failed = block_on(try_scope!(|s| {
        let items = pipeline(&s, 9)
            .iter(0..9)
            .map(3, async |n| {
                yields([50, 1, 20][n % 3]).await;
                if n == 1 { Err("early") } else { Ok(n) }
            })
            .into_receiver();
        while let Ok(n) = items.recv().await {
            received.push(n);
        }
        Ok(())
    }))
    .unwrap_err();
    // 0 and 2 were being worked on when 1 failed.
    assert_eq!((received, failed.unprocessed()), (vec![2, 0], 6));
}

#[test]
fn errors_of_workers_that_were_busy_are_kept_too() {
    let failed = collect(|p| {
        p.iter(0..4)
            .map(4, async |n: usize| {
                yields(10 * (4 - n)).await;
                Err::<(), _>(n)
            })
            .into_receiver()
    })
    .unwrap_err();
    assert_eq!(failed.errors(), [3, 2, 1, 0]);
    assert_eq!(failed.to_string(), "3 (and 3 more errors)");
    assert_eq!(failed.into_errors(), [3, 2, 1, 0]);
}

/// The body may wait for something that never comes.
#[test]
fn an_error_ends_a_body_that_does_not_look() {
    let given = AtomicUsize::new(0);
    let failed = block_on(try_scope!(|s| {
        let numbers = (0..).inspect(|_| {
            given.fetch_add(1, SeqCst);
        });
        let fails = async |n: u32| if n == 3 { Err("three") } else { Ok(n) };
        let items = pipeline(&s, 3).iter(numbers).map(1, fails);
        // Neither received from nor dropped.
        let _receiver = items.into_receiver();
        let _p = pipeline(&s, 1);
        let unused = pipeline(&s, 1).iter(0..);
        pending::<()>().await;
        drop(unused);
        Ok(())
    }))
    .unwrap_err();
    // The results of 0 to 2 were for the receiver, and others lay in between.
    let unprocessed = failed.unprocessed();
    assert!(unprocessed > 3);
    assert_eq!(unprocessed + 1, given.into_inner());
    let text = format!("three; {unprocessed} items were left unprocessed");
    assert_eq!(failed.to_string(), text);
}

#[test]
fn a_flow_that_nobody_takes_does_not_hold_up_the_error() {
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 1);
        let waits_for_room = p.iter(0..).map(2, async |n: u32| Ok(n));
        p.iter(0..1).for_each(1, async |_| {
            yields(20).await;
            Err("gone wrong")
        });
        pending::<()>().await;
        drop(waits_for_room);
        Ok(())
    }));
    assert_eq!(failed.unwrap_err().error(), Some(&"gone wrong"));
}

#[test]
fn a_pipeline_is_failed_by_hand() {
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 1);
        let items = p.iter(0..).into_receiver();
        assert_eq!(items.recv().await, Ok(0));
        p.fail("enough");
        while items.recv().await.is_ok() {}
        Ok(())
    }));
    assert_eq!(failed.unwrap_err().error(), Some(&"enough"));
}

#[test]
fn nothing_is_added_to_a_pipeline_that_failed() {
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 1);
        p.fail("early");
        let (sender, receiver) = channel::bounded(1);
        sender.try_send(1).unwrap();
        let items = p
            .receive(receiver)
            .map(1, async |n: u8| Ok(n))
            .into_receiver();
        assert!(sender.is_closed());
        assert!(items.recv().await.is_err());
        Ok(())
    }));
    // It had been sent before.
    assert_eq!(failed.unwrap_err().unprocessed(), 1);
}

/// `kill` of the consumer ends the producers, and is no error.
#[test]
fn a_consumer_that_has_enough_ends_what_is_before_it() {
    let given = AtomicUsize::new(0);
    let mut left = Vec::new();
    let result = block_on(try_scope!(|s| -> Failed<Infallible> {
        let items = Pipeline::new(&s, 4)
            .iter((0..).inspect(|_| {
                given.fetch_add(1, SeqCst);
            }))
            .on_unprocessed(|n| left.push(n))
            .map(2, async |n: usize| Ok(n))
            .into_receiver();
        let first = [items.recv().await, items.recv().await];
        drop(items);
        Ok(first)
    }));
    assert_eq!(result, Ok([Ok(0), Ok(1)]));
    // What the stage did not take is not lost.
    let given = given.into_inner();
    assert_eq!(left, Vec::from_iter(given - left.len()..given));
    assert!(!left.is_empty());
}

#[test]
fn a_flow_that_is_dropped_ends_what_is_before_it() {
    let result = block_on(try_scope!(|s| -> Failed<Infallible> {
        drop(
            Pipeline::new(&s, 4)
                .iter(0..)
                .map(2, async |n: usize| Ok(n)),
        );
        Ok(())
    }));
    assert_eq!(result, Ok(()));
}

#[test]
fn stopping_drains() {
    let given = AtomicUsize::new(0);
    let result = block_on(try_scope!(|s| -> Failed<Infallible> {
        let p = Pipeline::new(&s, 4);
        let items = p
            .iter((0..).inspect(|_| {
                given.fetch_add(1, SeqCst);
            }))
            .map_ordered(2, async |n: usize| {
                yields(2).await;
                Ok(n)
            })
            .into_receiver();
        let mut all = vec![items.recv().await.unwrap()];
        p.token().stop(CauseKind::Shutdown);
        while let Ok(item) = items.recv().await {
            all.push(item);
        }
        Ok(all)
    }));
    let given = given.into_inner();
    assert!(given > 4);
    assert_eq!(result, Ok(Vec::from_iter(0..given)));
}

#[test]
fn stopping_closes_the_channel_that_a_flow_began_with() {
    block_on(try_scope!(|s| -> Failed<Infallible> {
        let p = Pipeline::new(&s, 4);
        let (sender, receiver) = channel::bounded(2);
        let items = p.receive(receiver).into_receiver();
        sender.try_send(1).unwrap();
        p.token().stop(CauseKind::Shutdown);
        sender.closed().await;
        assert_eq!(items.recv().await, Ok(1));
        assert!(items.recv().await.is_err());
        // One that comes later is closed at once.
        let (sender, receiver) = channel::bounded(2);
        sender.try_send(2).unwrap();
        let items = p.receive(receiver).into_receiver();
        assert_eq!(sender.try_send(3).unwrap_err().into_inner(), 3);
        assert_eq!(items.recv().await, Ok(2));
        Ok(())
    }))
    .unwrap();
}

#[test]
fn cancelling_the_scope_leaves_nothing_unsaid() {
    let mut left = Vec::new();
    let mut done = Vec::new();
    let failed = block_on(try_scope!(|s| -> Failed<Infallible> {
        let (left, done) = (&mut left, &mut done);
        Pipeline::new(&s, 4)
            .iter(0..6)
            .on_unprocessed(|n| left.push(n))
            .filter(|_| true)
            .each(|n| {
                done.push(n);
                if n == 1 {
                    s.cancel();
                }
            });
        yields(100).await;
        Ok(())
    }))
    .unwrap_err();
    assert_eq!(failed.error(), None);
    assert!(
        failed
            .to_string()
            .starts_with("the pipeline was cancelled; "),
        "{failed}"
    );
    assert_eq!(done.len() + failed.unprocessed(), 6);
    assert!(left.len() <= failed.unprocessed());
}

#[test]
fn a_cancelled_pipeline_with_nothing_in_it_is_no_error() {
    let result = block_on(try_scope!(|s| -> Failed<Infallible> {
        let p = Pipeline::new(&s, 4);
        let idle = p.produce(async |out| {
            out.closed().await;
            Ok(())
        });
        idle.each(|()| {});
        s.cancel_with(Cause::from(CauseKind::Shutdown));
        Ok(7)
    }));
    assert_eq!(result, Ok(7));
}

#[test]
fn a_pipeline_of_a_cancelled_scope_is_empty() {
    let result = block_on(try_scope!(|s| -> Failed<Infallible> {
        s.cancel();
        let items = Pipeline::new(&s, 4)
            .iter(0..)
            .map(3, async |n: u32| Ok(n))
            .into_receiver();
        Ok(items.recv().await.is_err())
    }));
    assert_eq!(result, Ok(true));
}

/// What the body returns as an error ends the scope at once, like that of any scope.
#[test]
fn an_error_of_the_body_becomes_one_of_the_pipeline() {
    let failed = block_on(try_scope!(|s| {
        let _items = pipeline(&s, 4).iter(0..).into_receiver();
        yields(10).await;
        Err::<(), _>("body")?;
        Ok(())
    }));
    assert_eq!(failed, Err(Failed::from("body")));
}

#[test]
fn all_is_dropped_with_the_scope() {
    struct Counted<'a>(&'a AtomicUsize);
    impl<'a> Counted<'a> {
        fn new(alive: &'a AtomicUsize) -> Self {
            alive.fetch_add(1, SeqCst);
            Self(alive)
        }
    }
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    let alive = AtomicUsize::new(0);
    for polls in 0..20 {
        let future = try_scope!(|s| -> Failed<Infallible> {
            let items = Pipeline::new(&s, 2)
                .iter((0..).map(|_| Counted::new(&alive)))
                .map(2, async |item| {
                    yields(2).await;
                    Ok(item)
                })
                .map_ordered(2, async |item| Ok(item))
                .chunks(2)
                .into_receiver();
            while items.recv().await.is_ok() {}
            Ok(())
        });
        let mut future = Box::pin(future);
        for _ in 0..polls {
            assert!(super::support::poll_now(future.as_mut()).is_pending());
        }
        assert_eq!(alive.load(SeqCst) > 0, polls > 1);
        drop(future);
        assert_eq!(alive.load(SeqCst), 0, "after {polls} polls");
    }
}

/// Also in a scope with a limit, if it leaves room for everybody.
#[test]
fn a_limit_with_room_for_all_workers_is_enough() {
    let limit = std::num::NonZeroUsize::new(5).unwrap();
    let sum = RefCell::new(0);
    let result = block_on(pleach::try_scope!(limit = limit, |s| -> Failed<
        Infallible,
    > {
        // A source, two workers, one behind them, and the one that watches.
        let items = Pipeline::new(&s, 1)
            .iter(0..10)
            .map(2, async |n: u32| Ok(n))
            .filter(|_| true)
            .into_receiver();
        while let Ok(n) = items.recv().await {
            *sum.borrow_mut() += n;
        }
        Ok(())
    }));
    assert_eq!((result, sum.into_inner()), (Ok(()), 45));
}

#[test]
fn pipelines_of_one_scope_are_apart() {
    let result = block_on(scope!(|s| {
        let first = s.spawn(try_scope!(|s| {
            let p = pipeline(&s, 1);
            p.fail("first");
            Ok(())
        }));
        let second = s.spawn(try_scope!(|s| {
            pipeline(&s, 1).iter(0..9).each(|_| {});
            Ok(())
        }));
        (first.await.unwrap(), second.await.unwrap())
    }));
    assert_eq!(result, (Err(Failed::from("first")), Ok(())));
}

/// What is done after a cancellation that found nothing is not lost either.
#[test]
fn errors_and_items_that_come_after_a_cancellation_are_told() {
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 2);
        p.token().cancel();
        yields(5).await;
        p.fail("late");
        pending::<()>().await;
        Ok(())
    }));
    assert_eq!(failed.unwrap_err().errors(), ["late"]);
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 2);
        p.token().cancel();
        yields(5).await;
        p.produce(async |_out: Sender<u8>| Err("late")).each(|_| {});
        pending::<()>().await;
        Ok(())
    }));
    assert_eq!(failed.unwrap_err().errors(), ["late"]);
    let mut left = Vec::new();
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 2);
        p.token().cancel();
        yields(5).await;
        let (sender, receiver) = channel::bounded(3);
        sender.send_all(0..3).await.unwrap();
        p.receive(receiver)
            .on_unprocessed(|n| left.push(n))
            .each(|_| panic!("taken"));
        pending::<()>().await;
        Ok(())
    }));
    assert_eq!(
        (failed.unwrap_err().unprocessed(), left),
        (3, vec![0, 1, 2])
    );
}

/// A source whose items do not come, as of a socket, does not hold up an end.
#[test]
fn an_idle_stream_ends_with_the_pipeline() {
    let one = || stream::iter([Ok(1)]).chain(stream::pending());
    let failed = block_on(try_scope!(|s| {
        pipeline(&s, 2)
            .stream(one())
            .for_each(1, async |_| Err("bad"));
        Ok(())
    }));
    assert_eq!(failed, Err(Failed::from("bad")));
    let stopped = block_on(try_scope!(|s| {
        let p = pipeline(&s, 2);
        let items = p.stream(one()).into_receiver();
        let first = items.recv().await;
        p.token().stop(CauseKind::Shutdown);
        Ok((first, items.recv().await.is_err()))
    }));
    assert_eq!(stopped, Ok((Ok(1), true)));
    let cancelled = block_on(try_scope!(|s| {
        pipeline(&s, 2).stream(one()).each(|_| {});
        yields(5).await;
        s.cancel();
        Ok(())
    }));
    assert_eq!(cancelled, Ok(()));
    let had_enough = block_on(try_scope!(|s| {
        let items = pipeline(&s, 2)
            .stream(one())
            .map(2, async |n| Ok(n))
            .into_receiver();
        Ok(items.recv().await)
    }));
    assert_eq!(had_enough, Ok(Ok(1)));
}

/// Nobody waits for the next item to find out that its result is for nobody.
#[test]
fn idle_stages_end_when_nobody_receives_any_more() {
    let (sender, receiver) = channel::bounded::<u8>(2);
    let result = block_on(try_scope!(|s| {
        let items = pipeline(&s, 2)
            .receive(receiver)
            .map(2, async |_| -> Result<u8, _> { panic!("nobody sent it") })
            .map_ordered(2, async |n| Ok(n))
            .chunks(4)
            .filter(|_| true)
            .into_receiver();
        yields(5).await;
        drop(items);
        sender.closed().await;
        Ok(())
    }));
    assert_eq!(result, Ok(()));
}

/// Who wants the items may hold the pipeline: he goes with the flow.
#[test]
fn what_is_called_for_items_keeps_nothing_open() {
    let result = block_on(try_scope!(|s| {
        let p = pipeline(&s, 2);
        let held = p.clone();
        p.iter(0..3)
            .on_unprocessed(move |_| held.fail("left"))
            .each(|_| {});
        Ok(())
    }));
    assert_eq!(result, Ok(()));
    let item = Arc::new(());
    let mut dropped = Box::pin(try_scope!(|s| {
        let p = pipeline(&s, 2);
        let held = p.clone();
        let items = std::iter::repeat_with(|| Arc::clone(&item));
        p.iter(items)
            .on_unprocessed(move |_| held.fail("left"))
            .for_each(1, async |_| {
                pending::<()>().await;
                Ok(())
            });
        pending::<()>().await;
        Ok(())
    }));
    for _ in 0..5 {
        assert!(poll_now(dropped.as_mut()).is_pending());
    }
    assert!(Arc::strong_count(&item) > 1);
    drop(dropped);
    assert_eq!(Arc::strong_count(&item), 1);
}

/// Requests that nobody took do not keep those waiting who wait for the answers.
#[test]
fn items_that_nobody_took_are_dropped_with_their_stage() {
    let result = block_on(try_scope!(|s| {
        let p = pipeline(&s, 4);
        let (answer, answers) = channel::bounded::<i32>(8);
        p.receive(answers).each(|_| {});
        let log = p
            .iter((0..10).map(move |n| (n, answer.clone())))
            .map(1, async |(n, answer): (i32, Sender<i32>)| {
                answer.send(n).await.map_err(|_| "nobody listens")?;
                Ok(n)
            })
            .into_receiver();
        Ok(log.recv().await)
    }));
    assert_eq!(result, Ok(Ok(0)));
}

#[test]
fn a_pipeline_that_lives_long_keeps_nothing_of_flows_that_have_ended() {
    let counted = Arc::new(());
    let result = block_on(try_scope!(|s| {
        let p = pipeline(&s, 100);
        for _ in 0..50 {
            let held = Arc::clone(&counted);
            let items = p
                .iter([1; 3])
                .on_unprocessed(move |_| drop(Arc::clone(&held)))
                .filter(|_| true)
                .into_receiver();
            while items.recv().await.is_ok() {}
        }
        yields(5).await;
        Ok(Arc::strong_count(&counted))
    }));
    assert_eq!(result, Ok(1));
}

/// A flow that nobody gave to a stage is accounted for as well.
#[test]
fn a_flow_that_nobody_took_is_counted() {
    let (given, mut left) = (AtomicUsize::new(0), 0);
    let failed = block_on(try_scope!(|s| {
        let p = pipeline(&s, 4);
        let numbers = (0..10).inspect(|_| {
            given.fetch_add(1, SeqCst);
        });
        let _flow = p.iter(numbers).on_unprocessed(|_| left += 1);
        yields(5).await;
        p.fail("x");
        pending::<()>().await;
        Ok(())
    }))
    .unwrap_err();
    assert_eq!((failed.unprocessed(), left), (5, 5));
    assert_eq!(given.into_inner(), 5);
}

/// A source that always has room, because somebody outside of the scope keeps up with it.
#[cfg(feature = "std")]
#[test]
fn a_source_that_never_waits_lets_others_have_their_turn() {
    let mut threads = Vec::new();
    let result = block_on(try_scope!(|s| {
        let p = pipeline(&s, 100_000);
        let items = p.iter(0_u64..).into_receiver();
        for _ in 0..2 {
            let items = items.clone();
            threads.push(std::thread::spawn(move || {
                let mut batch = Vec::new();
                while pleach::block_on(items.recv_many(&mut batch, 1000)).is_ok() {
                    batch.clear();
                }
            }));
        }
        drop(items);
        yields(100).await;
        p.token().stop(CauseKind::Shutdown);
        Ok(())
    }));
    assert_eq!(result, Ok(()));
    for thread in threads {
        thread.join().unwrap();
    }
}
