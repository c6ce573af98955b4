//! Groups: wakes, places that are used again or outlive their group, spawns and results, under
//! every interleaving.
//!
//! The group is polled on the model's main thread; another one wakes, drops wakers, spawns or
//! takes. Children and outputs carry tracked values, and so do the places by their cells: to touch
//! one from the wrong thread, to free it too early or never, is found by loom.

use std::{
    future::{pending, poll_fn, ready},
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::explore::{
    Explore, explore, poll_now,
    task::{Bell, Tracked, finish, ring_elsewhere},
};
use loom::{future::block_on, thread};
use pleach_loom::{
    group::{All, Discard, First, for_each_limit, group, open},
    internals::complete::{AtomicUsize, Ordering},
};

/// A child that is done at once or after so many polls, and leaves its waker behind each time.
fn leaving(kept: &Mutex<Vec<Waker>>, mut polls: usize) -> impl Future<Output = Tracked> {
    let mut tracked = Some(Tracked::new(7));
    poll_fn(move |cx| {
        kept.lock().unwrap().push(cx.waker().clone());
        if polls == 0 {
            return Poll::Ready(tracked.take().unwrap());
        }
        polls -= 1;
        Poll::Pending
    })
}

#[test]
fn a_wake_before_during_or_after_a_poll_arrives() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let other = ring_elsewhere(&bell);
        finish(group([bell.heard()]).join(Discard::new()), other);
    });
}

#[test]
fn a_wake_of_the_body_arrives() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, results) = group([ready(())]).results();
        drop(results);
        let other = ring_elsewhere(&bell);
        finish(driver.run(bell.heard()), other);
    });
}

/// Whoever takes a wake in sees what was done before it, also where two came together. One waker for
/// both, so that there is little else to interleave.
#[test]
fn two_wakes_at_once_publish_what_both_did() {
    explore(&[()], || {
        let (kept, done) = (Mutex::new(None), Arc::new(AtomicUsize::new(0)));
        let child = poll_fn(|cx| {
            let mut kept = kept.lock().unwrap();
            kept.get_or_insert_with(|| Arc::new(cx.waker().clone()));
            // Relaxed: only the wakes can order this load after both adds.
            match done.load(Ordering::Relaxed) {
                2 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        let mut joined = Box::pin(group([child]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let wake = || {
            let (waker, done) = (kept.lock().unwrap().clone().unwrap(), Arc::clone(&done));
            move || {
                done.fetch_add(1, Ordering::Relaxed);
                waker.wake_by_ref();
            }
        };
        let other = thread::spawn(wake());
        wake()();
        finish(joined, other);
    });
}

/// The place of a child whose waker is dropped elsewhere while it ends is used for the next one, or
/// another is.
#[test]
fn a_waker_dropped_beside_the_end_gives_the_place_back_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let one = NonZeroUsize::MIN;
        let mut children = Some([1, 0, 0]);
        let mut joined = Box::pin(for_each_limit(children.take().unwrap(), one, |polls| {
            leaving(&kept, polls)
        }));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().pop().unwrap();
        waker.wake_by_ref();
        let other = thread::spawn(move || drop(waker));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_ready());
        other.join().unwrap();
    });
}

/// As above, with a wake by value: it may come while the child is running, retired, or gone, and
/// the next child is polled for its own wakes only.
#[test]
fn a_late_wake_does_not_reach_the_next_child() {
    explore(&[[2, 1]], || {
        let kept = Mutex::new(None);
        let polls = [const { std::sync::atomic::AtomicUsize::new(0) }; 2];
        let child = |n: usize| {
            let (kept, polls) = (&kept, &polls[n]);
            poll_fn(move |cx: &mut Context<'_>| {
                let before = polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if n == 0 && before == 1 {
                    return Poll::Ready(());
                }
                *kept.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            })
        };
        let one = NonZeroUsize::MIN;
        let mut joined = Box::pin(for_each_limit(0..2, one, child));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().take().unwrap();
        waker.wake_by_ref();
        let other = thread::spawn(move || waker.wake());
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        other.join().unwrap();
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        drop(joined);
        polls
            .each_ref()
            .map(|polls| polls.load(std::sync::atomic::Ordering::Relaxed))
    });
}

#[test]
fn a_wake_beside_the_end_of_its_child_frees_the_place_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let mut joined = Box::pin(group([leaving(&kept, 1)]).join(All::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().pop().unwrap();
        waker.wake_by_ref();
        let other = thread::spawn(move || waker.wake());
        let Poll::Ready(outputs) = poll_now(joined.as_mut(), Waker::noop()) else {
            panic!("it was woken");
        };
        assert_eq!(outputs[0].get(), 7);
        drop(joined);
        other.join().unwrap();
    });
}

#[test]
fn a_wake_beside_the_drop_of_the_group_frees_its_memory_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let mut joined = Box::pin(group([leaving(&kept, 9)]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().pop().unwrap();
        let other = thread::spawn(move || waker.wake());
        drop(joined);
        other.join().unwrap();
    });
}

#[test]
fn a_wake_and_the_end_of_its_waker_beside_the_drop_of_the_group_free_its_memory_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let mut joined = Box::pin(group([leaving(&kept, 9)]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().pop().unwrap();
        let other = thread::spawn(move || waker.wake_by_ref());
        drop(joined);
        other.join().unwrap();
    });
}

/// Two wakers end in these ways, each on a thread of its own, beside the drop of the group.
fn two_wakers_end_beside_the_drop_of_the_group(first: fn(Waker), second: fn(Waker)) {
    Explore::new().shallow(2).run(&[()], move || {
        let kept = Mutex::new(Vec::new());
        let mut joined = Box::pin(group([leaving(&kept, 9)]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().pop().unwrap();
        let copy = waker.clone();
        let others = [
            thread::spawn(move || first(waker)),
            thread::spawn(move || second(copy)),
        ];
        drop(joined);
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn a_wake_beside_the_end_of_another_waker_and_the_drop_of_the_group_frees_its_memory_once() {
    two_wakers_end_beside_the_drop_of_the_group(Waker::wake, drop);
}

#[test]
fn two_wakes_beside_the_drop_of_the_group_free_its_memory_once() {
    two_wakers_end_beside_the_drop_of_the_group(Waker::wake, Waker::wake);
}

/// As `two_wakes_at_once_publish_what_both_did`, with wakers that end with it.
#[test]
fn two_wakes_by_value_at_once_publish_what_both_did() {
    Explore::new().shallow(3).run(&[()], || {
        let (kept, done) = (Mutex::new(Vec::new()), Arc::new(AtomicUsize::new(0)));
        let child = poll_fn(|cx| {
            let mut kept = kept.lock().unwrap();
            if kept.is_empty() {
                kept.extend([cx.waker().clone(), cx.waker().clone()]);
            }
            // Relaxed: only the wakes can order this load after both adds.
            match done.load(Ordering::Relaxed) {
                2 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        let mut joined = Box::pin(group([child]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let [first, second] = [0, 1].map(|at| kept.lock().unwrap()[at].clone());
        let wake = |waker: Waker| {
            let done = Arc::clone(&done);
            move || {
                done.fetch_add(1, Ordering::Relaxed);
                waker.wake();
            }
        };
        let other = thread::spawn(wake(first));
        wake(second)();
        finish(joined, other);
    });
}

#[test]
fn two_wakers_dropped_beside_the_drop_of_the_group_free_its_memory_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let mut joined = Box::pin(group([leaving(&kept, 9)]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let waker = kept.lock().unwrap().pop().unwrap();
        let copy = waker.clone();
        let first = thread::spawn(move || drop(waker));
        let second = thread::spawn(move || drop(copy));
        drop(joined);
        first.join().unwrap();
        second.join().unwrap();
    });
}

/// A retired place that is still in the queue when the group goes, and whose waker goes then.
#[test]
fn a_place_that_is_queued_and_retired_when_the_group_goes_is_freed_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let children = [leaving(&kept, 0), leaving(&kept, 9)];
        let mut joined = Box::pin(group(children).join(First::new()));
        let waker_of_done = {
            // The first child ends the group in its first poll.
            let Poll::Ready(Some(output)) = poll_now(joined.as_mut(), Waker::noop()) else {
                panic!("the first is done at once");
            };
            assert_eq!(output.get(), 7);
            kept.lock().unwrap().pop().unwrap()
        };
        let other = thread::spawn(move || {
            waker_of_done.wake_by_ref();
            drop(waker_of_done);
        });
        drop(joined);
        other.join().unwrap();
    });
}

/// Children that were taken to be polled when one of them ended the group, and whose wakers go then.
#[test]
fn places_that_are_to_be_polled_when_the_group_ends_are_freed_once() {
    explore(&[()], || {
        let kept = Mutex::new(Vec::new());
        let children = [leaving(&kept, 1), leaving(&kept, 9)];
        let mut joined = Box::pin(group(children).join(First::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let wakers = std::mem::take(&mut *kept.lock().unwrap());
        wakers.iter().for_each(Waker::wake_by_ref);
        let other = thread::spawn(move || drop(wakers));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_ready());
        drop(joined);
        other.join().unwrap();
    });
}

#[test]
fn a_change_of_the_parents_waker_beside_a_wake_loses_nothing() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let mut joined = Box::pin(group([bell.heard()]).join(Discard::new()));
        assert!(poll_now(joined.as_mut(), Waker::noop()).is_pending());
        let other = ring_elsewhere(&bell);
        finish(joined, other);
    });
}

#[test]
fn a_spawn_comes_before_the_end_or_is_refused() {
    explore(&[(1, true), (0, false)], || {
        let (group, spawner) = open();
        let other = thread::spawn(move || {
            let tracked = Tracked::new(7);
            spawner
                .spawn(async move {
                    tracked.get();
                    tracked
                })
                .is_ok()
        });
        let (outputs, spawned) = finish(group.join(All::new()), other);
        (outputs.len(), spawned)
    });
}

#[test]
fn a_spawn_reaches_a_group_that_parks() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (group, spawner) = open();
        let (driver, results) = group.results();
        drop(results);
        let other = {
            let bell = Arc::clone(&bell);
            thread::spawn(move || spawner.spawn(async move { bell.ring() }).is_ok())
        };
        let ((), spawned) = finish(driver.run(bell.heard()), other);
        assert!(spawned, "the body waits for it");
    });
}

#[test]
fn a_spawn_beside_the_drop_of_the_group_drops_the_future_once() {
    explore(&[true, false], || {
        let (group, spawner) = open();
        let (driver, results) = group.results();
        let other = thread::spawn(move || {
            let tracked = Tracked::new(0);
            spawner.spawn(async move { drop(tracked) }).is_ok()
        });
        drop(driver);
        drop(results);
        other.join().unwrap()
    });
}

/// Whoever has spawned a child is not told that there are no results, also if the others end then.
#[test]
fn results_do_not_end_before_a_child_that_was_spawned() {
    explore(&[Poll::Pending, Poll::Ready(Some(7))], || {
        let (group, spawner) = open();
        let (driver, mut results) = group.results();
        let mut running = Box::pin(driver.run(pending::<()>()));
        let other = thread::spawn(move || {
            assert!(spawner.spawn(ready(7)).is_ok(), "the body is running");
            let polled = poll_now(pin!(results.next()), Waker::noop());
            (polled, results)
        });
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        other.join().unwrap().0
    });
}

/// Takes what there is in another thread, until the end.
fn take_all<F>(mut results: pleach_loom::group::Results<F>) -> impl FnOnce() -> Vec<u32> + use<F>
where
    F: Future<Output = Tracked>,
{
    move || {
        block_on(async move {
            let mut taken = Vec::new();
            while let Some(tracked) = results.next().await {
                taken.push(tracked.get());
            }
            taken
        })
    }
}

#[test]
fn results_taken_elsewhere_all_arrive_and_then_the_end() {
    Explore::new()
        .preemption_bound(
            2,
            "two that wait for one another, each with a waker: 382,224 executions with 3",
        )
        .run(&[vec![0, 1]], || {
            let children = (0..2).map(|n| async move { Tracked::new(n) });
            let (driver, results) = group(children).limit(NonZeroUsize::MIN).results();
            // The body stays, or there would be no bound on what is not taken.
            let bell = Arc::new(Bell::default());
            let other = thread::spawn({
                let (bell, take_all) = (Arc::clone(&bell), take_all(results));
                move || {
                    let taken = take_all();
                    bell.ring();
                    taken
                }
            });
            block_on(driver.run(bell.heard()));
            other.join().unwrap()
        });
}

#[test]
fn results_dropped_elsewhere_are_dropped_once_and_hold_up_nothing() {
    explore(&[()], || {
        let mut started = 0;
        let children = (0..2).map(|n| {
            started += 1;
            async move { Tracked::new(n) }
        });
        let (driver, results) = group(children).limit(NonZeroUsize::MIN).results();
        let other = thread::spawn(move || drop(results));
        let mut running = Box::pin(driver.run(pending::<()>()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        other.join().unwrap();
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        drop(running);
        assert_eq!(started, 2);
    });
}

#[test]
fn who_waits_for_a_result_hears_of_the_end_of_the_group() {
    explore(&[None], || {
        let (driver, mut results) = group([pending::<()>()]).results();
        let other = thread::spawn(move || block_on(results.next()));
        let mut running: Pin<Box<_>> = Box::pin(driver.run(pending::<()>()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        drop(running);
        other.join().unwrap()
    });
}
