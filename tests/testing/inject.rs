//! Injection finds what leaks, outlives, loses and hangs. (That it finds nothing where there is nothing, over
//! two hundred kinds of futures, is `tests/injection`.)

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    task::{Poll, Waker},
};

use pleach::{
    join::join,
    testing::inject::{self, Bell, Inject, Injections, Trial, World, settled, yield_once},
};

use crate::support::message;

/// What is wrong by the injections.
fn fault(inject: impl FnOnce() -> Injections) -> String {
    let payload = catch_unwind(AssertUnwindSafe(inject)).expect_err("something is wrong");
    message(&*payload).to_owned()
}

/// Yields, and gives what it was given.
fn child(world: &World, value: u32) -> impl Future<Output = u32> + use<> {
    let inner = world.clone();
    world.child("child", async move {
        let buffer = inner.part("buffer");
        yield_once().await;
        drop(buffer);
        value
    })
}

#[test]
fn what_is_done_is_counted() {
    let trial = |world: &World| Trial::of(world, settled(child(world, 7)));
    let drops = inject::drops(trial);
    // Before the first poll, and after it.
    assert_eq!((drops.drops, drops.total()), (2, 2));
    let panics = inject::panics(trial);
    // Two polls of the child, its wake of the waker, and two drops.
    assert_eq!((panics.panics, panics.total()), (5, 5));
    let all = inject::all(trial);
    assert_eq!((all.drops, all.panics), (2, 5));
    // Each poll but the last leaves a drop or two of the child and its buffer.
    assert_eq!((all.panics_in_drops, all.pairs), (3, 0));
    let two = inject::all(|world| Trial::of(world, join([1, 2].map(|value| child(world, value)))));
    assert!(two.pairs > 0, "{two}");
    let total = all.drops + all.panics + all.panics_in_drops + all.pairs;
    assert_eq!(all.total(), total);
    assert!(
        all.to_string()
            .starts_with(&format!("{total} injections: 2 drops, "))
    );
}

#[test]
fn what_outlives_its_future_is_found() {
    let kept: Rc<RefCell<Vec<inject::Part>>> = Rc::default();
    let keeps = kept.clone();
    let fault = fault(|| {
        inject::drops(|world| {
            let (inner, keeps) = (world.clone(), keeps.clone());
            Trial::of(world, async move {
                keeps.borrow_mut().push(inner.part("kept"));
            })
        })
    });
    assert!(
        fault.contains("alive with the result: [\"kept\"]"),
        "{fault}"
    );
    drop(kept);
}

#[test]
fn a_panic_that_is_swallowed_is_found() {
    let fault = fault(|| {
        inject::panics(|world| {
            let child = child(world, 7);
            Trial::of(world, async move {
                let mut child = Box::pin(child);
                let polled = poll_fn(|cx| {
                    let poll = AssertUnwindSafe(|| child.as_mut().poll(cx));
                    catch_unwind(poll).unwrap_or(Poll::Ready(0))
                });
                polled.await
            })
        })
    });
    assert!(
        fault.contains("child (poll): panicked, which came out 0 times"),
        "{fault}"
    );
}

#[test]
fn another_outcome_is_found() {
    let runs = Cell::new(0);
    let fault = fault(|| {
        inject::drops(|world| {
            runs.set(runs.get() + 1);
            let run = runs.get();
            Trial::of(world, async move { run })
        })
    });
    assert!(fault.contains("the outcome was "), "{fault}");
}

#[test]
fn a_future_that_hangs_is_found_and_one_that_is_woken_from_outside_does_not() {
    let hangs = fault(|| inject::drops(|world| Trial::of(world, std::future::pending::<()>())));
    assert!(hangs.contains("hangs"), "{hangs}");
    let injections = inject::all(|world| {
        let (bell, late) = (Bell::default(), world.clone());
        let wait = settled(world.child("waits", bell.wait()));
        let ringer = world.clone();
        let again = bell.clone();
        Trial::of(world, wait)
            .outside(move || bell.ring(&ringer))
            .after(move || again.ring(&late))
    });
    assert_eq!(injections.drops, 2);
}

#[test]
fn a_waker_that_is_kept_is_found() {
    let kept: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let fault = fault(|| {
        inject::drops(|world| {
            let keeps = kept.clone();
            Trial::of(
                world,
                poll_fn(move |cx| {
                    keeps.borrow_mut().push(cx.waker().clone());
                    Poll::Ready(())
                }),
            )
        })
    });
    assert!(fault.contains("wakers too many at the end"), "{fault}");
}

#[test]
fn memory_that_is_leaked_is_found_by_who_counts() {
    thread_local! {
        static LIVE: Cell<isize> = const { Cell::new(0) };
    }
    // Without a value in words, and without a panic, a run leaves nothing.
    let leaks = fault(|| {
        Inject::new().memory(|| LIVE.get()).drops(|world| {
            Trial::new(world, async { LIVE.set(LIVE.get() + 1) }, |()| {
                String::new()
            })
        })
    });
    assert!(
        leaks.contains("memory was leaked, or freed twice"),
        "{leaks}"
    );
}

#[test]
fn what_follows_is_checked_after_each() {
    thread_local! {
        static CHECKS: Cell<usize> = const { Cell::new(0) };
    }
    let inject = Inject::new().follow_up(|| CHECKS.set(CHECKS.get() + 1));
    let trial = |world: &World| Trial::of(world, settled(child(world, 7)));
    let injections = inject.drops(trial);
    // And after the run that is undisturbed, at the beginning and at the end.
    assert_eq!(CHECKS.get(), injections.total() + 2);
}

#[test]
fn points_of_ones_own_and_outputs_panic_as_well() {
    let trial = |world: &World| {
        let inner = world.clone();
        Trial::of(world, async move {
            inner.point("disk", "write");
            inner.output("written")
        })
    };
    // Its own point, and the drop of the output.
    assert_eq!(inject::panics(trial).panics, 2);
}
