//! What each joiner gives, when it ends the group, and what it makes of an early end.

use std::{
    cell::Cell,
    future::{Future, pending, ready},
    num::NonZeroUsize,
    ops::ControlFlow,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use pleach::{
    CancelToken,
    cancel::CauseKind,
    group::{
        All, AnyOk, Collect, Discard, First, Joiner, Quorum, TryAll, TryDiscard, Until,
        for_each_limit, group, map_ordered, map_unordered, try_for_each_limit, try_map_ordered,
        try_map_unordered,
    },
    time::{Clock, ManualClock, sleep},
};

use crate::support::{block_on, poll_now, yield_now};

/// A child that yields so many times and then gives `output`.
async fn after<T>(yields: usize, output: T) -> T {
    for _ in 0..yields {
        yield_now().await;
    }
    output
}

/// Children that are done in the order third, first, second.
fn mixed<T>(outputs: [T; 3]) -> Vec<impl Future<Output = T>> {
    let yields = [2, 3, 0];
    outputs
        .into_iter()
        .zip(yields)
        .map(|(output, yields)| after(yields, output))
        .collect()
}

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

#[test]
fn all_gives_outputs_in_order_of_submission_or_of_completion() {
    block_on(async {
        assert_eq!(group(mixed([1, 2, 3])).join(All::new()).await, [1, 2, 3]);
        let unordered = group(mixed([1, 2, 3])).join(All::unordered()).await;
        assert_eq!(unordered, [3, 1, 2]);
    });
}

#[test]
fn all_of_nothing_is_nothing() {
    block_on(async {
        let none = || std::iter::empty::<std::future::Ready<u8>>();
        assert!(group(none()).join(All::new()).await.is_empty());
        assert_eq!(group(none()).join(First::new()).await, None);
        group(none()).join(Discard::new()).await;
        let none = || std::iter::empty::<std::future::Ready<Result<u8, u8>>>();
        assert_eq!(group(none()).join(TryAll::new()).await, Ok(vec![]));
        assert_eq!(group(none()).join(AnyOk::new()).await, Err(vec![]));
        assert_eq!(group(none()).join(Quorum::new(0)).await, Ok(vec![]));
        assert!(group(none()).join(Quorum::new(1)).await.is_err());
    });
}

#[test]
fn the_first_error_in_time_decides_and_drops_the_others() {
    block_on(async {
        let results = [Err("late"), Ok(2), Err("early")];
        let dropped = Cell::new(0);
        let children = mixed(results).into_iter().map(|child| {
            let dropped = &dropped;
            async move {
                let _guard = OnDrop(dropped);
                child.await
            }
        });
        assert_eq!(group(children).join(TryAll::new()).await, Err("early"));
        assert_eq!(dropped.get(), 3);
        let values: [Result<_, ()>; 3] = [Ok(1), Ok(2), Ok(3)];
        let ordered = group(mixed(values)).join(TryAll::new()).await;
        assert_eq!(ordered, Ok(vec![1, 2, 3]));
        let unordered = group(mixed(values)).join(TryAll::unordered()).await;
        assert_eq!(unordered, Ok(vec![3, 1, 2]));
    });
}

struct OnDrop<'a>(&'a Cell<u32>);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// The short-circuit must not hang on how many children there are or where the error is
/// (futures-rs #2866).
#[test]
fn an_early_error_is_not_waited_for_behind_slow_children() {
    for children in [3, 30, 31, 300] {
        for at in [0, children / 2, children - 1] {
            let children = (0..children).map(|n| -> Pin<Box<dyn Future<Output = _>>> {
                if n == at {
                    Box::pin(ready(Err::<(), _>(n)))
                } else {
                    Box::pin(pending())
                }
            });
            let result = block_on(group(children).join(TryAll::new()));
            assert_eq!(result.unwrap_err(), at);
        }
    }
}

#[test]
fn collect_keeps_everything() {
    block_on(async {
        let collected = group(mixed([Err("a"), Ok(2), Err("c")]))
            .join(Collect::new())
            .await;
        assert_eq!(collected.values, [(1, 2)]);
        assert_eq!(collected.errors, [(0, "a"), (2, "c")]);
        assert_eq!(collected.cause, None);
        assert_eq!(collected.to_string(), "2 of 3 failed\n0: a\n2: c");
        assert!(collected.clone().into_result().is_err());
        let values: [Result<_, ()>; 3] = [Ok(1), Ok(2), Ok(3)];
        let collected = group(mixed(values)).join(Collect::new()).await;
        assert_eq!(collected.into_result().unwrap(), [1, 2, 3]);
    });
}

/// One error takes the room of one, however many children there were before it.
#[test]
fn collect_takes_memory_for_what_there_is() {
    let children = (0..10_000).map(|n| ready(if n == 9_999 { Err(n) } else { Ok(()) }));
    let collected = block_on(group(children).join(Collect::new()));
    assert_eq!(collected.errors, [(9_999, 9_999_u64)]);
    assert!(collected.errors.capacity() < 100);
}

#[test]
fn any_ok_takes_the_first_value_or_all_errors() {
    block_on(async {
        let any = group(mixed([Ok(1), Ok(2), Err("c")]))
            .join(AnyOk::new())
            .await;
        assert_eq!(
            any,
            Ok(1),
            "the third failed and the first came before the second"
        );
        let none = group(mixed([Err::<(), _>("a"), Err("b"), Err("c")]))
            .join(AnyOk::new())
            .await;
        assert_eq!(none, Err(vec!["a", "b", "c"]), "in order of submission");
    });
}

#[test]
fn first_takes_whatever_comes_first() {
    let first = group(mixed(["a", "b", "c"])).join(First::new());
    assert_eq!(block_on(first), Some("c"));
}

#[test]
fn a_quorum_ends_when_it_is_there_or_cannot_be() {
    block_on(async {
        let started = Cell::new(0);
        let vote = |vote: Result<u8, &'static str>| {
            started.set(started.get() + 1);
            ready(vote)
        };
        let votes = [Ok(1), Err("ill"), Ok(3), Ok(4), Ok(5)];
        let quorum = group(votes.map(vote)).join(Quorum::new(3)).await;
        assert_eq!(quorum, Ok(vec![1, 3, 4]));

        started.set(0);
        let votes = [Ok(1), Err("ill"), Err("away"), Ok(4), Ok(5)];
        let lazily = votes.into_iter().map(vote);
        let failed = group(lazily).join(Quorum::new(4)).await.unwrap_err();
        assert_eq!((failed.needed, &*failed.values), (4, &[1][..]));
        assert_eq!(failed.errors, ["ill", "away"]);
        assert_eq!(started.get(), 3, "the others were not asked for");
        assert_eq!(
            failed.to_string(),
            "4 successes were needed: there were 1, and 2 failures"
        );

        // Where it is not known how many there are it turns out at the end.
        let mut unknown = votes.into_iter().map(ready);
        let unknown = std::iter::from_fn(|| unknown.next());
        let failed = group(unknown).join(Quorum::new(4)).await.unwrap_err();
        assert_eq!(failed.values, [1, 4, 5]);
    });
}

#[test]
fn until_gives_all_up_to_the_one_that_is_asked_for() {
    let outputs = block_on(group(mixed([7, 8, 9])).join(Until::new(|n| *n == 7)));
    assert_eq!(outputs, [(2, 9), (0, 7)]);
    let never = block_on(group(mixed([7, 8, 9])).join(Until::new(|_| false)));
    assert_eq!(never, [(2, 9), (0, 7), (1, 8)]);
}

#[test]
fn discard_takes_anything_and_try_discard_minds_errors() {
    block_on(async {
        group(mixed([1, 2, 3])).join(Discard::new()).await;
        let result = group(mixed([Ok(1), Err("b"), Ok(3)]))
            .join(TryDiscard::new())
            .await;
        assert_eq!(result, Err("b"));
    });
}

#[test]
fn the_short_forms_are_those_joiners() {
    block_on(async {
        let four = limit(4);
        let sum = Cell::new(0);
        for_each_limit(1..=9, four, |n| {
            let sum = &sum;
            async move { sum.set(sum.get() + n) }
        })
        .await;
        assert_eq!(sum.get(), 45);
        let failed = try_for_each_limit([1, 2], four, |n| {
            ready(if n == 2 { Err(n) } else { Ok(()) })
        });
        assert_eq!(failed.await, Err(2));
        let slow_first = |n: usize| after(3 - n, n);
        assert_eq!(map_ordered(0..4, four, slow_first).await, [0, 1, 2, 3]);
        assert_eq!(map_unordered(0..4, four, slow_first).await, [3, 2, 1, 0]);
        let checked = |n: usize| after(3 - n, if n == 1 { Err(n) } else { Ok(n) });
        assert_eq!(try_map_ordered(0..4, four, checked).await, Err(1));
        assert_eq!(
            try_map_unordered([2, 3], four, checked).await,
            Ok(vec![3, 2])
        );
    });
}

#[test]
fn a_deadline_lets_the_joiner_give_what_there_is() {
    let clock = ManualClock::new();
    let ask = |seconds: u64| {
        let clock = &clock;
        async move {
            sleep(clock, Duration::from_secs(seconds)).await;
            Ok::<_, ()>(seconds)
        }
    };
    let start = clock.now();
    let at = start + Duration::from_secs(5);
    let collect = group([9, 2, 4].map(ask)).join(Collect::new());
    let collected = clock.run(collect.deadline((&clock, at))).unwrap();
    assert_eq!(collected.values, [(1, 2), (2, 4)]);
    assert_eq!(collected.cause.unwrap().kind(), CauseKind::Deadline);
    assert!(collected.into_result().is_err(), "cut short is not all");
    assert_eq!(clock.now(), at);

    let all = group([9, 2, 4].map(ask)).join(All::new());
    let at = clock.now() + Duration::from_secs(5);
    let cancelled = clock.run(all.deadline((&clock, at))).unwrap_err();
    assert_eq!(cancelled.cause().kind(), CauseKind::Deadline);
    assert_eq!(clock.now(), at);

    let in_time = group([2, 4].map(ask)).join(All::new());
    let at = clock.now() + Duration::from_secs(5);
    let all = clock.run(in_time.deadline((&clock, at))).unwrap();
    assert_eq!(all, [Ok(2), Ok(4)]);
    assert_eq!(
        clock.now(),
        at - Duration::from_secs(1),
        "it did not wait for the deadline"
    );
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn a_token_cuts_a_group_short_and_one_cancelled_before_starts_nothing() {
    block_on(async {
        let token = CancelToken::new();
        let children = (0..3).map(|n| {
            let token = &token;
            async move {
                if n == 1 {
                    token.cancel_with(CauseKind::Shutdown);
                }
                after(usize::from(n == 2) * 5, n).await
            }
        });
        let outputs = group(children)
            .join(Until::new(|_| false))
            .token(&token)
            .await;
        assert_eq!(outputs.unwrap(), [(0, 0), (1, 1)]);

        let started = Cell::new(0);
        let children = (0..3).map(|_| {
            started.set(started.get() + 1);
            ready(())
        });
        let result = group(children).join(All::new()).token(&token).await;
        assert_eq!(result.unwrap_err().cause().kind(), CauseKind::Shutdown);
        assert_eq!(started.get(), 0);
    });
}

/// Queued work is not started after the end (golang/go #54045), and who is done by then counts.
#[test]
fn nothing_is_started_once_the_end_has_come() {
    let (token, started) = (CancelToken::new(), Cell::new(0));
    let children = (0..9).map(|n| {
        started.set(started.get() + 1);
        after(1, n)
    });
    let group = group(children).limit(limit(2));
    let mut joined = pin!(group.join(Until::new(|_| false)).token(&token));
    assert!(poll_now(joined.as_mut()).is_pending());
    token.cancel();
    let Poll::Ready(outputs) = poll_now(joined) else {
        panic!("the end has come");
    };
    assert_eq!(outputs.unwrap(), [(0, 0), (1, 1)]);
    assert_eq!(started.get(), 2);
}

#[test]
fn a_joiner_hears_of_each_child_once_with_its_number() {
    struct Log(Vec<(usize, char)>, (usize, Option<usize>));
    impl Joiner<char> for Log {
        type Output = Self;

        fn expect(&mut self, children: (usize, Option<usize>)) {
            assert!(self.0.is_empty());
            self.1 = children;
        }

        fn on_done(&mut self, index: usize, output: char) -> ControlFlow<()> {
            self.0.push((index, output));
            ControlFlow::Continue(())
        }

        fn finish(self) -> Self {
            self
        }
    }
    let log = block_on(group(mixed(['a', 'b', 'c'])).join(Log(Vec::new(), (0, None))));
    assert_eq!(log.0, [(2, 'c'), (0, 'a'), (1, 'b')]);
    assert_eq!(log.1, (3, Some(3)));
}

#[test]
fn what_a_joiner_gives_is_not_lost_if_the_rest_of_it_panics() {
    /// Counts its drops, of which that with a text panics.
    #[derive(Debug)]
    struct Dropped<'a>(&'a Cell<usize>, Option<&'static str>);
    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            if let (Some(text), false) = (self.1, std::thread::panicking()) {
                panic!("{text}");
            }
        }
    }
    let drops = Cell::new(0);
    let (quiet, bomb) = (|| Dropped(&drops, None), || Dropped(&drops, Some("rest")));
    let panics = |joined: Pin<Box<dyn Future<Output = ()> + '_>>| {
        let joined = std::panic::AssertUnwindSafe(|| block_on(joined));
        assert!(std::panic::catch_unwind(joined).is_err());
        drops.replace(0)
    };
    let any_ok = [Err(bomb()), Ok(quiet())].map(ready);
    let any_ok = group(any_ok).join(AnyOk::new());
    assert_eq!(panics(Box::pin(async { drop(any_ok.await) })), 2);
    let try_all = [Ok(bomb()), Err(quiet())].map(ready);
    let try_all = group(try_all).join(TryAll::new());
    assert_eq!(panics(Box::pin(async { drop(try_all.await) })), 2);
    let owned = bomb();
    let is_last = move |_: &Dropped<'_>| {
        let owned = &owned;
        owned.1.is_none()
    };
    let until = group([ready(quiet())]).join(Until::new(is_last));
    assert_eq!(panics(Box::pin(async { drop(until.await) })), 2);
}
