//! The mode in which newcomers may overtake, but not for ever.

use super::*;

const RACES: usize = 4;

#[test]
fn a_newcomer_may_overtake_the_head_but_so_often_only() {
    let semaphore = Semaphore::with_bypass(1);
    let mut held = semaphore.try_acquire().unwrap();
    let (wakes, waker) = Wakes::new();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    for race in 1..=RACES {
        drop(held);
        assert_eq!(wakes.count(), race, "called each time");
        held = semaphore.try_acquire().expect("the newcomer is quicker");
        assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    }
    drop(held);
    assert_eq!(wakes.count(), RACES + 1);
    assert_eq!(semaphore.available_permits(), 0, "handed to the head");
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    assert!(poll_now(waiting).is_ready());
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn a_head_that_asks_for_several_is_passed_over_so_often_only() {
    let semaphore = Semaphore::with_bypass(2);
    let mut held = [(); 2].map(|()| semaphore.try_acquire().ok());
    let (wakes, waker) = Wakes::new();
    let mut both = pin!(semaphore.acquire_many(2));
    assert!(poll_with(both.as_mut(), &waker).is_pending());
    // Never are two free at once.
    for race in 0..RACES {
        held[race % 2] = None;
        let newcomer = semaphore.try_acquire();
        assert_eq!(newcomer.is_ok(), race + 1 < RACES, "race {race}");
        held[race % 2] = newcomer.ok();
    }
    assert_eq!(wakes.count(), 0);
    drop(held);
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(both).is_ready());
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn permits_that_are_added_and_taken_one_by_one_pass_a_head_over_so_often_only() {
    let semaphore = Semaphore::with_bypass(0);
    let mut both = queued(&semaphore, 2);
    for race in 1..=RACES {
        semaphore.add_permits(1);
        assert_eq!(
            semaphore.try_acquire().map(Permit::forget).is_ok(),
            race < RACES
        );
    }
    semaphore.add_permits(1);
    assert!(poll_now(both.as_mut()).is_ready());
}

#[test]
fn nothing_that_is_given_back_passes_nobody_over() {
    let semaphore = Semaphore::with_bypass(1);
    let _both = queued(&semaphore, 2);
    for _ in 0..2 * RACES {
        drop(semaphore.try_acquire_many(0).unwrap());
        semaphore.add_permits(0);
    }
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn a_head_that_comes_in_time_takes_its_permits() {
    let semaphore = Semaphore::with_bypass(1);
    let held = semaphore.try_acquire().unwrap();
    let mut waiting = queued(&semaphore, 1);
    drop(held);
    assert_eq!(semaphore.available_permits(), 1);
    let Poll::Ready(Ok(permit)) = poll_now(waiting.as_mut()) else {
        panic!("it is free");
    };
    assert_eq!((semaphore.available_permits(), semaphore.waiters()), (0, 0));
    drop(permit);
}

#[test]
fn a_called_head_is_called_once_however_many_releases_there_are() {
    let semaphore = Semaphore::with_bypass(0);
    let (wakes, waker) = Wakes::new();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    semaphore.add_permits(1);
    for _ in 0..10 {
        drop(semaphore.try_acquire().unwrap());
    }
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(waiting).is_ready());
}

#[test]
fn each_that_takes_its_permits_calls_the_next() {
    const WAITERS: usize = 20;
    let semaphore = Semaphore::with_bypass(0);
    let (wakes, waker) = Wakes::new();
    let mut waiting: Vec<_> = (0..WAITERS)
        .map(|_| Box::pin(semaphore.acquire()))
        .collect();
    for acquire in &mut waiting {
        assert!(poll_with(acquire.as_mut(), &waker).is_pending());
    }
    semaphore.add_permits(WAITERS);
    let mut permits = Vec::new();
    for (served, acquire) in waiting.iter_mut().enumerate() {
        assert_eq!(wakes.count(), served + 1);
        match poll_with(acquire.as_mut(), &waker) {
            Poll::Ready(permit) => permits.push(permit.unwrap()),
            Poll::Pending => panic!("there is one for each"),
        }
    }
    assert_eq!(semaphore.available_permits(), 0);
}

#[test]
fn nobody_in_the_queue_overtakes_the_head() {
    let semaphore = Semaphore::with_bypass(0);
    let (mut big, mut small) = (queued(&semaphore, 2), queued(&semaphore, 1));
    semaphore.add_permits(1);
    assert!(poll_now(small.as_mut()).is_pending());
    semaphore.add_permits(1);
    assert!(poll_now(small.as_mut()).is_pending());
    assert!(poll_now(big.as_mut()).is_ready());
}

#[test]
fn a_called_head_that_leaves_has_the_next_called() {
    let semaphore = Semaphore::with_bypass(0);
    let first = queued(&semaphore, 1);
    let (wakes, waker) = Wakes::new();
    let mut second = pin!(semaphore.acquire());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    semaphore.add_permits(1);
    assert_eq!(wakes.count(), 0);
    drop(first);
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(second).is_ready());
}

#[test]
fn a_waiter_that_nobody_polls_keeps_no_permit_from_newcomers() {
    let semaphore = Semaphore::with_bypass(1);
    let held = semaphore.try_acquire().unwrap();
    let _unpolled = queued(&semaphore, 1);
    drop(held);
    for _ in 0..100 {
        assert!(ready(semaphore.acquire()).is_ok());
    }
}

#[test]
fn a_close_refuses_a_called_head_too() {
    let semaphore = Semaphore::with_bypass(0);
    let (called, behind) = (queued(&semaphore, 1), queued(&semaphore, 1));
    semaphore.add_permits(1);
    semaphore.close();
    for acquire in [called, behind] {
        assert_eq!(ready(acquire).unwrap_err(), AcquireError::Closed);
    }
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn what_is_owed_is_paid_before_anybody_overtakes() {
    let semaphore = Semaphore::with_bypass(2);
    let mut out = semaphore.try_acquire_many(2).unwrap();
    let mut waiting = queued(&semaphore, 1);
    semaphore.set_limit(1);
    drop(out.split(1));
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    drop(out);
    let newcomer = semaphore
        .try_acquire()
        .expect("paid, and free for all again");
    assert!(poll_now(waiting.as_mut()).is_pending());
    drop(newcomer);
    assert!(poll_now(waiting.as_mut()).is_ready());
}

#[test]
fn a_head_that_the_limit_falls_below_is_refused() {
    let semaphore = Semaphore::with_bypass(1);
    let big = queued(&semaphore, 3);
    let mut small = queued_behind(&semaphore);
    semaphore.set_limit(1);
    assert_eq!(
        ready(big).unwrap_err(),
        AcquireError::TooMany {
            requested: 3,
            limit: 1
        }
    );
    assert!(poll_now(small.as_mut()).is_ready());
}

/// A request for one that waits although one is free.
fn queued_behind(semaphore: &Semaphore) -> Pin<Box<Acquire<'_>>> {
    let held = semaphore.try_acquire().unwrap();
    let acquire = queued(semaphore, 1);
    drop(held);
    acquire
}

#[test]
fn a_wake_that_re_enters_finds_the_permits_there() {
    let semaphore: &'static Semaphore = leak(Semaphore::with_bypass(1));
    let held = semaphore.try_acquire().unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let waker = {
        let seen = Arc::clone(&seen);
        Hostile::default()
            .on_wake(move || {
                let permit = semaphore.try_acquire();
                seen.fetch_add(permit.map_or(0, |permit| permit.permits()), SeqCst);
            })
            .waker()
    };
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    drop(held);
    assert_eq!(seen.load(SeqCst), 1);
    assert!(poll_now(waiting).is_ready());
}

#[test]
fn a_permit_that_a_called_head_takes_is_not_lost_when_the_next_ones_wake_panics() {
    let semaphore: &'static Semaphore = leak(Semaphore::with_bypass(0));
    let mut first = queued(semaphore, 1);
    let waker = Hostile::default()
        .on_wake(|| panic!("a wake panics"))
        .waker();
    let mut second = Box::pin(semaphore.acquire());
    assert!(poll_with(second.as_mut(), &waker).is_pending());
    semaphore.add_permits(2);
    assert!(catch_unwind(AssertUnwindSafe(|| poll_now(first.as_mut()).is_ready())).is_err());
    assert_eq!(semaphore.available_permits(), 2);
    assert!(poll_now(second.as_mut()).is_ready());
}

#[test]
fn threads_never_hold_more_than_there_are_and_all_get_theirs() {
    const PERMITS: usize = 3;
    let semaphore = Semaphore::with_bypass(PERMITS);
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
    assert_eq!(
        (semaphore.available_permits(), semaphore.waiters()),
        (PERMITS, 0)
    );
}
