//! How many permits there are: limits, what is owed, what is forgotten.

use std::{sync::Arc, task::Poll};

use crate::explore::{
    explore,
    guarded::beside,
    permits::{Guarded, poll_noop, queued},
};
use loom::{future::block_on, thread};
use pleach_loom::{AcquireError, OwnedPermit, Semaphore, TryAcquireError};

/// A semaphore with all its permits out, one by one.
fn all_out<const N: usize>() -> (Arc<Semaphore>, [OwnedPermit; N]) {
    let semaphore = Arc::new(Semaphore::new(N));
    let permits = [(); N].map(|()| semaphore.try_acquire_owned().unwrap());
    (semaphore, permits)
}

#[test]
fn what_is_owed_is_taken_off_and_given_to_nobody() {
    explore(&[true, false], || {
        let (semaphore, [first, second]) = all_out();
        let other = thread::spawn(move || drop(first));
        semaphore.set_limit(1);
        // Two were out; until both are back at most the one that is still out is there.
        let got = semaphore.try_acquire().is_ok();
        assert!(!got, "one is owed and one is out");
        let early = semaphore.available_permits() == 1;
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        drop(second);
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok());
        early
    });
}

#[test]
fn what_is_owed_is_granted_to_nobody_whoever_settles_meanwhile() {
    explore(&[()], || {
        let (semaphore, [first, second]) = all_out();
        let mut waiting = queued(&semaphore, 1);
        semaphore.set_limit(1);
        let other = thread::spawn(move || drop(first));
        // Finds nothing to collect, and may see the permit come when it has looked.
        semaphore.set_limit(1);
        other.join().unwrap();
        assert!(poll_noop(&mut waiting).is_pending());
        drop(second);
        assert_eq!(poll_noop(&mut waiting), Poll::Ready(Ok(())));
    });
}

#[test]
fn a_waiter_gets_what_comes_back_beyond_what_is_owed() {
    explore(&[()], || {
        let (semaphore, [first, second]) = all_out();
        let mut waiting = Box::pin(semaphore.acquire());
        assert!(poll_noop(&mut waiting).is_pending());
        let other = thread::spawn(move || drop(first));
        // Granted before anything is owed, or when the other one comes back.
        semaphore.set_limit(1);
        other.join().unwrap();
        drop(second);
        assert_eq!(poll_noop(&mut waiting), Poll::Ready(Ok(())));
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok(), "the fast path is open");
    });
}

#[test]
fn a_waiter_is_served_when_the_limit_rises_again() {
    explore(&[()], || {
        let (semaphore, [permit]) = all_out();
        semaphore.set_limit(0);
        let other = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.set_limit(1))
        };
        drop(permit);
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok(), "the fast path is open");
    });
}

#[test]
fn two_limits_at_once_leave_one_of_them() {
    explore(&[1, 3], || {
        let (semaphore, permits) = all_out::<2>();
        let other = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.set_limit(3))
        };
        semaphore.set_limit(1);
        other.join().unwrap();
        drop(permits);
        let limit = semaphore.limit().unwrap();
        assert_eq!(semaphore.available_permits(), limit);
        limit
    });
}

#[test]
fn a_request_that_the_limit_falls_below_is_refused_wherever_it_stands() {
    explore(&[1], || {
        let guarded = Guarded::with(Semaphore::with_limit(2));
        let held = guarded.try_acquire().unwrap();
        let other = beside(&guarded, |guarded| guarded.set_limit(1));
        let refused = block_on(guarded.acquire_many(2)).unwrap_err();
        other.join().unwrap();
        drop(held);
        assert_eq!(guarded.available_permits(), 1);
        let AcquireError::TooMany {
            requested: 2,
            limit,
        } = refused
        else {
            panic!("{refused}");
        };
        limit
    });
}

#[test]
fn a_refused_head_may_be_polled_and_freed_at_once_and_lets_the_next_go() {
    explore(&[true, false], || {
        let guarded = Guarded::with(Semaphore::with_limit(2));
        let held = guarded.try_acquire_many(2).unwrap();
        let (mut big, mut small) = (queued(&guarded, 2), queued(&guarded, 1));
        let other = beside(&guarded, |guarded| guarded.set_limit(1));
        let refused = poll_noop(&mut big).map(Result::unwrap_err).is_ready();
        drop(big);
        drop(held);
        other.join().unwrap();
        assert_eq!(poll_noop(&mut small), Poll::Ready(Ok(())));
        refused
    });
}

#[test]
fn forgetting_idle_permits_beside_an_acquire_loses_none() {
    explore(&[(1, true), (2, false)], || {
        let guarded = Guarded::new(2);
        let other = beside(&guarded, |guarded| {
            // There is one at least: nobody waits.
            guarded.try_acquire().map(|permit| permit.forget())
        });
        let forgotten = guarded.forget_permits(2);
        let got = other.join().unwrap();
        assert_eq!(guarded.available_permits(), 0);
        assert!(matches!(got, Ok(()) | Err(TryAcquireError::NoPermits)));
        (forgotten, got.is_ok())
    });
}

#[test]
fn what_is_owed_cannot_be_forgotten_as_if_it_were_idle() {
    explore(&[()], || {
        let (semaphore, [first, second]) = all_out();
        semaphore.set_limit(1);
        let other = thread::spawn(move || drop(first));
        assert_eq!(semaphore.forget_permits(1), 0);
        other.join().unwrap();
        drop(second);
        assert_eq!(semaphore.available_permits(), 1);
        assert_eq!(semaphore.limit(), Some(1));
    });
}

#[test]
fn added_permits_carry_what_was_done_before_they_were_added() {
    for add in [Semaphore::add_permits, Semaphore::set_limit] {
        explore(&[Some(1), None], move || {
            let guarded = Guarded::new(0);
            let other = beside(&guarded, move |guarded| {
                guarded.write();
                add(guarded, 1);
            });
            let permit = guarded.try_acquire();
            let seen = permit.is_ok().then(|| guarded.read());
            drop(permit);
            other.join().unwrap();
            seen
        });
    }
}

#[test]
fn forgetting_and_adding_beside_a_waiter_ends_in_the_right_number() {
    explore(&[0, 1], || {
        let guarded = Guarded::new(0);
        let mut waiting = queued(&guarded, 1);
        let other = beside(&guarded, |guarded| guarded.add_permits(2));
        let forgotten = guarded.forget_permits(1);
        other.join().unwrap();
        assert_eq!(poll_noop(&mut waiting), Poll::Ready(Ok(())));
        assert_eq!(guarded.available_permits(), 2 - forgotten);
        forgotten
    });
}

#[test]
fn a_forgotten_permit_pays_what_is_owed() {
    explore(&[()], || {
        let (semaphore, [first, second]) = all_out();
        let other = thread::spawn(move || first.forget());
        semaphore.set_limit(1);
        other.join().unwrap();
        drop(second);
        // Owed and paid, or forgotten before and made up for by the new limit.
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok(), "the fast path is open");
    });
}

#[test]
fn a_close_leaves_what_is_owed_to_be_paid() {
    explore(&[()], || {
        let (semaphore, permits) = all_out::<2>();
        semaphore.set_limit(1);
        let other = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || semaphore.close())
        };
        drop(permits);
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
        assert_eq!(
            semaphore.try_acquire().unwrap_err(),
            TryAcquireError::Closed
        );
    });
}
