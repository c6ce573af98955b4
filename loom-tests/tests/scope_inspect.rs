//! Snapshots of a scope beside what goes on in it, under every interleaving.

mod explore;

use std::task::Waker;

use explore::{explore, poll_now};
use loom::thread;
use pleach_loom::scope::{Scope, scope};

/// The numbers of the children that a snapshot tells of.
fn children(s: &Scope<'_>) -> Vec<usize> {
    let mut children = Vec::new();
    s.snapshot(|child| children.push(child.id().get()));
    children
}

#[test]
fn a_snapshot_beside_a_spawn_tells_of_those_before_it() {
    explore(&[vec![1], vec![1, 2]], || {
        let (driver, s) = scope();
        drop(s.spawn(async {}));
        let other = {
            let s = s.clone();
            thread::spawn(move || children(&s))
        };
        drop(s.spawn(async {}));
        let seen = other.join().unwrap();
        assert_eq!(children(&s), [1, 2]);
        drop(driver);
        seen
    });
}

#[test]
fn a_snapshot_beside_completion_tells_of_the_child_or_not() {
    explore(&[vec![], vec![1]], || {
        let (driver, s) = scope();
        drop(s.spawn(async {}));
        let other = {
            let s = s.clone();
            thread::spawn(move || children(&s))
        };
        let mut running = Box::pin(driver.run(async {}));
        while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
        assert_eq!(children(&s), []);
        other.join().unwrap()
    });
}

#[test]
fn a_spawn_that_is_refused_leaves_nothing_in_the_list() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let other = {
            let s = s.clone();
            thread::spawn(move || s.try_spawn(async {}).is_ok())
        };
        drop(driver);
        let accepted = other.join().unwrap();
        assert_eq!(children(&s), []);
        accepted
    });
}

#[test]
fn two_snapshots_pass_each_other_and_each_tells_of_all() {
    explore(&[()], || {
        let (driver, s) = scope();
        for _ in 0..3 {
            drop(s.spawn(async {}));
        }
        let other = {
            let s = s.clone();
            thread::spawn(move || children(&s))
        };
        assert_eq!(children(&s), [1, 2, 3]);
        assert_eq!(other.join().unwrap(), [1, 2, 3]);
        drop(driver);
    });
}

#[test]
fn a_child_is_named_beside_a_snapshot() {
    explore(&[None, Some("named")], || {
        let (driver, s) = scope();
        let handle = s.spawn(async {});
        let other = thread::spawn(move || handle.named("named"));
        let mut name = None;
        s.snapshot(|child| name = child.name());
        drop(other.join().unwrap());
        let mut running = Box::pin(driver.run(async {}));
        while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
        name
    });
}
