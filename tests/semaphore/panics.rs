//! User code that panics: nothing is lost, nobody is stranded.

use super::*;

// Without `std` the second panic cannot be caught while the first one unwinds.
#[cfg(feature = "std")]
#[test]
fn a_panicking_waker_does_not_strand_the_others() {
    let semaphore = Semaphore::new(0);
    let (wakes, waker) = Wakes::new();
    let mut waiting: Vec<_> = (0..20).map(|_| Box::pin(semaphore.acquire())).collect();
    for (n, acquire) in waiting.iter_mut().enumerate() {
        // Two of them, in different batches: the second must not abort the process.
        let waker = match n {
            1 | 15 => Hostile::default()
                .on_wake(|| panic!("a waker panics"))
                .waker(),
            _ => waker.clone(),
        };
        assert!(poll_with(acquire.as_mut(), &waker).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(20))).is_err());
    assert_eq!(wakes.count(), 18);
    for acquire in &mut waiting {
        assert!(poll_now(acquire.as_mut()).is_ready());
    }
}

#[test]
fn a_panicking_waker_does_not_strand_the_rest_of_the_last_batch() {
    let semaphore = Semaphore::new(0);
    let panics = Hostile::default()
        .on_wake(|| panic!("a waker panics"))
        .waker();
    let (wakes, waker) = Wakes::new();
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(semaphore.acquire())).collect();
    for (acquire, waker) in waiting.iter_mut().zip([&panics, &waker, &waker]) {
        assert!(poll_with(acquire.as_mut(), waker).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(3))).is_err());
    assert_eq!(wakes.count(), 2);
}

// Without `std` the second panic cannot be told from the first.
#[cfg(feature = "std")]
#[test]
fn a_permit_dropped_by_a_panic_meets_a_panicking_waker_without_an_abort() {
    let semaphore = leaked(1);
    let held = semaphore.try_acquire().unwrap();
    let waker = Hostile::default().on_wake(|| panic!("wake")).waker();
    let mut waiting = Box::pin(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    let payload = catch_unwind(AssertUnwindSafe(move || {
        let _held = held;
        panic!("the first");
    }));
    assert_eq!(support::message(&*payload.unwrap_err()), "the first");
    assert!(poll_now(waiting.as_mut()).is_ready());
}

#[test]
fn a_permit_is_not_lost_when_an_unneeded_wakers_drop_panics() {
    let semaphore = leaked(0);
    let armed = Arc::new(AtomicUsize::new(0));
    let (arm, disarm) = (Arc::clone(&armed), armed);
    let waker = Hostile::default()
        // A permit comes between the look and the queue: the clone is not needed.
        .on_clone(move || {
            semaphore.add_permits(1);
            arm.store(1, SeqCst);
        })
        .on_drop(move || assert_eq!(disarm.swap(0, SeqCst), 0, "a drop panics"))
        .waker();
    let mut waiting = Box::pin(semaphore.acquire());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(waiting.as_mut(), &waker).is_ready()
    }));
    assert!(polled.is_err());
    drop(waiting);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn a_panicking_clone_leaves_no_trace() {
    let semaphore = Semaphore::new(0);
    let mut waiting = Box::pin(semaphore.acquire());
    let waker = Hostile::default()
        .on_clone(|| panic!("a clone panics"))
        .waker();
    let polled = catch_unwind(AssertUnwindSafe(|| poll_with(waiting.as_mut(), &waker)));
    assert!(polled.is_err());
    assert!(poll_now(waiting.as_mut()).is_pending());
    semaphore.add_permits(1);
    assert!(poll_now(waiting.as_mut()).is_ready());
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn the_panic_of_a_waker_that_is_dropped_with_its_waiter_goes_on() {
    let semaphore = leaked(0);
    let armed = Arc::new(AtomicUsize::new(0));
    let disarm = Arc::clone(&armed);
    let waker = Hostile::default()
        .on_drop(move || {
            if disarm.swap(0, SeqCst) == 1 {
                panic!("a drop panics");
            }
        })
        .waker();
    let mut waiting = Box::pin(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    armed.store(1, SeqCst);
    let payload = catch_unwind(AssertUnwindSafe(|| drop(waiting))).unwrap_err();
    assert_eq!(support::message(&*payload), "a drop panics");
    assert_eq!(semaphore.waiters(), 0);
}

#[test]
fn a_panicking_waker_does_not_strand_those_that_the_same_permit_serves() {
    for first in 0..3 {
        let semaphore = Semaphore::new(3);
        let held = semaphore.try_acquire_many(3).unwrap();
        let (wakes, waker) = Wakes::new();
        let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(semaphore.acquire())).collect();
        for (n, acquire) in waiting.iter_mut().enumerate() {
            let waker = match n == first {
                true => Hostile::default()
                    .on_wake(|| panic!("a waker panics"))
                    .waker(),
                false => waker.clone(),
            };
            assert!(poll_with(acquire.as_mut(), &waker).is_pending());
        }
        assert!(catch_unwind(AssertUnwindSafe(|| drop(held))).is_err());
        assert_eq!((wakes.count(), semaphore.waiters()), (2, 0));
        for acquire in &mut waiting {
            assert!(poll_now(acquire.as_mut()).is_ready());
        }
    }
}

// Without `std` the second panic cannot be caught while the first one unwinds.
#[cfg(feature = "std")]
#[test]
fn a_called_head_meets_two_panics_without_an_abort_and_loses_nothing() {
    let semaphore: &'static Semaphore = leak(Semaphore::with_bypass(0));
    let mut first = queued(semaphore, 1);
    let mut second = Box::pin(semaphore.acquire());
    let panics = Hostile::default().on_wake(|| panic!("a wake")).waker();
    assert!(poll_with(second.as_mut(), &panics).is_pending());
    let armed = Arc::new(AtomicUsize::new(0));
    let (arm, disarm) = (Arc::clone(&armed), armed);
    let waker = Hostile::default()
        // The head takes one of these and calls the second, whose wake panics; then this clone,
        // which is not needed, is dropped.
        .on_clone(move || {
            semaphore.add_permits(2);
            arm.store(1, SeqCst);
        })
        .on_drop(move || assert_eq!(disarm.swap(0, SeqCst), 0, "a drop"))
        .waker();
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(first.as_mut(), &waker).is_ready()
    }));
    assert_eq!(support::message(&*polled.unwrap_err()), "a wake");
    assert_eq!(semaphore.available_permits(), 2);
    assert!(poll_now(second.as_mut()).is_ready());
}
