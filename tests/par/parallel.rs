//! Futures that are run elsewhere, for whoever polls them.

use std::{
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    thread,
};

use futures_core::future::FusedFuture;
use pleach::{
    cancel::CauseKind,
    group::{TryAll, group},
    join::join,
    par::par_scope,
    par_scope, select,
};

use crate::{
    Census, Each, Threads, block_on,
    census::Slow,
    limit,
    support::{message, poll_now},
};

#[test]
fn it_gives_the_output_wherever_it_is_awaited() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            drop(s.parallel(census.gives(2)).await.unwrap());
            let both = join((s.parallel(census.gives(1)), s.parallel(census.gives(2)))).await;
            assert!(both.0.is_ok() && both.1.is_ok());
            let children = (0..20).map(|n| s.parallel(census.gives(n % 3)));
            let all = group(children).limit(limit(4)).join(TryAll::new()).await;
            assert_eq!(all.unwrap().len(), 20);
        }));
        census.assert_empty();
    });
}

#[test]
fn it_starts_with_its_first_poll_and_is_fused() {
    let census = Census::default();
    block_on(par_scope!(Threads, |s| {
        drop(s.parallel(census.gives(0)));
        census.assert_empty();
        let mut parallel = pin!(s.parallel(census.gives(0)));
        assert!(!parallel.is_terminated());
        drop(parallel.as_mut().await.unwrap());
        assert!(parallel.is_terminated());
        let again = catch_unwind(AssertUnwindSafe(|| poll_now(parallel)));
        let said = again.err().unwrap();
        assert_eq!(
            message(&*said),
            "`Parallel` was polled after it had completed"
        );
    }));
    census.assert_empty();
}

#[test]
fn one_that_loses_a_race_is_dropped_and_waited_for() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            let slow = Slow(census.guard());
            let stays = census.stays();
            let lost = s.parallel(async move {
                let _slow = slow;
                stays.await;
            });
            let seven = select! {
                _ = lost => unreachable!(),
                seven = s.parallel(ready(7)) => seven,
            };
            assert_eq!(seven, Ok(7));
        }));
        census.assert_empty();
    });
}

#[test]
fn its_panic_is_that_of_whoever_awaits_it() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            let gives = census.gives(1);
            let panics = s.parallel(async move {
                let _given = gives.await;
                panic!("parallel");
            });
            let caught = pleach::scope::isolate(panics).await;
            let payload = caught.err().unwrap().into_payload();
            assert_eq!(message(&*payload), "parallel");
        }));
        census.assert_empty();
    });
}

#[test]
fn it_may_be_awaited_on_another_thread_which_the_scope_waits_for() {
    Each::run(|executor| {
        let census = Census::default();
        let (driver, s) = par_scope(executor.clone());
        let mut parallel = Box::pin(s.parallel({
            let slow = Slow(census.guard());
            async move { drop(slow) }
        }));
        assert!(poll_now(parallel.as_mut()).is_pending());
        let other = thread::spawn(move || block_on(parallel));
        block_on(driver.run(async {}));
        census.assert_empty();
        other.join().unwrap().unwrap();
    });
}

#[test]
fn dropping_it_beside_the_scopes_end_frees_it() {
    Each::run(|executor| {
        for _ in 0..20 {
            let census = Census::default();
            let (driver, s) = par_scope(executor.clone());
            let mut parallel = Box::pin(s.parallel(census.gives(1)));
            let _ = poll_now(parallel.as_mut());
            let other = thread::spawn(move || drop(parallel));
            block_on(driver.run(async {}));
            other.join().unwrap();
            census.assert_empty();
        }
    });
}

#[test]
fn one_that_is_first_polled_when_the_scope_is_over_is_refused() {
    let census = Census::default();
    let (driver, s) = par_scope(Threads);
    let late = s.parallel(census.stays());
    block_on(driver.run(async {}));
    let Poll::Ready(refused) = poll_now(pin!(late)) else {
        panic!("it is over");
    };
    assert_eq!(refused.unwrap_err().cause().kind(), CauseKind::ScopeEnded);
    let (driver, s) = par_scope(Threads);
    let late = s.parallel(census.stays());
    let mut run = Box::pin(driver.run(pending::<()>()));
    assert!(poll_now(run.as_mut()).is_pending());
    drop(run);
    assert!(block_on(late).is_err());
    census.assert_empty();
}
