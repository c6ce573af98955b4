//! A stall tells who waits for whom in what is watched: feature `inspect`.

use std::{future::pending, sync::Arc, time::Duration};

use pleach::{
    CancelToken, Semaphore,
    par::par_scope,
    scope::scope,
    testing::{Explore, Sim, Simulation},
};

async fn both(sim: Sim, [first, second]: [Arc<Semaphore>; 2]) {
    sim.pause().await;
    let _first = first.acquire().await;
    sim.pause().await;
    let _second = second.acquire().await;
}

async fn two_orders(sim: Sim) {
    let [left, right] = [(); 2].map(|()| Arc::new(Semaphore::new(1)));
    let (driver, s) = scope();
    sim.watch(s.clone());
    let orders = [[left.clone(), right.clone()], [right, left]];
    for (name, order) in ["one", "other"].into_iter().zip(orders) {
        s.spawn(both(sim.clone(), order)).named(name);
    }
    driver.run(async {}).await;
}

/// Whether it comes to the deadlock hangs on the schedule; if it does, the text has the ring.
#[test]
fn a_deadlock_that_a_schedule_finds_is_told_with_its_ring() {
    let failure = Explore::seeds(100).try_run(two_orders).unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("2 wait for one another"), "{text}");
    let at = "a permit at tests/testing/watched.rs:16 (made at tests/testing/watched.rs:20)";
    assert!(text.contains(at), "{text}");
}

/// A task of a runtime needs a lock that is held by who waits for it.
#[test]
fn a_parallel_task_that_needs_a_lock_of_who_awaits_it_is_told() {
    let stalled = Simulation::new(7).run(async |sim| {
        let lock = Arc::new(Semaphore::new(1));
        let (driver, s) = par_scope(sim.clone());
        sim.watch(s.clone());
        let (inner, held) = (s.clone(), lock.clone());
        let parent = s.spawn(async move {
            let _held = held.acquire().await;
            let child = inner.spawn(async move { lock.acquire().await.is_ok() });
            child.named("child").await.is_ok()
        });
        drop(parent.named("parent"));
        driver.run(async {}).await;
    });
    let text = stalled.unwrap_err().to_string();
    assert!(text.contains("2 wait for one another"), "{text}");
    assert!(text.contains("held by parent"), "{text}");
}

#[test]
fn tokens_are_watched_too_and_several_are() {
    let stalled = Simulation::new(7).run(async |sim| {
        let token = CancelToken::new();
        let (driver, s) = scope();
        sim.watch(token.clone());
        sim.watch(s.clone());
        s.spawn(async move { token.cancelled().await })
            .named("listens");
        driver.run(async {}).await;
    });
    let halted = stalled.unwrap_err();
    assert_eq!(halted.reports.len(), 2);
    assert!(halted.reports[0].starts_with("not stalled: nobody waits"));
    assert!(halted.reports[1].contains("listens 0#1"), "{halted}");
}

/// What does not halt asks nobody, and nothing is kept.
#[test]
fn whoever_is_watched_is_let_go() {
    let seen = Arc::new(());
    let inner = seen.clone();
    pleach::testing::run(7, async move |sim| {
        let (driver, s) = scope();
        sim.watch(s.clone());
        s.spawn_daemon(async move {
            let _kept = inner;
            pending::<()>().await;
        });
        driver.run(sim.sleep(Duration::from_secs(1))).await;
    });
    assert_eq!(Arc::strong_count(&seen), 1);
}
