//! Scopes: wakes, spawns, handles and the end, under every interleaving.
//!
//! The scope is polled on the model's main thread; a second thread wakes, spawns, or has the
//! handle. Children and outputs carry tracked values: to touch one from the wrong thread, to
//! free it too early or never, is found by loom.

mod explore;

use std::{
    future::{pending, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Poll, Wake, Waker},
};

use explore::{explore, poll_now};
use loom::{future::block_on, sync::Mutex, thread};
use pleach_loom::{
    Cancelled, Handle,
    internals::{
        UnsafeCell,
        complete::{AtomicUsize, Ordering},
    },
    scope::{Scope, scope, try_scope},
};

/// A value that loom watches: dropped once, by one who may.
struct Tracked(UnsafeCell<u32>);

// SAFETY: handed from thread to thread by what is under test; loom checks that.
unsafe impl Send for Tracked {}

impl Tracked {
    fn new(value: u32) -> Self {
        Self(UnsafeCell::new(value))
    }

    fn get(&self) -> u32 {
        // SAFETY: checked by loom.
        self.0.with(|value| unsafe { *value })
    }
}

/// A child's waker on its way to another thread, and whether it has been called.
#[derive(Default)]
struct Bell {
    rung: Flag,
    waker: Mutex<Option<Waker>>,
}

struct Flag(AtomicUsize);

impl Default for Flag {
    fn default() -> Self {
        Self(AtomicUsize::new(0))
    }
}

impl Bell {
    /// Ready once the bell was rung.
    async fn heard(&self) {
        poll_fn(|cx| {
            if self.is_rung() {
                return Poll::Ready(());
            }
            let old = self.waker.lock().unwrap().replace(cx.waker().clone());
            drop(old);
            // Looks again: it may have been rung before the waker was there.
            if self.is_rung() {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    fn is_rung(&self) -> bool {
        self.rung.0.load(Ordering::Acquire) != 0
    }

    fn ring(&self) {
        self.rung.0.store(1, Ordering::Release);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn take_waker(&self) -> Waker {
        self.waker.lock().unwrap().take().expect("polled before")
    }
}

/// Counts wakes where loom does not look: the models ask only after a join.
#[derive(Default)]
struct Task(std::sync::atomic::AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Task {
    /// Whether it was woken since this was last asked.
    fn take(&self) -> bool {
        self.0.swap(0, std::sync::atomic::Ordering::Relaxed) != 0
    }
}

/// Polls `running` as long as it is woken, waits for the other thread, and goes on until it
/// is ready: a wake that is missing then was lost.
///
/// Smaller than `block_on`, which also tries a spurious wake at each wait; the models that
/// use that one try those.
fn finish<F: Future, T>(running: F, other: thread::JoinHandle<T>) -> (F::Output, T) {
    let task = Arc::new(Task::default());
    let waker = Waker::from(Arc::clone(&task));
    let mut running = pin!(running);
    let mut advance = || loop {
        let output = poll_now(running.as_mut(), &waker);
        if output.is_ready() || !task.take() {
            return output;
        }
    };
    let early = advance();
    let joined = other.join().unwrap();
    match early {
        Poll::Ready(output) => (output, joined),
        Poll::Pending => {
            assert!(task.take(), "a wake was lost");
            match advance() {
                Poll::Ready(output) => (output, joined),
                Poll::Pending => panic!("a wake was lost after the first"),
            }
        }
    }
}

fn ring_elsewhere(bell: &Arc<Bell>) -> thread::JoinHandle<()> {
    let bell = Arc::clone(bell);
    thread::spawn(move || bell.ring())
}

#[test]
fn a_wake_of_a_child_before_during_or_after_its_poll_arrives() {
    explore(&[()], || {
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
    explore(&[()], || {
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
fn a_handle_gets_the_output_wherever_it_is_awaited() {
    explore(&[7], || {
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
    explore(&[None, Some(7)], || {
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
        let seen = s.is_cancelled().then(read);
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
