//! The semaphore through its public interface. The first part holds it to the eight probes
//! that no published semaphore passes all of while being first come, first served.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
};

use futures_util::future::FusedFuture;
use pleach::{Acquire, AcquireError, Permit, Semaphore, TryAcquireError};
use support::{Hostile, Wakes, block_on, forget, leak, poll_now, poll_with};

fn leaked(permits: usize) -> &'static Semaphore {
    leak(Semaphore::new(permits))
}

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
        pleach_ready(semaphore.acquire_many(requested)).unwrap_err(),
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

fn pleach_ready<'a>(acquire: Acquire<'a>) -> Result<Permit<'a>, AcquireError> {
    match poll_now(pin!(acquire)) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("not ready"),
    }
}

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
        pleach_ready(semaphore.acquire()).unwrap_err(),
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

#[test]
fn forgotten_permits_make_room_for_new_ones() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    semaphore
        .try_acquire_many(Semaphore::MAX_PERMITS)
        .unwrap()
        .forget();
    semaphore.add_permits(Semaphore::MAX_PERMITS);
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
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
fn a_forgotten_waiter_outlives_a_semaphore_that_moves_and_dies() {
    let mut home = Some(Semaphore::new(0));
    {
        let semaphore = home.as_ref().unwrap();
        let mut waiting = Box::pin(semaphore.acquire());
        assert!(poll_now(waiting.as_mut()).is_pending());
        forget(waiting);
    }
    let moved = Box::new(home.take().unwrap());
    // The forgotten node is the head: it is granted first and keeps its permit for good.
    let mut waiting = Box::pin(moved.acquire());
    assert!(poll_now(waiting.as_mut()).is_pending());
    moved.add_permits(2);
    assert!(poll_now(waiting.as_mut()).is_ready());
    drop(waiting);
    drop(moved);
}

#[test]
fn a_forgotten_waiter_may_stand_in_the_middle_of_the_queue() {
    let semaphore = Semaphore::new(0);
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(semaphore.acquire())).collect();
    for acquire in &mut waiting {
        assert!(poll_now(acquire.as_mut()).is_pending());
    }
    forget(waiting.remove(1));
    drop(waiting.remove(0));
    drop(waiting.pop());
    semaphore.add_permits(1);
    assert_eq!(
        semaphore.available_permits(),
        0,
        "it went to the forgotten one"
    );
    semaphore.add_permits(1);
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn sizes_are_what_the_design_allows() {
    assert!(size_of::<Semaphore>() <= 48, "{}", size_of::<Semaphore>());
    assert!(
        size_of::<Acquire<'_>>() <= 64,
        "{}",
        size_of::<Acquire<'_>>()
    );
    assert!(size_of::<Permit<'_>>() <= 16, "{}", size_of::<Permit<'_>>());
}

#[test]
fn types_have_the_auto_traits_that_are_promised() {
    fn send_sync<T: Send + Sync>() {}
    fn unpin<T: Unpin>() {}
    send_sync::<Semaphore>();
    send_sync::<Acquire<'_>>();
    send_sync::<Permit<'_>>();
    unpin::<Permit<'_>>();
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
