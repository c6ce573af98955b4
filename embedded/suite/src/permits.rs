//! Limits, and what can be done with permits.

use core::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use executor::{Flag, poll, yield_now};
use pleach::{AcquireError, Semaphore, TryAcquireError};

use crate::{Platform, tests};

tests![
    a_request_above_a_known_limit_is_refused_at_once,
    a_lowered_limit_is_paid_with_permits_that_come_back,
    permits_split_and_merge,
    forgotten_permits_are_gone,
    a_future_written_by_hand_can_acquire_again_and_again,
    bypass_lets_everyone_through_in_the_end,
];

fn a_request_above_a_known_limit_is_refused_at_once(platform: &Platform) {
    static TWO: Semaphore = Semaphore::with_limit(2);
    let _held = TWO.try_acquire().unwrap();
    assert_eq!(
        TWO.try_acquire_many(3).unwrap_err(),
        TryAcquireError::TooMany {
            requested: 3,
            limit: 2
        }
    );
    assert_eq!(
        platform.block_on(TWO.acquire_many(3)).unwrap_err(),
        AcquireError::TooMany {
            requested: 3,
            limit: 2
        }
    );
}

fn a_lowered_limit_is_paid_with_permits_that_come_back(_: &Platform) {
    static WOKEN: Flag = Flag::new();
    let semaphore = Semaphore::new(3);
    let mut held = semaphore.try_acquire_many(3).unwrap();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll(waiting.as_mut(), &WOKEN.waker()).is_pending());
    semaphore.set_limit(1);
    drop(held.split(2));
    assert!(!WOKEN.is_raised(), "these two were owed");
    drop(held);
    assert!(WOKEN.is_raised());
    assert!(matches!(poll(waiting, Waker::noop()), Poll::Ready(Ok(_))));
    assert_eq!(
        (semaphore.available_permits(), semaphore.limit()),
        (1, Some(1))
    );
}

fn permits_split_and_merge(_: &Platform) {
    let semaphore = Semaphore::new(3);
    let mut all = semaphore.try_acquire_many(3).unwrap();
    let one = all.split(1).unwrap();
    assert!(all.split(3).is_none());
    assert_eq!((all.permits(), one.permits()), (2, 1));
    all.merge(one);
    assert_eq!((all.permits(), semaphore.available_permits()), (3, 0));
    drop(all);
    assert_eq!(semaphore.available_permits(), 3);
}

fn forgotten_permits_are_gone(_: &Platform) {
    let semaphore = Semaphore::new(3);
    semaphore.try_acquire().unwrap().forget();
    assert_eq!(semaphore.available_permits(), 2);
    assert_eq!(semaphore.forget_permits(5), 2);
    assert_eq!(semaphore.available_permits(), 0);
}

fn a_future_written_by_hand_can_acquire_again_and_again(platform: &Platform) {
    let semaphore = Semaphore::new(1);
    let by_hand = async {
        let mut acquire = pin!(semaphore.acquire());
        for _ in 0..3 {
            let next = |cx: &mut Context<'_>| acquire.as_mut().poll_acquire(cx, 1);
            let permit = core::future::poll_fn(next).await.unwrap();
            yield_now().await;
            drop(permit);
        }
    };
    let other = async {
        for _ in 0..3 {
            let _permit = semaphore.acquire().await.unwrap();
            yield_now().await;
        }
    };
    platform.join([pin!(by_hand), pin!(other)]);
    assert_eq!(semaphore.available_permits(), 1);
}

fn bypass_lets_everyone_through_in_the_end(platform: &Platform) {
    let semaphore = Semaphore::with_bypass(2);
    let task = async |permits| {
        for _ in 0..20 {
            let _permits = semaphore.acquire_many(permits).await.unwrap();
            yield_now().await;
        }
    };
    platform.join([pin!(task(1)), pin!(task(2)), pin!(task(1)), pin!(task(2))]);
    assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 0));
}
