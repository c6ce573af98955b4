//! What there is to spawn with.

use std::{
    future::{Future, pending, ready},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

use pleach::{
    cancel::CauseKind,
    group::{All, group},
    par::{Shared, par_scope, try_par_scope},
    par_scope, try_par_scope,
};

use crate::{Any, Census, Each, Threads, block_on, limit, support::yield_now};

#[test]
fn children_run_elsewhere_and_their_handles_give_what_they_return() {
    Each::run(|executor| {
        let census = Census::default();
        let outputs = block_on(par_scope!(executor, |s| {
            let children: Vec<_> = (0..20)
                .map(|n| {
                    let gives = census.gives(n % 3);
                    s.spawn(async move { (n, gives.await) })
                })
                .collect();
            let mut outputs = Vec::new();
            for child in children {
                outputs.push(child.await.unwrap().0);
            }
            outputs
        }));
        assert_eq!(outputs, (0..20).collect::<Vec<_>>());
        census.assert_empty();
    });
}

#[test]
fn children_run_on_threads_of_their_own() {
    let here = thread::current().id();
    let there = block_on(par_scope!(Threads, |s| {
        s.spawn(async { thread::current().id() }).await.unwrap()
    }));
    assert_ne!(here, there);
}

#[test]
fn children_of_both_sorts_are_in_one_scope() {
    Each::run(|executor| {
        let census = Census::default();
        let mut sum = 0;
        block_on(par_scope!(executor, |s| {
            let there = s.spawn(census.gives(1));
            s.scope().spawn(async {
                there.await.unwrap();
                sum += 1; // borrows
            });
            assert_eq!(s.len(), 2);
            assert!(!s.is_empty());
        }));
        assert_eq!(sum, 1);
        census.assert_empty();
    });
}

#[test]
fn children_spawn_children() {
    Each::run(|executor| {
        let census = Census::default();
        let depth = block_on(par_scope!(Any::clone(executor), |s| {
            s.spawn_with(|s| async move {
                let depth = s.spawn_with(|s| async move { s.spawn(ready(1)).await.unwrap() + 1 });
                depth.await.unwrap() + 1
            })
            .await
            .unwrap()
        }));
        assert_eq!(depth, 3);
        census.assert_empty();
    });
}

#[test]
fn what_children_own_together_comes_back() {
    Each::run(|executor| {
        let census = Census::default();
        let words = Shared::new((census.guard(), AtomicUsize::new(0)));
        block_on(par_scope!(executor, |s| {
            for n in 0..10 {
                s.spawn_on(&words, |words| async move {
                    yield_now().await;
                    words.1.fetch_add(n, SeqCst);
                });
            }
        }));
        let Ok((_guard, sum)) = words.into_inner() else {
            panic!("somebody has it still");
        };
        assert_eq!(sum.into_inner(), 45);
        drop(_guard);
        census.assert_empty();
    });
}

#[test]
fn a_shared_that_others_have_stays_shared() {
    let one = Shared::new([1, 2]);
    let other = one.clone();
    let one = one.into_inner().unwrap_err();
    assert_eq!(
        (one[0], other[1], format!("{one:?}")),
        (1, 2, "[1, 2]".to_owned())
    );
    drop(other);
    assert_eq!(one.into_inner().unwrap(), [1, 2]);
}

#[test]
fn try_spawn_gives_the_future_back() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, limit = limit(1), |s| {
            let first = s.try_spawn(census.gives(0)).unwrap();
            let refused = s.try_spawn(census.gives(0)).unwrap_err();
            assert!(refused.is_full());
            drop(first.await.unwrap());
            // By its scope's own doing, the place is free again.
            drop(s.try_spawn(refused.into_inner()).unwrap().await.unwrap());
            s.cancel();
            assert!(s.is_cancelled());
            let refused = s.try_spawn(census.gives(0)).unwrap_err();
            assert!(!refused.is_full());
        }));
        census.assert_empty();
    });
}

#[test]
fn a_place_that_was_waited_for_is_filled() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, limit = limit(1), |s| {
            for _ in 0..3 {
                let slot = s.scope().slot().await.unwrap();
                s.spawn_in(slot, census.gives(1));
            }
        }));
        census.assert_empty();
    });
}

#[test]
fn a_daemon_is_not_waited_for_and_gone_at_the_end() {
    Each::run(|executor| {
        let census = Census::default();
        let mut daemon = None;
        block_on(par_scope!(executor, |s| {
            daemon = Some(s.spawn_daemon(census.stays()));
            assert_eq!(s.len(), 0);
            s.spawn(census.gives(1));
        }));
        census.assert_empty();
        assert_eq!(
            block_on(daemon.unwrap()).unwrap_err().cause().kind(),
            CauseKind::ScopeEnded
        );
    });
}

#[test]
fn a_shielded_child_is_finished_when_the_scope_fails() {
    Each::run(|executor| {
        let census = Census::default();
        let mut shielded = None;
        let result = block_on(try_par_scope!(executor, |s| -> &str {
            let (started, has_started) = pleach::oneshot::channel();
            shielded = Some(s.spawn_shielded(async move {
                started.send(()).unwrap();
                for _ in 0..20 {
                    yield_now().await;
                }
                7
            }));
            s.spawn(census.stays());
            has_started.await.unwrap();
            Err::<(), _>("no")
        }));
        assert_eq!(result, Err("no"));
        census.assert_empty();
        assert_eq!(block_on(shielded.unwrap()), Ok(7));
    });
}

#[test]
fn a_child_says_that_it_has_started() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            let gives = census.gives(0);
            let (value, child) = s
                .start(|started| async move {
                    started.ready(5).unwrap();
                    gives.await
                })
                .await
                .unwrap();
            assert_eq!(value, 5);
            drop(child.await.unwrap());
            let dropped = s.start(|started: pleach::scope::Started<()>| async { drop(started) });
            assert!(dropped.await.is_err());
        }));
        census.assert_empty();
    });
}

#[test]
fn a_handle_outlives_the_scope() {
    Each::run(|executor| {
        let census = Census::default();
        let mut handles = Vec::new();
        block_on(par_scope!(executor, |s| {
            handles.push(s.spawn(census.gives(2)));
            handles.push(s.spawn(census.gives(2)));
        }));
        assert_eq!(census.alive(), 2, "the outputs");
        drop(handles.pop());
        assert_eq!(census.alive(), 1);
        drop(block_on(handles.remove(0)).unwrap());
        census.assert_empty();
    });
}

#[test]
fn a_handle_is_awaited_in_another_thread() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, |s| {
            let handle = s.spawn(census.gives(3));
            thread::spawn(move || drop(block_on(handle).unwrap()));
        }));
        census.wait_until_empty();
    });
}

#[test]
fn the_macros_and_the_explicit_forms_are_the_same() {
    Each::run(|executor| {
        let (driver, s) = par_scope(executor);
        let seven = driver
            .budget(limit(1))
            .run(async { s.spawn(ready(7)).await });
        assert_eq!(block_on(seven), Ok(7));
        let (driver, s) = try_par_scope::<_, String>(executor);
        let result = driver.run_try(async {
            s.spawn_try(ready(Err::<(), _>("no".to_owned())));
            pending::<Result<(), _>>().await
        });
        assert_eq!(block_on(result).unwrap_err(), "no");
        assert_eq!(
            block_on(par_scope!(executor, |s| s.spawn(ready(7)).await)),
            Ok(7)
        );
        let sum = block_on(try_par_scope!(executor, limit = limit(1), |s| {
            Ok::<_, String>(s.spawn_try(ready(Ok(7))).await)
        }));
        assert_eq!(sum, Ok(Ok(7)));
    });
}

#[test]
fn a_scope_shows_what_it_is() {
    let (driver, s) = par_scope(Threads);
    assert!(format!("{s:?}").starts_with("ParScope(Scope"), "{s:?}");
    assert!(format!("{driver:?}").starts_with("ParDriver"), "{driver:?}");
    let (_, _): (&Threads, _) = (s.runtime(), s.clone());
    let run = driver.run(async {});
    assert!(format!("{run:?}").starts_with("ParRun"), "{run:?}");
    let parallel = s.parallel(ready(()));
    assert_eq!(
        format!("{parallel:?}"),
        r#"Parallel { state: "unstarted" }"#
    );
}

#[test]
fn scopes_and_their_futures_go_wherever_they_are_asked_to() {
    fn is_send_and_sync<T: Send + Sync>(value: T) -> T {
        value
    }
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (driver, s) = par_scope(Threads);
    let s = is_send_and_sync(s);
    let run = is_send(is_send(driver).run(async { s.spawn(ready(1)).await }));
    assert_eq!(
        thread::spawn(|| 1).join().unwrap() + block_on(run).unwrap(),
        2
    );
    drop(is_send(s.parallel(ready(()))));
}

#[test]
fn a_scope_with_errors_and_outputs_of_any_sort_may_be_a_task() {
    type Error = Box<dyn std::error::Error + Send + Sync>;

    async fn boxed_errors() -> Result<&'static str, Error> {
        try_par_scope!(Threads, |s| -> Error {
            let child = s.spawn_try(async { Ok::<_, Error>("7") });
            Ok(child.await?)
        })
        .await
    }
    async fn borrowed_errors() -> Result<u32, &'static str> {
        try_par_scope!(Threads, |s| -> &'static str {
            let child = s.spawn_try(async { "7".parse().map_err(|_| "not a number") });
            Ok(child.await.unwrap())
        })
        .await
    }
    async fn borrowed_outputs() -> (&'static str, Result<&'static str, Error>) {
        par_scope!(Threads, |s| {
            let child = s.spawn(async { "7" }).await.unwrap();
            let others = group([s.parallel(async { Ok("7") })]).join(All::new());
            (child, others.await.remove(0).unwrap())
        })
        .await
    }
    fn on_another_thread<F: Future<Output: Send> + Send + 'static>(future: F) -> F::Output {
        thread::spawn(|| block_on(future)).join().unwrap()
    }
    assert_eq!(on_another_thread(boxed_errors()).unwrap(), "7");
    assert_eq!(on_another_thread(borrowed_errors()), Ok(7));
    let (child, other) = on_another_thread(borrowed_outputs());
    assert_eq!((child, other.unwrap()), ("7", "7"));
}

#[test]
fn many_children_run_and_are_freed() {
    Each::run(|executor| {
        let census = Census::default();
        block_on(par_scope!(executor, limit = limit(50), |s| {
            for n in 0..500 {
                drop(s.spawn(census.gives(n % 2)));
            }
        }));
        census.assert_empty();
    });
}
