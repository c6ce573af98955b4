//! Groups: sources, joiners, results and spawners.

use std::{
    cell::RefCell, future::Future, num::NonZeroUsize, ops::ControlFlow, pin::Pin, rc::Rc,
    time::Duration,
};

use futures_util::Stream;
use pleach::{
    cancel::{Cancelled, Cause},
    group::{AnyOk, Collect, Joiner, Quorum, Results, Spawner, TryAll, group, open},
    testing::inject::{Bell, Part, Probe, Task, Trial, World, settled},
    time::{Clock, ManualClock, sleep},
};

use crate::{Output, inject, support::yield_now};

const SECOND: Duration = Duration::from_secs(1);

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Child<T> = Probe<Boxed<T>>;

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Yields so often, then gives an output.
fn yields(world: &World, times: u32) -> Child<Output> {
    let inner = world.clone();
    let future = async move {
        let inside = inner.part("local of a child");
        for _ in 0..times {
            yield_now().await;
        }
        drop(inside);
        inner.output(times)
    };
    world.child("child", Box::pin(future))
}

/// As `yields`; an error if the number of yields is odd.
fn odd_fails(world: &World, times: u32) -> Child<Result<Output, Output>> {
    let child = yields(world, times);
    let future = async move {
        let output = settled(child).await;
        if output.value % 2 == 1 {
            Err(output)
        } else {
            Ok(output)
        }
    };
    world.child("fallible child", Box::pin(future))
}

/// Makes a child of each number, one by one.
struct Source<F> {
    part: Part,
    world: World,
    left: std::vec::IntoIter<u32>,
    make: fn(&World, u32) -> F,
}

impl<F> Source<F> {
    fn new(world: &World, numbers: impl Into<Vec<u32>>, make: fn(&World, u32) -> F) -> Self {
        Self {
            part: world.part("source"),
            world: world.clone(),
            left: numbers.into().into_iter(),
            make,
        }
    }
}

impl<F> Iterator for Source<F> {
    type Item = F;

    fn next(&mut self) -> Option<F> {
        self.part.used("next");
        let number = self.left.next()?;
        Some((self.make)(&self.world, number))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.part.used("size_hint");
        self.left.size_hint()
    }
}

/// Keeps outputs until there are enough.
struct Enough {
    part: Part,
    needed: usize,
    outputs: Vec<(usize, Output)>,
}

impl Enough {
    fn new(world: &World, needed: usize) -> Self {
        Self {
            part: world.part("joiner"),
            needed,
            outputs: Vec::new(),
        }
    }
}

impl Joiner<Output> for Enough {
    type Output = Vec<(usize, Output)>;

    fn expect(&mut self, _: (usize, Option<usize>)) {
        self.part.used("expect");
    }

    fn on_done(&mut self, index: usize, output: Output) -> ControlFlow<()> {
        self.part.used("on_done");
        self.outputs.push((index, output));
        if self.outputs.len() == self.needed {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(self) -> Self::Output {
        self.part.used("finish");
        let Self { part, outputs, .. } = self;
        drop(part);
        outputs
    }

    fn cut_short(self, _: Cause) -> Result<Self::Output, Cancelled> {
        self.part.used("cut_short");
        Ok(self.finish())
    }
}

#[test]
fn a_joiner_takes_all() {
    inject("a joiner takes all", 190, |world| {
        let source = Source::new(world, [1, 0, 2, 1], yields);
        let joined = group(source).limit(limit(2)).join(Enough::new(world, 9));
        Trial::new(world, joined, |outputs| format!("{outputs:?}"))
    });
}

#[test]
fn a_joiner_breaks() {
    inject("a joiner breaks", 165, |world| {
        let source = Source::new(world, [3, 1, 4, 0, 1], yields);
        let joined = group(source).limit(limit(3)).join(Enough::new(world, 2));
        Trial::new(world, joined, |outputs| format!("{outputs:?}"))
    });
}

#[test]
fn a_deadline_cuts_a_joiner_short() {
    inject("a deadline cuts a joiner short", 212, |world| {
        let clock: Rc<ManualClock> = Rc::default();
        let (own, inner, spare) = (Rc::clone(&clock), world.clone(), world.clone());
        let future = async move {
            let clock = &*own;
            let children = [1_u32, 9, 2, 9].map(|seconds| {
                let world = &inner;
                inner.child("sleeps", async move {
                    let output = world.output(seconds);
                    sleep(clock, SECOND * seconds).await;
                    output
                })
            });
            let at = clock.now() + SECOND * 5;
            let joined = group(children).limit(limit(3)).join(Enough::new(&inner, 9));
            joined.deadline((clock, at)).await
        };
        let mut trial = Trial::new(&spare, future, |outputs| format!("{outputs:?}"));
        for _ in 0..4 {
            let clock = Rc::clone(&clock);
            trial = trial.outside(move || {
                clock.advance_to_next();
            });
        }
        trial.after(move || assert_eq!(clock.sleepers(), 0))
    });
}

#[test]
fn something_else_cuts_a_joiner_short() {
    inject("something else cuts a joiner short", 239, |world| {
        let source = Source::new(world, [0, 30, 1, 30], yields);
        let (bell, ringer) = (Bell::default(), world.clone());
        let (end, ring) = (bell.wait(), bell.clone());
        let end = world.free_child("end", async move {
            for _ in 0..3 {
                yield_now().await;
            }
            ring.ring(&ringer);
            end.await;
            Cause::user(1)
        });
        let joined = group(source).limit(limit(3)).join(Enough::new(world, 9));
        Trial::new(world, joined.until(end), |outputs| format!("{outputs:?}"))
    });
}

#[test]
fn collect_keeps_everything() {
    inject("collect keeps everything", 158, |world| {
        let source = Source::new(world, [1, 0, 2], odd_fails);
        let joined = group(source).join(Collect::new());
        Trial::new(world, joined, |all| {
            format!("{:?} {:?}", all.values, all.errors)
        })
    });
}

#[test]
fn any_ok_takes_the_first_value() {
    inject("any_ok takes the first value", 254, |world| {
        let source = Source::new(world, [1, 1, 2, 4], odd_fails);
        let joined = group(source).limit(limit(3)).join(AnyOk::new());
        Trial::new(world, joined, |result| format!("{result:?}"))
    });
}

#[test]
fn try_all_ends_at_the_first_error() {
    inject("try_all ends at the first error", 217, |world| {
        let source = Source::new(world, [4, 0, 1, 2], odd_fails);
        let joined = group(source).join(TryAll::new());
        Trial::new(world, joined, |result| format!("{result:?}"))
    });
}

#[test]
fn a_quorum_that_cannot_be() {
    inject("a quorum that cannot be", 205, |world| {
        let source = Source::new(world, [0, 1, 1, 4], odd_fails);
        let joined = group(source).join(Quorum::new(3));
        Trial::new(world, joined, |result| match result {
            Ok(_) => String::from("there were three"),
            Err(none) => format!("{:?} {:?}", none.values, none.errors),
        })
    });
}

#[test]
fn a_body_takes_the_results() {
    inject("a body takes the results", 171, |world| {
        let source = Source::new(world, [1, 0, 2], yields);
        let (driver, mut results) = group(source).limit(limit(2)).results();
        let inner = world.clone();
        let body = world.child("body", async move {
            let inside = inner.part("local of the body");
            let mut seen = Vec::new();
            while let Some(output) = results.next().await {
                seen.push(output.value);
                yield_now().await;
            }
            drop(inside);
            seen
        });
        Trial::new(world, driver.run(body), |seen| format!("{seen:?}"))
    });
}

#[test]
fn results_in_order_run_ahead() {
    inject("results in order run ahead", 154, |world| {
        let source = Source::new(world, [2, 0, 0, 1], yields);
        let (driver, mut results) = (group(source).limit(limit(2)).prefetch(1)).ordered_results();
        let body = world.child("body", async move {
            // Two are left to be dropped, one of them when it comes.
            let first = results.next().await.unwrap();
            let second = results.next().await.unwrap();
            drop(results);
            (first, second)
        });
        Trial::new(world, driver.run(body), |seen| format!("{seen:?}"))
    });
}

#[test]
fn an_error_of_the_body_ends_a_group() {
    inject("an error of the body ends a group", 101, |world| {
        let source = Source::new(world, [0, 5, 0, 5], yields);
        let (driver, mut results) = group(source).limit(limit(2)).results();
        let body = world.child("body", async move {
            let first = results.next().await.unwrap();
            yield_now().await;
            drop(results);
            Err::<(), _>(first)
        });
        Trial::new(world, driver.run_try(body), |result| format!("{result:?}"))
    });
}

type Stream1 = Rc<RefCell<Option<Results<Child<Output>>>>>;

/// Takes a result outside of the group, if there is one.
fn take(results: &Stream1, task: &Task) {
    let waker = task.waker();
    let mut cx = std::task::Context::from_waker(&waker);
    if let Some(results) = results.borrow_mut().as_mut() {
        drop(Pin::new(results).poll_next(&mut cx));
    }
}

#[test]
fn results_are_taken_outside_of_the_group() {
    inject("results are taken outside of the group", 213, |world| {
        let source = Source::new(world, [0, 0, 1, 0], yields);
        let (driver, results) = group(source).limit(limit(2)).results();
        let bell = Bell::default();
        let body = world.child("body", bell.wait());
        let mut trial = Trial::new(world, driver.run(body), |()| String::from("rang"));
        let results = Stream1::new(RefCell::new(Some(results)));
        let tasks: Rc<[Task; 2]> = Rc::new([(); 2].map(|()| Task::new(world)));
        for turn in [0, 1, 1] {
            let (results, tasks) = (Rc::clone(&results), Rc::clone(&tasks));
            trial = trial.outside(move || take(&results, &tasks[turn]));
        }
        let (ringer, late) = (world.clone(), Rc::clone(&results));
        trial
            .outside(move || bell.ring(&ringer))
            .outside(move || take(&late, &tasks[0]))
            // The last results are with the stream, and the group waits for nobody to take them.
            .outside(move || drop(results.take()))
    });
}

type Wide = Spawner<Child<u32>>;

/// Spawns children of its own kind.
fn spawns(world: &World, spawner: &Wide, depth: u32) -> Child<u32> {
    let (inner, spawner) = (world.clone(), spawner.clone());
    let future = async move {
        let _spawns = SpawnsOnDrop {
            spawner: spawner.clone(),
            world: inner.clone(),
            depth: depth / 2,
        };
        if depth > 0 {
            let refused = spawner.spawn(spawns(&inner, &spawner, depth - 1));
            yield_now().await;
            drop(refused);
        }
        depth
    };
    world.child("spawns", Box::pin(future))
}

/// Spawns in its destructor, if it is deep enough.
struct SpawnsOnDrop {
    spawner: Wide,
    world: World,
    depth: u32,
}

impl Drop for SpawnsOnDrop {
    fn drop(&mut self) {
        if self.depth > 0 {
            let child = spawns(&self.world, &self.spawner, self.depth - 1);
            drop(self.spawner.spawn(child));
        }
    }
}

#[test]
fn children_spawn_with_a_spawner() {
    inject("children spawn with a spawner", 106, |world| {
        let (group, spawner) = open();
        let first = spawner.spawn(spawns(world, &spawner, 2));
        assert!(first.is_ok());
        let (driver, mut results) = group.limit(limit(2)).results();
        let inner = world.clone();
        let body = world.child("body", async move {
            drop(spawner.spawn(spawns(&inner, &spawner, 1)));
            let mut sum = 0;
            while let Some(depth) = results.next().await {
                sum += 1 + depth;
            }
            sum
        });
        Trial::new(world, driver.run(body), |sum| sum.to_string())
    });
}

#[test]
fn others_spawn_into_a_group_that_is_joined() {
    inject("others spawn into a group that is joined", 100, |world| {
        let (group, spawner) = open();
        let bell = Bell::default();
        let (inner, wait) = (world.clone(), bell.wait());
        let waits: Boxed<Output> = Box::pin(async move {
            wait.await;
            inner.output(7)
        });
        assert!(spawner.spawn(world.child("waits", waits)).is_ok());
        let joined = group.limit(limit(2)).join(Enough::new(world, 9));
        let (outside, late, ringer) = (world.clone(), world.clone(), world.clone());
        let (last, ring_late) = (spawner.clone(), world.clone());
        let bell_late = bell.clone();
        Trial::new(world, joined, |outputs| {
            format!("{} outputs", outputs.len())
        })
        .outside(move || drop(spawner.spawn(yields(&outside, 1))))
        .outside(move || bell.ring(&ringer))
        .after(move || {
            if last.spawn(yields(&late, 0)).is_ok() {
                late.fail("spawned into a group that is over");
            }
        })
        .after(move || bell_late.ring(&ring_late))
    });
}
