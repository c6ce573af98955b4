//! What an observer of a scope is told of, beside what goes on in it, under every interleaving.

use std::{
    future::poll_fn,
    sync::Mutex,
    task::{Poll, Waker},
};

use crate::explore::{Explore, explore, poll_now};
use loom::{sync::Arc, thread};
use pleach_loom::{
    inspect::{Event, Observer, Subject},
    scope::scope,
};

/// The events of child 1, or of the scope if that is what it asks for. A plain lock: no more interleavings.
#[derive(Clone)]
struct Log {
    of: usize,
    lines: std::sync::Arc<Mutex<Vec<String>>>,
}

impl Log {
    fn of(of: usize) -> Self {
        let lines = std::sync::Arc::default();
        Self { of, lines }
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.lines.lock().unwrap()).concat()
    }
}

impl Observer for Log {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        if subject.id().number() == self.of {
            let line = match event {
                Event::Spawned => "+".to_owned(),
                Event::PollBegun => "(".to_owned(),
                Event::PollEnded => ")".to_owned(),
                Event::Woken => "!".to_owned(),
                Event::Cancelled(_) => "x".to_owned(),
                Event::Ended(end) => format!(" {end} "),
                _ => "?".to_owned(),
            };
            self.lines.lock().unwrap().push(line);
        }
    }
}

fn set(outcomes: &[&str]) -> Vec<String> {
    outcomes.iter().map(|&outcome| outcome.to_owned()).collect()
}

#[test]
fn a_wake_from_a_thread_is_told_before_the_poll_for_which_it_is() {
    explore(&set(&["+()!() completed "]), || {
        let log = Log::of(1);
        let (driver, s) = scope();
        let waker = Arc::new(Mutex::new(None));
        drop(s.spawn({
            let waker = waker.clone();
            let mut is_first = true;
            poll_fn(move |cx| {
                if std::mem::take(&mut is_first) {
                    *waker.lock().unwrap() = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(())
            })
        }));
        let mut running = Box::pin(driver.observe(log.clone()).run(async {}));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let waker = waker.lock().unwrap().take().unwrap();
        let other = thread::spawn(move || waker.wake());
        if poll_now(running.as_mut(), Waker::noop()).is_pending() {
            other.join().unwrap();
            assert!(poll_now(running.as_mut(), Waker::noop()).is_ready());
        } else {
            other.join().unwrap();
        }
        drop(running);
        log.take()
    });
}

#[test]
fn a_wake_beside_the_end_may_come_too_late_and_is_told_once() {
    Explore::new()
        .shallow(3)
        .run(&set(&[" dropped ", "! dropped ", " dropped !"]), || {
            let log = Log::of(1);
            let (driver, s) = scope();
            let waker = Arc::new(Mutex::new(None));
            drop(s.spawn({
                let waker = waker.clone();
                poll_fn(move |cx| {
                    *waker.lock().unwrap() = Some(cx.waker().clone());
                    Poll::<()>::Pending
                })
            }));
            let mut running = Box::pin(driver.observe(log.clone()).run(async {}));
            assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
            log.take();
            let waker = waker.lock().unwrap().take().unwrap();
            let other = thread::spawn(move || waker.wake());
            drop(running);
            other.join().unwrap();
            log.take()
        });
}

#[test]
fn a_child_spawned_beside_the_first_poll_is_told_of_once_and_first() {
    Explore::new()
        .shallow(3)
        .run(&set(&["", "+() completed ", "+ unstarted "]), || {
            let log = Log::of(1);
            let (driver, s) = scope();
            let other = thread::spawn(move || drop(s.spawn(async {})));
            let mut running = Box::pin(driver.observe(log.clone()).run(async {}));
            while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
            other.join().unwrap();
            drop(running);
            log.take()
        });
}

#[test]
fn a_cancel_beside_the_first_poll_is_told_at_most_once_and_may_be_too_late() {
    let all = ["+x completed ", "+ completed x", "+ completed "];
    Explore::new().shallow(3).run(&set(&all), || {
        let log = Log::of(0);
        let (driver, s) = scope();
        let cancel = {
            let s = s.clone();
            thread::spawn(move || s.cancel())
        };
        let body = poll_fn(move |cx| {
            if s.is_cancelled() {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let mut running = Box::pin(driver.observe(log.clone()).run(body));
        if poll_now(running.as_mut(), Waker::noop()).is_pending() {
            cancel.join().unwrap();
            while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
        } else {
            cancel.join().unwrap();
        }
        drop(running);
        log.take().replace(['(', ')', '!'], "")
    });
}
