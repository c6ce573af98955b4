//! Order, weights, polls.

use super::*;

#[test]
fn a_large_request_at_the_head_is_not_starved() {
    let semaphore = Semaphore::new(3);
    let held = semaphore.try_acquire_many(2).unwrap();
    let mut large = pin!(semaphore.acquire_many(3));
    assert!(poll_now(large.as_mut()).is_pending());
    let mut small = pin!(semaphore.acquire());
    assert!(
        poll_now(small.as_mut()).is_pending(),
        "one is free, but not for the second"
    );
    assert_eq!(
        semaphore.available_permits(),
        1,
        "what is free is not swallowed by the head"
    );
    drop(held);
    assert!(poll_now(small.as_mut()).is_pending());
    let Poll::Ready(Ok(permit)) = poll_now(large) else {
        panic!("the large request fits");
    };
    assert_eq!(permit.permits(), 3);
    drop(permit);
    assert!(poll_now(small).is_ready());
}

#[test]
fn one_release_serves_all_that_fit_in_order() {
    const WAITERS: usize = 100;
    let semaphore = Semaphore::new(0);
    let (wakes, waker) = Wakes::new();
    let mut waiting: Vec<_> = (0..WAITERS)
        .map(|_| Box::pin(semaphore.acquire()))
        .collect();
    for acquire in &mut waiting {
        assert!(poll_with(acquire.as_mut(), &waker).is_pending());
    }
    semaphore.add_permits(WAITERS - 1);
    assert_eq!(wakes.count(), WAITERS - 1);
    let (last, served) = waiting.split_last_mut().unwrap();
    let permits: Vec<Permit<'_>> = served
        .iter_mut()
        .map(|acquire| match poll_now(acquire.as_mut()) {
            Poll::Ready(Ok(permit)) => permit,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(poll_now(last.as_mut()).is_pending());
    drop(permits);
    assert!(poll_now(last.as_mut()).is_ready());
}

#[test]
fn zero_permits_are_there_at_once_unless_closed() {
    let semaphore = Semaphore::new(0);
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_now(waiting.as_mut()).is_pending());
    assert!(semaphore.try_acquire_many(0).is_ok());
    assert!(poll_now(pin!(semaphore.acquire_many(0))).is_ready());
    semaphore.close();
    assert_eq!(
        semaphore.try_acquire_many(0).unwrap_err(),
        TryAcquireError::Closed
    );
}

#[test]
fn a_request_that_can_never_be_granted_is_an_error_at_once() {
    let semaphore = Semaphore::new(1);
    let requested = Semaphore::MAX_PERMITS + 1;
    let limit = Semaphore::MAX_PERMITS;
    assert_eq!(
        ready(semaphore.acquire_many(requested)).unwrap_err(),
        AcquireError::TooMany { requested, limit }
    );
    assert_eq!(
        semaphore.try_acquire_many(usize::MAX).unwrap_err(),
        TryAcquireError::TooMany {
            requested: usize::MAX,
            limit
        }
    );
}

#[test]
fn polling_after_completion_panics_and_gives_no_second_permit() {
    let semaphore = Semaphore::new(0);
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_now(waiting.as_mut()).is_pending());
    semaphore.add_permits(1);
    assert!(!waiting.is_terminated());
    assert!(poll_now(waiting.as_mut()).is_ready());
    assert!(waiting.is_terminated());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_now(waiting.as_mut()))).is_err());
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn a_future_that_moves_between_tasks_wakes_the_last_one() {
    let semaphore = Semaphore::new(0);
    let ((first, first_waker), (second, second_waker)) = (Wakes::new(), Wakes::new());
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &first_waker).is_pending());
    assert!(poll_with(waiting.as_mut(), &second_waker).is_pending());
    assert!(poll_with(waiting.as_mut(), &second_waker).is_pending());
    semaphore.add_permits(1);
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn threads_never_hold_more_than_there_are() {
    const PERMITS: usize = 3;
    let semaphore = Semaphore::new(PERMITS);
    let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let (semaphore, held, most) = (&semaphore, &held, &most);
            threads.spawn(move || {
                for round in 0..500 {
                    let wanted = 1 + (thread + round) % PERMITS;
                    let permit = block_on(semaphore.acquire_many(wanted)).unwrap();
                    most.fetch_max(held.fetch_add(wanted, SeqCst) + wanted, SeqCst);
                    std::thread::yield_now();
                    held.fetch_sub(wanted, SeqCst);
                    drop(permit);
                }
            });
        }
    });
    assert!(most.into_inner() <= PERMITS);
    assert_eq!(semaphore.available_permits(), PERMITS);
}
