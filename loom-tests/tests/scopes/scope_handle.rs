//! Handles, the limit, and cancelling: what is done to a scope from outside.
//!
//! The scope is polled on the model's main thread; a second thread has the handle. For the
//! rest see `scope.rs`.

use std::{
    future::{pending, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore, poll_now,
    task::{Bell, Task, Tracked, finish},
};
use loom::{future::block_on, sync::Mutex, thread};
use pleach_loom::{
    Handle,
    internals::{
        UnsafeCell,
        complete::{AtomicUsize, Ordering},
    },
    scope::{Scope, scope},
};

#[test]
fn a_handle_gets_the_output_wherever_it_is_awaited() {
    Explore::new().shallow(3).run(&[7], || {
        let (driver, s) = scope();
        let handle = s.spawn(async { Tracked::new(7) });
        let other = thread::spawn(move || block_on(handle).unwrap().get());
        block_on(driver.run(async {}));
        other.join().unwrap()
    });
}

#[test]
fn a_handle_polled_beside_completion_is_ready_or_is_woken() {
    explore(&[0, 1, 2], || {
        let (driver, s) = scope();
        let handle = s.spawn(async { Tracked::new(7) });
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let other = thread::spawn(move || {
            let mut handle = handle;
            // Twice, with wakers that differ: the second replaces the first.
            for (polls, waker) in [Waker::noop(), &waker].into_iter().enumerate() {
                if let Poll::Ready(output) = poll_now(Pin::new(&mut handle), waker) {
                    assert_eq!(output.unwrap().get(), 7);
                    return (polls, None);
                }
            }
            (2, Some(handle))
        });
        let ((), (polls, pending)) = finish(driver.run(async {}), other);
        if let Some(handle) = pending {
            assert!(task.take(), "the second waker was not called");
            assert_eq!(block_on(handle).unwrap().get(), 7);
        }
        polls
    });
}

#[test]
fn a_handle_polled_beside_the_completion_of_a_child_that_woke_itself_is_ready_or_is_woken() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let handle = s.spawn(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Ready(Tracked::new(7))
        }));
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let other = thread::spawn(move || {
            let mut handle = handle;
            match poll_now(Pin::new(&mut handle), &waker) {
                Poll::Ready(output) => {
                    assert_eq!(output.unwrap().get(), 7);
                    None
                }
                Poll::Pending => Some(handle),
            }
        });
        let ((), pending) = finish(driver.run(async {}), other);
        let early = pending.is_none();
        if let Some(handle) = pending {
            assert!(task.take(), "the waker was not called");
            assert_eq!(block_on(handle).unwrap().get(), 7);
        }
        early
    });
}

#[test]
fn a_handle_dropped_beside_completion_leaves_the_output_to_one_of_the_two() {
    explore(&[()], || {
        let (driver, s) = scope();
        let handle = s.spawn(async { Tracked::new(7) });
        let other = thread::spawn(move || {
            let mut handle = handle;
            let _ = poll_now(Pin::new(&mut handle), Waker::noop()).map(|output| {
                assert_eq!(output.unwrap().get(), 7);
            });
            drop(handle);
        });
        block_on(driver.run(async {}));
        other.join().unwrap();
    });
}

#[test]
fn a_handle_of_a_child_that_is_dropped_is_told() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let handle: Handle<()> = s.spawn(pending());
        let mut running = Box::pin(driver.run(pending::<()>()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = thread::spawn(move || drop(running));
        let mut handle = pin!(handle);
        let early = poll_now(handle.as_mut(), Waker::noop()).is_ready();
        if !early {
            let (output, ()) = finish(handle, other);
            assert!(output.is_err());
        } else {
            other.join().unwrap();
        }
        early
    });
}

#[test]
fn the_last_to_let_go_frees_the_child_whoever_it_is() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let handle = s.spawn({
            let bell = Arc::clone(&bell);
            poll_fn(move |cx| {
                *bell.waker.lock().unwrap() = Some(cx.waker().clone());
                Poll::Ready(Tracked::new(7))
            })
        });
        block_on(driver.run(async {}));
        drop(s);
        let waker = bell.take_waker();
        let other = thread::spawn(move || drop(waker));
        drop(handle);
        other.join().unwrap();
    });
}

#[test]
fn cancel_from_elsewhere_is_seen_before_a_child_starts_or_does_not_stop_it() {
    explore(&[true, false], || {
        let started = Arc::new(AtomicUsize::new(0));
        let (driver, s) = scope();
        let handle = s.spawn({
            let started = Arc::clone(&started);
            async move {
                started.fetch_add(1, Ordering::Relaxed);
            }
        });
        let other = thread::spawn(move || s.cancel());
        block_on(driver.run(async {}));
        other.join().unwrap();
        let ran = block_on(handle).is_ok();
        assert_eq!(started.load(Ordering::Relaxed), usize::from(ran));
        ran
    });
}

#[test]
fn cancel_reaches_a_parked_scope_that_holds_children_back() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let driver = driver.limit(std::num::NonZeroUsize::MIN);
        drop(s.spawn(pending::<()>()));
        let held_back = s.spawn(async { Tracked::new(1) });
        let mut running = Box::pin(driver.run(async { held_back.await.is_err() }));
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        while poll_now(running.as_mut(), &waker).is_pending() && task.take() {}
        let other = thread::spawn({
            let s: Scope<'static> = s.clone();
            move || s.cancel()
        });
        // A spurious poll, which may see it or not.
        assert!(poll_now(running.as_mut(), &waker).is_pending());
        let seen = s.is_cancelled();
        other.join().unwrap();
        assert!(task.take(), "the scope was not told");
        drop(running);
        seen
    });
}

#[test]
fn whoever_sees_it_cancelled_sees_what_was_done_before() {
    sees_what_was_done_before(|s| s.is_cancelled());
}

#[test]
fn whoever_is_refused_sees_what_was_done_before() {
    sees_what_was_done_before(|s| s.try_spawn(async {}).is_err());
}

/// Before the cancel of a scope, of which `hears` tells.
fn sees_what_was_done_before(hears: fn(&Scope<'static>) -> bool) {
    explore(&[None, Some(7)], move || {
        let tracked = Arc::new(SharedCell(UnsafeCell::new(0)));
        let (driver, s) = scope();
        let other = {
            let (s, tracked) = (s.clone(), Arc::clone(&tracked));
            thread::spawn(move || {
                // SAFETY: checked by loom.
                tracked.0.with_mut(|value| unsafe { *value = 7 });
                s.cancel();
            })
        };
        // SAFETY: checked by loom.
        let read = || tracked.0.with(|value| unsafe { *value });
        let seen = hears(&s).then(read);
        drop(driver);
        other.join().unwrap();
        seen
    });
}

struct SharedCell(UnsafeCell<u32>);

// SAFETY: the model orders the accesses by what is under test; loom checks that.
unsafe impl Sync for SharedCell {}
// SAFETY: as above.
unsafe impl Send for SharedCell {}

#[test]
fn a_place_is_lent_and_given_back_though_the_handle_is_dropped_elsewhere() {
    explore(&[()], || {
        let (driver, s) = scope();
        let driver = driver.limit(std::num::NonZeroUsize::MIN);
        let passed = Arc::new(Mutex::new(None));
        drop(s.spawn({
            let (s, passed) = (s.clone(), Arc::clone(&passed));
            async move {
                let mut handle = s.spawn(async { Tracked::new(1) });
                let waits = poll_fn(|cx| Poll::Ready(Pin::new(&mut handle).poll(cx).is_pending()));
                assert!(waits.await);
                *passed.lock().unwrap() = Some(handle);
            }
        }));
        let mut running = Box::pin(driver.run(async {}));
        let _ = poll_now(running.as_mut(), Waker::noop());
        let handle = passed.lock().unwrap().take().expect("polled once");
        let other = thread::spawn(move || drop(handle));
        block_on(running);
        other.join().unwrap();
    });
}

#[test]
fn try_spawn_beside_a_place_that_comes_free_is_accepted_or_full() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let driver = driver.limit(std::num::NonZeroUsize::MIN);
        drop(s.spawn(async {}));
        let other = {
            let s = s.clone();
            thread::spawn(move || s.try_spawn(async {}).map(drop).map_err(|r| r.is_full()))
        };
        let mut running = Box::pin(driver.run(pending::<()>()));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let accepted = other.join().unwrap();
        assert_ne!(accepted, Err(false), "it is not over");
        accepted.is_ok()
    });
}
