//! Runs a trial once, with what is done to it, and checks what came of it.

use alloc::{boxed::Box, collections::VecDeque, format, string::String, vec::Vec};
use core::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Inject,
    task::Task,
    world::{Injected, WAKER, World},
};
use crate::sys::unwind;

/// More polls than any trial takes.
const MOST_POLLS: usize = 10_000;

type Step = Box<dyn FnOnce()>;

/// A future to do things to, and what happens around it.
///
/// It is polled when it was woken, by two tasks in turn. When it was not, somebody outside takes the next
/// step; when there is none left, it hangs, and that is a failure.
#[must_use = "it does nothing by itself: it is what `Inject` is given"]
pub struct Trial {
    future: Pin<Box<dyn Future<Output = String>>>,
    outside: VecDeque<Step>,
    after: Vec<Step>,
}

impl Trial {
    /// Of a future, whose output is told from others by its `Debug`.
    ///
    /// What it is made of is gone when it is ready; so it must not be a [`child`](World::child) itself.
    pub fn of<F>(world: &World, future: F) -> Self
    where
        F: Future + 'static,
        F::Output: fmt::Debug,
    {
        Self::new(world, future, |output| format!("{output:?}"))
    }

    /// Of a future, with what it came to in words: the same in each run that comes to something.
    pub fn new<F: Future + 'static>(
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
    pub fn outside(mut self, step: impl FnOnce() + 'static) -> Self {
        self.outside.push_back(Box::new(step));
        self
    }

    /// What is done when the future is gone.
    pub fn after(mut self, step: impl FnOnce() + 'static) -> Self {
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
    let output = poll_fn(|cx| match unwind::catch(|| future.as_mut().poll(cx)) {
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
            unwind::resume(payload)
        }
    })
    .await;
    let text = describe(&output);
    // Before the text is returned: see `settled`.
    drop(output);
    drop(future);
    text
}

/// What is done to a trial.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Dropped after so many polls.
    pub(super) dropped_after: Option<usize>,
    /// A panic after so many points, counted from the beginning, or from the drop if there is one.
    pub(super) panics: Vec<usize>,
}

/// What came of it.
pub(super) struct Run {
    pub(super) outcome: Option<String>,
    pub(super) injected: Vec<Injected>,
    failures: Vec<String>,
}

pub(super) struct Scenario<'a> {
    pub(super) inject: &'a Inject,
    pub(super) build: &'a dyn Fn(&World) -> Trial,
    pub(super) undisturbed: Option<String>,
}

impl Scenario<'_> {
    pub(super) fn run(&self, plan: &Plan) -> Run {
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

    /// The outcome is the undisturbed one, or the panic came out, once.
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
    pub(super) fn check(&self, plan: &Plan) -> Run {
        let before = self.inject.live();
        let run = self.run(plan);
        let Run {
            outcome,
            injected,
            failures,
        } = run;
        assert!(
            failures.is_empty(),
            "{plan:?}, panics at {injected:?}:\n  {}",
            failures.join("\n  ")
        );
        // What the run gives is all that it leaves.
        let left = isize::from(outcome.as_ref().is_some_and(|text| text.capacity() > 0))
            + isize::from(injected.capacity() > 0);
        assert_eq!(
            self.inject.live().map(|live| live - before.unwrap_or(0)),
            before.map(|_| left),
            "{plan:?}, panics at {injected:?}: memory was leaked, or freed twice"
        );
        self.inject.run_follow_up();
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

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").finish_non_exhaustive()
    }
}
