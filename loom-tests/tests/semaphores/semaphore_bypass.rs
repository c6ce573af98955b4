//! The semaphore on which newcomers may overtake. In the models a head may lose one race.

use std::{
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore,
    guarded::beside,
    permits::{Counter, Guarded, poll_noop, queued},
    poll_now,
    task::finish,
};
use loom::{future::block_on, thread};
use pleach_loom::{AcquireError, Semaphore};

fn guarded(permits: usize) -> Arc<Guarded> {
    Guarded::with(Semaphore::with_bypass(permits))
}

#[test]
fn a_permit_carries_what_its_last_holder_did() {
    explore(&[[1, 2], [2, 1]], || {
        let guarded = guarded(1);
        let other = beside(&guarded, |guarded| {
            let _permit = block_on(guarded.acquire()).unwrap();
            guarded.write()
        });
        let mine = {
            let _permit = block_on(guarded.acquire()).unwrap();
            guarded.write()
        };
        [mine, other.join().unwrap()]
    });
}

#[test]
fn a_head_that_loses_a_race_is_woken_again() {
    explore(&[true, false], || {
        let guarded = guarded(0);
        let waiting = queued(&guarded, 1);
        let other = beside(&guarded, |guarded| {
            guarded.add_permits(1);
            // A newcomer that may be quicker than the one that was called.
            guarded.try_acquire().is_ok()
        });
        let (permit, overtook) = finish(waiting, other);
        drop(permit.unwrap());
        assert_eq!(guarded.available_permits(), 1);
        assert!(guarded.try_acquire().is_ok());
        overtook
    });
}

#[test]
fn a_called_head_that_leaves_passes_the_call_on() {
    explore(&[true, false], || {
        let guarded = guarded(0);
        let mut first = queued(&guarded, 1);
        let (counter, waker) = Counter::new();
        let mut second = Box::pin(guarded.acquire());
        assert!(poll_now(second.as_mut(), &waker).is_pending());
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let took = poll_noop(&mut first).is_ready();
        drop(first);
        other.join().unwrap();
        assert_eq!(counter.count(), 1, "the second was called");
        assert_eq!(poll_noop(&mut second), Poll::Ready(Ok(())));
        took
    });
}

#[test]
fn a_head_that_takes_its_permits_calls_the_next() {
    explore(&[true, false], || {
        let guarded = guarded(0);
        let (mut first, mut second) = (queued(&guarded, 1), queued(&guarded, 1));
        let other = beside(&guarded, |guarded| guarded.add_permits(2));
        let early = poll_noop(&mut second).is_ready();
        assert!(!early, "the second never overtakes the first");
        let took = poll_noop(&mut first).is_ready();
        other.join().unwrap();
        assert!(took || poll_noop(&mut first).is_ready());
        assert_eq!(poll_noop(&mut second), Poll::Ready(Ok(())));
        took
    });
}

#[test]
fn after_its_last_race_the_head_is_handed_its_permits() {
    explore(&[()], || {
        let guarded = guarded(0);
        let mut waiting = queued(&guarded, 1);
        // Called, and too late.
        guarded.add_permits(1);
        let permit = guarded.try_acquire().unwrap();
        assert!(poll_noop(&mut waiting).is_pending());
        let other = beside(&guarded, |guarded| guarded.try_acquire().is_err());
        drop(permit);
        assert!(other.join().unwrap(), "newcomers are held back");
        assert_eq!(guarded.available_permits(), 0, "it is its own");
        assert_eq!(poll_noop(&mut waiting), Poll::Ready(Ok(())));
    });
}

#[test]
fn behind_a_head_that_was_handed_its_permits_newcomers_may_overtake_again() {
    explore(&[()], || {
        let guarded = guarded(0);
        let mut first = queued(&guarded, 1);
        let _second = queued(&guarded, 1);
        // The first is called, and too late.
        guarded.add_permits(1);
        let permit = guarded.try_acquire().unwrap();
        assert!(poll_noop(&mut first).is_pending());
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        drop(permit);
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 1, "one was handed on");
        assert!(guarded.try_acquire().is_ok());
    });
}

#[test]
fn a_release_behind_a_head_that_was_handed_its_permits_calls_and_does_not_hand() {
    explore(&[()], || {
        let semaphore = Arc::new(Semaphore::with_bypass(2));
        let [first, second] = [(); 2].map(|()| semaphore.try_acquire_owned().unwrap());
        let mut head = queued(&semaphore, 1);
        let _next = queued(&semaphore, 1);
        // The head is called, and too late.
        drop(first);
        let newcomer = semaphore.try_acquire_owned().unwrap();
        assert!(poll_noop(&mut head).is_pending());
        let other = thread::spawn(move || drop(second));
        drop(newcomer);
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1, "one was handed on");
        assert!(semaphore.try_acquire().is_ok());
    });
}

#[test]
fn a_weighted_head_that_is_passed_over_holds_newcomers_back() {
    explore(&[0, 1], || {
        let semaphore = Arc::new(Semaphore::with_bypass(2));
        let [first, second] = [(); 2].map(|()| semaphore.try_acquire_owned().unwrap());
        let mut both = queued(&semaphore, 2);
        let other = {
            let semaphore = Arc::clone(&semaphore);
            thread::spawn(move || {
                drop(first);
                // In the models one race is the last. One is free, and for the head.
                semaphore.try_acquire_owned().is_ok()
            })
        };
        drop(second);
        let overtook = other.join().unwrap();
        assert_eq!(poll_noop(&mut both), Poll::Ready(Ok(())));
        usize::from(overtook)
    });
}

#[test]
fn a_weighted_head_gets_what_two_releases_bring() {
    explore(&[()], || {
        let guarded = guarded(0);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let mut both = Box::pin(guarded.acquire_many(2));
        let _ = poll_now(both.as_mut(), Waker::noop()).map(|r| r.unwrap().forget());
        guarded.add_permits(1);
        block_on(both).unwrap().forget();
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 0);
    });
}

#[test]
fn a_close_beside_a_called_head_ends_its_wait() {
    explore(&[true, false], || {
        let guarded = guarded(0);
        let mut waiting = [(); 3].map(|()| queued(&guarded, 1));
        guarded.add_permits(1);
        let other = beside(&guarded, |guarded| guarded.close());
        let took = poll_noop(&mut waiting[0]) == Poll::Ready(Ok(()));
        other.join().unwrap();
        for acquire in &mut waiting[1..] {
            assert_eq!(poll_noop(acquire), Poll::Ready(Err(AcquireError::Closed)));
        }
        took
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let guarded = guarded(0);
        let mut waiting = queued(&guarded, 1);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let (counter, waker) = Counter::new();
        let ready = poll_now(waiting.as_mut(), &waker)
            .map(Result::unwrap)
            .is_ready();
        other.join().unwrap();
        assert!(
            ready || counter.count() == 1,
            "the new waker was not called"
        );
        ready
    });
}

#[test]
fn what_is_owed_holds_newcomers_back_and_no_longer_than_that() {
    explore(&[()], || {
        let semaphore = Arc::new(Semaphore::with_bypass(2));
        let [first, second] = [(); 2].map(|()| semaphore.try_acquire_owned().unwrap());
        let mut waiting = Box::pin(semaphore.acquire());
        assert!(poll_noop(&mut waiting).is_pending());
        let other = loom::thread::spawn(move || drop(first));
        semaphore.set_limit(1);
        other.join().unwrap();
        drop(second);
        assert_eq!(poll_noop(&mut waiting), Poll::Ready(Ok(())));
        assert!(semaphore.try_acquire().is_ok());
    });
}

#[test]
fn three_threads_wait_overtake_and_release() {
    let reason = "without a bound it does not end within minutes";
    Explore::new().preemption_bound(4, reason).run(
        &[[true, false], [false, true], [true, true]],
        || {
            let guarded = guarded(0);
            let mut waiting = queued(&guarded, 1);
            let newcomer = beside(&guarded, |guarded| {
                guarded.try_acquire().map(|permit| permit.forget())
            });
            let releaser = beside(&guarded, |guarded| guarded.add_permits(1));
            let early = poll_noop(&mut waiting)
                .map(|result| result.unwrap())
                .is_ready();
            releaser.join().unwrap();
            let overtook = newcomer.join().unwrap().is_ok();
            // If it was early, what it got has gone back: the newcomer may have it then.
            let late = !early && poll_noop(&mut waiting).is_ready();
            [overtook, early || late]
        },
    );
}
