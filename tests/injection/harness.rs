//! Runs a scenario again and again: undisturbed, dropped after each of its polls, with a panic at
//! each of its points, with both, and with two panics.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use pleach::{
    group::{All, group},
    join::join,
    scope,
};

use crate::{
    live,
    support::block_on,
    task::Task,
    world::{Injected, WAKER, World},
};

/// More polls than any scenario takes.
const MOST_POLLS: usize = 100;

type Step = Box<dyn FnOnce()>;

/// What a scenario builds: a future, and what happens around it.
pub(crate) struct Trial {
    future: Pin<Box<dyn Future<Output = String>>>,
    outside: VecDeque<Step>,
    after: Vec<Step>,
}

impl Trial {
    /// Of a future, with what it came to in words.
    pub(crate) fn new<F: Future + 'static>(
        world: &World,
        future: F,
        describe: impl FnOnce(&F::Output) -> String + 'static,
    ) -> Self {
        Self {
            future: Box::pin(watched(world.clone(), future, describe)),
            outside: VecDeque::new(),
            after: Vec::new(),
        }
    }

    /// What somebody outside does when nothing goes on within. Steps are taken one by one.
    pub(crate) fn outside(mut self, step: impl FnOnce() + 'static) -> Self {
        self.outside.push_back(Box::new(step));
        self
    }

    /// What is done when the future is gone.
    pub(crate) fn after(mut self, step: impl FnOnce() + 'static) -> Self {
        self.after.push(Box::new(step));
        self
    }
}

/// Nothing is alive when the future is ready, or when a panic comes out of it, unless the panic is
/// that of the task's own waker: that one may come when there is still something to do.
async fn watched<F: Future>(
    world: World,
    future: F,
    describe: impl FnOnce(&F::Output) -> String,
) -> String {
    let mut future = Box::pin(future);
    let output = poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => {
                world.expect_empty("with the result");
                Poll::Ready(output)
            }
            Err(payload) => {
                let injected = payload.downcast_ref::<Injected>();
                if injected.is_some_and(|injected| injected.at.part != WAKER) {
                    world.expect_empty("with a panic");
                }
                resume_unwind(payload)
            }
        },
    )
    .await;
    let text = describe(&output);
    // Before the text is returned: see `settled`.
    drop(output);
    drop(future);
    text
}

/// What is done to a scenario.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// Dropped after so many polls.
    dropped_after: Option<usize>,
    /// A panic after so many points, counted from the beginning, or from the drop if there is one.
    panics: Vec<usize>,
}

/// What came of it.
struct Run {
    outcome: Option<String>,
    injected: Vec<Injected>,
    failures: Vec<String>,
}

struct Scenario<'a> {
    build: &'a dyn Fn(&World) -> Trial,
    undisturbed: Option<String>,
}

impl Scenario<'_> {
    fn run(&self, plan: &Plan) -> Run {
        let world = World::default();
        let tasks = [Task::new(&world), Task::new(&world)];
        let Trial {
            future,
            mut outside,
            after,
        } = (self.build)(&world);
        if plan.dropped_after.is_none() {
            world.light(&plan.panics);
        }
        let polls = plan.dropped_after.unwrap_or(MOST_POLLS);
        let (future, outcome) = poll_to_end(&world, &tasks, future, &mut outside, polls);
        if plan.dropped_after.is_some() {
            world.light(&plan.panics);
        }
        world.guard(|| drop(future));
        world.is_over();
        world.expect_empty("when the future is gone");
        for step in after {
            world.guard(step);
        }
        for step in outside {
            world.guard(|| drop(step));
        }
        world.expect_all_gone();
        self.judge(&world, plan, outcome.as_ref());
        Run {
            outcome,
            injected: world.injected(),
            failures: world.failures(),
        }
    }

    /// Law 2: the outcome is the undisturbed one, or the panic came out, once.
    fn judge(&self, world: &World, plan: &Plan, outcome: Option<&String>) {
        let injected = world.injected();
        for Injected { number, at } in &injected {
            let times = world.surfaced(*number);
            // A second panic gives way to one that is on its way already.
            if times > 1 || (times == 0 && *number == 0) {
                world.fail(format!("{at:?}: panicked, which came out {times} times"));
            }
        }
        let has_surfaced = injected
            .iter()
            .any(|panic| world.surfaced(panic.number) > 0);
        match (outcome, &self.undisturbed) {
            (Some(outcome), Some(undisturbed)) if outcome != undisturbed => {
                world.fail(format!("the outcome was {outcome}, not {undisturbed}"));
            }
            (None, Some(_)) if plan.dropped_after.is_none() && !has_surfaced => {
                world.fail("there was no outcome");
            }
            _ => {}
        }
    }

    /// As `run`, and everything has to be as it should be.
    fn check(&self, plan: &Plan) -> Run {
        let before = live();
        let run = self.run(plan);
        let Run {
            outcome,
            injected,
            failures,
        } = run;
        assert!(
            failures.is_empty(),
            "{plan:?}, panics at {injected:?}: {failures:#?}"
        );
        // What the run gives is all that it leaves.
        let left = isize::from(outcome.as_ref().is_some_and(|text| text.capacity() > 0))
            + isize::from(injected.capacity() > 0);
        assert_eq!(
            live() - before,
            left,
            "{plan:?}, panics at {injected:?}: memory was leaked, or freed twice"
        );
        expect_others_to_work();
        Run {
            outcome,
            injected,
            failures,
        }
    }
}

/// Polls, so many times at most, by two tasks in turn; the rest of the future, and its outcome.
fn poll_to_end(
    world: &World,
    tasks: &[Task; 2],
    mut future: Pin<Box<dyn Future<Output = String>>>,
    outside: &mut VecDeque<Step>,
    polls: usize,
) -> (Pin<Box<dyn Future<Output = String>>>, Option<String>) {
    for poll in 0..polls {
        let task = &tasks[poll / 2 % 2];
        task.take_woken();
        let waker = task.waker();
        let mut cx = Context::from_waker(&waker);
        match world.guard(|| future.as_mut().poll(&mut cx)) {
            None => return (future, None),
            Some(Poll::Ready(outcome)) => return (future, Some(outcome)),
            Some(Poll::Pending) => {}
        }
        while !task.take_woken() {
            let Some(step) = outside.pop_front() else {
                world.fail("hangs");
                return (future, None);
            };
            world.guard(step);
        }
    }
    if polls == MOST_POLLS {
        world.fail("goes on for ever");
    }
    (future, None)
}

/// What was done to one scope or group is of no consequence to others on this thread.
fn expect_others_to_work() {
    let sum = block_on(scope!(limit = std::num::NonZeroUsize::MIN, |s| {
        let child = s.spawn_with(|s| async move { s.spawn(async { 2 }).await.unwrap() });
        s.spawn(async { 1 }).await.unwrap() + child.await.unwrap()
    }));
    let outputs = block_on(group([1, 2].map(|n| async move { n })).join(All::new()));
    let pair = block_on(join((async { 1 }, async { 2 })));
    assert_eq!((sum, &outputs[..], pair), (3, &[1, 2][..], (1, 2)));
}

/// Does everything to a scenario that can be done to it. There must be so many things at least, so
/// that a scenario that shrinks is noticed.
pub(crate) fn inject(name: &str, least: usize, build: impl Fn(&World) -> Trial) {
    let mut scenario = Scenario {
        build: &build,
        undisturbed: None,
    };
    // Once more than is counted: what is made once on a thread is there then.
    scenario.run(&Plan::default());
    let calm = scenario.check(&Plan::default());
    scenario.undisturbed = calm.outcome;
    assert!(scenario.undisturbed.is_some(), "{name} comes to nothing");

    let (mut drops, mut panics_in_drops, mut panics, mut pairs) = (0, 0, 0, 0);
    for dropped_after in 0.. {
        let plan = |panics: &[usize]| Plan {
            dropped_after: Some(dropped_after),
            panics: panics.to_vec(),
        };
        if scenario.check(&plan(&[])).outcome.is_some() {
            break;
        }
        drops += 1;
        panics_in_drops += (0..)
            .take_while(|at| !scenario.check(&plan(&[*at])).injected.is_empty())
            .count();
    }
    for at in 0.. {
        let plan = |panics: &[usize]| Plan {
            dropped_after: None,
            panics: panics.to_vec(),
        };
        if scenario.check(&plan(&[at])).injected.is_empty() {
            break;
        }
        panics += 1;
        pairs += (0..)
            .take_while(|then| scenario.check(&plan(&[at, *then])).injected.len() == 2)
            .count();
    }
    let total = drops + panics_in_drops + panics + pairs;
    println!(
        "{name}: {total} injections: {drops} drops, {panics_in_drops} panics in them, \
         {panics} panics, {pairs} pairs of panics"
    );
    assert!(total >= least, "{name} has shrunk");
}
