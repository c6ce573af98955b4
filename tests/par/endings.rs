//! How a parallel scope ends early, and what is gone then.

use std::{
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::mpsc,
    task::Poll,
};

use pleach::{
    CancelToken,
    cancel::{CauseKind, OrCancel},
    par::{par_scope, try_par_scope},
    par_scope, try_par_scope,
};

use crate::{
    Census, Each, Threads, block_on,
    census::{OnDrop, Slow},
    support::{message, poll_now, yield_now},
};

#[test]
fn an_error_ends_the_scope_when_everybody_is_gone() {
    Each::run(|executor| {
        let census = Census::default();
        let result = block_on(try_par_scope!(executor, |s| -> &str {
            for _ in 0..5 {
                s.spawn_try(slow(&census));
            }
            s.spawn_try(async {
                yield_now().await;
                Err::<(), _>("no")
            });
            pending().await
        }));
        assert_eq!(result, Err::<(), _>("no"));
        census.assert_empty();
    });
}

/// Never ready, and slow to go.
fn slow(census: &Census) -> impl Future<Output = Result<(), &'static str>> + Send + use<> {
    let slow = Slow(census.guard());
    async move {
        let _slow = slow;
        pending().await
    }
}

#[test]
fn the_value_comes_after_the_last_destructor_on_whatever_thread() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            for _ in 0..5 {
                let slow = Slow(census.guard());
                s.spawn(async move {
                    let captured = slow;
                    yield_now().await;
                    drop(captured);
                });
                // An output that nobody takes.
                let slow = Slow(census.guard());
                drop(s.spawn(async move { slow }));
            }
        }));
        census.assert_empty();
    });
}

#[test]
fn break_with_ends_the_scope_from_a_child() {
    Each::run(|executor| {
        let census = Census::default();
        let result = block_on(try_par_scope!(executor.clone(), |s| -> &str {
            s.spawn(census.stays());
            s.spawn_with(|s| async move {
                assert_eq!(s.break_with("enough"), Ok(()));
                assert_eq!(s.break_with("again"), Err("again"));
            });
            pending::<Result<(), _>>().await
        }));
        assert_eq!(result, Err("enough"));
        census.assert_empty();
    });
}

#[test]
fn a_panic_goes_on_once_with_its_payload_when_the_others_are_gone() {
    Each::run(|executor| {
        let census = Census::default();
        let scope = par_scope!(executor, |s| {
            for _ in 0..3 {
                s.spawn(slow(&census));
            }
            let gives = census.gives(1);
            s.spawn(async move {
                let _given = gives.await;
                panic!("child");
            });
            pending::<()>().await
        });
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
        assert_eq!(message(&*payload), "child");
        census.assert_empty();
    });
}

#[test]
fn a_panic_of_the_body_goes_on_when_the_children_are_gone() {
    Each::run(|executor| {
        let census = Census::default();
        let scope = par_scope!(executor, |s| {
            s.spawn(slow(&census));
            s.spawn(census.gives(1)).await.unwrap();
            panic!("body");
        });
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
        assert_eq!(message(&*payload), "body");
        census.assert_empty();
    });
}

#[test]
fn a_destructor_of_a_future_that_panics_counts_as_its_childs_panic() {
    Each::run(|executor| {
        let census = Census::default();
        let scope = par_scope!(executor, |s| {
            s.spawn(slow(&census));
            let (late, output) = (OnDrop(|| panic!("destructor")), census.guard());
            let mut output = Some(output);
            s.spawn(poll_fn(move |_| {
                let _owned = &late;
                Poll::Ready(output.take())
            }));
            pending::<()>().await
        });
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
        assert_eq!(message(&*payload), "destructor");
        census.assert_empty();
    });
}

#[test]
fn a_destructor_of_an_output_that_panics_counts_too() {
    Each::run(|executor| {
        let census = Census::default();
        let scope = par_scope!(executor, |s| {
            s.spawn(slow(&census));
            drop(s.spawn(async { OnDrop(|| panic!("output")) }));
            pending::<()>().await
        });
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
        assert_eq!(message(&*payload), "output");
        census.assert_empty();
    });
}

#[test]
fn a_destructor_of_an_aborted_child_that_panics_ends_the_scope() {
    Each::run(|executor| {
        let census = Census::default();
        let scope = par_scope!(executor, |s| {
            let (started, has_started) = pleach::oneshot::channel();
            let guard = census.guard();
            let child = s.spawn(async move {
                let _late = (guard, OnDrop(|| panic!("aborted")));
                started.send(()).unwrap();
                pending::<()>().await
            });
            has_started.await.unwrap();
            s.spawn(slow(&census));
            child.abort();
            assert_eq!(child.await.unwrap_err().cause().kind(), CauseKind::Aborted);
            pending::<()>().await
        });
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(scope))).unwrap_err();
        assert_eq!(message(&*payload), "aborted");
        census.assert_empty();
    });
}

#[test]
fn cancelling_lets_those_that_run_finish_and_starts_nobody() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            let token = s.token();
            let (gives, (started, has_started)) = (census.gives(0), pleach::oneshot::channel());
            let running = s.spawn(async move {
                started.send(()).unwrap();
                token.cancelled().await;
                gives.await
            });
            has_started.await.unwrap();
            s.cancel_with(CauseKind::Shutdown);
            let late = s.spawn(census.stays());
            assert_eq!(late.await.unwrap_err().cause().kind(), CauseKind::Shutdown);
            drop(running.await.unwrap());
        }));
        census.assert_empty();
    });
}

#[test]
fn a_token_above_cancels_the_scope() {
    Each::run(|executor| {
        let census = Census::default();
        let above = CancelToken::new();
        let causes = block_on(par_scope!(executor, token = &above, |s| {
            let children = [(); 3].map(|()| {
                let (token, stays) = (s.token(), census.stays());
                s.spawn(async move { stays.or_cancel(&token).await.unwrap_err() })
            });
            above.cancel_with(CauseKind::Shutdown);
            let mut causes = Vec::new();
            for child in children {
                // Not started, or cut short: for the same cause.
                let cause = match child.await {
                    Ok(cancelled) | Err(cancelled) => cancelled,
                };
                causes.push(cause.cause().kind());
            }
            causes
        }));
        assert_eq!(causes, [CauseKind::Shutdown; 3]);
        census.assert_empty();
    });
}

#[test]
fn dropping_the_future_ends_and_frees_everything() {
    Each::run(|executor| {
        let census = Census::default();
        for polls in 0..4 {
            let mut handles = Vec::new();
            {
                let mut scope = pin!(par_scope!(executor, |s| {
                    for _ in 0..3 {
                        handles.push(s.spawn(census.stays()));
                        handles.push(s.spawn_daemon(census.stays()));
                        handles.push(s.spawn_shielded(census.stays()));
                        s.scope().spawn(census.stays());
                    }
                    let _body = census.guard();
                    pending::<()>().await
                }));
                for _ in 0..polls {
                    assert!(poll_now(scope.as_mut()).is_pending());
                }
            }
            for handle in handles {
                assert!(block_on(handle).is_err());
            }
            census.wait_until_empty();
        }
    });
}

#[test]
fn dropping_the_future_while_its_last_task_is_waited_for_frees_that() {
    let census = Census::default();
    let (stop, stopped) = mpsc::channel::<()>();
    let (started, has_started) = pleach::oneshot::channel();
    let (driver, s) = try_par_scope(Threads);
    let held = census.guard();
    let child = s.spawn(async move {
        let _held = held;
        started.send(()).unwrap();
        stopped.recv().unwrap(); // computes, and does not await
        pending::<()>().await
    });
    let mut scope = Box::pin(driver.run_try(async {
        has_started.await.unwrap();
        Err::<(), ()>(())
    }));
    while !s.is_empty() {
        assert!(poll_now(scope.as_mut()).is_pending());
    }
    assert_eq!(census.alive(), 1, "it computes");
    drop(scope);
    stop.send(()).unwrap();
    census.wait_until_empty();
    assert!(block_on(child).is_err());
}

#[test]
fn an_aborted_child_goes_and_the_others_go_on() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            let (started, has_started) = pleach::oneshot::channel();
            let stays = census.stays();
            let child = s.spawn(async move {
                started.send(()).unwrap();
                stays.await;
            });
            let unstarted = s.spawn(census.stays());
            unstarted.abort();
            has_started.await.unwrap();
            child.abort();
            assert_eq!(child.await.unwrap_err().cause().kind(), CauseKind::Aborted);
            assert_eq!(
                unstarted.await.unwrap_err().cause().kind(),
                CauseKind::Aborted
            );
            drop(s.spawn(census.gives(1)).await.unwrap());
        }));
        census.assert_empty();
    });
}

#[test]
fn a_scope_that_is_over_refuses_whatever_is_asked_of_it() {
    Each::run(|executor| {
        let census = Census::default();
        let (driver, s) = par_scope(executor);
        block_on(driver.run(async {}));
        assert!(block_on(s.spawn(census.stays())).is_err());
        assert!(s.try_spawn(census.stays()).is_err());
        assert!(block_on(s.parallel(census.stays())).is_err());
        let (driver, s) = par_scope(executor);
        let early = s.spawn(census.stays());
        drop(driver);
        assert!(block_on(early).is_err());
        assert!(block_on(s.parallel(census.stays())).is_err());
        census.assert_empty();
    });
}

#[test]
#[should_panic = "a parallel scope was polled after it had completed"]
fn a_scope_is_not_polled_again() {
    let (driver, _s) = par_scope(Threads);
    let mut run = pin!(driver.run(ready(())));
    block_on(run.as_mut());
    let _ = poll_now(run);
}
