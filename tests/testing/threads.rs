//! Simulations know nothing of one another, and other threads may take part in one.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use pleach::{
    Event, oneshot,
    runtime::Spawn,
    select,
    testing::{self, Sim, Simulation, Why},
    time::Clock,
};

/// Much that is up to the seed.
async fn busy(sim: Sim) -> (Vec<usize>, u64, u64) {
    let mut log = Vec::new();
    for _ in 0..50 {
        log.push(sim.choose(10));
        let (one, two) = (sim.clone(), sim.clone());
        let tasks = [
            sim.spawn(async move { one.pause().await }),
            sim.spawn(async move { two.sleep(Duration::from_secs(1)).await }),
        ];
        log.push(select! {
            () = sim.pause() => 0,
            () = testing::pause() => 1,
            () = async {} => 2,
        });
        for task in tasks {
            task.await;
        }
    }
    (log, sim.now().as_nanos(), sim.fingerprint())
}

#[test]
fn two_at_the_same_time_are_as_each_alone() {
    let alone = [1, 2].map(|seed| testing::run(seed, busy));
    let start = Barrier::new(2);
    for _ in 0..20 {
        let together = thread::scope(|scope| {
            let threads = [1, 2].map(|seed| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    testing::run(seed, busy)
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(together, alone);
    }
}

#[test]
fn another_thread_is_not_waited_for_unless_that_is_asked_for() {
    let late = async |sim: Sim| {
        let (sender, receiver) = oneshot::channel();
        let start = Arc::new(Event::new());
        let started = start.clone();
        let other = thread::spawn(move || {
            pleach::block_on(started.wait());
            sender.send(7).unwrap();
        });
        // It can begin only when the simulation has ended, or waits.
        drop(sim.spawn(async move { receiver.await.unwrap() }));
        sim.on_halt(move || {
            start.set();
            String::new()
        });
        std::future::pending::<()>().await;
        other.join().unwrap();
    };
    let halted = Simulation::new(7).run(late).unwrap_err();
    assert_eq!(halted.why, Why::Stalled);
}

#[test]
fn another_thread_may_wake_and_spawn_if_it_is_waited_for() {
    let patience = Duration::from_secs(60);
    let simulation = Simulation::new(7).wait_for_threads(patience);
    let output = simulation.run(async |sim| {
        let (sender, receiver) = oneshot::channel();
        let spawner = sim.clone();
        let other = thread::spawn(move || {
            Spawn::spawn(&spawner.clone(), async move {
                assert!(Sim::current().is_some());
                sender.send(spawner.now()).unwrap();
            });
        });
        let now = receiver.await.unwrap();
        other.join().unwrap();
        now
    });
    assert_eq!(output.unwrap().as_nanos(), 0);
}

#[test]
fn patience_has_an_end() {
    let simulation = Simulation::new(7).wait_for_threads(Duration::from_millis(1));
    let halted = simulation.run(async |sim| {
        sim.sleep(Duration::from_secs(1)).await;
        std::future::pending::<()>().await;
    });
    let halted = halted.unwrap_err();
    assert_eq!(
        (halted.why, halted.time.as_nanos()),
        (Why::Stalled, 1_000_000_000)
    );
}
