//! Running futures under a token.

use std::{
    cell::Cell,
    future::{pending as forever, ready},
    pin::pin,
    task::Poll,
};

use futures_util::future::FusedFuture;
use pleach::{
    AcquireError, CancelToken, Event, Semaphore,
    cancel::{Bias, OrCancel, Shield},
};

use crate::{
    is_ready, pending,
    support::{poll_now, yield_now},
};

/// Sets its flag when it is dropped.
struct Dropped<'a>(&'a Cell<bool>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn what_completes_in_the_last_moment_is_not_lost() {
    let token = CancelToken::new();
    let event = Event::new();
    let mut run = pending(token.run(event.wait()));
    event.set();
    token.cancel();
    assert_eq!(poll_now(run.as_mut()), Poll::Ready(Ok(())));
    assert!(run.is_terminated());
}

#[test]
fn a_future_is_not_begun_under_a_cancelled_token() {
    let token = CancelToken::new();
    token.cancel();
    let mut run = Box::pin(token.run(async { panic!("it is polled") }));
    assert!(matches!(poll_now(run.as_mut()), Poll::Ready(Err(_))));
}

#[test]
fn with_the_other_bias_it_is_not_polled_any_more() {
    let token = CancelToken::new();
    let polls = Cell::new(0);
    let count = async {
        loop {
            polls.set(polls.get() + 1);
            yield_now().await;
        }
    };
    let mut run = Box::pin(token.run(count).bias(Bias::Cancellation));
    assert!(!is_ready(&mut run));
    token.cancel();
    assert!(is_ready(&mut run));
    assert_eq!(polls.get(), 1);
    let mut run = Box::pin(CancelToken::new().cancelled_owned());
    assert!(!is_ready(&mut run));
}

#[test]
fn the_future_is_dropped_before_the_error_is_given() {
    let token = CancelToken::new();
    let dropped = Cell::new(false);
    let guard = Dropped(&dropped);
    let mut run = pending(token.run(async move {
        let _guard = guard;
        forever::<()>().await;
    }));
    token.cancel();
    assert!(matches!(poll_now(run.as_mut()), Poll::Ready(Err(_))));
    assert!(dropped.get(), "`run` is still there");
}

#[test]
fn a_shielded_part_is_finished_first() {
    let (token, shield) = (CancelToken::new(), Shield::new());
    let committed = Cell::new(false);
    let work = async {
        shield
            .run(async {
                yield_now().await;
                yield_now().await;
                committed.set(true);
            })
            .await;
        forever::<()>().await;
    };
    let mut run = pending(token.run(work).shielded_by(&shield));
    assert!(shield.is_up());
    token.cancel();
    assert!(!is_ready(&mut run), "it goes on");
    assert!(is_ready(&mut run) && committed.get() && !shield.is_up());
}

#[test]
fn a_shield_holds_against_either_bias_and_not_against_a_drop() {
    let (token, shield) = (CancelToken::new(), Shield::new());
    let work = async {
        shield.run(yield_now()).await;
        1
    };
    let mut run = pending(
        token
            .run(work)
            .shielded_by(&shield)
            .bias(Bias::Cancellation),
    );
    token.cancel();
    // What follows the shielded part without a pause is its output, which is not lost.
    assert_eq!(poll_now(run.as_mut()), Poll::Ready(Ok(1)));
    let token = CancelToken::new();
    let run = pending(token.run(shield.run(forever::<()>())).shielded_by(&shield));
    assert!(shield.is_up());
    drop(run);
    assert!(!shield.is_up());
}

#[test]
#[should_panic(expected = "`Run` was polled after it had completed")]
fn a_run_is_not_polled_after_its_end() {
    let token = CancelToken::new();
    let mut run = pin!(token.run(ready(1)));
    assert!(poll_now(run.as_mut()).is_ready());
    let _ = poll_now(run.as_mut());
}

#[test]
#[should_panic(expected = "`Run` was polled after it had completed")]
fn nor_when_the_token_is_cancelled_by_then() {
    let token = CancelToken::new();
    let mut run = pin!(token.run(ready(1)).bias(Bias::Cancellation));
    assert!(poll_now(run.as_mut()).is_ready());
    token.cancel();
    let _ = poll_now(run.as_mut());
}

#[test]
fn an_acquire_that_is_cancelled_gives_up_its_place() {
    let (token, semaphore) = (CancelToken::new(), Semaphore::new(1));
    let permit = semaphore.try_acquire().unwrap();
    let mut first = pending(semaphore.acquire_or_cancel(&token));
    let mut second = pending(semaphore.acquire());
    token.cancel();
    assert!(matches!(
        poll_now(first.as_mut()),
        Poll::Ready(Err(AcquireError::Cancelled(_)))
    ));
    drop(permit);
    assert!(is_ready(&mut second));
}

#[test]
fn a_cancelled_token_wins_over_a_free_permit_and_a_granted_permit_over_a_cancel() {
    let (token, semaphore) = (CancelToken::new(), Semaphore::new(1));
    let permit = semaphore.try_acquire().unwrap();
    let mut acquire = pending(semaphore.acquire_many_or_cancel(1, &token));
    drop(permit);
    token.cancel();
    assert!(matches!(poll_now(acquire.as_mut()), Poll::Ready(Ok(_))));
    assert!(acquire.is_terminated());
    assert_eq!(semaphore.available_permits(), 1);
    let mut late = Box::pin(semaphore.acquire_or_cancel(&token));
    assert!(matches!(
        poll_now(late.as_mut()),
        Poll::Ready(Err(AcquireError::Cancelled(_)))
    ));
}

#[test]
fn every_future_has_a_form_with_a_token() {
    let token = CancelToken::new();
    let event = Event::new();
    let mut wait = pending(event.wait().or_cancel(&token));
    token.cancel();
    assert!(is_ready(&mut wait));
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
#[test]
fn owned_permits_have_it_too() {
    let (token, semaphore) = (CancelToken::new(), std::sync::Arc::new(Semaphore::new(2)));
    let mut two = Box::pin(semaphore.acquire_many_owned_or_cancel(2, &token));
    let Poll::Ready(Ok(_permit)) = poll_now(two.as_mut()) else {
        panic!("they are free");
    };
    let mut one = pending(semaphore.acquire_owned_or_cancel(&token));
    token.cancel();
    assert!(is_ready(&mut one));
}

#[cfg(feature = "std")]
#[test]
fn a_thread_that_blocks_for_permits_is_told() {
    let (token, semaphore) = (CancelToken::new(), Semaphore::new(1));
    drop(
        semaphore
            .acquire_many_blocking_or_cancel(1, &token)
            .unwrap(),
    );
    std::thread::scope(|s| {
        let waiter = s.spawn(|| semaphore.acquire_many_blocking_or_cancel(2, &token).err());
        while semaphore.waiters() == 0 {
            std::thread::yield_now();
        }
        token.cancel();
        assert!(matches!(
            waiter.join().unwrap(),
            Some(AcquireError::Cancelled(_))
        ));
    });
}
