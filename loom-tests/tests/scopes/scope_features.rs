//! What a scope can do beside running its children, under every interleaving.
//!
//! The scope is polled on the model's main thread; a second thread does the other thing.

use std::{
    future::{pending, poll_fn},
    num::NonZeroUsize,
    pin::Pin,
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore, poll_now,
    task::{Bell, Task, Tracked, finish, ring_elsewhere},
};
use loom::{future::block_on, sync::Mutex, thread};
use pleach_loom::{
    Cancelled, Handle,
    cancel::CauseKind,
    scope::{Driver, Scope, Slot, Started, WaitSlot, scope, try_scope},
};

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
fn a_child_that_aborts_itself_is_gone_with_that_poll() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        let own = Arc::new(Mutex::new(None::<Handle<()>>));
        let handle = s.spawn({
            let (own, heard) = (Arc::clone(&own), Arc::clone(&bell));
            async move {
                own.lock().unwrap().as_ref().unwrap().abort();
                heard.heard().await;
                pending().await
            }
        });
        *own.lock().unwrap() = Some(handle);
        let mut running = Box::pin(driver.run(pending::<()>()));
        let other = ring_elsewhere(&bell);
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let mut handle = own.lock().unwrap().take().unwrap();
        let Poll::Ready(output) = poll_now(Pin::new(&mut handle), Waker::noop()) else {
            panic!("it waits for another pass");
        };
        assert_eq!(kind(output), ABORTED);
        other.join().unwrap();
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

#[test]
fn of_two_breaks_at_once_one_wins_and_the_other_gets_its_error_back() {
    explore(&["here", "elsewhere"], || {
        let (driver, s) = try_scope();
        let other = {
            let s = s.clone();
            thread::spawn(move || s.break_with("elsewhere"))
        };
        let here = s.break_with("here");
        let running = driver.run_try(pending::<Result<(), _>>());
        let (result, elsewhere) = finish(running, other);
        let winner = result.unwrap_err();
        match winner {
            "here" => assert_eq!((here, elsewhere), (Ok(()), Err("elsewhere"))),
            _ => assert_eq!((here, elsewhere), (Err("here"), Ok(()))),
        }
        winner
    });
}

#[test]
fn a_break_beside_the_end_is_the_result_or_comes_back() {
    explore(&[Ok(()), Err(7)], || {
        let (driver, s) = try_scope();
        let other = thread::spawn(move || s.break_with(Tracked::new(7)).map_err(|b| b.get()));
        let running = driver.run_try(async { Ok(()) });
        let (result, broke) = finish(running, other);
        let result = result.map_err(|error| error.get());
        match result {
            Ok(()) => assert_eq!(broke, Err(7)),
            Err(_) => assert_eq!(broke, Ok(())),
        }
        result
    });
}

#[test]
fn a_shielded_spawn_beside_a_failure_is_finished_or_refused() {
    explore(&[Ok(7), Err(())], || {
        let (driver, s) = try_scope();
        let other = thread::spawn(move || s.spawn_shielded(async { Tracked::new(7) }));
        let running = driver.run_try(async { Err::<(), _>("failed") });
        let (result, handle) = finish(running, other);
        assert_eq!(result, Err("failed"));
        block_on(handle).map(|output| output.get()).map_err(|_| ())
    });
}

#[test]
fn a_wake_of_a_shielded_child_beside_a_failure_arrives() {
    explore(&[()], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = try_scope();
        drop(s.spawn_shielded(bell.heard()));
        let mut running = Box::pin(driver.run_try(async { Err::<(), _>("failed") }));
        // It has failed, and the child is started but not polled.
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = ring_elsewhere(&bell);
        assert_eq!(finish(running, other).0, Err("failed"));
    });
}

#[test]
fn a_spawn_after_a_failure_is_refused_though_a_shielded_child_goes_on() {
    Explore::new().shallow(2).run(&[Err(())], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = try_scope();
        drop(s.spawn_shielded({
            let bell = Arc::clone(&bell);
            async move { bell.heard().await }
        }));
        let mut running = Box::pin(driver.run_try(async { Err::<(), _>("failed") }));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = thread::spawn(move || {
            let handle = s.spawn(async { Tracked::new(7) });
            bell.ring();
            handle
        });
        let (result, handle) = finish(running, other);
        assert_eq!(result, Err("failed"));
        block_on(handle).map(|output| output.get()).map_err(|_| ())
    });
}

#[test]
fn a_wake_of_a_daemon_does_not_hold_up_the_end() {
    explore(&[true, false], || {
        let bell = Arc::new(Bell::default());
        let (driver, s) = scope();
        drop(s.spawn_daemon({
            let bell = Arc::clone(&bell);
            poll_fn(move |cx| {
                let mut waker = bell.waker.lock().unwrap();
                waker.get_or_insert_with(|| cx.waker().clone());
                Poll::<()>::Pending
            })
        }));
        let mut polls = 0;
        let mut running = Box::pin(driver.run(poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls > 1 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = {
            let bell = Arc::clone(&bell);
            thread::spawn(move || bell.waker.lock().unwrap().as_ref().unwrap().wake_by_ref())
        };
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let at_once = poll_now(running.as_mut(), &waker).is_ready();
        other.join().unwrap();
        // Woken: it comes back for what it found.
        assert!(at_once || task.take(), "a wake was lost");
        assert!(at_once || poll_now(running.as_mut(), &waker).is_ready());
        at_once
    });
}

#[test]
fn no_child_is_counted_as_over_before_it_is_counted() {
    // A daemon counts until it is set aside.
    explore(&[0, 1, 2], || {
        let (driver, s) = scope();
        let other = {
            let s = s.clone();
            thread::spawn(move || s.len())
        };
        block_on(driver.run(async {
            drop(s.spawn(async {}));
            drop(s.spawn_daemon(async {}));
        }));
        assert_eq!(s.len(), 0);
        other.join().unwrap()
    });
}

#[test]
fn a_start_beside_the_end_of_the_child_has_the_value_or_is_cancelled() {
    explore(&[Ok(7), Err(Some(CauseKind::Dropped))], || {
        let (driver, s) = scope();
        let handed_away = Arc::new(Mutex::new(None));
        let start = s.start(|started| {
            *handed_away.lock().unwrap() = Some(started);
            async {}
        });
        let other = {
            let started = handed_away.lock().unwrap().take().expect("it was made");
            thread::spawn(move || drop(started.ready(Tracked::new(7))))
        };
        let started = driver.run(start);
        let (started, ()) = finish(started, other);
        match started {
            Ok((value, handle)) => {
                assert_eq!(block_on(handle), Ok(()));
                Ok(value.get())
            }
            Err(error) => Err(kind::<()>(Err(error))),
        }
    });
}

#[test]
fn a_start_that_is_polled_elsewhere_has_the_value_or_is_woken() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let start = s.start(|started| async {
            assert!(started.ready(Tracked::new(7)).is_ok());
        });
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let other = thread::spawn(move || {
            let mut start = start;
            match poll_now(Pin::new(&mut start), &waker) {
                Poll::Ready(started) => Ok(started),
                Poll::Pending => Err(start),
            }
        });
        let mut running = Box::pin(driver.run(async {}));
        while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
        let polled = other.join().unwrap();
        let at_once = polled.is_ok();
        let started = polled.unwrap_or_else(|start| {
            assert!(task.take(), "a wake was lost");
            block_on(start)
        });
        let (value, handle) = started.unwrap();
        assert_eq!(value.get(), 7);
        drop(handle);
        at_once
    });
}

/// A scope with one place, which is kept, and a wait for it that has begun.
struct OnePlace {
    driver: Driver<'static>,
    s: Scope<'static>,
    slot: Slot<'static>,
}

impl OnePlace {
    fn new() -> Self {
        let (driver, s) = scope();
        let driver = driver.limit(NonZeroUsize::MIN);
        let Poll::Ready(Ok(slot)) = poll_now(Box::pin(s.slot()).as_mut(), Waker::noop()) else {
            panic!("the first one is free");
        };
        Self { driver, s, slot }
    }

    fn wait(&self, task: &Arc<Task>) -> Pin<Box<WaitSlot<'static>>> {
        let mut wait = Box::pin(self.s.slot());
        let waker = Waker::from(Arc::clone(task));
        assert!(poll_now(wait.as_mut(), &waker).is_pending());
        wait
    }
}

#[test]
fn a_place_that_comes_free_is_for_who_waits_and_not_for_try_spawn() {
    explore(&[()], || {
        let place = OnePlace::new();
        let task = Arc::new(Task::default());
        let mut wait = place.wait(&task);
        let OnePlace { driver, s, slot } = place;
        let other = thread::spawn(move || drop(slot));
        let refused = s.try_spawn(async {}).map(drop).unwrap_err();
        assert!(refused.is_full());
        other.join().unwrap();
        assert!(task.take(), "it was not woken");
        assert!(poll_now(wait.as_mut(), Waker::noop()).is_ready());
        drop((wait, driver));
    });
}

#[test]
fn a_wait_that_begins_as_a_place_comes_free_has_it_or_is_woken() {
    explore(&[true, false], || {
        let OnePlace { driver, s, slot } = OnePlace::new();
        let other = thread::spawn(move || drop(slot));
        let task = Arc::new(Task::default());
        let mut wait = Box::pin(s.slot());
        let polled = poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task)));
        other.join().unwrap();
        let at_once = polled.is_ready();
        if !at_once {
            assert!(task.take(), "it was not woken");
            assert!(poll_now(wait.as_mut(), Waker::noop()).is_ready());
        }
        drop((polled, wait, driver));
        at_once
    });
}

#[test]
fn a_wait_that_gives_up_as_a_place_comes_free_leaves_it_to_the_next() {
    explore(&[()], || {
        let place = OnePlace::new();
        let task = Arc::new(Task::default());
        let first = place.wait(&Arc::new(Task::default()));
        let mut second = place.wait(&task);
        let OnePlace { driver, s, slot } = place;
        let other = thread::spawn(move || drop(slot));
        drop(first);
        other.join().unwrap();
        assert!(task.take(), "it was not woken");
        let second = poll_now(second.as_mut(), Waker::noop());
        assert!(second.is_ready());
        drop(second);
        assert!(s.try_spawn(async {}).is_ok(), "nobody waits");
        drop(driver);
    });
}

#[test]
fn a_wait_beside_cancel_fails_at_once_or_is_woken() {
    explore(&[true, false], || {
        let OnePlace { driver, s, slot } = OnePlace::new();
        let other = {
            let s = s.clone();
            thread::spawn(move || s.cancel())
        };
        let task = Arc::new(Task::default());
        let mut wait = Box::pin(s.slot());
        let polled = poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task)));
        other.join().unwrap();
        let at_once = polled.is_ready();
        let outcome = match polled {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                assert!(task.take(), "it was not woken");
                block_on(wait)
            }
        };
        assert_eq!(kind(outcome), Some(CauseKind::Requested));
        drop((slot, driver));
        at_once
    });
}

#[test]
fn a_start_that_is_polled_beside_the_end_of_its_child_leaves_its_waker_to_the_driver() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let mut start = s.start(|started: Started<u32>| async move { started.ready(7).unwrap() });
        let mut poll = || poll_now(Pin::new(&mut start), Waker::noop());
        assert!(poll().is_pending());
        let other = thread::spawn(move || block_on(driver.run(async {})));
        let polled = poll();
        let is_started = polled.is_ready();
        if let Poll::Ready(started) = polled {
            // The handle goes while the driver may have its waker.
            assert_eq!(started.unwrap().0, 7);
        }
        other.join().unwrap();
        is_started
    });
}
