//! The barrier: arrivals, leaders and cancelled waits.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore,
    guarded::{Guarded, beside},
    poll_now,
    task::Task,
};
use loom::future::block_on;
use pleach_loom::{Barrier, barrier::Wait};

fn barrier(size: usize) -> Arc<Guarded<Barrier>> {
    Guarded::with(Barrier::new(size))
}

/// Whether it has passed, and if so as the leader.
fn poll(wait: &mut Pin<Box<Wait<'_>>>) -> Option<bool> {
    match poll_now(wait.as_mut(), Waker::noop()) {
        Poll::Ready(passed) => Some(passed.is_leader()),
        Poll::Pending => None,
    }
}

/// A pinned wait that has arrived and waits for others.
fn arrived(barrier: &Barrier) -> Pin<Box<Wait<'_>>> {
    let mut wait = Box::pin(barrier.wait());
    assert_eq!(poll(&mut wait), None);
    wait
}

/// How many more must arrive for all to pass. They do.
fn missing(barrier: &Barrier) -> usize {
    let mut arrivals = Vec::new();
    loop {
        let mut wait = Box::pin(barrier.wait());
        let passed = poll(&mut wait);
        arrivals.push(wait);
        if passed.is_some() {
            return arrivals.len();
        }
    }
}

#[test]
fn two_pass_together_one_leads_and_what_came_before_is_seen() {
    explore(&[[true, false], [false, true]], || {
        let barrier = barrier(2);
        let other = beside(&barrier, |barrier| {
            barrier.write();
            block_on(barrier.wait()).is_leader()
        });
        let leads = block_on(barrier.wait()).is_leader();
        // Written before the other arrived, first or last.
        assert_eq!(barrier.read(), 1);
        [leads, other.join().unwrap()]
    });
}

#[test]
fn three_pass_together_and_one_leads() {
    let reason = "without a bound it does not end within minutes";
    let alone = |leader| [0, 1, 2].map(|index| index == leader);
    Explore::new()
        .preemption_bound(4, reason)
        .run(&[0, 1, 2].map(alone), || {
            let barrier = barrier(3);
            let arrive = |barrier: &Guarded<Barrier>| block_on(barrier.wait()).is_leader();
            let others = [(); 2].map(|()| beside(&barrier, arrive));
            let mut wait = Box::pin(barrier.wait());
            let early = poll(&mut wait);
            let [second, third] = others.map(|other| other.join().unwrap());
            [early.or_else(|| poll(&mut wait)).unwrap(), second, third]
        });
}

#[test]
fn three_threads_cancel_and_arrive_twice() {
    let expected = [(Some(true), None), (None, Some(true)), (None, None)];
    explore(&expected, || {
        let barrier = barrier(2);
        let wait = arrived(&barrier);
        let others =
            [(); 2].map(|()| beside(&barrier, |barrier| poll(&mut Box::pin(barrier.wait()))));
        drop(wait);
        let [second, third] = others.map(|other| other.join().unwrap());
        assert_eq!(missing(&barrier), 2);
        (second, third)
    });
}

#[test]
fn a_follower_sees_what_all_did_without_the_lock() {
    explore(&[Some(1), None], || {
        let barrier = barrier(2);
        let mut wait = arrived(&barrier);
        let other = beside(&barrier, |barrier| {
            barrier.write();
            assert!(block_on(barrier.wait()).is_leader());
        });
        // A poll that nothing woke.
        let passed = poll(&mut wait);
        let seen = passed.map(|_| barrier.read());
        other.join().unwrap();
        assert_eq!(passed.or_else(|| poll(&mut wait)), Some(false));
        seen
    });
}

#[test]
fn a_wait_that_leaves_does_not_count_unless_the_last_has_come() {
    explore(&[(Some(true), 2), (None, 2)], || {
        let barrier = barrier(2);
        let wait = arrived(&barrier);
        let other = beside(&barrier, |barrier| poll(&mut Box::pin(barrier.wait())));
        drop(wait);
        (other.join().unwrap(), missing(&barrier))
    });
}

#[test]
fn one_that_leaves_a_complete_generation_before_it_is_let_go_has_counted() {
    // With the last arrival all have passed, and the next generation is whole.
    explore(&[(Some(true), 4), (None, 2)], || {
        let barrier = barrier(4);
        // More than a batch, so that the drop may come between two of them.
        let [mut first, mut second, third] = [(); 3].map(|()| arrived(&barrier));
        let other = beside(&barrier, |barrier| poll(&mut Box::pin(barrier.wait())));
        drop(third);
        let passed = other.join().unwrap();
        let follows = passed.map(|_| false);
        assert_eq!([poll(&mut first), poll(&mut second)], [follows; 2]);
        (passed, missing(&barrier))
    });
}

#[test]
fn who_arrives_while_others_are_let_go_is_of_the_next_generation() {
    explore(&[[Some(true), None], [None, Some(true)]], || {
        let barrier = barrier(4);
        let mut before = [(); 3].map(|()| arrived(&barrier));
        let other = beside(&barrier, |barrier| poll(&mut Box::pin(barrier.wait())));
        let mut mine = Box::pin(barrier.wait());
        let passed = poll(&mut mine);
        let passed = [passed, other.join().unwrap()];
        for wait in &mut before {
            assert_eq!(poll(wait), Some(false));
        }
        drop(mine);
        assert_eq!(missing(&barrier), 4);
        passed
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let barrier = barrier(2);
        let mut wait = arrived(&barrier);
        let other = beside(&barrier, |barrier| poll(&mut Box::pin(barrier.wait())));
        let task = Arc::new(Task::default());
        let ready = poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task))).is_ready();
        assert_eq!(other.join().unwrap(), Some(true));
        assert!(
            ready || task.take(),
            "the new waker was stored and not called"
        );
        ready
    });
}

/// The second generation may be complete, and its leader at work, before that of the first is.
#[test]
fn two_leaders_at_work_at_once_let_everybody_go() {
    let (lead, wait) = (Some(true), None);
    let gone = Some(false);
    let expected = [
        // The one here completes the first, the last of the other three the second.
        (lead, [wait, wait, lead], gone, gone),
        // The first of the three completes the first, and the second is completed there or here.
        (wait, [lead, wait, lead], gone, gone),
        (lead, [lead, wait, wait], gone, gone),
        // Or not at all: two of the three have given up when the one here arrives.
        (wait, [lead, wait, wait], gone, gone),
    ];
    explore(&expected, || {
        let barrier = barrier(3);
        let mut first = [(); 2].map(|()| arrived(&barrier));
        let other = beside(&barrier, |barrier| {
            let mut waits = [(); 3].map(|()| Box::pin(barrier.wait()));
            waits.each_mut().map(poll)
        });
        let mut mine = Box::pin(barrier.wait());
        let passed = poll(&mut mine);
        let others = other.join().unwrap();
        let [a, b] = first.each_mut().map(poll);
        (passed, others, a, b)
    });
}
