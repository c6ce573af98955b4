//! The semaphore among tasks: what holds without any interrupt.

use core::{
    cell::Cell,
    pin::pin,
    task::{Poll, Waker},
};

use executor::{Flag, poll, yield_now};
use pleach::{AcquireError, Semaphore, TryAcquireError};

use crate::{Platform, log::Log, tests};

tests![
    a_static_semaphore_is_ready_before_main,
    waiters_are_served_in_the_order_of_asking,
    a_large_request_is_not_overtaken,
    a_newcomer_does_not_overtake_a_waiter,
    a_dropped_waiter_lets_those_behind_through,
    a_granted_permit_that_is_dropped_goes_on,
    close_ends_every_wait,
    the_last_waker_is_the_one_that_is_woken,
    polling_with_a_waker_that_does_nothing_is_enough,
    no_more_tasks_work_than_there_are_permits,
];

fn a_static_semaphore_is_ready_before_main(_: &Platform) {
    static READY: Semaphore = Semaphore::new(3);
    assert_eq!(READY.available_permits(), 3);
    let two = READY.try_acquire_many(2).unwrap();
    assert_eq!(READY.available_permits(), 1);
    drop(two);
    assert_eq!(READY.available_permits(), 3);
}

fn waiters_are_served_in_the_order_of_asking(platform: &Platform) {
    let semaphore = Semaphore::new(1);
    let log = Log::new();
    let task = async |id: u8| {
        for round in 0..2 {
            let permit = semaphore.acquire().await.unwrap();
            log.push(id + round * 10);
            yield_now().await;
            drop(permit);
        }
    };
    platform.join([pin!(task(1)), pin!(task(2)), pin!(task(3))]);
    log.assert_is(&[1, 2, 3, 11, 12, 13]);
}

fn a_large_request_is_not_overtaken(platform: &Platform) {
    let semaphore = Semaphore::new(3);
    let log = Log::new();
    let held = Cell::new(Some(semaphore.try_acquire_many(3).unwrap()));
    let ask = async |id: u8, permits| {
        let granted = semaphore.acquire_many(permits).await.unwrap();
        assert_eq!(granted.permits(), permits);
        log.push(id);
    };
    let release = async {
        drop(held.take());
        log.push(0);
    };
    platform.join([pin!(ask(1, 3)), pin!(ask(2, 1)), pin!(release)]);
    log.assert_is(&[0, 1, 2]);
    assert_eq!(semaphore.available_permits(), 3);
}

fn a_newcomer_does_not_overtake_a_waiter(_: &Platform) {
    let semaphore = Semaphore::new(1);
    let mut large = pin!(semaphore.acquire_many(2));
    assert!(poll(large.as_mut(), Waker::noop()).is_pending());
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    semaphore.add_permits(1);
    let granted = poll(large, Waker::noop());
    assert!(matches!(granted, Poll::Ready(Ok(permit)) if permit.permits() == 2));
}

fn a_dropped_waiter_lets_those_behind_through(_: &Platform) {
    static WOKEN: Flag = Flag::new();
    let semaphore = Semaphore::new(1);
    let mut behind = pin!(semaphore.acquire());
    {
        let mut large = pin!(semaphore.acquire_many(2));
        assert!(poll(large.as_mut(), Waker::noop()).is_pending());
        assert!(poll(behind.as_mut(), &WOKEN.waker()).is_pending());
        assert!(!WOKEN.is_raised());
    }
    assert!(WOKEN.is_raised());
    assert!(matches!(poll(behind, Waker::noop()), Poll::Ready(Ok(_))));
}

fn a_granted_permit_that_is_dropped_goes_on(_: &Platform) {
    static WOKEN: Flag = Flag::new();
    let semaphore = Semaphore::new(0);
    let mut second = pin!(semaphore.acquire());
    {
        let mut first = pin!(semaphore.acquire());
        assert!(poll(first.as_mut(), Waker::noop()).is_pending());
        assert!(poll(second.as_mut(), &WOKEN.waker()).is_pending());
        semaphore.add_permits(1);
        assert!(!WOKEN.is_raised(), "the permit is the first one's");
    }
    assert!(WOKEN.is_raised());
    assert!(matches!(poll(second, Waker::noop()), Poll::Ready(Ok(_))));
    assert_eq!(semaphore.available_permits(), 1);
}

fn close_ends_every_wait(platform: &Platform) {
    let semaphore = Semaphore::new(0);
    let wait = async |permits| {
        let refused = semaphore.acquire_many(permits).await.unwrap_err();
        assert_eq!(refused, AcquireError::Closed);
    };
    let close = async { semaphore.close() };
    platform.join([pin!(wait(1)), pin!(wait(2)), pin!(wait(1)), pin!(close)]);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
    assert_eq!(
        platform.block_on(semaphore.acquire()).unwrap_err(),
        AcquireError::Closed
    );
}

fn the_last_waker_is_the_one_that_is_woken(_: &Platform) {
    static OLD: Flag = Flag::new();
    static NEW: Flag = Flag::new();
    let semaphore = Semaphore::new(0);
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll(waiting.as_mut(), &OLD.waker()).is_pending());
    assert!(poll(waiting.as_mut(), &NEW.waker()).is_pending());
    semaphore.add_permits(1);
    assert!(NEW.is_raised() && !OLD.is_raised());
}

fn polling_with_a_waker_that_does_nothing_is_enough(_: &Platform) {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll(waiting.as_mut(), Waker::noop()).is_pending());
    drop(held);
    assert!(matches!(poll(waiting, Waker::noop()), Poll::Ready(Ok(_))));
}

fn no_more_tasks_work_than_there_are_permits(platform: &Platform) {
    let semaphore = Semaphore::new(2);
    let (working, most) = (Cell::new(0), Cell::new(0));
    let task = async || {
        for _ in 0..10 {
            let _permit = semaphore.acquire().await.unwrap();
            working.set(working.get() + 1);
            most.set(working.get().max(most.get()));
            yield_now().await;
            working.set(working.get() - 1);
        }
    };
    platform.join([pin!(task()), pin!(task()), pin!(task()), pin!(task())]);
    assert_eq!((working.get(), most.get()), (0, 2));
    assert_eq!(semaphore.available_permits(), 2);
}
