//! What does not come to its end is told.

use std::{cell::Cell, future::pending, rc::Rc, sync::Arc, time::Duration};

use pleach::{
    Event, Semaphore,
    testing::{self, Explore, Simulation, Why},
    time::Instant,
};

use crate::support::message;

#[test]
fn a_stall_says_who_was_there() {
    let dropped = Rc::new(());
    let held = dropped.clone();
    let line = line!() + 1;
    let stalled = Simulation::new(7).run(async |sim| {
        let held = held.clone();
        drop(sim.named("waiter").spawn(async move {
            let _held = held;
            pending::<()>().await;
        }));
        sim.sleep(Duration::from_millis(1500)).await;
        Event::new().wait().await;
    });
    let halted = stalled.unwrap_err();
    assert_eq!(halted.why, Why::Stalled);
    assert_eq!(
        (&halted.seed, halted.time),
        (&7.into(), Instant::from_nanos(1_500_000_000))
    );
    let [main, waiter] = &halted.tasks[..] else {
        panic!("{halted}");
    };
    assert_eq!((main.number, main.name, main.polls), (0, Some("main"), 2));
    assert_eq!(
        (waiter.number, waiter.name, waiter.polls),
        (1, Some("waiter"), 1)
    );
    assert_eq!((main.site.line(), waiter.site.line()), (line, line + 2));
    // The first poll of both, the end of the sleep, and the second poll of one.
    assert_eq!(halted.steps, 4);
    drop(held);
    assert_eq!(
        Rc::strong_count(&dropped),
        1,
        "it is dropped before the report is there"
    );
    let text = halted.to_string();
    assert!(
        text.starts_with("stalled: nothing is ready and nobody sleeps; seed 7, 4 steps, at 1.5s\n"),
        "{text}"
    );
    assert!(
        text.contains("task 1 \"waiter\" waits, polled 1 times, of tests/testing/stalls.rs:"),
        "{text}"
    );
}

#[test]
fn a_stall_is_a_panic_of_those_who_do_not_ask() {
    let run = || testing::run(7, async |_| pending::<()>().await);
    let payload = std::panic::catch_unwind(run).unwrap_err();
    assert!(message(&*payload).starts_with("stalled: "));
}

#[test]
fn what_goes_on_for_ever_is_ended() {
    let spins = Simulation::new(7).max_steps(500).run(async |sim| {
        let polls = Rc::new(Cell::new(0));
        let counts = polls.clone();
        let spins = sim.named("spins").spawn(std::future::poll_fn(move |cx| {
            counts.set(counts.get() + 1);
            cx.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        }));
        spins.await;
    });
    let halted = spins.unwrap_err();
    assert_eq!((halted.why, halted.steps), (Why::Endless, 500));
    assert_eq!(
        (halted.tasks[1].polls, halted.tasks[1].is_ready),
        (499, true)
    );
    assert!(
        halted
            .to_string()
            .starts_with("it goes on for ever; seed 7, 500 steps")
    );
    // The time goes on as well.
    let ticks = Simulation::new(7).max_steps(500).run(async |sim| {
        loop {
            sim.sleep(Duration::from_secs(1)).await;
        }
    });
    let Err(halted): Result<(), _> = ticks else {
        unreachable!("it does not end")
    };
    assert_eq!(halted.why, Why::Endless);
    assert!(halted.time > Instant::from_nanos(200_000_000_000));
}

#[test]
fn reports_are_asked_while_all_is_there_and_dropped_when_nothing_is_wrong() {
    let permits = Arc::new(Semaphore::new(0));
    let stalled = Simulation::new(7).run(async |sim| {
        for _ in 0..3 {
            let permits = permits.clone();
            drop(sim.spawn(async move { permits.acquire().await.map(drop) }));
        }
        let seen = permits.clone();
        sim.on_halt(move || format!("{} wait", seen.waiters()));
        sim.on_halt(|| std::panic::resume_unwind(Box::new(())));
        sim.on_halt(|| String::from("third"));
        pending::<()>().await;
    });
    let halted = stalled.unwrap_err();
    assert_eq!(halted.reports, ["3 wait", "a report panicked", "third"]);
    assert!(
        halted
            .to_string()
            .ends_with("\n3 wait\na report panicked\nthird")
    );
    assert_eq!(Arc::strong_count(&permits), 1);

    let kept = permits.clone();
    testing::run(7, async |sim| {
        sim.on_halt(move || format!("{kept:?}"));
        sim.pause().await;
        sim
    })
    .on_halt({
        let kept = permits.clone();
        move || format!("{kept:?}")
    });
    assert_eq!(Arc::strong_count(&permits), 1);
}

#[test]
fn an_exploration_tells_of_a_stall() {
    let failure = Explore::seeds(10).try_run(async |_| pending::<()>().await);
    let failure = failure.unwrap_err();
    assert_eq!((failure.seed(), failure.runs()), (&0.into(), 1));
    assert_eq!(
        failure.halted().map(|halted| halted.why),
        Some(Why::Stalled)
    );
    assert!(failure.into_panic().is_none());
}
