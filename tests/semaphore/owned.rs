//! Permits and futures that borrow nothing, and splitting and merging.

use pleach::{AcquireOwned, OwnedPermit};

use super::*;

fn shared(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits))
}

#[test]
fn an_owned_permit_keeps_the_semaphore_alive() {
    let permit = {
        let semaphore = shared(2);
        ready(semaphore.acquire_owned()).unwrap()
    };
    let semaphore = Arc::clone(permit.semaphore());
    assert_eq!(semaphore.available_permits(), 1);
    drop(permit);
    assert_eq!(semaphore.available_permits(), 2);
    assert_eq!(Arc::strong_count(&semaphore), 1);
}

#[test]
fn owned_and_borrowed_requests_stand_in_one_queue() {
    let semaphore = shared(0);
    let mut owned = Box::pin(semaphore.acquire_many_owned(2));
    assert!(poll_now(owned.as_mut()).is_pending());
    let mut borrowed = queued(&semaphore, 1);
    semaphore.add_permits(1);
    assert!(poll_now(borrowed.as_mut()).is_pending());
    semaphore.add_permits(1);
    let Poll::Ready(Ok(permit)) = poll_now(owned.as_mut()) else {
        panic!("two are there");
    };
    assert_eq!(permit.permits(), 2);
    assert!(owned.is_terminated());
    drop(permit);
    assert!(poll_now(borrowed.as_mut()).is_ready());
}

#[test]
fn a_dropped_owned_future_gives_back_what_it_was_granted() {
    let semaphore = shared(0);
    let mut waiting = Box::pin(semaphore.acquire_owned());
    assert!(poll_now(waiting.as_mut()).is_pending());
    semaphore.add_permits(1);
    drop(waiting);
    assert_eq!(semaphore.available_permits(), 1);
    assert_eq!(Arc::strong_count(&semaphore), 1);
}

#[test]
fn owned_attempts_fail_as_borrowed_ones_do() {
    let semaphore = Arc::new(Semaphore::with_limit(1));
    let permit = semaphore.try_acquire_owned().unwrap();
    assert_eq!(
        semaphore.try_acquire_owned().unwrap_err(),
        TryAcquireError::NoPermits
    );
    assert_eq!(
        semaphore.try_acquire_many_owned(2).unwrap_err(),
        TryAcquireError::TooMany {
            requested: 2,
            limit: 1
        }
    );
    assert_eq!(
        ready(semaphore.acquire_many_owned(2)).unwrap_err(),
        AcquireError::TooMany {
            requested: 2,
            limit: 1
        }
    );
    semaphore.close();
    assert_eq!(
        semaphore.try_acquire_owned().unwrap_err(),
        TryAcquireError::Closed
    );
    assert_eq!(
        ready(semaphore.acquire_owned()).unwrap_err(),
        AcquireError::Closed
    );
    drop(permit);
}

#[test]
fn owned_permits_split_merge_and_forget() {
    let semaphore = shared(5);
    let mut all = semaphore.try_acquire_many_owned(5).unwrap();
    let two = all.split(2).unwrap();
    assert!(all.split(4).is_none());
    assert_eq!((all.permits(), two.permits()), (3, 2));
    all.split(1).unwrap().forget();
    all.merge(two);
    assert_eq!(all.permits(), 4);
    drop(all);
    assert_eq!(semaphore.available_permits(), 4);
    assert_eq!(Arc::strong_count(&semaphore), 1);
}

#[test]
fn a_permit_splits_down_to_nothing_and_back() {
    let semaphore = Semaphore::new(3);
    let mut permit = semaphore.try_acquire_many(3).unwrap();
    let all = permit.split(3).unwrap();
    assert_eq!(permit.permits(), 0);
    assert!(permit.split(1).is_none());
    assert_eq!(permit.split(0).unwrap().permits(), 0);
    permit.merge(all);
    assert_eq!(permit.permits(), 3);
    assert_eq!(semaphore.available_permits(), 0);
    assert!(std::ptr::eq(permit.semaphore(), &semaphore));
    drop(permit);
    assert_eq!(semaphore.available_permits(), 3);
}

#[test]
fn permits_of_two_semaphores_do_not_merge_and_none_is_lost() {
    let (one, other) = (shared(1), shared(1));
    let mut mine = one.try_acquire_owned().unwrap();
    let foreign = other.try_acquire_owned().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| mine.merge(foreign))).is_err());
    assert_eq!(other.available_permits(), 1);
    assert_eq!(mine.permits(), 1);
    drop(mine);
    assert_eq!(one.available_permits(), 1);
}

#[test]
fn a_split_part_serves_a_waiter_while_the_rest_is_held() {
    let semaphore = shared(4);
    let mut all = semaphore.try_acquire_many_owned(4).unwrap();
    let mut waiting = queued(&semaphore, 2);
    drop(all.split(1));
    assert!(poll_now(waiting.as_mut()).is_pending());
    drop(all.split(1));
    assert!(poll_now(waiting.as_mut()).is_ready());
}

#[test]
fn owned_types_are_small_and_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<AcquireOwned>();
    anywhere::<OwnedPermit>();
    assert!(size_of::<AcquireOwned>() <= 64);
    assert!(size_of::<OwnedPermit>() <= 16);
}
