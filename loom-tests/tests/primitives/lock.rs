//! The spin lock. (The lock of the operating system is `std`'s to prove, and the one that
//! the other models run on is loom's.)

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::explore::explore;
use loom::{sync::Arc, thread};
use pleach_loom::internals::SpinLock;

#[test]
fn holders_exclude_each_other_and_see_what_the_last_one_did() {
    explore(&[2], || {
        let lock = Arc::new(SpinLock::new(0));
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || lock.with(|count| *count += 1))
        };
        lock.with(|count| *count += 1);
        other.join().unwrap();
        lock.with(|count| *count)
    });
}

#[test]
fn either_of_two_holders_may_come_first() {
    explore(&[[1, 2], [2, 1]], || {
        let lock = Arc::new(SpinLock::new(0));
        let take = |lock: &SpinLock<i32>| {
            lock.with(|count| {
                *count += 1;
                *count
            })
        };
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || take(&lock))
        };
        let mine = take(&lock);
        [mine, other.join().unwrap()]
    });
}

#[test]
fn a_panic_inside_frees_the_lock() {
    explore(&[1, 2], || {
        let lock = Arc::new(SpinLock::new(0));
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    lock.with(|count| {
                        *count += 1;
                        std::panic::resume_unwind(Box::new(()));
                    });
                }));
            })
        };
        let seen = lock.with(|count| {
            *count += 1;
            *count
        });
        other.join().unwrap();
        assert_eq!(lock.with(|count| *count), 2);
        seen
    });
}
