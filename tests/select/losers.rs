//! Those that lose leave no trace.

use std::{cell::Cell, future::ready, pin::pin, task::Waker};

use pleach::{Semaphore, channel, select};

use super::{
    block_on, now,
    support::{Wakes, poll_with},
};

/// Notes that it was dropped.
struct Noting<'a>(&'a Cell<u32>);

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn they_are_dropped_before_the_handler_runs() {
    block_on(async {
        let dropped = Cell::new(0);
        let loser = |noting| async move {
            let _noting: Noting<'_> = noting;
            std::future::pending::<()>().await;
        };
        select! {
            biased;
            _ = loser(Noting(&dropped)) => unreachable!(),
            _ = loser(Noting(&dropped)), if true => unreachable!(),
            _ = ready(()) => assert_eq!(dropped.get(), 2),
        }
        select! {
            biased;
            _ = loser(Noting(&dropped)) => unreachable!(),
            default => assert_eq!(dropped.get(), 3),
        }
    });
}

#[test]
fn a_handler_may_use_the_channels_of_the_losers() {
    block_on(async {
        let (a, from_a) = channel::bounded(1);
        let (b, from_b) = channel::bounded::<u8>(1);
        a.try_send(1).unwrap();
        select! {
            biased;
            Ok(_) = from_b.recv() => unreachable!(),
            Ok(n) = from_a.recv() => {
                b.send(n).await.unwrap();
                assert_eq!(from_b.recv().await, Ok(1));
            }
        }
    });
}

#[test]
fn a_message_promised_to_a_loser_goes_to_the_next() {
    let (a, from_a) = channel::bounded(1);
    let (b, from_b) = channel::bounded(1);
    let mut select = Box::pin(async {
        select! {
            biased;
            Ok(n) = from_a.recv() => n,
            Ok(n) = from_b.recv() => n,
        }
    });
    assert!(now(select.as_mut()).is_none());
    let (wakes, waker) = Wakes::new();
    let mut next = pin!(from_b.recv());
    assert!(poll_with(next.as_mut(), &waker).is_pending());
    a.try_send(1).unwrap();
    b.try_send(2).unwrap();
    assert_eq!(wakes.count(), 0, "the arm came first");
    assert_eq!(now(select.as_mut()), Some(1));
    assert_eq!(wakes.count(), 1, "it has given it back");
    assert_eq!(now(next), Some(Ok(2)));
}

#[test]
fn a_permit_promised_to_a_loser_goes_to_the_next() {
    let semaphore = Semaphore::new(0);
    let (sender, receiver) = channel::bounded(1);
    let mut select = Box::pin(async {
        select! {
            biased;
            Ok(n) = receiver.recv() => n,
            Ok(_permit) = semaphore.acquire() => 0,
        }
    });
    assert!(now(select.as_mut()).is_none());
    semaphore.add_permits(1);
    sender.try_send(5).unwrap();
    assert_eq!(now(select.as_mut()), Some(5));
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn a_million_selects_leave_nothing_in_the_queues() {
    let (_sender, receiver) = channel::bounded::<u8>(1);
    let idle = Semaphore::new(0);
    let rounds = if cfg!(debug_assertions) {
        100_000
    } else {
        1_000_000
    };
    block_on(async {
        for _ in 0..rounds {
            select! {
                biased;
                _ = receiver.recv() => unreachable!(),
                _ = idle.acquire() => unreachable!(),
                _ = ready(()) => {}
            }
        }
    });
    assert_eq!(idle.waiters(), 0);
}

#[test]
fn each_arm_wakes_it() {
    for arm in 0..2 {
        let (a, from_a) = channel::bounded(1);
        let (b, from_b) = channel::bounded(1);
        let mut select = Box::pin(async {
            select! {
                Ok(n) = from_a.recv() => n,
                Ok(n) = from_b.recv() => n,
                else => 9,
            }
        });
        let (wakes, waker) = Wakes::new();
        assert!(poll_with(select.as_mut(), &waker).is_pending());
        assert!(poll_with(select.as_mut(), &waker).is_pending());
        [&a, &b][arm].try_send(arm).unwrap();
        assert_eq!(wakes.count(), 1);
        assert_eq!(now(select), Some(arm));
        drop((a, b));
    }
}

#[test]
fn it_goes_on_with_another_waker_when_an_arm_is_switched_off() {
    let (a, from_a) = channel::bounded::<u8>(1);
    let (b, from_b) = channel::bounded(1);
    let mut select = Box::pin(async {
        select! {
            Ok(n) = from_a.recv() => n,
            Ok(n) = from_b.recv() => n,
        }
    });
    assert!(poll_with(select.as_mut(), Waker::noop()).is_pending());
    drop(a);
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(select.as_mut(), &waker).is_pending());
    b.try_send(3).unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(now(select), Some(3));
}
