//! Runtimes that go away: what they drop is lost, and nobody waits for it.

use std::{
    future::{Future, pending},
    sync::Arc,
    thread,
};

use pleach::{
    Cancelled, Handle,
    cancel::CauseKind,
    par::{ParScope, par_scope},
    par_scope,
    runtime::Spawn,
};

use crate::{
    Census, block_on,
    executors::{Executor, Shelf},
    limit,
};

fn kind<T>(result: Result<T, Cancelled>) -> CauseKind {
    match result {
        Ok(_) => panic!("it was lost"),
        Err(cancelled) => cancelled.cause().kind(),
    }
}

#[test]
fn a_runtime_that_drops_its_tasks_ends_the_scope() {
    for polled in [false, true] {
        let (census, shelf) = (Census::default(), Shelf::default());
        let cause = block_on(par_scope!(shelf.clone(), |s| {
            let children = [(); 3].map(|()| s.spawn(census.stays()));
            let daemon = s.spawn_daemon(census.stays());
            let shielded = s.spawn_shielded(census.stays());
            let here = s.scope().spawn(async {
                // When all have been started.
                crate::support::yield_now().await;
                if polled {
                    shelf.poll_all();
                }
                shelf.go_away();
            });
            here.await.unwrap();
            for child in children {
                assert_eq!(kind(child.await), CauseKind::Lost);
            }
            assert_eq!(kind(daemon.await), CauseKind::Lost);
            assert_eq!(kind(shielded.await), CauseKind::Lost);
            assert!(s.is_cancelled());
            s.token().cause().unwrap().kind()
        }));
        assert_eq!(cause, CauseKind::Lost);
        census.assert_empty();
    }
}

#[test]
fn a_runtime_that_is_gone_ends_the_scope() {
    let (census, shelf) = (Census::default(), Shelf::default());
    shelf.go_away();
    block_on(par_scope!(shelf, limit = limit(1), |s| {
        let (first, second) = (s.spawn(census.stays()), s.spawn(census.stays()));
        assert_eq!(kind(first.await), CauseKind::Lost);
        assert_eq!(kind(second.await), CauseKind::Lost, "not started, for that");
        let owned = census.guard();
        let call = s.spawn_blocking(move || drop(owned));
        assert_eq!(kind(call.await), CauseKind::Lost);
        assert_eq!(kind(s.parallel(census.stays()).await), CauseKind::Lost);
    }));
    census.assert_empty();
}

#[test]
fn a_call_that_is_dropped_is_lost() {
    let (census, shelf) = (Census::default(), Shelf::default());
    block_on(par_scope!(shelf.clone(), |s| {
        let owned = census.guard();
        let call = s.spawn_blocking(move || drop(owned));
        s.scope().spawn(async {
            crate::support::yield_now().await;
            shelf.go_away();
        });
        assert_eq!(kind(call.await), CauseKind::Lost);
    }));
    census.assert_empty();
}

#[test]
fn what_is_lost_beside_a_child_that_was_aborted_was_aborted() {
    let (census, shelf) = (Census::default(), Shelf::default());
    block_on(par_scope!(shelf.clone(), |s| {
        let child = s.spawn(census.stays());
        s.scope().spawn(async {
            crate::support::yield_now().await;
        });
        crate::support::yield_now().await;
        child.abort();
        assert_eq!(kind(child.await), CauseKind::Aborted);
        shelf.go_away();
        assert!(!s.is_cancelled());
    }));
    census.assert_empty();
}

#[test]
fn the_first_cause_stays() {
    let (census, shelf) = (Census::default(), Shelf::default());
    block_on(par_scope!(shelf.clone(), |s| {
        let child = s.spawn(census.stays());
        crate::support::yield_now().await;
        s.cancel_with(CauseKind::Shutdown);
        shelf.go_away();
        assert_eq!(kind(child.await), CauseKind::Lost);
        assert_eq!(s.token().cause().unwrap().kind(), CauseKind::Shutdown);
    }));
    census.assert_empty();
}

#[test]
fn a_parallel_that_is_lost_says_so_and_its_scope_goes_on() {
    let (census, shelf) = (Census::default(), Shelf::default());
    block_on(par_scope!(shelf.clone(), |s| {
        s.scope().spawn(async {
            crate::support::yield_now().await;
            shelf.go_away();
        });
        assert_eq!(kind(s.parallel(census.stays()).await), CauseKind::Lost);
        assert!(!s.is_cancelled());
    }));
    census.assert_empty();
}

#[test]
fn a_runtime_that_goes_away_after_the_scope_has_failed_does_not_hold_it_up() {
    let (census, shelf) = (Census::default(), Shelf::default());
    let (driver, s) = par_scope(shelf.clone());
    let child = s.spawn(census.stays());
    let mut scope = Box::pin(driver.run(pending::<()>()));
    assert!(crate::support::poll_now(scope.as_mut()).is_pending());
    // It is asked to end, but nobody polls it.
    drop(scope);
    assert_eq!(census.alive(), 1);
    shelf.go_away();
    census.assert_empty();
    assert!(block_on(child).is_err());
}

/// smol's executor, which is dropped on one thread while the scope is polled on another.
#[test]
fn an_executor_of_smol_is_dropped_beside_the_scope() {
    fn run(s: &ParScope<'static, Weak>, census: &Census) -> Vec<Handle<()>> {
        (0..5).map(|_| s.spawn(census.stays())).collect()
    }
    for _ in 0..50 {
        let census = Census::default();
        let executor = Arc::new(Executor::default());
        let weak = Weak(Arc::downgrade(&executor));
        let there = thread::spawn(move || {
            for _ in 0..20 {
                executor.0.try_tick();
            }
            drop(executor);
        });
        block_on(par_scope!(weak, |s| {
            for child in run(&s, &census) {
                assert_eq!(kind(child.await), CauseKind::Lost);
            }
        }));
        there.join().unwrap();
        census.assert_empty();
    }
}

/// An executor that others own.
#[derive(Clone)]
struct Weak(std::sync::Weak<Executor>);

impl Spawn for Weak {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        if let Some(executor) = self.0.upgrade() {
            executor.spawn(future);
        }
    }
}

/// The task of the scope is one of the executor that goes away.
#[test]
fn an_executor_is_dropped_with_the_scope_on_it() {
    let census = Census::default();
    let executor = Arc::new(Executor::default());
    let weak = Weak(Arc::downgrade(&executor));
    executor.spawn({
        let census = census.clone();
        async move {
            par_scope!(weak, |s| {
                for _ in 0..5 {
                    s.spawn(census.stays());
                }
                pending::<()>().await
            })
            .await;
        }
    });
    for _ in 0..10 {
        executor.0.try_tick();
    }
    assert_eq!(census.alive(), 5);
    drop(executor);
    census.assert_empty();
}
