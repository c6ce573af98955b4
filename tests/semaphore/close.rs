//! What a close refuses, and what it leaves.

use super::*;

#[test]
fn close_refuses_everyone_and_takes_permits_back() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let (wakes, waker) = Wakes::new();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    assert!(!semaphore.is_closed());
    semaphore.close();
    semaphore.close();
    assert!(semaphore.is_closed());
    assert_eq!(wakes.count(), 1);
    assert_eq!(
        poll_now(waiting).map(|r| r.unwrap_err()),
        Poll::Ready(AcquireError::Closed)
    );
    drop(held);
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(
        ready(semaphore.acquire()).unwrap_err(),
        AcquireError::Closed
    );
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
}

#[test]
fn a_permit_granted_before_the_close_is_delivered() {
    let semaphore = Semaphore::new(0);
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_now(waiting.as_mut()).is_pending());
    semaphore.add_permits(1);
    semaphore.close();
    assert!(matches!(poll_now(waiting), Poll::Ready(Ok(_))));
}

#[test]
fn forget_on_a_closed_semaphore_does_not_reopen_it() {
    let semaphore = Semaphore::new(2);
    let permit = semaphore.try_acquire_many(2).unwrap();
    semaphore.close();
    permit.forget();
    assert!(semaphore.is_closed());
    assert_eq!(semaphore.available_permits(), 0);
}
