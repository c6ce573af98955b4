//! The wait group through its public interface. How its waits behave: `event.rs`.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
};

use pleach::{Member, WaitGroup};
use support::{Wakes, block_on, forget, poll_now, poll_with};

#[test]
fn a_wait_ends_when_the_last_member_is_gone() {
    let group = WaitGroup::default();
    assert!(poll_now(pin!(group.wait())).is_ready(), "there is none");
    let (wakes, waker) = Wakes::new();
    let (first, second) = (group.add(), group.add());
    let mut wait = pin!(group.wait());
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    drop(first);
    assert_eq!(
        (group.count(), group.is_empty(), wakes.count()),
        (1, false, 0)
    );
    drop(second);
    assert_eq!(
        (group.count(), group.is_empty(), wakes.count()),
        (0, true, 1)
    );
    assert!(poll_now(wait).is_ready());
}

#[test]
fn a_clone_is_another_member() {
    let group = WaitGroup::new();
    let first = group.add();
    let second = first.clone();
    assert_eq!(group.count(), 2);
    drop(first);
    assert!(!group.is_empty());
    drop(second);
    assert!(group.is_empty());
}

#[test]
fn it_can_be_used_again_before_those_who_waited_have_run() {
    let group = WaitGroup::new();
    let before = group.add();
    let mut first = pin!(group.wait());
    assert!(poll_now(first.as_mut()).is_pending());
    drop(before);
    let again = group.add();
    let mut second = pin!(group.wait());
    assert!(poll_now(second.as_mut()).is_pending());
    assert!(poll_now(first).is_ready(), "it was empty meanwhile");
    assert!(poll_now(second.as_mut()).is_pending());
    drop(again);
    assert!(poll_now(second).is_ready());
}

#[test]
fn a_member_of_a_task_that_panics_leaves_too() {
    let group = WaitGroup::new();
    let member = group.add();
    let mut wait = pin!(group.wait());
    assert!(poll_now(wait.as_mut()).is_pending());
    let task = catch_unwind(AssertUnwindSafe(|| {
        let _member = member;
        panic!("a task panics");
    }));
    assert!(task.is_err());
    assert!(poll_now(wait).is_ready());
}

#[test]
fn a_forgotten_member_never_leaves() {
    let group = WaitGroup::new();
    forget(group.add());
    drop(group.add());
    assert_eq!(group.count(), 1);
    assert!(poll_now(pin!(group.wait())).is_pending());
}

#[test]
fn it_says_how_many_there_are_and_whether_somebody_waits() {
    let group = WaitGroup::new();
    let _member = group.add();
    assert_eq!(
        format!("{group:?}"),
        "WaitGroup { count: 1, has_waiters: false, .. }"
    );
    let mut wait = pin!(group.wait());
    assert!(poll_now(wait.as_mut()).is_pending());
    assert_eq!(
        format!("{group:?}"),
        "WaitGroup { count: 1, has_waiters: true, .. }"
    );
    assert!(size_of::<WaitGroup>() <= 40, "{}", size_of::<WaitGroup>());
    assert_eq!(size_of::<Member<'_>>(), size_of::<usize>());
}

#[test]
fn members_on_threads_are_all_waited_for() {
    static GROUP: WaitGroup = WaitGroup::new();
    let done = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for round in 1..=200 {
            for _ in 0..3 {
                let member = GROUP.add();
                threads.spawn(|| {
                    let another = member.clone();
                    drop(member);
                    done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    drop(another);
                });
            }
            block_on(GROUP.wait());
            assert_eq!(done.load(std::sync::atomic::Ordering::Relaxed), 3 * round);
        }
    });
}

#[cfg(feature = "alloc")]
#[test]
fn an_owned_member_keeps_its_group() {
    let group = std::sync::Arc::new(WaitGroup::new());
    let member = group.add_owned();
    let another = member.clone();
    assert_eq!(group.count(), 2);
    drop(another);
    assert_eq!(group.count(), 1);
    let weak = std::sync::Arc::downgrade(&group);
    drop(group);
    assert!(weak.upgrade().is_some_and(|group| !group.is_empty()));
    drop(member);
    assert!(weak.upgrade().is_none());
}
