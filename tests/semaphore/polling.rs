//! Acquiring over and over with one future: for those who write their own.

use super::*;

fn poll<'a>(
    acquire: &mut Pin<Box<Acquire<'a>>>,
    permits: usize,
) -> Poll<Result<Permit<'a>, AcquireError>> {
    let mut cx = std::task::Context::from_waker(Waker::noop());
    acquire.as_mut().poll_acquire(&mut cx, permits)
}

fn permits(polled: Poll<Result<Permit<'_>, AcquireError>>) -> Poll<Result<usize, AcquireError>> {
    polled.map_ok(|permit| permit.permits())
}

#[test]
fn one_future_acquires_again_and_again() {
    let semaphore = Semaphore::new(2);
    let mut acquire = Box::pin(semaphore.acquire());
    for wanted in [1, 2, 1, 0, 2] {
        assert_eq!(permits(poll(&mut acquire, wanted)), Poll::Ready(Ok(wanted)));
        assert_eq!(semaphore.available_permits(), 2);
    }
}

#[test]
fn a_request_under_way_goes_on() {
    let semaphore = Semaphore::new(0);
    let mut acquire = Box::pin(semaphore.acquire());
    assert!(poll(&mut acquire, 2).is_pending());
    assert!(poll(&mut acquire, 2).is_pending());
    assert_eq!(semaphore.waiters(), 1);
    semaphore.add_permits(2);
    assert_eq!(permits(poll(&mut acquire, 2)), Poll::Ready(Ok(2)));
}

#[test]
fn another_number_is_another_request_at_the_end_of_the_queue() {
    let semaphore = Semaphore::new(0);
    let mut acquire = Box::pin(semaphore.acquire());
    assert!(poll(&mut acquire, 1).is_pending());
    let mut second = queued(&semaphore, 1);
    assert!(poll(&mut acquire, 2).is_pending());
    semaphore.add_permits(1);
    assert!(poll_now(second.as_mut()).is_ready(), "it is the first now");
}

#[test]
fn another_number_gives_back_what_was_granted() {
    let semaphore = Semaphore::new(0);
    let mut acquire = Box::pin(semaphore.acquire());
    assert!(poll(&mut acquire, 1).is_pending());
    semaphore.add_permits(1);
    assert_eq!(semaphore.available_permits(), 0);
    assert!(poll(&mut acquire, 2).is_pending());
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn an_error_is_no_end() {
    let semaphore = Semaphore::with_limit(1);
    let mut acquire = Box::pin(semaphore.acquire());
    let too_many = AcquireError::TooMany {
        requested: 2,
        limit: 1,
    };
    assert_eq!(permits(poll(&mut acquire, 2)), Poll::Ready(Err(too_many)));
    assert_eq!(permits(poll(&mut acquire, 1)), Poll::Ready(Ok(1)));
    semaphore.close();
    for _ in 0..2 {
        assert_eq!(
            permits(poll(&mut acquire, 1)),
            Poll::Ready(Err(AcquireError::Closed))
        );
    }
}

#[test]
fn setting_it_to_a_new_one_gives_up_its_place() {
    let semaphore = Semaphore::new(0);
    let mut acquire = Box::pin(semaphore.acquire());
    assert!(poll(&mut acquire, 1).is_pending());
    acquire.set(semaphore.acquire());
    assert_eq!(semaphore.waiters(), 0);
}

#[cfg(feature = "alloc")]
#[test]
fn an_owned_future_does_the_same() {
    let semaphore = Arc::new(Semaphore::new(2));
    let mut acquire = Box::pin(semaphore.acquire_owned());
    let mut cx = std::task::Context::from_waker(Waker::noop());
    for wanted in [1, 2, 1] {
        let polled = acquire.as_mut().poll_acquire(&mut cx, wanted);
        assert_eq!(
            polled.map_ok(|permit| permit.permits()),
            Poll::Ready(Ok(wanted))
        );
    }
}
