//! How many permits there are: limits, what is owed, what is forgotten.

use super::*;

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
fn a_limit_is_known_only_where_it_was_given() {
    let semaphore = Semaphore::new(2);
    assert_eq!(semaphore.limit(), None);
    semaphore.set_limit(3);
    assert_eq!(
        (semaphore.limit(), semaphore.available_permits()),
        (Some(3), 3)
    );
    assert_eq!(Semaphore::with_limit(4).limit(), Some(4));
}

#[test]
fn a_request_above_a_known_limit_is_an_error_at_once_and_disturbs_nobody() {
    let semaphore = Semaphore::with_limit(2);
    let held = semaphore.try_acquire_many(2).unwrap();
    let mut waiting = queued(&semaphore, 1);
    let too_many = AcquireError::TooMany {
        requested: 3,
        limit: 2,
    };
    assert_eq!(ready(semaphore.acquire_many(3)).unwrap_err(), too_many);
    assert_eq!(
        semaphore.try_acquire_many(3).unwrap_err(),
        TryAcquireError::TooMany {
            requested: 3,
            limit: 2
        }
    );
    assert_eq!(semaphore.waiters(), 1);
    drop(held);
    assert!(poll_now(waiting.as_mut()).is_ready());
}

#[test]
fn a_lower_limit_takes_idle_permits_at_once_and_the_rest_as_it_comes_back() {
    let semaphore = Semaphore::new(5);
    let mut out = semaphore.try_acquire_many(4).unwrap();
    semaphore.set_limit(2);
    assert_eq!(semaphore.available_permits(), 0);
    drop(out.split(1));
    drop(out.split(1));
    assert_eq!(semaphore.available_permits(), 0, "two were owed");
    drop(out.split(1));
    assert_eq!(semaphore.available_permits(), 1);
    drop(out);
    assert_eq!(semaphore.available_permits(), 2);
    assert_eq!(semaphore.try_acquire_many(2).unwrap().permits(), 2);
}

#[test]
fn while_permits_are_owed_newcomers_wait_and_are_woken_when_it_is_paid() {
    let semaphore = Semaphore::new(2);
    let mut out = semaphore.try_acquire_many(2).unwrap();
    semaphore.set_limit(1);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    let (wakes, waker) = Wakes::new();
    let mut waiting = pin!(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    drop(out.split(1));
    assert_eq!(wakes.count(), 0);
    drop(out);
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(waiting).is_ready());
}

#[test]
fn a_higher_limit_forgives_what_is_owed_before_it_adds() {
    let semaphore = Semaphore::with_limit(4);
    let out = semaphore.try_acquire_many(4).unwrap();
    semaphore.set_limit(1);
    semaphore.set_limit(3);
    assert_eq!(
        semaphore.available_permits(),
        0,
        "four are out, one is owed"
    );
    semaphore.set_limit(6);
    assert_eq!(semaphore.available_permits(), 2);
    drop(out);
    assert_eq!(semaphore.available_permits(), 6);
    assert!(semaphore.try_acquire_many(6).is_ok());
}

#[test]
fn a_waiting_request_that_the_limit_falls_below_is_refused_at_the_head() {
    let semaphore = Semaphore::with_limit(3);
    let held = semaphore.try_acquire_many(2).unwrap();
    let mut first = queued(&semaphore, 2);
    let (wakes, waker) = Wakes::new();
    let mut doomed = pin!(semaphore.acquire_many(3));
    assert!(poll_with(doomed.as_mut(), &waker).is_pending());
    let mut last = queued(&semaphore, 1);
    semaphore.set_limit(2);
    assert_eq!(wakes.count(), 0, "it is not at the head");
    drop(held);
    let Poll::Ready(Ok(permit)) = poll_now(first.as_mut()) else {
        panic!("two are free");
    };
    assert_eq!(wakes.count(), 1);
    assert_eq!(
        ready(doomed).unwrap_err(),
        AcquireError::TooMany {
            requested: 3,
            limit: 2
        }
    );
    drop(permit);
    assert!(poll_now(last.as_mut()).is_ready());
}

#[test]
fn a_refusal_tells_the_limit_of_then() {
    let semaphore = Semaphore::with_limit(2);
    let _held = semaphore.try_acquire().unwrap();
    let waiting = queued(&semaphore, 2);
    semaphore.set_limit(1);
    semaphore.set_limit(9);
    assert_eq!(
        ready(waiting).unwrap_err(),
        AcquireError::TooMany {
            requested: 2,
            limit: 1
        }
    );
}

#[test]
fn added_permits_raise_a_known_limit_and_pay_what_is_owed() {
    let semaphore = Semaphore::with_limit(2);
    semaphore.add_permits(1);
    assert_eq!(
        (semaphore.limit(), semaphore.available_permits()),
        (Some(3), 3)
    );
    let out = semaphore.try_acquire_many(3).unwrap();
    semaphore.set_limit(1);
    semaphore.add_permits(1);
    assert_eq!(
        (semaphore.limit(), semaphore.available_permits()),
        (Some(2), 0)
    );
    drop(out);
    assert_eq!(semaphore.available_permits(), 2);
}

#[test]
fn forgotten_idle_permits_lower_a_known_limit() {
    let semaphore = Semaphore::with_limit(3);
    let out = semaphore.try_acquire().unwrap();
    assert_eq!(semaphore.forget_permits(9), 2);
    assert_eq!(
        (semaphore.limit(), semaphore.available_permits()),
        (Some(1), 0)
    );
    assert_eq!(semaphore.forget_permits(1), 0);
    drop(out);
    assert_eq!(semaphore.available_permits(), 1);
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn forgetting_idle_permits_refuses_a_head_that_asks_for_more_than_are_left() {
    let semaphore = Semaphore::with_limit(3);
    let _out = semaphore.try_acquire().unwrap();
    let waiting = queued(&semaphore, 3);
    assert_eq!(semaphore.forget_permits(1), 1);
    assert_eq!(
        ready(waiting).unwrap_err(),
        AcquireError::TooMany {
            requested: 3,
            limit: 2
        }
    );
    assert!(
        semaphore.try_acquire().is_ok(),
        "the fast path is open again"
    );
}

#[test]
fn a_forgotten_permit_pays_what_is_owed_and_lowers_the_limit_beyond_that() {
    let semaphore = Semaphore::with_limit(5);
    let mut out = semaphore.try_acquire_many(5).unwrap();
    semaphore.set_limit(3);
    out.split(1).unwrap().forget();
    assert_eq!(semaphore.limit(), Some(3));
    out.split(2).unwrap().forget();
    assert_eq!(semaphore.limit(), Some(2), "one paid, one more is gone");
    drop(out);
    assert_eq!(semaphore.available_permits(), 2);
    assert!(semaphore.try_acquire_many(2).is_ok());
}

#[test]
fn limits_beyond_the_most_panic_and_change_nothing() {
    let semaphore = Semaphore::new(1);
    let beyond = Semaphore::MAX_PERMITS + 1;
    assert!(catch_unwind(AssertUnwindSafe(|| semaphore.set_limit(beyond))).is_err());
    for make in [
        Semaphore::new,
        Semaphore::with_limit,
        Semaphore::with_bypass,
    ] {
        assert!(catch_unwind(|| make(beyond)).is_err());
        assert_eq!(
            make(Semaphore::MAX_PERMITS).available_permits(),
            Semaphore::MAX_PERMITS
        );
    }
    assert_eq!(
        (semaphore.limit(), semaphore.available_permits()),
        (None, 1)
    );
}

#[test]
fn the_limit_of_a_closed_semaphore_still_moves() {
    let semaphore = Semaphore::new(3);
    let out = semaphore.try_acquire_many(2).unwrap();
    semaphore.set_limit(1);
    semaphore.close();
    drop(out);
    assert_eq!(semaphore.available_permits(), 1);
    semaphore.set_limit(4);
    assert_eq!(semaphore.available_permits(), 4);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
}
