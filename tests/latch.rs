//! The latch through its public interface. How its waits behave: `event.rs`.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
};

use pleach::Latch;
use support::{Wakes, block_on, message, poll_now, poll_with};

#[test]
fn it_opens_at_zero_and_stays_open() {
    let latch = Latch::new(3);
    let (wakes, waker) = Wakes::new();
    let mut wait = pin!(latch.wait());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    latch.count_down();
    latch.count_down_by(0);
    assert_eq!(
        (latch.count(), latch.is_open(), wakes.count()),
        (2, false, 0)
    );
    assert!(poll_now(wait.as_mut()).is_pending());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    latch.count_down_by(2);
    assert_eq!(
        (latch.count(), latch.is_open(), wakes.count()),
        (0, true, 1)
    );
    assert!(poll_now(wait).is_ready());
    assert!(poll_now(pin!(latch.wait())).is_ready());
}

#[test]
fn a_latch_of_nothing_is_open() {
    let latch = Latch::new(0);
    assert!(latch.is_open());
    latch.count_down_by(0);
    assert!(poll_now(pin!(latch.wait())).is_ready());
}

#[test]
fn counting_more_than_is_left_panics_and_counts_nothing() {
    let latch = Latch::new(2);
    let mut wait = pin!(latch.wait());
    assert!(poll_now(wait.as_mut()).is_pending());
    let refused = catch_unwind(AssertUnwindSafe(|| latch.count_down_by(3)));
    assert_eq!(
        message(&*refused.unwrap_err()),
        "the latch was counted down by 3 with 2 left to count"
    );
    assert_eq!(latch.count(), 2);
    latch.count_down_by(2);
    assert!(catch_unwind(AssertUnwindSafe(|| latch.count_down())).is_err());
    assert!(latch.is_open());
    assert!(poll_now(wait).is_ready());
}

#[test]
fn the_largest_count_is_counted_exactly() {
    let latch = Latch::new(Latch::MAX_COUNT);
    let mut wait = pin!(latch.wait());
    assert!(poll_now(wait.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| latch.count_down_by(usize::MAX))).is_err());
    latch.count_down_by(Latch::MAX_COUNT - 1);
    assert_eq!(latch.count(), 1);
    latch.count_down();
    assert!(poll_now(wait).is_ready());
    assert!(catch_unwind(|| Latch::new(Latch::MAX_COUNT + 1)).is_err());
}

#[test]
fn it_says_what_is_left_and_whether_somebody_waits() {
    let latch = Latch::new(2);
    assert_eq!(
        format!("{latch:?}"),
        "Latch { count: 2, has_waiters: false, .. }"
    );
    let mut wait = pin!(latch.wait());
    assert!(poll_now(wait.as_mut()).is_pending());
    assert_eq!(
        format!("{latch:?}"),
        "Latch { count: 2, has_waiters: true, .. }"
    );
    assert!(size_of::<Latch>() <= 40, "{}", size_of::<Latch>());
}

#[test]
fn threads_open_it_together() {
    static LATCH: Latch = Latch::new(40);
    let counting = [(); 4].map(|()| {
        std::thread::spawn(|| {
            for _ in 0..10 {
                LATCH.count_down();
            }
            block_on(LATCH.wait());
        })
    });
    block_on(LATCH.wait());
    assert!(LATCH.is_open());
    for thread in counting {
        thread.join().unwrap();
    }
}
