//! Scopes that end early: by an error, gracefully, by the clock.

use std::{future::Future, num::NonZeroUsize, rc::Rc, time::Duration};

use pleach::{
    scope,
    scope::{local, scope, try_scope},
    testing::inject::{Bell, Trial, World, settled},
    time::{Clock, ManualClock, sleep},
    try_scope,
};

use crate::{Output, inject, resolved, support::yield_now};

const SECOND: Duration = Duration::from_secs(1);

/// A child that waits for ever.
fn stays(world: &World, name: &'static str) -> impl Future<Output = Output> + Send + use<> {
    let inner = world.clone();
    world.child(name, async move {
        let output = inner.output(1);
        std::future::pending::<()>().await;
        output
    })
}

/// Yields, then fails with an error that has a destructor.
fn fails(
    world: &World,
    name: &'static str,
) -> impl Future<Output = Result<Output, Output>> + Send + use<> {
    let inner = world.clone();
    world.child(name, async move {
        yield_now().await;
        Err(inner.output(2))
    })
}

#[test]
fn an_error_of_a_child_ends_the_others() {
    inject("an error of a child ends the others", 80, |world| {
        let (driver, s) = try_scope();
        let driver = driver.limit(NonZeroUsize::new(3).unwrap());
        let kept = s.spawn(stays(world, "awaited later"));
        s.spawn_try(fails(world, "fails"));
        s.spawn_try(fails(world, "fails too"));
        drop(s.spawn(stays(world, "not started")));
        let inner = world.clone();
        let body = world.child("body", async move {
            let _inside = inner.part("local of the body");
            std::future::pending::<Result<(), Output>>().await
        });
        let judge = world.clone();
        Trial::new(world, driver.run_try(body), |result| format!("{result:?}"))
            .after(move || drop(resolved(&judge, kept)))
    });
}

#[test]
fn an_error_drops_the_value_of_a_body_that_is_done() {
    inject(
        "an error drops the value of a body that is done",
        37,
        |world| {
            let world = world.clone();
            let (inner, end) = (world.clone(), world.clone());
            let future = async move {
                try_scope!(|s| -> Output {
                    s.spawn(stays(&inner, "running"));
                    s.spawn_try(fails(&inner, "fails"));
                    Ok(inner.output(3))
                })
                .await
            };
            Trial::new(&end, future, |result| format!("{result:?}"))
        },
    );
}

#[test]
fn an_error_of_the_body_ends_the_children() {
    inject("an error of the body ends the children", 104, |world| {
        let (driver, s) = local::try_scope::<Rc<Output>>();
        let shared = Rc::new(world.output(4));
        for _ in 0..2 {
            let (shared, child) = (Rc::clone(&shared), stays(world, "inner future"));
            s.spawn(world.child("local", async move {
                let output = settled(child).await;
                drop(shared);
                output
            }));
        }
        let body = world.child("body", async move {
            for _ in 0..2 {
                yield_now().await;
            }
            Err::<(), _>(shared)
        });
        Trial::new(world, driver.run_try(body), |result| format!("{result:?}"))
    });
}

#[test]
fn an_error_of_an_inner_scope_is_a_value_of_the_outer_one() {
    inject(
        "an error of an inner scope is a value of the outer one",
        70,
        |world| {
            let (driver, s) = scope();
            let inner = world.clone();
            let child = s.spawn(world.child("outer child", async move {
                try_scope!(|s| -> Output {
                    s.spawn(stays(&inner, "inner sibling"));
                    s.spawn_try(fails(&inner, "fails"));
                    std::future::pending::<Result<(), Output>>().await
                })
                .await
            }));
            let body = world.child("body", child);
            Trial::new(world, driver.run(body), |result| format!("{result:?}"))
        },
    );
}

#[test]
fn a_graceful_stop_lets_those_finish_that_run() {
    inject("a graceful stop lets those finish that run", 99, |world| {
        let (driver, s) = scope();
        let driver = driver.limit(NonZeroUsize::new(2).unwrap());
        let (token, inner) = (s.token(), world.clone());
        let waiting = s.spawn(world.child("waits for the token", async move {
            token.cancelled().await;
            yield_now().await;
            inner.output(1)
        }));
        let bell = Bell::default();
        let stubborn = s.spawn(world.child("has not heard of it", bell.wait()));
        let unstarted = s.spawn(stays(world, "not started"));
        let body = world.child("body", async move {
            let is_cancelled = unstarted.await.is_err();
            (
                is_cancelled,
                waiting.await.unwrap().value,
                stubborn.await.is_ok(),
            )
        });
        let (stopper, ringer) = (s, world.clone());
        Trial::new(world, driver.run(body), |seen| format!("{seen:?}"))
            .outside(move || stopper.cancel())
            .outside(move || bell.ring(&ringer))
    });
}

#[test]
fn a_child_stops_its_scope() {
    inject("a child stops its scope", 27, |world| {
        let (driver, s) = scope();
        let (inner, spawner) = (world.clone(), s.clone());
        s.spawn(world.child("stops it", async move {
            let never = spawner.spawn(stays(&inner, "never started"));
            spawner.cancel();
            never.await.is_err()
        }));
        let body = world.child("body", yield_now());
        Trial::new(world, driver.run(body), |()| String::from("stopped"))
    });
}

#[test]
fn deadline_and_grace() {
    inject("deadline and grace", 95, |world| {
        let clock: Rc<ManualClock> = Rc::default();
        let (inner, own, spare) = (world.clone(), Rc::clone(&clock), world.clone());
        let future = async move {
            let (at, clock) = (own.now() + SECOND * 5, &*own);
            scope!(deadline = (clock, at), grace = (clock, SECOND * 2), |s| {
                let token = s.token();
                let polite = s.spawn(inner.child("polite", async move {
                    token.cancelled().await;
                }));
                let slow = s.spawn(inner.child("done within the grace", sleep(clock, SECOND * 6)));
                let stubborn = s.spawn(stays(&inner, "stubborn"));
                (
                    polite.await.is_ok(),
                    slow.await.is_ok(),
                    stubborn.await.is_err(),
                    inner.output(1),
                )
            })
            .await
        };
        let mut trial = Trial::new(&spare, future, |seen| format!("{seen:?}"));
        for _ in 0..4 {
            let clock = Rc::clone(&clock);
            trial = trial.outside(move || {
                clock.advance_to_next();
            });
        }
        trial.after(move || assert_eq!(clock.sleepers(), 0))
    });
}
