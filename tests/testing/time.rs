//! The clock of a simulation: exact, and never in a hurry.

use std::{cell::RefCell, future::Future, num::NonZeroUsize, pin::pin, time::Duration};

use pleach::{
    join::join,
    testing::{self, Explore, Sim, Simulation},
    time::{Backoff, Clock, Instant, Timer, interval, retry, timeout},
};

use crate::support::poll_now;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u32) -> Instant {
    Instant::EPOCH + SECOND * seconds
}

#[test]
fn a_sleep_ends_exactly_when_it_should() {
    let ends = async |sim: Sim| {
        let ends = RefCell::new(Vec::new());
        let sleeps = [3, 1, 2, 1].map(async |seconds| {
            sim.sleep(SECOND * seconds).await;
            ends.borrow_mut().push((seconds, sim.now()));
        });
        join(sleeps).await;
        ends.into_inner()
    };
    let expected = [1, 1, 2, 3].map(|seconds| (seconds, at(seconds)));
    for spurious in [None, NonZeroUsize::new(2)] {
        let mut simulation = Simulation::new(0);
        if let Some(one_in) = spurious {
            simulation = simulation.spurious(one_in);
        }
        let explored = Explore::seeds(50).simulation(simulation).run(ends);
        assert_eq!(explored.outcomes().collect::<Vec<_>>(), [&expected]);
    }
}

#[test]
fn the_clock_stands_while_there_is_something_to_do() {
    let now = testing::run(1, async |sim| {
        let sleep = sim.sleep(SECOND);
        let busy = async {
            for _ in 0..1000 {
                sim.pause().await;
            }
            sim.now()
        };
        join((sleep, busy)).await.1
    });
    assert_eq!(now, Instant::EPOCH);
}

#[test]
fn a_timeout_may_come_before_what_is_ready_if_that_is_asked_for() {
    let has_elapsed = async |sim: Sim| {
        let work = async {
            for _ in 0..10 {
                sim.pause().await;
            }
        };
        let result = timeout(&sim, SECOND, work).await;
        // The work may be done when its time is over, too: it is asked first.
        assert!(result.is_ok() || sim.now() == at(1));
        result.is_err()
    };
    let exact = testing::explore(100, has_elapsed);
    assert_eq!(exact.outcomes().collect::<Vec<_>>(), [&false]);
    let slow = Simulation::new(0).slow(NonZeroUsize::new(10).unwrap());
    let explored = Explore::seeds(100)
        .simulation(slow.clone())
        .run(has_elapsed);
    assert_eq!(explored.outcomes().collect::<Vec<_>>(), [&false, &true]);
    let all = Explore::all(10_000).simulation(slow).run(has_elapsed);
    assert!(all.is_complete());
    assert_eq!(all.outcomes().count(), 2);
}

#[test]
fn a_year_of_ticks_takes_no_time() {
    const DAYS: u32 = 365;
    let day = SECOND * 86_400;
    let now = testing::run(1, async |sim| {
        let mut ticks = pin!(interval(&sim, day));
        for _ in 0..=DAYS {
            ticks.as_mut().tick().await;
        }
        sim.now()
    });
    assert_eq!(now, Instant::EPOCH + day * DAYS);
}

#[test]
fn what_takes_a_timer_takes_it() {
    testing::run(1, async |sim| {
        let late = timeout(&sim, SECOND, sim.sleep(2 * SECOND)).await;
        assert!(late.is_err());
        assert_eq!(sim.now(), at(1));
        let mut attempts = 0;
        let delays = Backoff::new(SECOND).attempts(3);
        let result = retry(&sim, delays, || {
            attempts += 1;
            let is_third = attempts == 3;
            std::future::ready(if is_third {
                Ok(attempts)
            } else {
                Err(attempts)
            })
        });
        assert_eq!(result.await, Ok(3));
    });
}

#[test]
fn a_sleep_whose_time_has_come_is_ready_at_once_and_one_until_never_is_not() {
    testing::run(1, async |sim| {
        sim.sleep(SECOND).await;
        for moment in [Instant::EPOCH, at(1)] {
            assert!(poll_now(pin!(sim.sleep_until(moment))).is_ready());
        }
        assert!(poll_now(pin!(sim.sleep_until(Instant::MAX))).is_pending());
        assert!(poll_now(pin!(sim.sleep(Duration::MAX))).is_pending());
        sim.sleep(SECOND).await;
        assert_eq!(sim.now(), at(2));
    });
}

#[test]
fn a_sleep_that_is_dropped_does_not_move_the_clock() {
    testing::run(1, async |sim| {
        assert!(poll_now(pin!(sim.sleep(SECOND))).is_pending());
        sim.sleep(2 * SECOND).await;
        assert_eq!(sim.now(), at(2));
    });
}

#[test]
fn a_sleep_ends_in_the_task_that_polled_it_last() {
    testing::run(1, async |sim| {
        let mut sleep = Box::pin(sim.sleep(SECOND));
        assert!(poll_now(sleep.as_mut()).is_pending());
        sim.spawn(sleep).await;
        assert_eq!(sim.now(), at(1));
    });
}

#[test]
fn sleeps_of_a_simulation_that_is_over_do_not_end() {
    fn is_send<T: Send + Unpin>(future: T) -> T {
        future
    }
    let (sim, mut begun) = testing::run(1, async |sim| {
        let mut begun = sim.sleep(SECOND);
        assert!(poll_now(pin!(&mut begun)).is_pending());
        (sim, begun)
    });
    assert!(poll_now(pin!(&mut begun)).is_pending());
    assert!(poll_now(pin!(is_send(sim.sleep(SECOND)))).is_pending());
    assert!(poll_now(pin!(sim.sleep(Duration::ZERO))).is_ready());
    // Nobody is there to go first.
    let mut pause = is_send(sim.pause());
    assert!(
        std::pin::Pin::new(&mut pause)
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
            .is_ready()
    );
}
