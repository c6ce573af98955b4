//! What each source and each stage gives.

use std::{
    cell::Cell,
    collections::BTreeSet,
    convert::Infallible,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use futures_core::Stream;
use pleach::{channel, pipeline::Pipeline, try_scope};

use super::{all, block_on, collect, sorted, support::yield_now, yields};

#[test]
fn a_flow_begins_with_an_iterator() {
    assert_eq!(
        all(|p| p.iter(0..10).into_receiver()),
        Vec::from_iter(0..10)
    );
    assert!(all(|p| p.iter([0; 0]).into_receiver()).is_empty());
}

/// Gives its items, pending before each.
struct Slow {
    items: Vec<Result<u8, &'static str>>,
    is_ready: bool,
}

impl Stream for Slow {
    type Item = Result<u8, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.is_ready = !self.is_ready;
        if self.is_ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.items.pop())
    }
}

#[test]
fn a_flow_begins_with_a_stream() {
    let slow = |items| Slow {
        items,
        is_ready: false,
    };
    let numbers = collect(|p| p.stream(slow(vec![Ok(3), Ok(2), Ok(1)])).into_receiver());
    assert_eq!(numbers, Ok(vec![1, 2, 3]));
    let numbers = collect(|p| {
        p.stream(slow(vec![Ok(2), Err("torn"), Ok(1)]))
            .into_receiver()
    });
    assert_eq!(numbers.unwrap_err().errors(), ["torn"]);
}

#[test]
fn a_flow_begins_with_what_is_produced() {
    let produced = all(|p| {
        p.produce(async |out| {
            for n in 0..10 {
                out.send(n).await.unwrap();
                yields(n % 3).await;
            }
            Ok(())
        })
        .into_receiver()
    });
    assert_eq!(produced, Vec::from_iter(0..10));
}

#[test]
fn a_producer_that_fails_ends_the_pipeline() {
    let produced = collect(|p| {
        p.produce(async |out| {
            out.send(1).await.unwrap();
            Err("no more")
        })
        .into_receiver()
    });
    assert_eq!(produced.unwrap_err().error(), Some(&"no more"));
}

#[test]
fn a_flow_begins_with_a_channel() {
    let (sender, receiver) = channel::bounded(3);
    for n in 0..3 {
        sender.try_send(n).unwrap();
    }
    drop(sender);
    assert_eq!(all(|p| p.receive(receiver).into_receiver()), [0, 1, 2]);
}

#[cfg(feature = "std")]
#[test]
fn a_thread_feeds_a_flow() {
    let (sender, receiver) = channel::bounded(1);
    let thread = std::thread::spawn(move || {
        for n in 0..1000 {
            sender.send_blocking(n).unwrap();
        }
    });
    let doubled = all(|p| {
        p.receive(receiver)
            .map_ordered(4, async |n| Ok(2 * n))
            .into_receiver()
    });
    assert_eq!(doubled, Vec::from_iter((0..2000).step_by(2)));
    thread.join().unwrap();
}

/// Later items are done sooner.
async fn backwards(n: usize) -> Result<usize, Infallible> {
    yields(20 - n).await;
    Ok(n)
}

#[test]
fn map_gives_results_as_they_are_done() {
    let results = all(|p| p.iter(0..20).map(5, backwards).into_receiver());
    assert_ne!(results, Vec::from_iter(0..20));
    assert_eq!(sorted(results), Vec::from_iter(0..20));
}

#[test]
fn map_ordered_gives_results_in_the_order_of_items() {
    for workers in [1, 2, 5, 30] {
        let results = all(|p| {
            p.iter(0..20)
                .map_ordered(workers, backwards)
                .into_receiver()
        });
        assert_eq!(results, Vec::from_iter(0..20), "{workers} workers");
    }
}

#[test]
fn filters_leave_out_what_they_should() {
    let odd = async |n: usize| {
        yields(n % 4).await;
        Ok((n % 2 == 1).then_some(10 * n))
    };
    let expected = Vec::from_iter((10..200).step_by(20));
    let ordered = all(|p| p.iter(0..20).filter_map_ordered(3, odd).into_receiver());
    assert_eq!(ordered, expected);
    let unordered = all(|p| p.iter(0..20).filter_map(3, odd).into_receiver());
    assert_eq!(sorted(unordered), expected);
    let mut calls = 0;
    let every_third = all(|p| {
        p.iter(0..10)
            .filter(|_| {
                calls += 1;
                calls % 3 == 0
            })
            .into_receiver()
    });
    assert_eq!((every_third, calls), (vec![2, 5, 8], 10));
}

#[test]
fn chunks_take_what_is_there() {
    let (sender, receiver) = channel::bounded(10);
    for n in 0..7 {
        sender.try_send(n).unwrap();
    }
    drop(sender);
    let chunks = all(|p| p.receive(receiver).chunks(3).into_receiver());
    assert_eq!(chunks, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    // Without waiting for more.
    let slow = all(|p| {
        p.produce(async |out| {
            for n in 0..3 {
                yields(20).await;
                out.send(n).await.unwrap();
            }
            Ok(())
        })
        .chunks(3)
        .into_receiver()
    });
    assert_eq!(slow, [[0], [1], [2]]);
}

#[test]
fn merged_flows_bring_all_items_each_in_its_order() {
    let merged = all(|p| {
        let (low, high) = (p.iter(0..50), p.iter(100..130));
        low.merge(high).into_receiver()
    });
    let (low, high): (Vec<_>, Vec<_>) = merged.iter().partition(|n| **n < 100);
    assert_eq!(
        (low, high),
        (Vec::from_iter(0..50), Vec::from_iter(100..130))
    );
}

#[test]
#[should_panic(expected = "two pipelines do not end together")]
fn flows_of_two_pipelines_are_not_merged() {
    all(|p| {
        let other = p.iter([1]);
        let (sender, receiver) = channel::bounded(1);
        block_on(try_scope!(|s| {
            let stranger = Pipeline::<Infallible>::new(&s, 1);
            let mine = stranger.iter([2]);
            // Borrows nothing, so its scope can be any.
            let _merged = merge(mine, other);
            sender.try_send(0).unwrap();
            Ok(())
        }))
        .unwrap();
        receiver
    });

    fn merge<'env, T: Send + 'env, E: Send + 'env>(
        a: pleach::pipeline::Flow<'env, T, E>,
        b: pleach::pipeline::Flow<'env, T, E>,
    ) -> pleach::pipeline::Flow<'env, T, E> {
        a.merge(b)
    }
}

#[test]
fn last_stages_see_every_item() {
    let (mut seen, together) = (Vec::new(), Mutex::new(BTreeSet::new()));
    let result = block_on(try_scope!(|s| {
        let p = Pipeline::<Infallible>::new(&s, 1);
        p.iter(0..10).each(|n| seen.push(n));
        p.iter(0..10).for_each(3, async |n| {
            yields(10 - n).await;
            together.lock().unwrap().insert(n);
            Ok(())
        });
        Ok(())
    }));
    assert_eq!(result, Ok(()));
    assert_eq!(seen, Vec::from_iter(0..10));
    assert_eq!(together.into_inner().unwrap(), (0..10).collect());
}

#[test]
fn so_many_workers_run_at_a_time_and_no_more() {
    for workers in [1, 2, 7] {
        for room in [0, 1, 100] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let f = async |n: usize| {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                yields(n % 5 + 5).await;
                running.fetch_sub(1, SeqCst);
                Ok(n)
            };
            let count = |ordered| {
                all(|p| {
                    let items = p.iter(0..50).bounded(room);
                    if ordered {
                        items.map_ordered(workers, f).into_receiver()
                    } else {
                        items.map(workers, f).into_receiver()
                    }
                })
                .len()
            };
            assert_eq!((count(false), most.swap(0, SeqCst)), (50, workers));
            assert_eq!((count(true), most.swap(0, SeqCst)), (50, workers));
        }
    }
}

/// Back-pressure: a source gives no more than what the stages have room for.
#[test]
fn a_source_is_held_up_by_a_consumer_that_takes_nothing() {
    let given = AtomicUsize::new(0);
    block_on(try_scope!(|s| -> _ {
        let items = Pipeline::<Infallible>::new(&s, 3)
            .iter((0..).inspect(|_| {
                given.fetch_add(1, SeqCst);
            }))
            .map(2, async |n: u32| Ok(n))
            .map_ordered(4, async |n| Ok(n))
            .filter(|_| true)
            .into_receiver();
        yields(200).await;
        // Room of 3 four times, and 1 + 2 + 4 + 1 for source and workers.
        assert_eq!(given.load(SeqCst), 20);
        assert_eq!(items.recv().await, Ok(0));
        yields(200).await;
        assert_eq!(given.load(SeqCst), 21);
        Ok(())
    }))
    .unwrap();
}

/// A worker that always has an item and always is done with it must be pending at times.
#[test]
fn a_worker_that_never_waits_lets_others_have_their_turn() {
    let (sender, receiver) = channel::bounded(1);
    let stop = Cell::new(false);
    let mut rounds = 0;
    let result = block_on(pleach::try_local_scope!(|local| -> Infallible {
        let other = local.spawn(async {
            for _ in 0..10 {
                yield_now().await;
            }
            stop.set(true);
        });
        // The worker's own source: it is never without an item.
        let mut refill = sender.clone();
        sender.try_send(()).unwrap();
        drop(sender);
        let pipeline = try_scope!(|s| -> _ {
            Pipeline::<Infallible>::new(&s, 1)
                .receive(receiver)
                .each(move |()| {
                    rounds += 1;
                    if rounds < 1_000_000 {
                        refill.try_send(()).unwrap();
                    } else {
                        refill = channel::bounded(1).0;
                    }
                });
            Ok(())
        });
        let mut pipeline = std::pin::pin!(pipeline);
        let mut turns = 0;
        std::future::poll_fn(|cx| {
            turns += 1;
            if stop.get() {
                return Poll::Ready(());
            }
            pipeline
                .as_mut()
                .poll(cx)
                .map(|ended| panic!("{ended:?} after {turns} turns"))
        })
        .await;
        other.await.unwrap();
        Ok(())
    }));
    assert_eq!(result, Ok(()));
}

#[test]
#[should_panic(expected = "a stage without workers would never end")]
fn a_stage_needs_a_worker() {
    all(|p| p.iter([1]).map(0, async |n: u8| Ok(n)).into_receiver());
}

#[test]
#[should_panic(expected = "a chunk of no items would never end")]
fn a_chunk_has_an_item() {
    all(|p| p.iter([1]).chunks(0).into_receiver());
}
