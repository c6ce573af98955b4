//! tokio, on one thread. (More of it is in tests/tokio.rs, which needs more of tokio's features.)

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use pleach::{
    WaitGroup,
    runtime::{
        Spawn, SpawnBlocking, StdTimer, Tokio, TokioHandle, TokioLocalSet, TokioSleep, TokioTimer,
    },
    time::{Clock, Instant, Timer, sleep},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
};

use crate::SUITE;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn its_executor_conforms() {
    let runtime = runtime();
    let left_behind = runtime.block_on(async {
        SUITE.spawn(&Tokio).await;
        SUITE.fairness(&Tokio).await;
        SUITE.leave_behind(&Tokio).await
    });
    drop(runtime);
    left_behind.assert_dropped();
}

#[test]
fn a_handle_conforms_and_drops_what_comes_too_late() {
    let runtime = runtime();
    let handle = TokioHandle(runtime.handle().clone());
    let left_behind = runtime.block_on(async {
        SUITE.spawn(&handle).await;
        SUITE.fairness(&handle).await;
        SUITE.spawn_from_elsewhere(&handle).await;
        SUITE.leave_behind(&handle).await
    });
    drop(runtime);
    left_behind.assert_dropped();
    SUITE.assert_gone(&handle);

    let works = Arc::new(WaitGroup::new());
    let member = works.add_owned();
    handle.spawn_blocking(move || panic!("called, and owns {member:?}"));
    assert!(works.is_empty());
}

#[test]
fn the_set_around_it_conforms() {
    let (runtime, set) = (runtime(), LocalSet::new());
    let left_behind = set.block_on(&runtime, async {
        SUITE.spawn_local(&Tokio).await;
        SUITE.fairness_local(&Tokio).await;
        SUITE.leave_behind_local(&Tokio).await
    });
    drop(set);
    left_behind.assert_dropped();
}

#[test]
fn a_set_conforms() {
    let (runtime, set) = (runtime(), TokioLocalSet(Rc::new(LocalSet::new())));
    let left_behind = set.0.block_on(&runtime, async {
        SUITE.spawn_local(&set).await;
        SUITE.fairness_local(&set).await;
        SUITE.leave_behind_local(&set).await
    });
    drop(set);
    left_behind.assert_dropped();
}

#[test]
fn its_threads_conform() {
    let runtime = runtime();
    runtime.block_on(SUITE.spawn_blocking(&Tokio));
    runtime.block_on(SUITE.spawn_blocking(&TokioHandle(runtime.handle().clone())));
}

#[test]
fn its_timer_conforms() {
    runtime().block_on(SUITE.timer(&TokioTimer));
}

#[test]
fn moments_are_the_same_by_both() {
    let moment = tokio::time::Instant::now() + Duration::from_secs(3);
    assert_eq!(
        TokioTimer::to_tokio(TokioTimer::from_tokio(moment)),
        Some(moment)
    );
    let now = TokioTimer.now();
    assert!(TokioTimer::from_tokio(tokio::time::Instant::now()) >= now);
    // There are moments before the first that was asked for.
    assert!(TokioTimer::to_tokio(now - Duration::from_secs(60 * 60)).is_some());
}

#[test]
fn a_sleep_may_be_made_outside_of_a_runtime_but_not_polled() {
    let soon = sleep(TokioTimer, Duration::from_millis(2));
    runtime().block_on(soon);

    let poll = |at| {
        let sleep = pin!(TokioTimer.sleep_until(at));
        sleep.poll(&mut Context::from_waker(Waker::noop()))
    };
    assert_eq!(poll(TokioTimer.now()), Poll::Ready(()));
    let nowhere = catch_unwind(AssertUnwindSafe(|| {
        poll(TokioTimer.now() + Duration::from_secs(60))
    }));
    assert!(nowhere.is_err());
}

#[test]
fn a_sleep_whose_runtime_is_gone_panics_until_it_is_due() {
    let runtime = runtime();
    let poll = |sleep: &mut Pin<Box<TokioSleep>>| {
        let sleep = sleep.as_mut();
        sleep.poll(&mut Context::from_waker(Waker::noop()))
    };
    let now = TokioTimer.now();
    let mut late = Box::pin(TokioTimer.sleep_until(now + Duration::from_secs(60)));
    let mut soon = Box::pin(TokioTimer.sleep_until(now + Duration::from_millis(20)));
    let begun = runtime.block_on(async { [poll(&mut late), poll(&mut soon)] });
    assert!(begun[0].is_pending());
    drop(runtime);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut late))).is_err());
    pleach::block_on(sleep(StdTimer, Duration::from_millis(20)));
    assert_eq!(poll(&mut soon), Poll::Ready(()));
}

#[test]
fn what_would_end_after_all_time_never_ends() {
    let mut never = Box::pin(TokioTimer.sleep_until(Instant::MAX));
    runtime().block_on(async {
        let polled = never.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    });
}

#[test]
fn to_spawn_outside_of_a_runtime_panics() {
    let spawn = || Tokio.spawn(async {});
    assert!(catch_unwind(spawn).is_err());
}
