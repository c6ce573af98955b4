//! Scopes through their public interface: children, handles, errors, wakes.
#![allow(
    clippy::async_yields_async,
    reason = "handles leave their scopes here on purpose"
)]

mod support;

use std::{
    cell::Cell,
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use futures_util::future::FusedFuture;
use pleach::{Cancelled, Handle, local_scope, scope, try_local_scope, try_scope};
use support::{Hostile, Wakes, block_on, forget, leak, poll_now, poll_with, yield_now};

/// A future that is ready when it is told, and knows how often it was polled.
#[derive(Default)]
struct Gate {
    open: AtomicBool,
    polls: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Gate {
    fn wait(&self) -> impl Future<Output = ()> + Send {
        poll_fn(|cx| {
            self.polls.fetch_add(1, SeqCst);
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            match self.open.load(SeqCst) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    }

    fn wake(&self) {
        let waker = self.waker.lock().unwrap().clone();
        waker.expect("polled before").wake();
    }

    fn open(&self) {
        self.open.store(true, SeqCst);
        self.wake();
    }

    fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }
}

/// Polls until ready, as an executor would: again only if woken.
fn drive<F: Future>(mut future: Pin<&mut F>) -> F::Output {
    let (wakes, waker) = Wakes::new();
    loop {
        let before = wakes.count();
        if let Poll::Ready(output) = poll_with(future.as_mut(), &waker) {
            return output;
        }
        assert!(wakes.count() > before, "pending, and nobody will wake it");
    }
}

#[test]
fn children_borrow_and_the_borrow_ends_with_the_scope() {
    let names = ["a", "bc"];
    let mut total = 0;
    block_on(async {
        let sum = scope!(|s| {
            let lengths = names.iter().map(|name| s.spawn(async { name.len() }));
            let mut sum = 0;
            for length in lengths.collect::<Vec<_>>() {
                sum += length.await.unwrap();
            }
            s.spawn(async { total += 1 });
            sum
        })
        .await;
        total += sum;
    });
    assert_eq!(total, 4);
}

#[test]
fn the_scope_waits_for_children_whose_handles_were_dropped() {
    let done = AtomicUsize::new(0);
    block_on(scope!(|s| {
        for _ in 0..10 {
            s.spawn(async {
                yield_now().await;
                done.fetch_add(1, SeqCst);
            });
        }
    }));
    assert_eq!(done.into_inner(), 10);
}

#[test]
fn children_go_on_while_the_body_awaits_something_else() {
    let steps = AtomicUsize::new(0);
    block_on(scope!(|s| {
        s.spawn(async {
            for _ in 0..3 {
                yield_now().await;
                steps.fetch_add(1, SeqCst);
            }
        });
        while steps.load(SeqCst) < 3 {
            yield_now().await;
        }
    }));
    assert_eq!(steps.into_inner(), 3);
}

#[test]
fn a_child_may_spawn_while_the_scope_drains() {
    let done = AtomicUsize::new(0);
    block_on(scope!(|s| {
        let done = &done;
        // The body is over before the child spawns.
        s.spawn_with(|s| async move {
            yield_now().await;
            s.spawn(async move {
                yield_now().await;
                done.fetch_add(1, SeqCst);
            });
        });
    }));
    assert_eq!(done.into_inner(), 1);
}

#[test]
fn spawns_come_from_other_threads_and_wake_a_parked_scope() {
    let gate = Gate::default();
    let out = block_on(scope!(|s| {
        let (sender, receiver) = std::sync::mpsc::channel::<Handle<usize>>();
        let child = s.spawn(gate.wait());
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for n in 0..100 {
                    sender.send(s.spawn(async move { n })).unwrap();
                }
            });
        });
        drop(sender);
        let mut sum = 0;
        for handle in receiver {
            sum += handle.await.unwrap();
        }
        gate.open();
        child.await.unwrap();
        sum
    }));
    assert_eq!(out, 4950);
}

#[test]
fn a_remote_spawn_reaches_a_parked_scope() {
    let (wakes, waker) = Wakes::new();
    let gate = Gate::default();
    let ran = AtomicBool::new(false);
    let (driver, s) = pleach::scope::scope();
    let mut running = pin!(driver.run(gate.wait()));
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    assert_eq!(wakes.count(), 0);
    std::thread::scope(|threads| {
        threads.spawn(|| drop(s.spawn(async { ran.store(true, SeqCst) })));
    });
    assert_eq!(wakes.count(), 1);
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    assert!(ran.load(SeqCst));
    gate.open();
    assert!(poll_with(running.as_mut(), &waker).is_ready());
}

#[test]
fn each_child_is_polled_once_for_its_start_and_once_a_wake() {
    let gates: Vec<Gate> = (0..100).map(|_| Gate::default()).collect();
    let (wakes, waker) = Wakes::new();
    let mut running = pin!(scope!(|s| {
        for gate in &gates {
            s.spawn(gate.wait());
        }
    }));
    while {
        let before = wakes.count();
        assert!(poll_with(running.as_mut(), &waker).is_pending());
        wakes.count() > before
    } {}
    let at_rest = wakes.count();
    for _ in 0..5 {
        assert!(poll_with(running.as_mut(), &waker).is_pending());
    }
    assert_eq!(
        wakes.count(),
        at_rest,
        "spurious polls of the scope wake nobody"
    );
    assert!(gates.iter().all(|gate| gate.polls() == 1));
    for gate in &gates {
        gate.wake();
        gate.wake();
    }
    assert_eq!(
        wakes.count(),
        at_rest + 1,
        "one wake of the parent for a burst"
    );
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    assert!(gates.iter().all(|gate| gate.polls() == 2));
    gates.iter().for_each(Gate::open);
    assert!(poll_with(running.as_mut(), &waker).is_ready());
    assert!(gates.iter().all(|gate| gate.polls() == 3));
}

#[test]
fn a_pass_polls_nobody_twice_and_then_yields() {
    let polls = AtomicUsize::new(0);
    let (wakes, waker) = Wakes::new();
    let mut running = pin!(scope!(|s| {
        s.spawn(async {
            loop {
                polls.fetch_add(1, SeqCst);
                yield_now().await;
            }
        });
    }));
    for pass in 0..10 {
        assert!(poll_with(running.as_mut(), &waker).is_pending());
        assert_eq!(polls.load(SeqCst), pass);
        assert_eq!(wakes.count(), pass + 1, "busy, so it wakes its own task");
    }
}

#[test]
fn a_pass_ends_after_sixteen_children_that_woke_themselves() {
    let polls = AtomicUsize::new(0);
    let mut running = pin!(scope!(|s| {
        for _ in 0..40 {
            s.spawn(async {
                polls.fetch_add(1, SeqCst);
                yield_now().await;
            });
        }
    }));
    assert!(poll_now(running.as_mut()).is_pending());
    for after in [16, 32, 40] {
        assert!(poll_now(running.as_mut()).is_pending());
        assert_eq!(polls.load(SeqCst), after);
    }
    drive(running);
}

#[test]
fn a_scope_that_moves_between_tasks_wakes_the_last_one() {
    let gate = Gate::default();
    let ((first, first_waker), (second, second_waker)) = (Wakes::new(), Wakes::new());
    let mut running = Box::pin(scope!(|_s| gate.wait().await));
    assert!(poll_with(running.as_mut(), &first_waker).is_pending());
    assert!(poll_with(running.as_mut(), &second_waker).is_pending());
    gate.open();
    assert_eq!((first.count(), second.count()), (0, 1));
    assert!(poll_with(running.as_mut(), &second_waker).is_ready());
}

#[test]
fn a_handle_that_moves_between_tasks_wakes_the_last_one() {
    let gate = Gate::default();
    let (driver, s) = pleach::scope::scope();
    let mut handle = s.spawn(gate.wait());
    let mut running = pin!(driver.run(async {}));
    assert!(poll_now(running.as_mut()).is_pending());
    let ((first, first_waker), (second, second_waker)) = (Wakes::new(), Wakes::new());
    for waker in [&first_waker, &first_waker, &second_waker] {
        assert!(poll_with(Pin::new(&mut handle), waker).is_pending());
    }
    gate.open();
    assert!(poll_now(running.as_mut()).is_ready());
    assert_eq!((first.count(), second.count()), (0, 1));
    assert_eq!(poll_now(Pin::new(&mut handle)), Poll::Ready(Ok(())));
}

#[test]
fn a_handle_outlives_its_scope() {
    let handle = block_on(scope!(|s| s.spawn(async { String::from("late") })));
    assert_eq!(block_on(handle), Ok(String::from("late")));
}

#[test]
fn an_output_is_dropped_once_by_whoever_has_it() {
    let drops = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let spawn_all = |s: &pleach::Scope<'static>| {
        [(); 3].map(|()| {
            let counted = Counted(Arc::clone(&drops));
            s.spawn(async move { counted })
        })
    };
    let (driver, s) = pleach::scope::scope();
    let [early, late, taken] = spawn_all(&s);
    drop(early);
    assert_eq!(drops.load(SeqCst), 0);
    block_on(driver.run(async {}));
    assert_eq!(
        drops.load(SeqCst),
        1,
        "nobody wants the first: dropped when it came"
    );
    drop(late);
    assert_eq!(drops.load(SeqCst), 2);
    let output = block_on(taken).ok();
    assert_eq!(drops.load(SeqCst), 2);
    drop(output);
    assert_eq!(drops.load(SeqCst), 3);
}

#[test]
fn polling_a_handle_after_completion_panics() {
    let mut handle = block_on(scope!(|s| s.spawn(async {})));
    assert!(!handle.is_terminated());
    assert_eq!(poll_now(Pin::new(&mut handle)), Poll::Ready(Ok(())));
    assert!(handle.is_terminated());
    let again = std::panic::AssertUnwindSafe(|| poll_now(Pin::new(&mut handle)));
    assert!(std::panic::catch_unwind(again).is_err());
}

#[test]
fn handles_of_dropped_children_give_cancelled_and_wake() {
    let (driver, s) = pleach::scope::scope();
    let mut running = Box::pin(driver.run(pending::<()>()));
    let mut started = s.spawn(pending::<()>());
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(poll_now(running.as_mut()).is_pending());
    let mut unstarted = s.spawn(pending::<()>());
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(Pin::new(&mut started), &waker).is_pending());
    assert!(poll_with(Pin::new(&mut unstarted), &waker).is_pending());
    drop(running);
    assert_eq!(wakes.count(), 2);
    let cancelled = |result: Result<(), Cancelled>| result.is_err();
    assert!(cancelled(block_on(started)) && cancelled(block_on(unstarted)));
    assert!(
        cancelled(block_on(s.spawn(async {}))),
        "and so do those spawned later"
    );
    assert!(
        s.try_spawn(async {})
            .is_err_and(|refused| !refused.is_full())
    );
}

#[test]
fn a_wakers_life_is_independent_of_the_scopes() {
    let kept: Mutex<Vec<Waker>> = Mutex::default();
    block_on(scope!(|s| {
        s.spawn(poll_fn(|cx| {
            kept.lock().unwrap().push(cx.waker().clone());
            Poll::Ready(())
        }));
        poll_fn(|cx| {
            kept.lock().unwrap().push(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
    }));
    for waker in kept.into_inner().unwrap() {
        waker.wake_by_ref();
        let other = waker.clone();
        std::thread::spawn(move || other.wake()).join().unwrap();
        waker.wake();
    }
}

#[test]
fn a_child_woken_during_its_last_poll_leaves_nothing_behind() {
    let alive = Arc::new(());
    let witness = Arc::clone(&alive);
    block_on(scope!(|s| {
        s.spawn(async move {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::Ready(())
            })
            .await;
            drop(witness);
        });
    }));
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn the_first_error_ends_a_try_scope_and_nobody_is_polled_again() {
    let polled_after = AtomicBool::new(false);
    let result = block_on(try_scope!(|s| {
        s.spawn(async {
            yield_now().await;
            yield_now().await;
            polled_after.store(true, SeqCst);
        });
        s.spawn_try(async {
            yield_now().await;
            Err::<(), _>("first")
        });
        s.spawn_try(async {
            yield_now().await;
            Err::<(), _>("second")
        });
        pending::<()>().await;
        Ok::<(), _>(())
    }));
    assert_eq!(result, Err("first"));
    assert!(!polled_after.into_inner());
}

#[test]
fn the_bodys_error_ends_a_try_scope() {
    let result: Result<(), &str> = block_on(try_scope!(|s| -> &str {
        s.spawn(pending::<()>());
        Err("body")?
    }));
    assert_eq!(result, Err("body"));
}

#[test]
fn a_try_scope_without_an_error_gives_the_bodys_value() {
    let result = block_on(try_scope!(|s| -> std::num::ParseIntError {
        let parsed = s.spawn_try(async { "40".parse::<u32>() });
        Ok(parsed.await.unwrap() + "2".parse::<u32>()?)
    }));
    assert_eq!(result, Ok(42));
}

#[test]
fn an_error_in_a_plain_scope_ends_nothing() {
    let finished = AtomicBool::new(false);
    let result: Result<(), &str> = block_on(scope!(|s| {
        s.spawn(async {
            yield_now().await;
            finished.store(true, SeqCst);
        });
        Err("only a value")
    }));
    assert_eq!(result, Err("only a value"));
    assert!(finished.into_inner());
}

#[test]
fn cancel_starts_nothing_more_and_lets_running_children_finish() {
    let gate = Gate::default();
    let (driver, s) = pleach::scope::scope();
    let running_child = s.spawn(gate.wait());
    let mut running = pin!(driver.run(async {
        yield_now().await;
        let late = s.spawn(async { "never" });
        s.cancel();
        s.cancel();
        (late.await, s.spawn(async { "nor this" }).await)
    }));
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(s.is_cancelled());
    assert!(poll_now(running.as_mut()).is_pending());
    assert!(s.try_spawn(async {}).is_err());
    gate.open();
    let (late, later) = drive(running.as_mut());
    assert!(late.is_err() && later.is_err());
    assert_eq!(block_on(running_child), Ok(()));
}

#[test]
fn cancel_from_another_thread_wakes_a_parked_scope() {
    let (wakes, waker) = Wakes::new();
    let gate = Gate::default();
    let limit = std::num::NonZeroUsize::MIN;
    let (driver, s) = pleach::scope::scope();
    let driver = driver.limit(limit);
    let first = s.spawn(gate.wait());
    let held_back = s.spawn(async {});
    let mut running = pin!(driver.run(held_back));
    while {
        let before = wakes.count();
        assert!(poll_with(running.as_mut(), &waker).is_pending());
        wakes.count() > before
    } {}
    let before = wakes.count();
    std::thread::scope(|threads| {
        threads.spawn(|| s.cancel());
    });
    assert_eq!(wakes.count(), before + 1);
    gate.open();
    assert!(drive(running).is_err());
    assert_eq!(block_on(first), Ok(()));
}

#[test]
fn local_scopes_take_children_that_are_not_send() {
    let shared = Rc::new(Cell::new(1));
    let out = block_on(local_scope!(|s| {
        let other = Rc::clone(&shared);
        s.spawn(async move {
            yield_now().await;
            other.set(2);
            other
        })
        .await
        .unwrap()
    }));
    assert_eq!(out.get(), 2);
    let result: Result<(), Rc<str>> = block_on(try_local_scope!(|s| {
        s.spawn_try(async { Err::<(), Rc<str>>("not send".into()) });
        pending().await
    }));
    assert_eq!(&*result.unwrap_err(), "not send");
}

#[test]
fn scopes_nest_and_inner_children_spawn_outside() {
    let count = AtomicUsize::new(0);
    let total = block_on(scope!(|outer| {
        let (count, outer) = (&count, &outer.clone());
        scope!(|inner| {
            let handles: Vec<_> = (0..3)
                .map(|n| {
                    let outer = outer.clone();
                    inner.spawn(async move {
                        outer.spawn(async move {
                            count.fetch_add(n, SeqCst);
                            n
                        })
                    })
                })
                .collect();
            let mut total = 0;
            for handle in handles {
                total += handle.await.unwrap().await.unwrap();
            }
            total
        })
        .await
    }));
    assert_eq!((total, count.into_inner()), (3, 3));
}

#[test]
fn deep_nesting_works() {
    fn nest(depth: usize) -> Pin<Box<dyn Future<Output = usize> + Send>> {
        Box::pin(async move {
            if depth == 0 {
                return 0;
            }
            scope!(|s| s.spawn(nest(depth - 1)).await.unwrap() + 1).await
        })
    }
    assert_eq!(block_on(nest(200)), 200);
}

#[test]
fn a_driver_without_a_body_drops_its_children() {
    let alive = Arc::new(());
    let witness = Arc::clone(&alive);
    let (driver, s) = pleach::scope::scope();
    let handle = s.spawn(async move { drop(witness) });
    drop(driver);
    assert_eq!(Arc::strong_count(&alive), 1);
    assert!(block_on(handle).is_err());
}

#[test]
fn polling_a_scope_after_completion_panics() {
    let mut running = pin!(pleach::scope::scope().0.run(async {}));
    assert!(!running.is_terminated());
    assert!(poll_now(running.as_mut()).is_ready());
    assert!(running.is_terminated());
    let again = std::panic::AssertUnwindSafe(|| poll_now(running.as_mut()));
    assert!(std::panic::catch_unwind(again).is_err());
}

#[test]
fn the_parents_waker_may_spawn_when_it_is_cloned_woken_or_dropped() {
    let (driver, s) = pleach::scope::scope::<'static>();
    let spawned = Arc::new(AtomicUsize::new(0));
    let spawn = {
        let (s, spawned) = (s.clone(), Arc::clone(&spawned));
        move || {
            // Bounded, since each spawn may wake the parent, which spawns.
            if spawned.fetch_add(1, SeqCst) < 50 {
                s.spawn(async {});
            }
        }
    };
    let gate: &'static Gate = leak(Gate::default());
    let mut running = Box::pin(driver.run(gate.wait()));
    for _ in 0..4 {
        let (clone, wake, end) = (spawn.clone(), spawn.clone(), spawn.clone());
        let hostile = Hostile::default()
            .on_clone(clone)
            .on_wake(wake)
            .on_drop(end);
        assert!(poll_with(running.as_mut(), &hostile.waker()).is_pending());
        gate.wake();
    }
    assert!(spawned.load(SeqCst) > 8);
    gate.open();
    drive(running.as_mut());
}

#[test]
fn a_forgotten_scope_and_its_handles_stay_harmless() {
    let data = vec![1, 2, 3];
    let gate = Arc::new(Gate::default());
    {
        let gate = Arc::clone(&gate);
        let mut running = Box::pin(scope!(|s| {
            let data = &data;
            s.spawn(async move {
                gate.wait().await;
                data.len()
            });
            pending::<()>().await;
        }));
        assert!(poll_now(running.as_mut()).is_pending());
        assert!(poll_now(running.as_mut()).is_pending());
        forget(running);
    }
    // Moved and freed while the forgotten child still borrows it and can still be woken.
    drop(Box::new(data));
    gate.open();
}

#[test]
fn a_forgotten_handle_leaks_the_output_and_nothing_else() {
    let alive = Arc::new(());
    let witness = Arc::clone(&alive);
    block_on(scope!(|s| forget(s.spawn(async move { witness }))));
    assert_eq!(Arc::strong_count(&alive), 2);
}

#[test]
fn a_handle_awaited_in_another_task_is_woken_there() {
    let gate = Gate::default();
    let (driver, s) = pleach::scope::scope();
    let handle = s.spawn(async {
        gate.wait().await;
        7
    });
    std::thread::scope(|threads| {
        let other = threads.spawn(|| block_on(handle));
        let mut running = pin!(driver.run(async {}));
        assert!(poll_now(running.as_mut()).is_pending());
        gate.open();
        assert!(poll_now(running.as_mut()).is_ready());
        assert_eq!(other.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_childs_waker_stays_the_same() {
    let same = block_on(scope!(|s| {
        let mut first = None::<Waker>;
        let polled = move |cx: &mut Context<'_>| match &first {
            None => {
                first = Some(cx.waker().clone());
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(first) => Poll::Ready(first.will_wake(cx.waker())),
        };
        s.spawn(poll_fn(polled)).await
    }));
    assert_eq!(same, Ok(true));
}

#[test]
fn a_scope_that_is_over_keeps_no_waker_of_its_task() {
    let (wakes, waker) = Wakes::new();
    let before = Arc::strong_count(&wakes);
    let (driver, s) = pleach::scope::scope();
    let handle = s.spawn(pending::<()>());
    {
        let mut running = pin!(driver.run(async {}));
        assert!(poll_with(running.as_mut(), &waker).is_pending());
        assert!(Arc::strong_count(&wakes) > before);
    }
    assert_eq!(Arc::strong_count(&wakes), before);
    drop((handle, s));
}

#[test]
fn a_spawn_whose_wake_panics_leaves_the_child_to_the_scope() {
    let alive = Arc::new(());
    let (driver, s) = pleach::scope::scope();
    let mut running = Box::pin(driver.run(pending::<()>()));
    let waker = Hostile::default().on_wake(|| panic!("a wake")).waker();
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    let output = Arc::clone(&alive);
    let spawned = std::panic::AssertUnwindSafe(|| drop(s.spawn(async move { output })));
    assert!(std::panic::catch_unwind(spawned).is_err());
    assert!(poll_now(running.as_mut()).is_pending());
    assert_eq!(
        Arc::strong_count(&alive),
        1,
        "it ran, and its output was dropped"
    );
}

#[test]
fn a_body_may_do_without_the_scope() {
    assert_eq!(block_on(scope!(|_| 5)), 5);
}
