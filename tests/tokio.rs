//! tokio on several threads, and on a clock that stands still: what takes more of tokio's features than
//! the crate asks for. See ci/runtimes.

use std::{pin::pin, time::Duration};

use pleach::{
    cancel::CauseKind,
    runtime::{Tokio, TokioHandle, TokioTimer, conformance::Suite},
    scope,
    time::{Clock, interval, sleep, timeout},
};
use tokio::{
    runtime::{Builder, Runtime},
    time,
};

const SUITE: Suite = Suite::new();
const HOUR: Duration = Duration::from_secs(60 * 60);

fn threads(n: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(n)
        .enable_time()
        .build()
        .unwrap()
}

fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

#[test]
fn its_executor_conforms() {
    for n in [1, 3] {
        let runtime = threads(n);
        let handle = TokioHandle(runtime.handle().clone());
        let left_behind = runtime.block_on(async {
            SUITE.spawn(&Tokio).await;
            SUITE.fairness(&Tokio).await;
            SUITE.spawn_from_elsewhere(&handle).await;
            SUITE.leave_behind(&Tokio).await
        });
        runtime.shutdown_background();
        left_behind.assert_dropped();
        SUITE.assert_gone(&handle);
    }
}

#[test]
fn its_executor_conforms_within_a_task() {
    let runtime = threads(2);
    let handle = TokioHandle(runtime.handle().clone());
    let suite = async move { SUITE.spawn(&handle).await };
    runtime
        .block_on(async { tokio::spawn(suite).await })
        .unwrap();
}

#[test]
fn its_threads_and_its_timer_conform() {
    let runtime = threads(2);
    runtime.block_on(SUITE.spawn_blocking(&Tokio));
    runtime.block_on(SUITE.timer(&TokioTimer));
}

#[test]
fn its_timer_conforms_while_the_clock_is_paused() {
    paused().block_on(SUITE.timer(&TokioTimer));
}

#[test]
fn a_paused_clock_is_obeyed() {
    paused().block_on(async {
        let start = TokioTimer.now();
        assert_eq!(TokioTimer.now(), start);
        time::advance(HOUR).await;
        assert_eq!(TokioTimer.now() - start, HOUR);

        // The clock jumps when there is nothing else to do.
        sleep(TokioTimer, HOUR).await;
        assert_eq!(TokioTimer.now() - start, HOUR * 2);
        let slow = sleep(TokioTimer, HOUR * 2);
        assert!(timeout(TokioTimer, HOUR, slow).await.is_err());

        let mut ticks = pin!(interval(TokioTimer, HOUR));
        for _ in 0..24 {
            ticks.as_mut().tick().await;
        }
        let passed = TokioTimer.now() - start;
        assert!(passed >= HOUR * 26 && passed < HOUR * 27);
    });
}

#[test]
fn the_clocks_of_two_runtimes_do_not_disturb_each_other() {
    // Of these the second is behind the first.
    for _ in 0..2 {
        paused().block_on(async {
            let start = TokioTimer.now();
            time::advance(HOUR).await;
            time::advance(Duration::from_millis(1)).await;
            assert_eq!(TokioTimer.now() - start, HOUR + Duration::from_millis(1));
        });
    }
}

#[test]
fn a_scope_ends_by_the_deadline_on_a_paused_clock() {
    paused().block_on(async {
        let at = TokioTimer.now() + HOUR;
        let cause = scope!(deadline = (TokioTimer, at), |s| s.token().cancelled().await);
        assert_eq!(cause.await.kind(), CauseKind::Deadline);
        assert!(TokioTimer.now() >= at);
    });
}
