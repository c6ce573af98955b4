//! Threads that sleep until they have permits, and what they sleep by.

use crate::explore::{explore, guarded::beside, permits::Guarded};
use loom::thread;
use pleach_loom::{
    AcquireError, Semaphore,
    internals::{
        Instant, UnsafeCell,
        complete::{AtomicUsize, Ordering},
        with_parker,
    },
};

#[test]
fn a_permit_carries_what_its_last_holder_did() {
    for bypass in [false, true] {
        explore(&[[1, 2], [2, 1]], move || {
            let semaphore = if bypass {
                Semaphore::with_bypass
            } else {
                Semaphore::new
            };
            let guarded = Guarded::with(semaphore(1));
            let other = beside(&guarded, |guarded| {
                let _permit = guarded.acquire_blocking().unwrap();
                guarded.write()
            });
            let mine = {
                let _permit = guarded.acquire_blocking().unwrap();
                guarded.write()
            };
            [mine, other.join().unwrap()]
        });
    }
}

#[test]
fn a_deadline_takes_what_was_granted_or_leaves_it() {
    explore(&[true, false], || {
        let guarded = Guarded::new(0);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let got = guarded.acquire_blocking_until(Instant).map(drop);
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 1);
        assert!(matches!(got, Ok(()) | Err(AcquireError::TimedOut)));
        got.is_ok()
    });
}

#[test]
fn a_close_wakes_a_thread() {
    explore(&[()], || {
        let guarded = Guarded::new(0);
        let other = beside(&guarded, |guarded| guarded.close());
        let refused = guarded.acquire_blocking().unwrap_err();
        other.join().unwrap();
        assert_eq!(refused, AcquireError::Closed);
    });
}

/// What a wake publishes.
struct Shared {
    written: UnsafeCell<u32>,
    rounds: AtomicUsize,
}

// SAFETY: the models touch `written` in the order that the wakes establish, and loom checks that
// they do.
unsafe impl Sync for Shared {}

#[test]
fn a_parker_sees_what_it_was_woken_for_and_a_late_wake_does_no_harm() {
    explore(&[(7, 1), (7, 2)], || {
        let shared = std::sync::Arc::new(Shared {
            written: UnsafeCell::new(0),
            rounds: AtomicUsize::new(0),
        });
        with_parker(|parker| {
            let other = {
                let (shared, waker) = (std::sync::Arc::clone(&shared), parker.waker().clone());
                thread::spawn(move || {
                    // SAFETY: checked by loom.
                    shared.written.with_mut(|written| unsafe { *written = 7 });
                    waker.wake_by_ref();
                    shared.rounds.store(1, Ordering::Release);
                    waker.wake();
                })
            };
            assert!(parker.wait(None));
            // SAFETY: checked by loom.
            let seen = shared.written.with(|written| unsafe { *written });
            let mut waits = 1;
            while shared.rounds.load(Ordering::Acquire) == 0 {
                assert!(parker.wait(None));
                waits += 1;
            }
            other.join().unwrap();
            (seen, waits)
        })
    });
}
