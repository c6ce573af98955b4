//! The latch: counts and waits. That it wakes and lets go as the event does, whose models are
//! in `event.rs`, is by its code; here is what counting adds.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::Waker,
};

use crate::explore::{
    explore,
    guarded::{Guarded, beside},
    is_ready, pending, poll_now,
    task::Task,
};
use loom::future::block_on;
use pleach_loom::Latch;

fn latch(count: usize) -> Arc<Guarded<Latch>> {
    Guarded::with(Latch::new(count))
}

#[test]
fn a_wait_ends_with_the_last_count_and_sees_what_came_before() {
    explore(&[2], || {
        let latch = latch(2);
        let other = beside(&latch, |latch| {
            latch.write();
            latch.count_down();
            latch.write();
            latch.count_down();
        });
        block_on(latch.wait());
        let seen = latch.read();
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_wait_sees_what_those_did_who_counted_before_the_last() {
    explore(&[Some(1), None], || {
        let latch = latch(2);
        let mut wait = pending(latch.wait());
        let other = beside(&latch, |latch| {
            latch.write();
            latch.count_down();
        });
        latch.count_down();
        let early = is_ready(&mut wait);
        let seen = early.then(|| latch.read());
        other.join().unwrap();
        assert!(early || is_ready(&mut wait));
        seen
    });
}

#[test]
fn counts_at_once_open_it_and_wake_once() {
    explore(&[()], || {
        let latch = latch(2);
        let task = Arc::new(Task::default());
        let mut wait = Box::pin(latch.wait());
        assert!(poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task))).is_pending());
        let other = beside(&latch, |latch| latch.count_down());
        latch.count_down();
        other.join().unwrap();
        assert!(latch.is_open() && task.take());
        assert!(is_ready(&mut wait));
    });
}

#[test]
fn of_one_count_too_many_one_is_refused() {
    fn counts(latch: &Latch) -> bool {
        catch_unwind(AssertUnwindSafe(|| latch.count_down())).is_ok()
    }
    explore(&[[true, false], [false, true]], || {
        let latch = latch(1);
        // Somebody waits, so both want to open it under the lock.
        let mut wait = pending(latch.wait());
        let other = beside(&latch, |latch| counts(latch));
        let mine = counts(&latch);
        let counted = [mine, other.join().unwrap()];
        assert_eq!(latch.count(), 0);
        assert!(is_ready(&mut wait));
        counted
    });
}
