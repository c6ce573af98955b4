//! What a scope can do beside running its children, under every interleaving.
//!
//! The scope is polled on the model's main thread; a second thread does the other thing.

mod explore;

use std::{
    future::{pending, poll_fn},
    num::NonZeroUsize,
    pin::Pin,
    sync::Arc,
    task::{Poll, Waker},
};

use explore::{
    explore, poll_now,
    task::{Bell, Tracked, finish},
};
use loom::{future::block_on, sync::Mutex, thread};
use pleach_loom::{Cancelled, cancel::CauseKind, scope::scope};

const ABORTED: Option<CauseKind> = Some(CauseKind::Aborted);

fn kind<T>(output: Result<T, Cancelled>) -> Option<CauseKind> {
    output.err().map(|error| error.cause().kind())
}

#[test]
fn an_abort_beside_completion_gives_the_output_or_drops_the_child() {
    explore(&[None, ABORTED], || {
        let (driver, s) = scope();
        let handle = s.spawn(async { Tracked::new(7) });
        let other = thread::spawn(move || {
            handle.abort();
            handle
        });
        let ((), handle) = finish(driver.run(async {}), other);
        kind(block_on(handle).map(|output| output.get()))
    });
}

#[test]
fn an_abort_beside_a_wake_drops_the_child_or_comes_too_late() {
    explore(&[None, ABORTED], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let tracked = Tracked::new(7);
        let heard = Arc::clone(&bell);
        let handle = s.spawn(async move {
            heard.heard().await;
            tracked
        });
        let mut running = Box::pin(driver.run(async {}));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = thread::spawn(move || {
            handle.abort();
            handle
        });
        bell.ring();
        let ((), handle) = finish(running, other);
        kind(block_on(handle).map(|output| output.get()))
    });
}

#[test]
fn an_abort_reaches_a_child_that_is_about_to_be_held_back() {
    explore(&[()], || {
        let (driver, s) = scope();
        let driver = driver.limit(NonZeroUsize::MIN);
        drop(s.spawn(pending::<()>()));
        let mut running = Box::pin(driver.run(pending::<()>()));
        let mut pass = || assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        pass();
        let held_back = s.spawn(async {});
        let other = thread::spawn(move || {
            held_back.abort();
            held_back
        });
        pass();
        let mut held_back = other.join().unwrap();
        // On the queue twice at most: as it was spawned, and as it was aborted.
        pass();
        let Poll::Ready(output) = poll_now(Pin::new(&mut held_back), Waker::noop()) else {
            panic!("the abort was lost");
        };
        assert_eq!(kind(output), ABORTED);
    });
}

#[test]
fn an_abort_reaches_a_child_that_is_waited_for_and_not_started() {
    explore(&[()], || {
        let (driver, s) = scope();
        let driver = driver.limit(NonZeroUsize::MIN);
        let passed = Arc::new(Mutex::new(None));
        drop(s.spawn({
            let (s, passed) = (s.clone(), Arc::clone(&passed));
            async move {
                // The first runs on the lent place, so that the second is held back.
                let mut handles = [s.spawn(pending::<()>()), s.spawn(pending::<()>())].map(Some);
                let mut polls = 0;
                poll_fn(|cx| {
                    polls += 1;
                    if polls == 2 {
                        return Poll::Ready(());
                    }
                    for handle in handles.iter_mut().flatten() {
                        assert!(Pin::new(handle).poll(cx).is_pending());
                    }
                    *passed.lock().unwrap() = handles[1].take();
                    Poll::Pending
                })
                .await;
                // Woken by the end of the second; the first would never end.
                handles[0].as_ref().unwrap().abort();
            }
        }));
        let mut running = Box::pin(driver.run(async {}));
        for _ in 0..4 {
            assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        }
        let handle = passed.lock().unwrap().take().expect("polled once");
        let other = thread::spawn(move || {
            handle.abort();
            handle
        });
        let ((), handle) = finish(running, other);
        assert_eq!(kind(block_on(handle)), ABORTED);
    });
}
