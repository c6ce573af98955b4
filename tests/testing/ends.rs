//! How a simulation ends: with its output, or with a panic, and nothing is left of it.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
};

use pleach::{
    par::Shared,
    par_scope,
    runtime::{Spawn, SpawnBoxed, SpawnLocal},
    scope::Started,
    select::race,
    testing::{self, Explore, Sim, Simulation, Wakes},
    try_par_scope,
};

use crate::support::message;

/// Tells when it is dropped.
struct Bell(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

type Log = Rc<RefCell<Vec<&'static str>>>;

/// A task that holds a bell and waits for ever.
fn waits(sim: &Sim, name: &'static str, log: &Log) {
    let bell = Bell(name, log.clone());
    drop(sim.spawn(async move {
        let _bell = bell;
        pending::<()>().await;
    }));
}

#[test]
fn what_is_left_is_dropped_newest_first_after_the_main_future() {
    for seed in 0..20 {
        let log = Log::default();
        let output = testing::run(seed, async |sim| {
            let _bell = Bell("main", log.clone());
            for name in ["first", "second", "third"] {
                waits(&sim, name, &log);
            }
            sim.pause().await;
            7
        });
        assert_eq!(output, 7);
        let mut dropped = log.take();
        assert_eq!(dropped.remove(0), "main");
        dropped.sort_unstable();
        assert_eq!(dropped, ["first", "second", "third"]);
    }
}

#[test]
fn a_panic_of_a_task_comes_out_with_its_payload_when_all_is_gone() {
    let explored = testing::explore(20, async |sim| sim.seed().clone());
    for seed in explored.outcomes() {
        let log = Log::default();
        let run = || {
            testing::run(seed.clone(), async |sim| {
                let _bell = Bell("main", log.clone());
                waits(&sim, "waits", &log);
                sim.spawn(async { resume_unwind(Box::new(42_u8)) }).await
            })
        };
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(payload.downcast_ref::<u8>(), Some(&42));
        let mut dropped = log.take();
        dropped.sort_unstable();
        assert_eq!(dropped, ["main", "waits"]);
    }
}

#[test]
fn a_destructor_that_panics_at_the_end_does_not_keep_the_others() {
    struct Panics(Log);
    impl Drop for Panics {
        fn drop(&mut self) {
            self.0.borrow_mut().push("panics");
            resume_unwind(Box::new("in a destructor"));
        }
    }
    let log = Log::default();
    let run = || {
        testing::run(7, async |sim| {
            waits(&sim, "older", &log);
            let panics = Panics(log.clone());
            drop(sim.spawn(async move {
                let _panics = panics;
                pending::<()>().await;
            }));
            waits(&sim, "newer", &log);
        });
    };
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(message(&*payload), "in a destructor");
    let mut dropped = log.take();
    dropped.sort_unstable();
    assert_eq!(dropped, ["newer", "older", "panics"]);
}

#[test]
fn destructors_at_the_end_may_spawn_and_sleep_in_vain() {
    struct Spawns(Sim, Rc<Cell<u32>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let (sim, drops) = (self.0.clone(), self.1.clone());
            drops.set(drops.get() + 1);
            if drops.get() < 5 {
                let next = Spawns(sim.clone(), drops);
                drop(sim.spawn(async move {
                    let _next = next;
                }));
            }
            assert_eq!(sim.tasks().len(), 0);
        }
    }
    let drops = Rc::new(Cell::new(0));
    testing::run(7, async |sim| {
        let spawns = Spawns(sim.clone(), drops.clone());
        drop(sim.spawn(async move {
            let _spawns = spawns;
            pending::<()>().await;
        }));
    });
    assert_eq!(drops.get(), 5);
}

#[test]
fn no_waker_is_left_of_what_slept_and_paused() {
    use std::{future::Future, pin::pin, task::Context};
    let (wakes, waker) = Wakes::new();
    let kept = testing::run(7, async |sim| {
        let mut cx = Context::from_waker(&waker);
        let mut sleep = Box::pin(sim.sleep(std::time::Duration::from_secs(1)));
        let mut pause = Box::pin(sim.pause());
        assert!(sleep.as_mut().poll(&mut cx).is_pending());
        assert!(pause.as_mut().poll(&mut cx).is_pending());
        let dropped = pin!(sim.pause()).poll(&mut cx).is_pending();
        assert!(dropped);
        assert_eq!(Arc::strong_count(&wakes), 4);
        (sleep, pause)
    });
    // The futures are alive, their wakers are not.
    assert_eq!(Arc::strong_count(&wakes), 2);
    drop(kept);
    assert_eq!(wakes.count(), 0);
}

#[test]
fn the_main_future_may_borrow_and_be_of_another_thread() {
    let mut numbers = vec![1, 2];
    let sum = testing::run(7, async |sim| {
        sim.pause().await;
        numbers.push(3);
        numbers.iter().sum::<i32>()
    });
    assert_eq!((sum, numbers.len()), (6, 3));
}

#[test]
fn a_future_that_is_not_send_is_not_taken_from_another_thread() {
    testing::run(7, async |sim| {
        let other = sim.clone();
        let refused = thread::spawn(move || other.spawn_local(async {})).join();
        let payload = refused.unwrap_err();
        assert!(message(&*payload).contains("on another thread"));
        assert_eq!(sim.tasks().len(), 1);
    });
}

#[test]
fn a_simulation_within_another_is_its_own() {
    testing::run(1, async |outer| {
        let inner = testing::run(2, async |inner| {
            inner.pause().await;
            Sim::current().unwrap().seed().clone()
        });
        assert_eq!(inner, 2.into());
        assert_eq!(Sim::current().unwrap().seed(), outer.seed());
    });
    assert!(Sim::current().is_none());
}

#[test]
fn tasks_tell_where_they_come_from() {
    testing::run(7, async |sim| {
        let line = line!() + 1;
        drop(sim.named("one").spawn(pending::<()>()));
        Spawn::spawn(&sim, async {});
        SpawnLocal::spawn_local(&sim.named("three"), async {});
        let tasks = sim.tasks();
        let names: Vec<_> = tasks.iter().map(|task| (task.number, task.name)).collect();
        assert_eq!(
            names,
            [
                (0, Some("main")),
                (1, Some("one")),
                (2, None),
                (3, Some("three"))
            ]
        );
        for (task, below) in tasks[1..].iter().zip(0..) {
            assert_eq!(
                (task.site.file(), task.site.line()),
                (file!(), line + below)
            );
            assert_eq!(task.polls, 0);
        }
        assert_eq!(tasks[0].polls, 1);
    });
}

/// Where the tasks of a simulation that stalls were spawned: lines of this file, from `line` on.
fn stalls_with(line: u32, main: impl AsyncFnOnce(Sim)) -> Vec<u32> {
    let halted = Simulation::new(7).run(main).unwrap_err();
    let mut lines: Vec<_> = (halted.tasks[1..].iter())
        .map(|task| {
            assert_eq!(task.site.file(), file!(), "{halted}");
            task.site.line() - line
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Though they become tasks later, when the scope is polled.
#[test]
fn parallel_children_are_told_of_by_the_line_that_has_spawned_them() {
    let line = line!() + 3;
    let lines = stalls_with(line, async |sim| {
        let _ended = try_par_scope!(&sim, |s| -> () {
            s.spawn(pending::<()>());
            s.spawn_try(pending::<Result<(), ()>>());
            s.spawn_with(|_s| pending::<()>());
            s.spawn_on(&Shared::new(7), |_seven| pending::<()>());
            let _handle = s.try_spawn(pending::<()>());
            s.spawn_daemon(pending::<()>());
            s.spawn_shielded(pending::<()>());
            s.scope().spawn(s.parallel(pending::<()>()));
            let slot = s.scope().slot().await.unwrap();
            s.spawn_in(slot, pending::<()>());
            let _never = s.start(|_: Started<()>| pending::<()>()).await;
            Ok(())
        })
        .await;
    });
    assert_eq!(lines, [0, 1, 2, 3, 4, 5, 6, 7, 9, 10]);
}

#[test]
fn also_by_what_points_to_the_simulation() {
    let line = line!() + 4;
    let lines = stalls_with(line, async |sim| {
        let boxed: Arc<dyn SpawnBoxed + Send + Sync> = Arc::new(sim.clone());
        par_scope!(boxed, |s| {
            s.spawn(pending::<()>());
            Spawn::spawn(&&sim, pending());
            SpawnLocal::spawn_local(&Rc::new(sim), pending());
        })
        .await;
    });
    assert_eq!(lines, [0, 1, 2]);
}

/// The runtime of the scope refuses the task, and what is dropped with that spawns in the simulation.
#[test]
fn what_a_refused_future_spawns_is_told_of_by_its_own_line() {
    #[derive(Clone)]
    struct Refuses;
    impl Spawn for Refuses {
        fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
            drop(future);
        }
    }
    struct Spawns(Sim);
    impl Drop for Spawns {
        fn drop(&mut self) {
            Spawn::spawn(&self.0, pending());
        }
    }
    let line = line!() - 3;
    let lines = stalls_with(line, async |sim| {
        let spawns = Spawns(sim);
        par_scope!(Refuses, |s| {
            s.spawn(async move {
                let _spawns = spawns;
                pending::<()>().await;
            });
        })
        .await;
        pending::<()>().await;
    });
    assert_eq!(lines, [0]);
}

#[test]
fn a_wake_of_what_is_gone_does_nothing() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeps = kept.clone();
    testing::run(7, async |sim| {
        let keep = move |cx: &mut std::task::Context<'_>| {
            keeps.lock().unwrap().push(cx.waker().clone());
            std::task::Poll::Ready(())
        };
        sim.spawn(std::future::poll_fn(keep)).await;
        kept.lock().unwrap()[0].wake_by_ref();
        sim.pause().await;
    });
    kept.lock().unwrap()[0].wake_by_ref();
    assert_eq!(Explore::all(10).run(async |_| ()).runs(), 1);
}

#[test]
fn what_is_spawned_before_the_main_future_is_made_is_dropped_if_that_panics() {
    let log = Log::default();
    let mut kept = None;
    // A call that gives no future.
    let main = |sim: Sim| -> std::future::Ready<()> {
        waits(&sim, "spawned", &log);
        kept = Some(sim);
        resume_unwind(Box::new(()))
    };
    let run = || Simulation::new(7).run(main).is_ok();
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    assert_eq!(log.take(), ["spawned"]);
    assert!(Sim::current().is_none());
    drop(kept);
}

#[test]
fn a_task_that_wakes_itself_in_its_last_poll_is_gone() {
    let polls = testing::run(7, async |sim| {
        let polls = Rc::new(Cell::new(0));
        let counts = polls.clone();
        let task = sim.spawn(std::future::poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            counts.set(counts.get() + 1);
            std::task::Poll::Ready(())
        }));
        task.await;
        sim.sleep(std::time::Duration::from_secs(1)).await;
        polls.get()
    });
    assert_eq!(polls, 1);
}

#[test]
fn a_thread_draws_its_own_lots_again_when_a_simulation_is_over() {
    let first = || pleach::block_on(race((async { 0 }, async { 1 })));
    testing::run(7, async |_| ());
    let drawn: Vec<_> = (0..100).map(|_| first()).collect();
    assert!(drawn.contains(&0) && drawn.contains(&1));
}
