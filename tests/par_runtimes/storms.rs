//! Runtimes that are shut down, and scopes that are cancelled and dropped, while all of it goes on.

use std::{future::pending, num::NonZeroUsize, thread, time::Duration};

use pleach::{
    Cancelled, block_on,
    cancel::CauseKind,
    par::{ParScope, try_par_scope},
    par_scope,
    runtime::{Tokio, TokioHandle},
};
use tokio::runtime::{Builder, Handle};

use crate::{
    census::{Census, Guard},
    runtimes::several,
    support::{poll_now, rng, yield_now},
};

/// Random numbers that fit.
struct Rng(rng::Rng);

impl Rng {
    fn new(seed: u64) -> Self {
        Self(rng::Rng::new(seed))
    }

    fn below(&mut self, n: u64) -> usize {
        usize::try_from(self.0.below(n)).unwrap()
    }
}

/// Children of all sorts, and what became of those that were awaited.
async fn children<'env, B>(
    s: &ParScope<'env, TokioHandle, B>,
    census: &Census,
    rng: &mut Rng,
) -> usize {
    let mut handles = Vec::new();
    for _ in 0..rng.below(30) {
        match rng.below(7) {
            0 => drop(s.spawn_daemon(census.stays())),
            1 => drop(s.spawn_shielded(census.gives(rng.below(20)))),
            2 => drop(s.scope().spawn(census.gives(rng.below(20)))),
            3 => {
                let guard = census.guard();
                handles.push(s.spawn_blocking(|| guard));
            }
            4 => {
                let parallel = s.parallel(census.gives(rng.below(20)));
                drop(s.scope().spawn(async { drop(parallel.await) }));
            }
            _ => handles.push(s.spawn(census.gives(rng.below(20)))),
        }
        if rng.below(4) == 0 {
            yield_now().await;
        }
    }
    let mut done = 0;
    for handle in handles {
        done += usize::from(is_done(handle.await));
    }
    done
}

fn is_done(result: Result<Guard, Cancelled>) -> bool {
    let Err(cancelled) = result else { return true };
    assert_eq!(cancelled.cause().kind(), CauseKind::Lost);
    false
}

#[test]
fn a_runtime_is_shut_down_at_any_point_and_nobody_hangs_or_is_left() {
    let mut rng = Rng::new(1);
    let mut outcomes = [0, 0];
    for round in 0..200 {
        let census = Census::default();
        let runtime = if round % 4 == 0 {
            Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .unwrap()
        } else {
            several(2)
        };
        let (handle, turns) = (TokioHandle(runtime.handle().clone()), rng.below(100));
        let shutter = thread::spawn(move || {
            for _ in 0..turns {
                thread::yield_now();
            }
            match round % 3 {
                0 => runtime.shutdown_background(),
                1 => runtime.shutdown_timeout(Duration::from_secs(60)),
                _ => drop(runtime),
            }
        });
        let limit = NonZeroUsize::new(1 + rng.below(8)).unwrap();
        let done = block_on(par_scope!(handle, limit = limit, |s| {
            let done = children(&s, &census, &mut rng).await;
            // Or all might be done before, each time, where the other thread is late.
            if round % 8 == 0 {
                assert!(s.spawn(census.stays()).await.is_err());
            }
            outcomes[usize::from(s.is_cancelled())] += 1;
            done
        }));
        assert!(done <= 30);
        shutter.join().unwrap();
        census.assert_empty();
    }
    assert!(
        outcomes[1] > 0,
        "no runtime was shut down in time: {outcomes:?}"
    );
}

#[test]
fn a_runtime_is_shut_down_with_the_scope_on_it() {
    let mut rng = Rng::new(2);
    for round in 0..50 {
        let (census, mut of_children) = (Census::default(), Rng::new(round));
        let runtime = several(2);
        let task = runtime.spawn({
            let census = census.clone();
            async move {
                let _task = census.guard();
                par_scope!(TokioHandle(Handle::current()), |s| {
                    children(&s, &census, &mut of_children).await;
                    s.spawn(census.stays()).await
                })
                .await
            }
        });
        for _ in 0..rng.below(100) {
            thread::yield_now();
        }
        drop(runtime);
        // It is dropped, or comes to its end since what it waits for is.
        if let Ok(lost) = block_on(task) {
            assert_eq!(lost.unwrap_err().cause().kind(), CauseKind::Lost);
        }
        census.wait_until_empty();
    }
}

#[test]
fn a_runtime_that_nobody_runs_is_dropped() {
    let census = Census::default();
    let runtime = Builder::new_current_thread().build().unwrap();
    block_on(par_scope!(TokioHandle(runtime.handle().clone()), |s| {
        let children = [(); 5].map(|()| s.spawn(census.stays()));
        yield_now().await;
        drop(runtime);
        for child in children {
            assert_eq!(child.await.unwrap_err().cause().kind(), CauseKind::Lost);
        }
    }));
    census.assert_empty();
}

#[test]
fn cancelled_aborted_broken_and_dropped_by_many_at_once() {
    let runtime = several(2);
    let mut rng = Rng::new(3);
    for _ in 0..100 {
        let census = Census::default();
        let (driver, s) = try_par_scope::<_, usize>(TokioHandle(runtime.handle().clone()));
        let driver = driver.limit(NonZeroUsize::new(1 + rng.below(20)).unwrap());
        let mut scope = Box::pin(driver.run_try(pending::<Result<(), usize>>()));
        let handles: Vec<_> = (0..20)
            .map(|n| match n % 3 {
                0 => s.spawn(census.stays()),
                1 => s.spawn_shielded({
                    let gives = census.gives(n);
                    async { drop(gives.await) }
                }),
                _ => s.spawn_daemon(census.stays()),
            })
            .collect();
        let (polls, is_dropped) = (rng.below(4), rng.below(2) == 0);
        thread::scope(|threads| {
            for n in 0..4 {
                let (s, handles, mut rng) = (s.clone(), &handles, Rng::new(rng.below(1000) as u64));
                threads.spawn(move || {
                    for _ in 0..20 {
                        match rng.below(20) {
                            0 => s.cancel(),
                            1 => drop(s.token()),
                            _ => handles[rng.below(20)].abort(),
                        }
                    }
                    let _ = s.break_with(n);
                });
            }
            for _ in 0..polls {
                if poll_now(scope.as_mut()).is_ready() {
                    return;
                }
            }
            if is_dropped {
                drop(scope);
            } else {
                assert!(block_on(scope).unwrap_err() < 4);
                census.assert_empty();
            }
        });
        for handle in handles {
            let _ = block_on(handle);
        }
        census.wait_until_empty();
    }
}

#[test]
#[should_panic = "there is no reactor running"]
fn tokios_own_panic_outside_of_a_runtime_goes_on() {
    block_on(par_scope!(Tokio, |s| s.spawn(async {}).await)).unwrap();
}
