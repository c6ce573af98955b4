//! The wait group: members that come and go beside waits. That it wakes and lets go as the
//! event does, whose models are in `event.rs`, is by its code.

use std::{sync::Arc, task::Waker};

use crate::explore::{
    explore,
    guarded::{Guarded, beside},
    is_ready, pending, poll_now,
    task::Task,
};
use loom::{
    future::block_on,
    thread::{self, JoinHandle},
};
use pleach_loom::{OwnedMember, WaitGroup};

fn leaves(member: OwnedMember) -> JoinHandle<()> {
    thread::spawn(move || drop(member))
}

fn group() -> Arc<WaitGroup> {
    Arc::new(WaitGroup::new())
}

#[test]
fn a_wait_ends_with_the_last_member_and_sees_what_that_did() {
    explore(&[1], || {
        let group = Guarded::with(group());
        let member = group.add_owned();
        let other = beside(&group, |group| {
            group.write();
            drop(member);
        });
        block_on(group.wait());
        let seen = group.read();
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_wait_is_over_though_another_member_comes_at_once() {
    explore(&[true, false], || {
        let group = group();
        let member = group.add_owned();
        let mut wait = pending(group.wait());
        let other = {
            let group = Arc::clone(&group);
            thread::spawn(move || {
                drop(member);
                group.add_owned()
            })
        };
        let early = is_ready(&mut wait);
        let newcomer = other.join().unwrap();
        assert!(early || is_ready(&mut wait));
        assert_eq!(group.count(), 1);
        drop(newcomer);
        early
    });
}

#[test]
fn a_wait_that_begins_after_a_member_came_waits_for_that_one() {
    explore(&[true, false], || {
        let group = group();
        let before = group.add_owned();
        let mut first = pending(group.wait());
        let other = leaves(before);
        let member = group.add();
        // Either the group was empty in between, which ends the first wait, or it was not.
        let mut late = pending(group.wait());
        other.join().unwrap();
        let was_empty = is_ready(&mut first);
        assert!(!is_ready(&mut late));
        drop(member);
        assert!(was_empty || is_ready(&mut first));
        assert!(is_ready(&mut late));
        was_empty
    });
}

#[test]
fn the_last_of_two_that_leave_at_once_wakes() {
    explore(&[()], || {
        let group = group();
        let [mine, others] = [(); 2].map(|()| group.add_owned());
        let task = Arc::new(Task::default());
        let mut wait = Box::pin(group.wait());
        assert!(poll_now(wait.as_mut(), &Waker::from(Arc::clone(&task))).is_pending());
        let other = leaves(others);
        drop(mine);
        other.join().unwrap();
        assert!(group.is_empty() && task.take());
        assert!(is_ready(&mut wait));
    });
}

#[test]
fn a_dropped_wait_beside_the_last_member_leaves_the_group_usable() {
    explore(&[true, false], || {
        let group = group();
        let other = leaves(group.add_owned());
        let mut wait = Box::pin(group.wait());
        let early = is_ready(&mut wait);
        drop(wait);
        other.join().unwrap();
        assert!(!format!("{group:?}").contains("has_waiters: true"));
        let member = group.add();
        let mut wait = pending(group.wait());
        drop(member);
        assert!(is_ready(&mut wait));
        early
    });
}
