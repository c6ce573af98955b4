//! Joins and races: without a heap, and with the waker of the task.

use std::future::Future;

use pleach::{
    join::{join, try_join},
    select::race,
    testing::inject::{Bell, Trial, World, settled},
};

use crate::{Output, inject, support::yield_now};

/// Yields so often, waits for the bell, and gives an output.
fn child(
    world: &World,
    name: &'static str,
    yields: u32,
    bell: &Bell,
) -> impl Future<Output = Output> + use<> {
    let (inner, wait) = (world.clone(), bell.wait());
    world.child(name, async move {
        let inside = inner.part("local of a child");
        for _ in 0..yields {
            yield_now().await;
        }
        wait.await;
        drop(inside);
        inner.output(yields)
    })
}

fn rings(trial: Trial, world: &World, bell: Bell) -> Trial {
    let (now, late, later) = (world.clone(), world.clone(), bell.clone());
    trial
        .outside(move || bell.ring(&now))
        .after(move || later.ring(&late))
}

#[test]
fn a_tuple_is_joined() {
    inject("a tuple is joined", 619, |world| {
        let bell = Bell::default();
        let children = (
            child(world, "first", 1, &bell),
            child(world, "second", 0, &bell),
            child(world, "third", 2, &bell),
        );
        let trial = Trial::new(world, join(children), |values| format!("{values:?}"));
        rings(trial, world, bell)
    });
}

#[test]
fn an_array_is_joined() {
    inject("an array is joined", 611, |world| {
        let bell = Bell::default();
        let children = [2, 0, 1].map(|yields| child(world, "child", yields, &bell));
        let trial = Trial::new(world, join(children), |values| format!("{values:?}"));
        rings(trial, world, bell)
    });
}

#[test]
fn an_error_ends_a_join() {
    inject("an error ends a join", 214, |world| {
        let (bell, never) = (Bell::default(), Bell::default());
        let (inner, fails) = (world.clone(), child(world, "inner future", 1, &bell));
        let children = (
            world.child(
                "done before",
                async move { Ok::<_, Output>(inner.output(5)) },
            ),
            world.child("fails", async { Err::<(), _>(settled(fails).await) }),
            child_that_stays(world, &never),
        );
        let joined = try_join(children);
        let trial = Trial::new(world, joined, |result| format!("{result:?}"));
        rings(trial, world, bell)
    });
}

fn child_that_stays(
    world: &World,
    never: &Bell,
) -> impl Future<Output = Result<Output, Output>> + use<> {
    let stays = child(world, "inner future that stays", 0, never);
    world.child("stays", async { Ok(settled(stays).await) })
}

#[test]
fn an_error_ends_a_join_of_an_array() {
    inject("an error ends a join of an array", 865, |world| {
        let bell = Bell::default();
        let children = [0, 1, 2].map(|yields| {
            let child = child(world, "inner future", yields, &bell);
            world.child("child", async move {
                let output = settled(child).await;
                if output.value == 1 {
                    Err(output)
                } else {
                    Ok(output)
                }
            })
        });
        let trial = Trial::new(world, try_join(children), |result| format!("{result:?}"));
        rings(trial, world, bell)
    });
}

// Where a race begins to poll is drawn anew, so the points are not the same each time; the winner
// is.
#[test]
fn one_wins_a_race() {
    inject("one wins a race", 116, |world| {
        let (bell, never) = (Bell::default(), Bell::default());
        let racers = (
            child(world, "loses", 1, &never),
            child(world, "wins", 0, &bell),
            child(world, "loses too", 0, &never),
        );
        // A race is dropped by whoever it belongs to, also when it panics.
        let owner = async move { race(racers).await };
        let trial = Trial::new(world, owner, |value| format!("{value:?}"));
        rings(trial, world, bell)
    });
}
