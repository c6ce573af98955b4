//! Attempts, until one succeeds.

use std::{
    cell::{Cell, RefCell},
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    time::Duration,
};

use futures_util::future::FusedFuture;
use pleach::{
    CancelToken,
    cancel::OrCancel,
    time::{Backoff, Clock, Instant, ManualClock, retry, sleep, timeout},
};

use crate::{
    SECOND, at,
    support::{Wakes, forget, message, poll_now, poll_with},
};

/// Fails so many times, each after a second, and notes when attempts begin.
struct Flaky<'a> {
    clock: &'a ManualClock,
    failures: u32,
    begun: RefCell<Vec<Instant>>,
}

impl<'a> Flaky<'a> {
    fn new(clock: &'a ManualClock, failures: u32) -> Self {
        let begun = RefCell::default();
        Self {
            clock,
            failures,
            begun,
        }
    }

    async fn attempt(&self) -> Result<u32, u32> {
        self.begun.borrow_mut().push(self.clock.now());
        let n = self.begun.borrow().len() as u32;
        sleep(self.clock, SECOND).await;
        if n > self.failures { Ok(n) } else { Err(n) }
    }

    fn begun(&self) -> Vec<Instant> {
        self.begun.borrow().clone()
    }
}

#[test]
fn the_first_success_is_given_after_exactly_the_delays() {
    let clock = ManualClock::new();
    let flaky = Flaky::new(&clock, 4);
    let backoff = Backoff::new(SECOND).longest(SECOND * 5);
    let mut retried = pin!(retry(&clock, backoff, || flaky.attempt()));
    assert_eq!(retried.attempts(), 0);
    assert_eq!(clock.run(retried.as_mut()), Ok(5));
    assert_eq!(retried.attempts(), 5);
    // Each lasts a second; 1, 2, 4 and 5 seconds are between them.
    assert_eq!(flaky.begun(), [0, 2, 5, 10, 16].map(at));
    assert_eq!((clock.now(), clock.sleepers()), (at(17), 0));
}

#[test]
fn there_are_as_many_attempts_as_are_allowed_and_the_last_error_is_given() {
    for attempts in [1, 2, 7] {
        let clock = ManualClock::new();
        let flaky = Flaky::new(&clock, u32::MAX);
        let backoff = Backoff::new(SECOND).factor(1).attempts(attempts);
        let mut retried = pin!(retry(&clock, backoff, || flaky.attempt()));
        assert_eq!(clock.run(retried.as_mut()), Err(attempts));
        assert_eq!(retried.attempts(), attempts);
        assert_eq!(clock.now(), at(2 * attempts - 1), "no delay at the end");
    }
}

#[test]
fn an_error_that_is_not_worth_it_ends_it_at_once() {
    let clock = ManualClock::new();
    let flaky = Flaky::new(&clock, u32::MAX);
    let asked = RefCell::new(Vec::new());
    let retried = retry(&clock, Backoff::new(SECOND), || flaky.attempt()).when(|n| {
        asked.borrow_mut().push(*n);
        *n < 3
    });
    assert_eq!(clock.run(retried), Err(3));
    assert_eq!(*asked.borrow(), [1, 2, 3], "once for each");
    assert_eq!((clock.now(), clock.sleepers()), (at(6), 0));
}

#[test]
fn an_attempt_is_gone_before_the_delay_begins() {
    let clock = ManualClock::new();
    let alive = Rc::new(());
    let mut retried = pin!(retry(&clock, Backoff::new(SECOND), || {
        let alive = Rc::clone(&alive);
        async move {
            let _alive = alive;
            Err::<(), _>("no")
        }
    }));
    assert!(poll_now(retried.as_mut()).is_pending());
    assert_eq!((Rc::strong_count(&alive), clock.sleepers()), (1, 1));
}

#[test]
fn cancelled_it_ends_in_an_attempt_and_in_a_delay() {
    for (when, attempts) in [(at(0), 1), (at(1), 1), (at(2), 2), (at(3), 2)] {
        let clock = ManualClock::new();
        let token = CancelToken::with_deadline(when + SECOND / 2);
        let flaky = Flaky::new(&clock, u32::MAX);
        let retried = retry(&clock, Backoff::new(SECOND), || flaky.attempt());
        let cancelled = clock.run(token.run_until_deadline(&clock, retried));
        assert!(cancelled.unwrap_err().cause().is_deadline());
        assert_eq!(clock.now(), when + SECOND / 2);
        assert_eq!((flaky.begun().len(), clock.sleepers()), (attempts, 0));
    }
}

#[test]
fn a_token_that_is_cancelled_already_lets_nothing_begin() {
    let clock = ManualClock::new();
    let token = CancelToken::new();
    token.cancel();
    let flaky = Flaky::new(&clock, 0);
    let retried = retry(&clock, Backoff::new(SECOND), || flaky.attempt());
    assert!(clock.run(retried.or_cancel(&token)).is_err());
    assert_eq!(flaky.begun(), []);
}

#[test]
fn each_attempt_may_have_a_limit_and_all_of_them_together() {
    let clock = ManualClock::new();
    let each = || async {
        let limited = timeout(&clock, SECOND * 2, pending::<Result<(), &str>>());
        limited.await.unwrap_or(Err("late"))
    };
    let backoff = Backoff::new(SECOND).factor(1).attempts(3);
    assert_eq!(clock.run(retry(&clock, backoff.clone(), each)), Err("late"));
    assert_eq!(clock.now(), at(2 + 1 + 2 + 1 + 2));
    let all = timeout(&clock, SECOND * 4, retry(&clock, backoff, each));
    assert!(clock.run(all).is_err());
    assert_eq!((clock.now(), clock.sleepers()), (at(8 + 4), 0));
}

#[test]
fn a_poll_begins_one_attempt_and_gives_way() {
    let clock = ManualClock::new();
    let calls = Cell::new(0);
    let mut retried = pin!(retry(
        &clock,
        Backoff::new(Duration::ZERO).attempts(200),
        || {
            calls.set(calls.get() + 1);
            ready(Err::<(), _>(()))
        }
    ));
    let (wakes, waker) = Wakes::new();
    for n in 1..=100 {
        assert!(poll_with(retried.as_mut(), &waker).is_pending());
        assert_eq!((calls.get(), wakes.count()), (n, n));
    }
}

#[test]
fn in_a_delay_it_is_woken_by_nothing_but_its_end() {
    let clock = ManualClock::new();
    let mut retried = pin!(retry(&clock, Backoff::new(SECOND), || ready(Err::<(), _>(
        ()
    ))));
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(retried.as_mut(), &waker).is_pending());
    clock.advance(SECOND / 2);
    assert!(poll_with(retried.as_mut(), &waker).is_pending());
    assert_eq!((wakes.count(), retried.attempts()), (0, 1));
    clock.advance(SECOND / 2);
    assert_eq!((wakes.count(), retried.attempts()), (1, 1));
    assert!(poll_with(retried.as_mut(), &waker).is_pending());
    assert_eq!((wakes.count(), retried.attempts()), (1, 2));
}

#[test]
fn panics_pass_through() {
    let clock = ManualClock::new();
    let backoff = || Backoff::new(SECOND);
    let thrown = |run: &mut dyn FnMut() -> Result<(), ()>| {
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        message(&*payload).to_owned()
    };
    let mut attempt = pin!(retry(&clock, backoff(), || async {
        match clock.now() == at(0) {
            true => Err::<(), _>(()),
            false => panic!("an attempt"),
        }
    }));
    assert_eq!(thrown(&mut || clock.run(attempt.as_mut())), "an attempt");
    assert_eq!(attempt.attempts(), 2);
    let mut made = pin!(retry(
        &clock,
        backoff(),
        || -> std::future::Ready<Result<(), ()>> { panic!("the closure") }
    ));
    assert_eq!(thrown(&mut || clock.run(made.as_mut())), "the closure");
    let fails = || ready(Err::<(), _>(()));
    let mut asked = pin!(retry(&clock, backoff(), fails).when(|()| panic!("the question")));
    assert_eq!(thrown(&mut || clock.run(asked.as_mut())), "the question");
    assert!(asked.is_terminated());
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn forgotten_in_an_attempt_or_in_a_delay_it_harms_nobody() {
    let clock = ManualClock::new();
    for seconds in [0, 1] {
        let attempt = || async {
            sleep(&clock, SECOND).await;
            Err::<(), _>(())
        };
        let mut retried = Box::pin(retry(&clock, Backoff::new(SECOND), attempt));
        assert!(poll_now(retried.as_mut()).is_pending());
        clock.advance(SECOND * seconds);
        assert!(poll_now(retried.as_mut()).is_pending());
        forget(retried);
        assert_eq!(clock.sleepers(), 1);
    }
    clock.advance(SECOND * 10);
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn it_knows_when_it_has_ended() {
    let clock = ManualClock::new();
    let mut retried = pin!(retry(&clock, Backoff::new(SECOND), || ready(Ok::<_, ()>(
        1
    ))));
    assert!(!retried.is_terminated());
    assert_eq!(clock.run(retried.as_mut()), Ok(1));
    assert!(retried.is_terminated());
}

#[test]
#[should_panic(expected = "`Retry` was polled after it had completed")]
fn it_is_not_polled_after_its_end() {
    let clock = ManualClock::new();
    let mut retried = pin!(retry(&clock, Backoff::new(SECOND), || ready(Ok::<_, ()>(
        1
    ))));
    let _ = poll_now(retried.as_mut());
    let _ = poll_now(retried.as_mut());
}

#[test]
fn it_is_send_if_its_parts_are() {
    fn send<T: Send>(_: &T) {}
    let clock = ManualClock::new();
    let backoff = Backoff::new(SECOND);
    let retried = retry(&clock, backoff.clone(), || ready(Err::<(), u8>(1)));
    send(&retried);
    let asked = AssertUnwindSafe(1);
    send(&retry(&clock, backoff, || ready(Err::<(), u8>(1))).when(move |n| *n < *asked));
}
