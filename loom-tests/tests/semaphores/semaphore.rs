//! The semaphore: permits, wakes and nodes under every interleaving.
//!
//! Futures are polled by hand, also when nothing woke them, and dropped as soon as they are
//! ready, whatever they are ready with: an early look at a node that somebody still touches
//! is what such polls find. Freeing a node is a tracked write.

use std::{
    pin::pin,
    sync::Arc,
    task::{Poll, Wake, Waker},
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

#[test]
fn a_permit_carries_what_its_last_holder_did() {
    explore(&[[1, 2], [2, 1]], || {
        let guarded = Guarded::new(1);
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
fn a_free_permit_carries_what_its_last_holder_did() {
    explore(&[Some(1), None], || {
        let guarded = Guarded::new(1);
        let held = guarded.try_acquire().unwrap();
        let other = beside(&guarded, |guarded| {
            guarded.try_acquire().ok().map(|_permit| guarded.read())
        });
        guarded.write();
        drop(held);
        other.join().unwrap()
    });
}

#[test]
fn a_granted_permit_carries_what_all_who_gave_to_it_did() {
    explore(&[(false, true), (true, false), (true, true)], || {
        let guarded = Guarded::new(2);
        let held = guarded.try_acquire().unwrap();
        // Reads under a permit of its own, if it gets one before there is a waiter.
        let other = beside(&guarded, |guarded| {
            let permit = guarded.try_acquire();
            permit.map(|_permit| guarded.read()).is_ok()
        });
        let mut both = Box::pin(guarded.acquire_many(2));
        let _ = poll_now(both.as_mut(), Waker::noop());
        drop(held);
        // Not joined before: only the grant can order the write after the read.
        let early = match poll_now(both.as_mut(), Waker::noop()) {
            Poll::Ready(permit) => {
                let _permit = permit.unwrap();
                guarded.write();
                true
            }
            Poll::Pending => false,
        };
        (other.join().unwrap(), early)
    });
}

#[test]
fn a_newcomer_never_overtakes_a_waiter() {
    explore(&[()], || {
        let guarded = Guarded::new(1);
        let mut both = queued(&guarded, 2);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        assert!(guarded.try_acquire().is_err());
        other.join().unwrap();
        assert_eq!(poll_noop(&mut both), Poll::Ready(Ok(())));
    });
}

#[test]
fn no_wake_is_lost_between_the_look_and_the_queue() {
    explore(&[()], || {
        let guarded = Guarded::new(0);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        block_on(guarded.acquire()).unwrap().forget();
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 0);
    });
}

#[test]
fn a_permit_meant_for_a_dropped_waiter_goes_back() {
    explore(&[true, false], || {
        let guarded = Guarded::new(0);
        let mut waiting = queued(&guarded, 1);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        // A spurious poll, then dropped: before or after it was granted.
        let granted = poll_noop(&mut waiting).map(Result::unwrap).is_ready();
        drop(waiting);
        other.join().unwrap();
        assert!(guarded.try_acquire().is_ok());
        granted
    });
}

#[test]
fn cancel_during_hand_off_keeps_the_permit() {
    explore(&[()], || {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut first = Box::pin(semaphore.acquire_owned());
        assert!(poll_now(first.as_mut(), Waker::noop()).is_pending());
        let second = semaphore.acquire();
        let other = thread::spawn(move || drop(first));
        // The first one may have it for now; it will be dropped.
        semaphore.add_permits(1);
        let (permit, ()) = finish(second, other);
        drop(permit.unwrap());
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok(), "the fast path is open");
    });
}

#[test]
fn a_big_head_that_leaves_lets_the_small_one_behind_have_what_is_free() {
    explore(&[()], || {
        let guarded = Guarded::new(1);
        let big = queued(&guarded, 2);
        let other = beside(&guarded, |guarded| {
            block_on(guarded.acquire()).unwrap().forget();
        });
        drop(big);
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 0);
    });
}

#[test]
fn a_weighted_request_takes_the_permits_of_two_releases_whole() {
    explore(&[()], || {
        let guarded = Guarded::new(0);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let both = {
            let mut both = pin!(guarded.acquire_many(2));
            let _ = poll_now(both.as_mut(), Waker::noop()).map(|r| r.unwrap().forget());
            guarded.add_permits(1);
            block_on(both)
        };
        both.unwrap().forget();
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 0);
    });
}

#[test]
fn close_against_a_poll_and_a_drop_leaves_no_link() {
    explore(&[true, false], || {
        let guarded = Guarded::new(0);
        // More than a batch, so that the close is seen between two of them.
        let mut waiting = [(); 3].map(|()| queued(&guarded, 1));
        let [_, _, last] = &mut waiting;
        let other = beside(&guarded, |guarded| guarded.close());
        let refused = poll_noop(last).map(Result::unwrap_err).is_ready();
        drop(waiting);
        other.join().unwrap();
        assert!(guarded.is_closed());
        refused
    });
}

#[test]
fn close_against_an_acquire_grants_or_refuses() {
    explore(&[true, false], || {
        let guarded = Guarded::new(1);
        let held = guarded.try_acquire().unwrap();
        let other = beside(&guarded, |guarded| guarded.close());
        let mut acquire = Box::pin(guarded.acquire());
        let queued = poll_noop(&mut acquire).is_pending();
        drop(held);
        let granted = queued && block_on(acquire).is_ok();
        other.join().unwrap();
        assert_eq!(guarded.available_permits(), 1);
        granted
    });
}

#[test]
fn whoever_sees_it_closed_sees_what_the_closer_did() {
    explore(&[None, Some(1)], || {
        let guarded = Guarded::new(0);
        let other = beside(&guarded, |guarded| {
            guarded.write();
            guarded.close();
        });
        let seen = guarded.is_closed().then(|| guarded.read());
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_refused_acquire_sees_what_the_closer_did() {
    explore(&[1], || {
        let guarded = Guarded::new(0);
        let other = beside(&guarded, |guarded| {
            guarded.write();
            guarded.close();
        });
        block_on(guarded.acquire()).unwrap_err();
        let seen = guarded.read();
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_refused_exchange_sees_what_the_closer_did() {
    explore(&[Some(1), None], || {
        let guarded = Guarded::new(1);
        let other = beside(&guarded, |guarded| {
            guarded.write();
            guarded.close();
        });
        let seen = match guarded.try_acquire() {
            Ok(permit) => {
                std::mem::forget(permit);
                None
            }
            Err(_closed) => Some(guarded.read()),
        };
        other.join().unwrap();
        seen
    });
}

#[test]
fn two_closes_both_return_with_nobody_waiting() {
    explore(&[()], || {
        let guarded = Guarded::new(0);
        let mut waiting = [(); 3].map(|()| queued(&guarded, 1));
        let other = beside(&guarded, |guarded| guarded.close());
        guarded.close();
        for acquire in &mut waiting {
            assert_eq!(poll_noop(acquire), Poll::Ready(Err(AcquireError::Closed)));
        }
        other.join().unwrap();
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let guarded = Guarded::new(0);
        let mut waiting = queued(&guarded, 1);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let (counter, waker) = Counter::new();
        let ready = poll_now(waiting.as_mut(), &waker)
            .map(|r| r.unwrap())
            .is_ready();
        other.join().unwrap();
        let woken = counter.count() == 1;
        assert!(ready || woken, "the new waker was stored and not called");
        ready
    });
}

#[test]
fn three_threads_cancel_wait_and_release() {
    let reason = "without a bound it does not end within minutes";
    Explore::new()
        .preemption_bound(4, reason)
        .run(&[true, false], || {
            let guarded = Guarded::new(0);
            let first = queued(&guarded, 1);
            let waiter = beside(&guarded, |guarded| {
                let mut second = Box::pin(guarded.acquire());
                poll_noop(&mut second).map(Result::unwrap).is_ready()
            });
            let releaser = beside(&guarded, |guarded| guarded.add_permits(1));
            drop(first);
            releaser.join().unwrap();
            let granted = waiter.join().unwrap();
            assert_eq!(guarded.available_permits(), 1);
            granted
        });
}

#[test]
fn a_release_larger_than_a_batch_serves_everybody() {
    explore(&[true, false], || {
        let guarded = Guarded::new(0);
        let [mut first, mut second, mut last] = [(); 3].map(|()| queued(&guarded, 1));
        let other = beside(&guarded, |guarded| guarded.add_permits(3));
        let early = poll_noop(&mut last).is_ready();
        other.join().unwrap();
        assert_eq!(poll_noop(&mut first), Poll::Ready(Ok(())));
        assert_eq!(poll_noop(&mut second), Poll::Ready(Ok(())));
        assert!(early || poll_noop(&mut last).is_ready());
        early
    });
}

#[test]
fn the_last_that_a_release_serves_leaves_the_fast_path_open() {
    explore(&[true, false], || {
        let semaphore = Arc::new(Semaphore::new(2));
        let held = Arc::clone(&semaphore).try_acquire_many_owned(2).unwrap();
        let mut waiting = queued(&semaphore, 1);
        let other = thread::spawn(move || drop(held));
        let early = poll_now(waiting.as_mut(), Waker::noop());
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
        assert!(semaphore.try_acquire().is_ok());
        early.is_ready()
    });
}

#[test]
fn a_release_grants_nothing_behind_one_that_the_close_refused() {
    explore(&[[true, false, false], [false, false, false]], || {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.try_acquire_owned().unwrap();
        let mut waiting = [(); 3].map(|()| queued(&semaphore, 1));
        let other = thread::spawn(move || drop(held));
        semaphore.close();
        other.join().unwrap();
        waiting
            .each_mut()
            .map(|acquire| poll_noop(acquire) == Poll::Ready(Ok(())))
    });
}

#[test]
fn two_releases_serve_a_queue_of_different_requests_in_order() {
    explore(&[()], || {
        let semaphore = Arc::new(Semaphore::new(4));
        let [one, three] = [1, 3].map(|n| semaphore.try_acquire_many_owned(n).unwrap());
        let mut waiting = [1, 2, 1].map(|permits| queued(&semaphore, permits));
        let other = thread::spawn(move || drop(one));
        drop(three);
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        for acquire in &mut waiting {
            assert_eq!(poll_noop(acquire), Poll::Ready(Ok(())));
        }
    });
}

#[test]
fn nothing_is_granted_behind_one_that_the_close_refused() {
    explore(&[[true, false, false], [false, false, false]], || {
        let guarded = Guarded::new(0);
        let mut waiting = [(); 3].map(|()| queued(&guarded, 1));
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        guarded.close();
        other.join().unwrap();
        waiting
            .each_mut()
            .map(|acquire| poll_noop(acquire) == Poll::Ready(Ok(())))
    });
}

/// Releases a permit of its own when it is woken.
struct Reenter(Arc<Guarded>);

impl Wake for Reenter {
    fn wake(self: Arc<Self>) {
        self.0.add_permits(1);
    }
}

#[test]
fn a_wake_that_re_enters_serves_the_next() {
    explore(&[true, false], || {
        let guarded = Guarded::new(0);
        let mut first = Box::pin(guarded.acquire());
        let waker = Waker::from(Arc::new(Reenter(Arc::clone(&guarded))));
        assert!(poll_now(first.as_mut(), &waker).is_pending());
        drop(waker);
        let mut second = queued(&guarded, 1);
        let other = beside(&guarded, |guarded| guarded.add_permits(1));
        let early = poll_noop(&mut second).is_ready();
        other.join().unwrap();
        assert!(early || poll_noop(&mut second).is_ready());
        early
    });
}

#[test]
fn a_head_that_leaves_while_the_close_is_at_work_opens_nothing() {
    explore(&[(false, false), (false, true), (true, false)], || {
        let guarded = Guarded::new(1);
        let first = [(); 2].map(|()| queued(&guarded, 2));
        let (big, mut small) = (queued(&guarded, 2), queued(&guarded, 1));
        let other = beside(&guarded, |guarded| guarded.close());
        let closed = guarded.is_closed();
        drop(first);
        drop(big);
        other.join().unwrap();
        let Poll::Ready(result) = poll_noop(&mut small) else {
            panic!("granted or refused");
        };
        (closed, result.is_ok())
    });
}
