//! The contracts of executors and timers, by the public suite.

use std::{num::NonZeroUsize, time::Duration};

use pleach::{
    runtime::conformance::{LeftBehind, Suite},
    testing::{Explore, Sim, Simulation},
};

const SUITE: Suite = Suite::new();

/// Other threads take part in these.
fn threaded(seed: u64) -> Simulation {
    let patience = Duration::from_secs(30);
    Simulation::new(seed)
        .max_steps(u64::MAX)
        .wait_for_threads(patience)
}

fn run<T>(simulation: Simulation, main: impl AsyncFnOnce(Sim) -> T) -> T {
    simulation
        .run(main)
        .unwrap_or_else(|halted| panic!("{halted}"))
}

#[test]
fn it_is_an_executor() {
    run(threaded(1), async |sim| {
        SUITE.spawn(&sim).await;
        SUITE.fairness(&sim).await;
        SUITE.spawn_from_elsewhere(&sim).await;
    });
}

#[test]
fn it_is_one_of_its_thread() {
    run(threaded(2), async |sim| {
        SUITE.spawn_local(&sim).await;
        SUITE.fairness_local(&sim).await;
    });
}

#[test]
fn it_is_one_with_spurious_polls() {
    let spurious = NonZeroUsize::new(20).unwrap();
    run(threaded(3).spurious(spurious), async |sim| {
        SUITE.fairness(&sim).await;
    });
}

#[test]
fn it_drops_what_it_has_when_it_goes_away() {
    let mut left_behind: Vec<LeftBehind> = Vec::new();
    let gone = run(threaded(4), async |sim| {
        left_behind.push(SUITE.leave_behind(&sim).await);
        left_behind.push(SUITE.leave_behind_local(&sim).await);
        sim
    });
    left_behind.into_iter().for_each(LeftBehind::assert_dropped);
    SUITE.assert_gone(&gone);
}

#[test]
fn it_is_a_timer() {
    Explore::seeds(5).run(async |sim| SUITE.timer(&sim).await);
}
