//! How pipelines end, and that each item is accounted for.

use std::{
    cell::RefCell,
    convert::Infallible,
    future::pending,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use pleach::{
    cancel::{Cause, CauseKind},
    channel,
    pipeline::{Failed, Pipeline},
    scope, try_scope,
};

use super::{block_on, collect, pipeline, sorted, yields};

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
    let failed = block_on(try_scope!(|s| {
        let items = pipeline(&s, 3).iter(0..).map(
            1,
            async |n: u32| {
                if n == 3 { Err("three") } else { Ok(n) }
            },
        );
        // Neither received from nor dropped.
        let _receiver = items.into_receiver();
        let _p = pipeline(&s, 1);
        let unused = pipeline(&s, 1).iter(0..);
        pending::<()>().await;
        drop(unused);
        Ok(())
    }));
    // The results 0 to 2 were for the receiver, and 4 to 6 lay in between.
    assert_eq!(
        failed.unwrap_err().to_string(),
        "three; 6 items were left unprocessed"
    );
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
