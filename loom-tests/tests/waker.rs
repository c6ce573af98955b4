//! The cell for one waker: no wake is lost.

mod explore;

use std::{
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use explore::explore;
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

#[test]
fn two_wakers_at_once_lose_nothing() {
    explore(&[()], || {
        let shared = Arc::new((WakerCell::new(), AtomicUsize::new(0)));
        let others = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.1.fetch_add(1, Ordering::Release);
                shared.0.wake();
            })
        });
        block_on(reach(&shared.0, &shared.1, 2));
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn registering_beside_a_wake_leaves_the_new_waker_or_has_called_it() {
    explore(&[()], || {
        let cell = Arc::new(WakerCell::new());
        cell.register(&Context::from_waker(Waker::noop()));
        let other = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.wake())
        };
        cell.register(&Context::from_waker(Waker::noop()));
        other.join().unwrap();
    });
}
