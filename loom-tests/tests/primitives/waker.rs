//! The cell for one waker: no wake is lost.

use std::{
    future::poll_fn,
    task::{Context, Poll, Wake, Waker},
};

use crate::explore::explore;
use loom::{future::block_on, sync::Arc, thread};
use pleach_loom::internals::{
    WakerCell,
    complete::{AtomicUsize, Ordering},
};

/// Ready once `goal` wakes were announced; looks again after it has registered.
async fn reach(cell: &WakerCell, announced: &AtomicUsize, goal: usize) {
    poll_fn(|cx| {
        if announced.load(Ordering::Acquire) < goal {
            cell.register(cx);
            if announced.load(Ordering::Acquire) < goal {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    })
    .await;
}

#[test]
fn a_wake_before_during_or_after_registration_arrives() {
    explore(&[()], || {
        let shared = Arc::new((WakerCell::new(), AtomicUsize::new(0)));
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.1.fetch_add(1, Ordering::Release);
                shared.0.wake();
            })
        };
        block_on(reach(&shared.0, &shared.1, 1));
        other.join().unwrap();
    });
}

/// Counts its wakes in an atomic that loom sees.
struct Counter(AtomicUsize);

impl Counter {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Counter {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counters() -> ([std::sync::Arc<Counter>; 2], [Waker; 2]) {
    let counters = [(); 2].map(|()| std::sync::Arc::new(Counter(AtomicUsize::new(0))));
    let wakers = counters.clone().map(Waker::from);
    (counters, wakers)
}

#[test]
fn two_wakes_at_once_call_the_waker_once() {
    explore(&[1], || {
        let ([counter, _], [waker, _]) = counters();
        let cell = std::sync::Arc::new(WakerCell::new());
        cell.register(&Context::from_waker(&waker));
        let other = {
            let cell = std::sync::Arc::clone(&cell);
            thread::spawn(move || cell.wake())
        };
        cell.wake();
        other.join().unwrap();
        counter.count()
    });
}

#[test]
fn clearing_beside_a_wake_calls_the_waker_at_most_once_and_forgets_it() {
    explore(&[0, 1], || {
        let ([counter, _], [waker, _]) = counters();
        let cell = std::sync::Arc::new(WakerCell::new());
        cell.register(&Context::from_waker(&waker));
        let other = {
            let cell = std::sync::Arc::clone(&cell);
            thread::spawn(move || cell.wake())
        };
        cell.clear();
        other.join().unwrap();
        let seen = counter.count();
        cell.wake();
        assert_eq!(counter.count(), seen, "nothing is left to wake");
        seen
    });
}

#[test]
fn registering_beside_a_wake_leaves_the_new_waker_or_the_old_one_was_called() {
    for changes in [false, true] {
        explore(&[[0, 1], [1, 0]][usize::from(!changes)..], move || {
            let (counters, wakers) = counters();
            let cell = std::sync::Arc::new(WakerCell::new());
            cell.register(&Context::from_waker(&wakers[0]));
            let other = {
                let cell = std::sync::Arc::clone(&cell);
                thread::spawn(move || cell.wake())
            };
            cell.register(&Context::from_waker(&wakers[usize::from(changes)]));
            other.join().unwrap();
            let seen = counters.each_ref().map(|counter| counter.count());
            // What was registered last is still there, unless it was the one called.
            cell.wake();
            let after = counters.each_ref().map(|counter| counter.count());
            assert!(after[usize::from(changes)] >= 1, "the waker is lost");
            seen
        });
    }
}
