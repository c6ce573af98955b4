//! The order in which things happen: by the seed, and any order by some seed.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::{Future, pending, poll_fn},
    num::NonZeroUsize,
    rc::Rc,
    sync::{Arc, Mutex},
    task::Waker,
    time::Duration,
};

use pleach::{
    Event, channel,
    join::join,
    local_scope, par_scope, scope, select,
    select::{race, select_all},
    testing::{self, Explore, Explored, Sim, Simulation, Wakes},
    time::Clock,
};

use crate::support::poll_with;

type Log<T> = Rc<RefCell<Vec<T>>>;

/// What went on, step by step: tasks that sleep, pause, draw and send to one another.
async fn busy(sim: Sim) -> (Vec<(u32, u32, u64)>, u64) {
    let log: Log<_> = Log::default();
    let (sender, receiver) = channel::bounded(2);
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (sim, log, sender) = (sim.clone(), log.clone(), sender.clone());
            let task = sim.clone();
            task.spawn(async move {
                let mut rng = sim.rng();
                for step in 0..5 {
                    match rng.below(3) {
                        0 => sim.pause().await,
                        1 => sim.sleep(Duration::from_millis(rng.any() % 3)).await,
                        _ => sender.send(step).await.unwrap(),
                    }
                    log.borrow_mut().push((worker, step, sim.now().as_nanos()));
                }
            })
        })
        .collect();
    drop(sender);
    while receiver.recv().await.is_ok() {}
    for worker in workers {
        worker.await;
    }
    (log.take(), sim.fingerprint())
}

#[test]
fn the_same_seed_is_the_same_run() {
    let spurious = NonZeroUsize::new(4).unwrap();
    for seed in 0..50 {
        let run = || Simulation::new(seed).run(busy).unwrap();
        assert_eq!(run(), run());
        let run = || Simulation::new(seed).spurious(spurious).run(busy).unwrap();
        assert_eq!(run(), run());
    }
}

#[test]
fn other_seeds_are_other_runs() {
    let explored = testing::explore(50, busy);
    assert_eq!(
        (explored.outcomes().count(), explored.schedules()),
        (50, 50)
    );
}

#[test]
fn a_trace_is_what_it_was_in_other_versions() {
    // A change here is a change of what seeds mean: those that users have written down.
    let order = testing::run(2026, async |sim| tasks_in_order(sim, 6).await);
    assert_eq!(order, [5, 2, 4, 1, 3, 0]);
}

/// The order in which so many tasks are polled for the first time.
async fn tasks_in_order(sim: Sim, count: u32) -> Vec<u32> {
    let log: Log<u32> = Log::default();
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let log = log.clone();
            sim.spawn(async move { log.borrow_mut().push(n) })
        })
        .collect();
    for task in tasks {
        task.await;
    }
    log.take()
}

fn factorial(n: usize) -> usize {
    (1..=n).product()
}

/// All orders of so many, by seeds, and again by all schedules.
fn expect_all_orders(count: u32, program: impl AsyncFn(Sim) -> Vec<u32>) {
    let orders = factorial(count as usize);
    let by_seeds = testing::explore(60 * orders as u64, &program);
    expect_permutations(&by_seeds, count, orders);
    let all = Explore::all(100_000).run(&program);
    assert!(all.is_complete());
    expect_permutations(&all, count, orders);
}

fn expect_permutations(explored: &Explored<Vec<u32>>, count: u32, orders: usize) {
    for order in explored.outcomes() {
        let all: BTreeSet<u32> = order.iter().copied().collect();
        assert_eq!(all, (0..count).collect());
    }
    assert_eq!(explored.outcomes().count(), orders);
}

#[test]
fn tasks_run_in_any_order() {
    for count in 1..=4 {
        expect_all_orders(count, async |sim| tasks_in_order(sim, count).await);
    }
}

#[test]
fn all_orders_of_what_is_ready_are_all_schedules() {
    // The main future does nothing before the last of them, so nothing else is a choice.
    for count in 1..=4 {
        let explored = Explore::all(1000).run(async |sim| {
            let log = Arc::new(Mutex::new(Vec::new()));
            let done = Rc::new(Event::new());
            for n in 0..count {
                let (log, done) = (log.clone(), done.clone());
                drop(sim.spawn(async move {
                    let mut log = log.lock().unwrap();
                    log.push(n);
                    if log.len() == count {
                        done.set();
                    }
                }));
            }
            done.wait().await;
            let log = log.lock().unwrap();
            log.clone()
        });
        assert!(explored.is_complete());
        assert_eq!(explored.runs(), factorial(count) as u64);
        assert_eq!(explored.schedules(), factorial(count));
    }
}

#[test]
fn children_that_pause_go_on_in_any_order() {
    expect_all_orders(3, async |sim| {
        let log = RefCell::new(Vec::new());
        local_scope!(|s| {
            for n in 0..3 {
                let (sim, log) = (&sim, &log);
                s.spawn(async move {
                    sim.pause().await;
                    log.borrow_mut().push(n);
                });
            }
        })
        .await;
        log.into_inner()
    });
}

#[test]
fn a_pause_needs_no_handle() {
    expect_all_orders(3, async |_| {
        let log = Mutex::new(Vec::new());
        scope!(|s| {
            for n in 0..3 {
                let log = &log;
                s.spawn(async move {
                    testing::pause().await;
                    log.lock().unwrap().push(n);
                });
            }
        })
        .await;
        log.into_inner().unwrap()
    });
}

#[test]
fn those_that_one_event_wakes_are_woken_in_any_order() {
    let program = async |sim: Sim| {
        let (event, log) = (Event::new(), RefCell::new(Vec::new()));
        let wait = async |n: u32| {
            event.wait().await;
            log.borrow_mut().push(n);
        };
        let waits = [0, 1, 2].map(|n| sim.shuffled(wait(n)));
        let sets = async {
            // After all have begun to wait.
            sim.sleep(Duration::from_secs(1)).await;
            event.set();
        };
        join((join(waits), sets)).await;
        log.into_inner()
    };
    expect_all_orders(3, program);
}

#[test]
fn sleeps_that_end_together_end_in_any_order() {
    expect_all_orders(3, async |sim| {
        let log = RefCell::new(Vec::new());
        local_scope!(|s| {
            for n in 0..3 {
                let (sim, log) = (&sim, &log);
                s.spawn(async move {
                    sim.sleep(Duration::from_secs(1)).await;
                    log.borrow_mut().push(n);
                });
            }
        })
        .await;
        log.into_inner()
    });
}

#[test]
fn parallel_children_run_in_any_order() {
    let program = async |sim: Sim| {
        let log = Arc::new(Mutex::new(Vec::new()));
        par_scope!(sim.named("parallel"), |s| {
            for n in 0..3 {
                let log = Arc::clone(&log);
                s.spawn(async move { log.lock().unwrap().push(n) });
            }
        })
        .await;
        let log = log.lock().unwrap();
        log.clone()
    };
    expect_permutations(&testing::explore(500, program), 3, 6);
    for seed in 0..20 {
        let run = || {
            testing::run(seed, async |sim| {
                (program(sim.clone()).await, sim.fingerprint())
            })
        };
        assert_eq!(run(), run());
    }
}

#[test]
fn where_a_select_begins_is_a_choice() {
    let explored = Explore::all(1000).run(async |_| {
        let selected = select! {
            n = async { 0 } => n,
            n = async { 1 } => n,
            n = async { 2 } => n,
        };
        let raced = race((async { 0 }, async { 1 })).await;
        let (first, _) = select_all([std::future::ready(()), std::future::ready(())]).await;
        (selected, raced, first)
    });
    assert!(explored.is_complete());
    assert_eq!((explored.runs(), explored.outcomes().count()), (12, 12));
}

#[test]
fn a_generator_is_by_the_seed_and_no_choice() {
    let draw = async |sim: Sim| {
        let (mut one, mut two) = (sim.rng(), sim.rng());
        (one.any(), two.any())
    };
    let explored = testing::explore(20, draw);
    assert_eq!((explored.outcomes().count(), explored.schedules()), (20, 1));
    assert!(explored.outcomes().all(|(one, two)| one != two));
    assert_eq!(Explore::all(20).run(draw).runs(), 1);
}

#[test]
fn what_was_not_woken_is_polled_if_that_is_asked_for() {
    let polls = async |sim: Sim| {
        let event = Rc::new(Event::new());
        let waits = event.clone();
        let waiter = sim.spawn(async move { waits.wait().await });
        for _ in 0..20 {
            sim.pause().await;
        }
        let polls = sim.tasks()[1].polls;
        event.set();
        waiter.await;
        polls
    };
    let calm = testing::explore(50, polls);
    assert_eq!(calm.outcomes().max(), Some(&1));
    let spurious = Simulation::new(0).spurious(NonZeroUsize::new(3).unwrap());
    let restless = Explore::seeds(50).simulation(spurious).run(polls);
    assert!(restless.outcomes().max() > Some(&3));
}

#[test]
fn a_closure_that_gives_a_future_will_do() {
    let one = testing::run(7, |sim: Sim| async move { sim.choose(1) + 1 });
    let explored = testing::explore(3, |sim: Sim| async move { sim.choose(1) + one });
    assert_eq!(explored.outcomes().collect::<Vec<_>>(), [&1]);
}

#[test]
fn a_shuffled_future_is_polled_when_its_wake_has_come_and_then_only() {
    testing::run(7, async |sim| {
        let (event, polls) = (Event::new(), Cell::new(0));
        let mut wait = Box::pin(event.wait());
        let counts = poll_fn(|cx| {
            polls.set(polls.get() + 1);
            wait.as_mut().poll(cx)
        });
        let mut shuffled = Box::pin(sim.shuffled(counts));
        let (wakes, waker) = Wakes::new();
        let mut poll =
            |waker: &Waker| (poll_with(shuffled.as_mut(), waker).is_ready(), polls.get());
        // Its beginning is a wake as well.
        assert_eq!(poll(Waker::noop()), (false, 0));
        assert_eq!(poll(&waker), (false, 0));
        sim.sleep(Duration::from_secs(1)).await;
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(&waker), (false, 1));
        assert_eq!(poll(&waker), (false, 1));
        event.set();
        assert_eq!((wakes.count(), poll(&waker)), (1, (false, 1)));
        sim.sleep(Duration::from_secs(1)).await;
        assert_eq!((wakes.count(), poll(&waker)), (2, (true, 2)));
    });
}

#[test]
fn a_shuffled_future_that_is_dropped_keeps_no_waker() {
    let (wakes, waker) = Wakes::new();
    testing::run(7, async |sim| {
        let mut shuffled = Box::pin(sim.shuffled(pending::<()>()));
        assert!(poll_with(shuffled.as_mut(), &waker).is_pending());
        assert_eq!(Arc::strong_count(&wakes), 3);
        drop(shuffled);
        assert_eq!(Arc::strong_count(&wakes), 2);
        sim.sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(wakes.count(), 0);
}
