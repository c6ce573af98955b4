//! Permits that are waited for in a ring, or are gone.

use pleach::{Permit, Semaphore};

use crate::{assert_says, at, cycles, stall, support::yield_now};

#[test]
fn two_semaphores_in_different_orders_lock_up() {
    let ((left, right), made) = ((Semaphore::new(1), Semaphore::new(1)), at!(line!()));
    let at = at!(line!() + 4);
    let both = async |first: &Semaphore, second: &Semaphore| {
        let _first = first.acquire().await;
        yield_now().await;
        let _second = second.acquire().await;
    };
    let report = stall(|s| {
        s.spawn(both(&left, &right)).named("one");
        s.spawn(both(&right, &left)).named("other");
    });
    assert_eq!(cycles(&report), [["one", "other"]]);
    assert_says(&report, &["2 wait for one another"]);
    assert_says(&report, &["one", "a permit", &at, &made, "held by other"]);
    assert_says(&report, &["other", "a permit", &at, &made, "held by one"]);
}

#[test]
fn philosophers_who_all_take_the_left_fork_starve() {
    const NAMES: [&str; 5] = ["Thales", "Zeno", "Plato", "Diotima", "Hypatia"];
    let forks = [const { Semaphore::new(1) }; NAMES.len()];
    let mut at = String::new();
    let report = stall(|s| {
        for (i, name) in NAMES.into_iter().enumerate() {
            let forks = &forks;
            let dine = async move {
                let _left = forks[i].acquire().await;
                yield_now().await;
                let _right = forks[(i + 1) % NAMES.len()].acquire().await;
            };
            at = at!(line!() - 2);
            s.spawn(dine).named(name);
        }
    });
    assert_eq!(cycles(&report), [NAMES]);
    assert_says(&report, &["5 wait for one another"]);
    assert_says(&report, &["Hypatia", &at, "held by Thales"]);
}

#[test]
fn who_acquires_the_only_permit_twice_waits_for_itself() {
    let semaphore = Semaphore::new(1);
    let at = at!(line!() + 4);
    let report = stall(|s| {
        let twice = s.spawn(async {
            let _first = semaphore.acquire().await;
            let _second = semaphore.acquire().await;
        });
        twice.named("twice");
    });
    assert_eq!(cycles(&report), [["twice"]]);
    assert_says(&report, &["one waits for itself"]);
    assert_says(&report, &["twice", &at, "held by itself"]);
}

#[test]
fn a_permit_that_was_forgotten_is_held_by_nobody() {
    let (semaphore, made) = (Semaphore::new(1), at!(line!()));
    let report = stall(|s| {
        s.spawn(async { semaphore.acquire().await.map(Permit::forget) });
        let waits = s.spawn(async { semaphore.acquire().await.is_ok() });
        waits.named("waits");
    });
    assert!(cycles(&report).is_empty());
    assert_says(&report, &["waits", "permit", &made, "nobody here holds it"]);
}

/// It holds the lock while it waits for a child that needs it.
#[test]
fn a_lock_that_is_held_while_a_child_needs_it_locks_up() {
    let lock = Semaphore::new(1);
    let report = stall(|s| {
        let (inner, lock) = (s.clone(), &lock);
        let parent = s.spawn(async move {
            let _held = lock.acquire().await;
            let child = inner.spawn(async move { lock.acquire().await.is_ok() });
            child.named("child").await.unwrap();
        });
        parent.named("parent");
    });
    assert_eq!(cycles(&report), [["parent", "child"]]);
    assert_says(&report, &["parent", "output", "of child"]);
    assert_says(&report, &["child", "permit", "held by parent"]);
}
