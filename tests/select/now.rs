//! `default`: what is ready at this moment.

use std::future::{pending, ready};

use pleach::{channel, select};

use super::support::{Wakes, yield_now};

#[test]
fn it_runs_when_nothing_is_ready_and_needs_no_async() {
    let (sender, receiver) = channel::bounded(1);
    let poll = || {
        select! {
            Ok(n) = receiver.recv() => Some(n),
            _ = pending::<()>() => unreachable!(),
            default => None,
        }
    };
    assert_eq!(poll(), None);
    sender.try_send(1).unwrap();
    assert_eq!(poll(), Some(1));
    assert_eq!(poll(), None);
    drop(sender);
    assert_eq!(poll(), None);
}

#[test]
fn it_runs_when_every_arm_is_switched_off() {
    let n = select! {
        n = ready(1), if false => n,
        Some(n) = ready(None) => n,
        default => 2,
    };
    assert_eq!(n, 2);
}

#[test]
fn what_the_first_pass_wakes_is_seen_by_the_second() {
    select! {
        () = yield_now() => {}
        default => unreachable!("it is ready when it is polled again"),
    }
}

/// A message goes from one channel to another while both are looked at, so that one of them has it
/// at any time: a single pass could look at each when the other has it.
#[test]
fn a_message_that_moves_from_a_later_arm_to_an_earlier_one_is_seen() {
    let (early, earlier) = channel::bounded(1);
    let moved = std::future::poll_fn(|_| {
        let _ = early.try_send(1);
        std::task::Poll::<()>::Pending
    });
    let n = select! {
        biased;
        Ok(n) = earlier.recv() => n,
        () = moved => unreachable!(),
        default => unreachable!("the first channel has it by now"),
    };
    assert_eq!(n, 1);
}

#[test]
fn nothing_stays_registered() {
    let (sender, receiver) = channel::bounded(0);
    select! {
        _ = receiver.recv() => unreachable!(),
        default => {}
    }
    select! {
        send(sender, 1) => unreachable!("nobody waits any more"),
        default => {}
    }
    assert!(receiver.try_recv().is_err(), "nobody waits any more");
}

#[test]
fn both_ends_of_one_rendezvous_may_meet_and_the_message_stays() {
    let (sender, receiver) = channel::bounded(0);
    select! {
        biased;
        Ok(()) = receiver.recv() => unreachable!("it came first, when nothing was there"),
        send(sender, ()) => {}
        default => unreachable!("a receiver waits"),
    }
    assert_eq!(receiver.try_recv(), Ok(()));
}

#[test]
fn a_future_that_lives_on_is_woken_by_its_next_waker() {
    let (sender, receiver) = channel::bounded(1);
    let mut recv = Box::pin(receiver.recv());
    select! {
        _ = &mut recv => unreachable!(),
        default => {}
    }
    let (wakes, waker) = Wakes::new();
    assert!(super::poll_with(recv.as_mut(), &waker).is_pending());
    sender.try_send(1).unwrap();
    assert_eq!(wakes.count(), 1);
}
