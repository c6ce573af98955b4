//! Threads that sleep until they have permits.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_thread_takes_what_is_free_without_sleeping() {
    let semaphore = Semaphore::new(3);
    let one = semaphore.acquire_blocking().unwrap();
    let two = semaphore.acquire_many_blocking(2).unwrap();
    assert_eq!((one.permits(), two.permits()), (1, 2));
    let long_ago = Instant::now();
    drop(two);
    assert!(semaphore.acquire_many_blocking_until(2, long_ago).is_ok());
}

#[test]
fn a_thread_is_woken_when_its_permits_come() {
    let semaphore = Semaphore::new(0);
    std::thread::scope(|threads| {
        let waiter = threads.spawn(|| semaphore.acquire_many_blocking(2).map(|p| p.permits()));
        while semaphore.waiters() == 0 {
            std::thread::yield_now();
        }
        semaphore.add_permits(1);
        semaphore.add_permits(1);
        assert_eq!(waiter.join().unwrap(), Ok(2));
    });
}

#[test]
fn threads_and_tasks_stand_in_one_queue() {
    let semaphore = Semaphore::new(0);
    std::thread::scope(|threads| {
        let waiter = threads.spawn(|| semaphore.acquire_blocking().map(std::mem::forget));
        while semaphore.waiters() == 0 {
            std::thread::yield_now();
        }
        let mut task = queued(&semaphore, 1);
        semaphore.add_permits(1);
        assert_eq!(waiter.join().unwrap(), Ok(()));
        assert!(poll_now(task.as_mut()).is_pending());
        semaphore.add_permits(1);
        assert!(poll_now(task.as_mut()).is_ready());
    });
}

#[test]
fn a_deadline_that_passes_gives_the_place_up() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let soon = || Instant::now() + Duration::from_millis(2);
    assert_eq!(
        semaphore.acquire_blocking_until(soon()).unwrap_err(),
        AcquireError::TimedOut
    );
    assert_eq!(
        semaphore
            .acquire_many_blocking_until(1, soon())
            .unwrap_err(),
        AcquireError::TimedOut
    );
    assert_eq!(semaphore.waiters(), 0);
    drop(held);
    assert!(semaphore.acquire_blocking_until(soon()).is_ok());
}

#[test]
fn a_close_and_a_limit_wake_threads_with_their_errors() {
    let semaphore = Semaphore::with_limit(2);
    let _held = semaphore.try_acquire().unwrap();
    std::thread::scope(|threads| {
        let waiter = threads.spawn(|| semaphore.acquire_many_blocking(2).map(|p| p.permits()));
        while semaphore.waiters() == 0 {
            std::thread::yield_now();
        }
        semaphore.set_limit(1);
        let refused = AcquireError::TooMany {
            requested: 2,
            limit: 1,
        };
        assert_eq!(waiter.join().unwrap(), Err(refused));

        let waiter = threads.spawn(|| semaphore.acquire_blocking().map(|p| p.permits()));
        while semaphore.waiters() == 0 {
            std::thread::yield_now();
        }
        semaphore.close();
        assert_eq!(waiter.join().unwrap(), Err(AcquireError::Closed));
    });
    assert_eq!(
        semaphore.acquire_blocking().unwrap_err(),
        AcquireError::Closed
    );
}

#[test]
fn a_block_inside_a_wake_inside_a_block_does_not_lose_a_wake() {
    let semaphore = leaked(1);
    let inner: &'static Semaphore = leaked(0);
    let waker = Hostile::default()
        .on_wake(move || {
            inner.add_permits(1);
            drop(inner.acquire_blocking().unwrap());
        })
        .waker();
    let held = semaphore.try_acquire().unwrap();
    let mut waiting = Box::pin(semaphore.acquire());
    assert!(poll_with(waiting.as_mut(), &waker).is_pending());
    pleach::block_on(async {
        drop(held);
        let inside = pleach::block_on(async { inner.acquire().await.map(|p| p.permits()) });
        assert_eq!(inside, Ok(1));
    });
    assert!(poll_now(waiting.as_mut()).is_ready());
}

#[test]
fn threads_that_fight_over_one_permit_each_get_their_share() {
    for semaphore in [Semaphore::new(1), Semaphore::with_bypass(1)] {
        let inside = AtomicUsize::new(0);
        std::thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| {
                    for _ in 0..200 {
                        let _permit = semaphore.acquire_blocking().unwrap();
                        assert_eq!(inside.fetch_add(1, SeqCst), 0);
                        inside.fetch_sub(1, SeqCst);
                    }
                });
            }
        });
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
    }
}
