//! Scopes: wakes, spawns and the end, under every interleaving.
//!
//! The scope is polled on the model's main thread; a second thread wakes or spawns. Children
//! and outputs carry tracked values: to touch one from the wrong thread, to free it too early
//! or never, is found by loom.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore, poll_now,
    task::{Bell, Task, Tracked, finish, ring_elsewhere},
};
use loom::{future::block_on, thread};
use pleach_loom::{
    Cancelled,
    internals::complete::{AtomicUsize, Ordering},
    scope::{Scope, local, scope, try_scope},
};

#[test]
fn a_wake_of_a_child_before_during_or_after_its_poll_arrives() {
    Explore::new().shallow(3).run(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        drop(s.spawn(bell.heard()));
        let other = ring_elsewhere(&bell);
        block_on(driver.run(async {}));
        other.join().unwrap();
    });
}

#[test]
fn a_wake_of_the_body_arrives() {
    Explore::new().shallow(3).run(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, _s) = scope();
        let other = ring_elsewhere(&bell);
        block_on(driver.run(bell.heard()));
        other.join().unwrap();
    });
}

#[test]
fn a_wake_beside_completion_frees_the_child_once() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let child = async {
            let tracked = Tracked::new(0);
            // Completes at its second poll, whoever caused it.
            let mut polls = 0;
            poll_fn(|cx| {
                polls += 1;
                if polls == 2 {
                    return Poll::Ready(());
                }
                *bell.waker.lock().unwrap() = Some(cx.waker().clone());
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            tracked.get();
        };
        drop(s.spawn(child));
        let mut running = Box::pin(driver.run(async {}));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let waker = bell.take_waker();
        let other = thread::spawn(move || waker.wake());
        block_on(running);
        other.join().unwrap();
    });
}

#[test]
fn a_wake_beside_the_drop_of_the_scope_frees_the_child_once() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let tracked = Tracked::new(0);
        drop(s.spawn(async {
            bell.heard().await;
            tracked.get();
            drop(tracked);
        }));
        let mut running = Box::pin(driver.run(pending::<()>()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let waker = bell.take_waker();
        let other = thread::spawn(move || waker.wake());
        drop(running);
        other.join().unwrap();
    });
}

#[test]
fn a_wake_of_the_body_beside_the_drop_of_the_scope_is_harmless() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let mut running = Box::pin(driver.run(bell.heard()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let waker = bell.take_waker();
        let other = thread::spawn(move || {
            waker.wake_by_ref();
            drop(waker);
        });
        drop(running);
        drop(s);
        other.join().unwrap();
    });
}

/// Ready when two have done something.
async fn two_are_done(bell: &Bell, done: &AtomicUsize) {
    poll_fn(|cx| {
        *bell.waker.lock().unwrap() = Some(cx.waker().clone());
        // Relaxed: only the wakes can order this load after both adds. If one of two that
        // were taken together is missed here, nobody will wake for it again.
        match done.load(Ordering::Relaxed) {
            2 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
}

/// Two threads do something and wake the same waker.
fn do_and_wake_twice(mut running: Pin<Box<impl Future>>, bell: &Bell, done: &Arc<AtomicUsize>) {
    assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
    let wake = |waker: Waker| {
        let done = Arc::clone(done);
        move || {
            done.fetch_add(1, Ordering::Relaxed);
            waker.wake();
        }
    };
    let waker = bell.take_waker();
    let other = thread::spawn(wake(waker.clone()));
    wake(waker)();
    finish(running, other);
}

#[test]
fn two_wakes_of_a_child_at_once_publish_what_both_did() {
    explore(&[()], || {
        let (bell, done) = (Bell::default(), Arc::new(AtomicUsize::new(0)));
        let (driver, s) = scope();
        drop(s.spawn(two_are_done(&bell, &done)));
        do_and_wake_twice(Box::pin(driver.run(async {})), &bell, &done);
    });
}

#[test]
fn two_wakes_of_the_body_at_once_publish_what_both_did() {
    explore(&[()], || {
        let (bell, done) = (Bell::default(), Arc::new(AtomicUsize::new(0)));
        let (driver, _s) = scope();
        let running = driver.run(two_are_done(&bell, &done));
        do_and_wake_twice(Box::pin(running), &bell, &done);
    });
}

#[test]
fn a_remote_spawn_comes_before_the_end_or_is_refused() {
    explore(&[Ok(7), Err(())], || {
        let (driver, s) = scope();
        let other = thread::spawn(move || {
            s.spawn(async {
                let tracked = Tracked::new(7);
                tracked.get();
                tracked
            })
        });
        let ((), handle) = finish(driver.run(async {}), other);
        block_on(handle)
            .map(|tracked| tracked.get())
            .map_err(|Cancelled { .. }| ())
    });
}

#[test]
fn a_remote_spawn_reaches_a_scope_that_parks() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let other = {
            let bell = Arc::clone(&bell);
            thread::spawn(move || drop(s.spawn(async move { bell.ring() })))
        };
        // The body waits for the child: a spawn that is not noticed is a deadlock.
        finish(driver.run(bell.heard()), other);
    });
}

#[test]
fn a_spawn_into_a_local_scope_wakes_its_task_once_with_a_wake_from_elsewhere() {
    explore(&[2], || {
        let (bell, ran) = (Arc::new(Bell::default()), Arc::new(AtomicUsize::new(0)));
        let count = || {
            let ran = Arc::clone(&ran);
            async move {
                ran.fetch_add(1, Ordering::Relaxed);
            }
        };
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let (driver, s) = local::scope();
        let mut running = Box::pin(driver.run(bell.heard()));
        assert!(poll_now(running.as_mut(), &waker).is_pending());
        s.spawn(count());
        assert!(task.take(), "a spawn was not noticed");
        while poll_now(running.as_mut(), &waker).is_pending() && task.take() {}
        let other = ring_elsewhere(&bell);
        s.spawn(count());
        other.join().unwrap();
        assert_eq!(task.wakes(), 1);
        while poll_now(running.as_mut(), &waker).is_pending() {
            assert!(task.take(), "a wake was lost");
        }
        ran.load(Ordering::Relaxed)
    });
}

#[test]
fn two_remote_spawns_are_both_run_or_refused() {
    explore(&[0, 1, 2], || {
        let ran = Arc::new(AtomicUsize::new(0));
        let (driver, s) = scope();
        let spawn = |s: Scope<'static>| {
            let ran = Arc::clone(&ran);
            move || {
                let child = async move {
                    ran.fetch_add(1, Ordering::Relaxed);
                };
                usize::from(s.try_spawn(child).is_ok())
            }
        };
        let (first, second) = (thread::spawn(spawn(s.clone())), spawn(s));
        let mut running = Box::pin(driver.run(async {}));
        let finished = poll_now(running.as_mut(), Waker::noop()).is_ready();
        let second = second();
        let spawned = if finished {
            first.join().unwrap() + second
        } else {
            let ((), first) = finish(running, first);
            first + second
        };
        assert_eq!(ran.load(Ordering::Relaxed), spawned);
        spawned
    });
}

#[test]
fn a_remote_spawn_beside_the_drop_of_the_scope_drops_the_future() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let other = thread::spawn(move || {
            let tracked = Tracked::new(0);
            s.try_spawn(async move {
                tracked.get();
            })
            .map(drop)
            .is_ok()
        });
        drop(driver);
        other.join().unwrap()
    });
}

#[test]
fn a_change_of_the_parents_waker_beside_a_wake_loses_nothing() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        drop(s.spawn(bell.heard()));
        let mut running = Box::pin(driver.run(async {}));
        // Parked under another waker than the one that waits in the end.
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = ring_elsewhere(&bell);
        block_on(running);
        other.join().unwrap();
    });
}

#[test]
fn an_error_beside_a_wake_of_a_sibling_ends_the_scope_once() {
    explore(&[Err("ended")], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = try_scope();
        let tracked = Tracked::new(0);
        drop(s.spawn(async {
            let tracked = tracked;
            bell.heard().await;
            tracked.get();
            pending::<()>().await;
        }));
        let mut running = Box::pin(driver.run_try(pending::<Result<(), _>>()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        drop(s.spawn_try(async { Err::<(), _>("ended") }));
        let other = ring_elsewhere(&bell);
        finish(running, other).0
    });
}
