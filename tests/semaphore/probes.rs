//! The eight probes that no published semaphore passes all of while being first come, first
//! served.

use super::*;

#[test]
fn dropping_a_waiting_big_head_wakes_the_small_one_behind() {
    let semaphore = Semaphore::new(1);
    let mut big = Box::pin(semaphore.acquire_many(2));
    assert!(poll_now(big.as_mut()).is_pending());
    let (wakes, waker) = Wakes::new();
    let mut small = pin!(semaphore.acquire());
    assert!(poll_with(small.as_mut(), &waker).is_pending());
    drop(big);
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(small).is_ready());
}

#[test]
fn dropping_a_granted_waiter_before_its_poll_wakes_the_next() {
    let semaphore = Semaphore::new(0);
    let mut first = Box::pin(semaphore.acquire());
    let mut second = pin!(semaphore.acquire());
    let (wakes, waker) = Wakes::new();
    assert!(poll_now(first.as_mut()).is_pending());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    semaphore.add_permits(1);
    assert_eq!(wakes.count(), 0);
    drop(first);
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(second).is_ready());
}

#[test]
fn a_newcomer_does_not_barge_in_after_a_release() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_now(waiting.as_mut()).is_pending());
    drop(held);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    let mut newcomer = pin!(semaphore.acquire());
    assert!(poll_now(newcomer.as_mut()).is_pending());
    assert!(poll_now(waiting).is_ready());
}

#[test]
fn a_wake_that_re_enters_on_release_sees_a_consistent_semaphore() {
    let semaphore = leaked(1);
    let held = semaphore.try_acquire().unwrap();
    let seen = Arc::new(Mutex::new(None));
    let waker = {
        let seen = Arc::clone(&seen);
        Hostile::default()
            .on_wake(move || {
                semaphore.add_permits(1);
                let permits = semaphore.try_acquire().map(|permit| permit.permits());
                *seen.lock().unwrap() = Some(permits);
            })
            .waker()
    };
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    drop(held);
    assert_eq!(*seen.lock().unwrap(), Some(Ok(1)));
    assert!(poll_now(waiting).is_ready());
}

#[test]
fn a_wake_during_close_may_drop_another_queued_acquire() {
    let semaphore = leaked(0);
    let other: Arc<Mutex<Option<Pin<Box<Acquire<'static>>>>>> = Arc::default();
    let waker = {
        let other = Arc::clone(&other);
        Hostile::default()
            .on_wake(move || drop(other.lock().unwrap().take()))
            .waker()
    };
    let mut first = pin!(semaphore.acquire());
    assert!(poll_with(first.as_mut(), &waker).is_pending());
    // Enough in between that the other one is in a later batch.
    let mut between: Vec<_> = (0..20).map(|_| Box::pin(semaphore.acquire())).collect();
    for acquire in &mut between {
        assert!(poll_now(acquire.as_mut()).is_pending());
    }
    let mut last = Box::pin(semaphore.acquire());
    assert!(poll_now(last.as_mut()).is_pending());
    *other.lock().unwrap() = Some(last);
    semaphore.close();
    assert!(other.lock().unwrap().is_none());
    for acquire in &mut between {
        assert!(matches!(poll_now(acquire.as_mut()), Poll::Ready(Err(_))));
    }
}

#[test]
fn a_replaced_wakers_drop_may_re_enter() {
    let semaphore = leaked(0);
    let drops = Arc::new(AtomicUsize::new(0));
    let waker = {
        let drops = Arc::clone(&drops);
        Hostile::default()
            .on_drop(move || {
                semaphore.add_permits(0);
                assert!(semaphore.try_acquire().is_err());
                drops.fetch_add(1, SeqCst);
            })
            .waker()
    };
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    assert!(poll_with(waiting.as_mut(), Waker::noop()).is_pending());
    assert_eq!(drops.load(SeqCst), 1);
}

#[test]
fn a_wakers_clone_may_re_enter() {
    let semaphore = leaked(0);
    let waker = || {
        Hostile::default()
            .on_clone(move || {
                let mut inner = pin!(semaphore.acquire());
                assert!(poll_now(inner.as_mut()).is_pending());
            })
            .waker()
    };
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker()).is_pending());
    // And when it replaces another waker.
    assert!(poll_with(waiting.as_mut(), &waker()).is_pending());
    semaphore.add_permits(1);
    assert!(poll_now(waiting).is_ready());
}

#[test]
fn adding_permits_past_the_limit_panics_and_adds_nothing() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS - 1);
    let held = semaphore.try_acquire_many(10).unwrap();
    // What is out counts too: giving it back must not overflow.
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(2))).is_err());
    semaphore.add_permits(1);
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(usize::MAX))).is_err());
    drop(held);
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
}
