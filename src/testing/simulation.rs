//! The executor: one thread, which polls and wakes in an order of its choice.

use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc, vec::Vec};
use core::{
    cell::RefCell,
    future::Future,
    mem,
    num::NonZeroUsize,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::thread_local;

use super::{
    Halted, Seed, Sim, Why,
    seed::Choices,
    shared::{LocalFuture, MAIN, Shared, Step, TaskWaker},
};
use crate::sys::{
    lot::{self, Lots},
    unwind::{self, FirstPanic},
};

/// Runs `main` to its end as a simulation, and gives its output.
///
/// [`Simulation::run`] with the default settings. What it is given is an `async` closure; one that gives a
/// future will do, if it names the type of what it takes: `|sim: Sim| async move { .. }`.
///
/// # Panics
///
/// If `main` or a task panics, and if the simulation does not come to its end, with the text of
/// [`Halted`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{testing, time::Clock};
///
/// let end = testing::run(7, async |sim| {
///     sim.sleep(Duration::from_secs(3600)).await;
///     sim.now()
/// });
/// assert_eq!(end.as_nanos(), 3_600_000_000_000);
/// ```
#[track_caller]
pub fn run<T>(seed: impl Into<Seed>, main: impl AsyncFnOnce(Sim) -> T) -> T {
    match Simulation::new(seed).run(main) {
        Ok(output) => output,
        Err(halted) => panic!("{halted}"),
    }
}

/// The settings of a simulation.
///
/// # Examples
///
/// ```
/// use pleach::testing::{Simulation, Why};
///
/// let endless = Simulation::new(7).max_steps(1000).run(async |sim| {
///     loop {
///         sim.pause().await;
///     }
/// });
/// let halted: pleach::testing::Halted = endless.map(|()| ()).unwrap_err();
/// assert_eq!((halted.why, halted.steps), (Why::Endless, 1000));
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing unless it is run"]
pub struct Simulation {
    seed: Seed,
    limits: Limits,
}

#[derive(Clone, Debug)]
pub(super) struct Limits {
    pub(super) steps: u64,
    pub(super) spurious: Option<NonZeroUsize>,
    pub(super) slow: Option<NonZeroUsize>,
    pub(super) patience: Duration,
}

impl Simulation {
    /// Of that seed, a million steps at most, nothing spurious or slow, and no other threads.
    pub fn new(seed: impl Into<Seed>) -> Self {
        Self {
            seed: seed.into(),
            limits: Limits {
                steps: 1_000_000,
                spurious: None,
                slow: None,
                patience: Duration::ZERO,
            },
        }
    }

    /// How many steps it may take: polls of tasks, and wakes of those who slept or paused.
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.limits.steps = steps;
        self
    }

    /// Now and then, one time of so many, polls a task that was not woken, or wakes somebody who sleeps.
    ///
    /// A future must stand that: whoever shares its task may have been woken.
    pub fn spurious(mut self, one_in: NonZeroUsize) -> Self {
        self.limits.spurious = Some(one_in);
        self
    }

    /// Now and then, one time of so many, lets the clock go on to the next deadline although there is
    /// something to do: as if that took long. So a timeout may come before what is ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{num::NonZeroUsize, time::Duration};
    /// use pleach::{testing::{Explore, Sim, Simulation}, time::timeout};
    ///
    /// let slow = Simulation::new(0).slow(NonZeroUsize::new(4).unwrap());
    /// let explored = Explore::seeds(100).simulation(slow).run(async |sim: Sim| {
    ///     timeout(&sim, Duration::from_secs(1), sim.pause()).await.is_err()
    /// });
    /// assert_eq!(explored.outcomes().collect::<Vec<_>>(), [&false, &true]);
    /// ```
    pub fn slow(mut self, one_in: NonZeroUsize) -> Self {
        self.limits.slow = Some(one_in);
        self
    }

    /// Waits so long, in real time, for other threads to wake a task, before the clock of the simulation
    /// goes on and before it is said to be stalled.
    ///
    /// What other threads do is not part of the simulation, and not repeated by its seed.
    pub fn wait_for_threads(mut self, patience: Duration) -> Self {
        self.limits.patience = patience;
        self
    }

    /// Runs `main` to its end, with the tasks that are spawned meanwhile, on this thread.
    ///
    /// Whatever is left when it is ready is dropped: the tasks, newest first.
    ///
    /// # Panics
    ///
    /// With the payload of the first panic of `main` or of a task, or of a waker or destructor: when
    /// everything else has been dropped.
    ///
    /// # Errors
    ///
    /// If it does not come to its end.
    #[track_caller]
    pub fn run<T>(self, main: impl AsyncFnOnce(Sim) -> T) -> Result<T, Halted> {
        let choices = Choices::new(&self.seed);
        self.run_by(choices, Location::caller(), main).0
    }

    pub(super) fn with_seed(&self, seed: Seed) -> Self {
        let limits = self.limits.clone();
        Self { seed, limits }
    }

    /// As [`run`](Self::run), and gives the choices that were made.
    pub(super) fn run_by<T>(
        self,
        choices: Choices,
        site: &'static Location<'static>,
        main: impl AsyncFnOnce(Sim) -> T,
    ) -> (Result<T, Halted>, Choices) {
        let shared = Arc::new(Shared::new(self.seed, choices, site));
        let _here = Here::enter(&shared);
        // First: what is spawned before there is a main future belongs to this thread as well.
        let mut executor = Executor::new(&shared);
        executor.main = Some(Box::pin(main(Sim::new(&shared))));
        let result = executor.run(&self.limits);
        (result, shared.take_choices())
    }
}

thread_local! {
    /// The simulation that this thread runs.
    static CURRENT: RefCell<Option<Arc<Shared>>> = const { RefCell::new(None) };
}

/// The simulation that this thread runs.
pub(super) fn current() -> Option<Arc<Shared>> {
    // None while the thread's variables go.
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

/// Makes a simulation the current one of the thread, and then the one that was again.
struct Here {
    before: Option<Arc<Shared>>,
    lots: Option<Lots>,
}

impl Here {
    fn enter(shared: &Arc<Shared>) -> Self {
        Self {
            before: CURRENT.replace(Some(Arc::clone(shared))),
            lots: lot::replace(Some(choose)),
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        lot::replace(self.lots.take());
        let own = CURRENT.replace(self.before.take());
        drop(own);
    }
}

/// Where a `select!` begins.
fn choose(of: u32) -> u32 {
    current().map_or(0, |shared| shared.choose(of as usize) as u32)
}

/// The futures of a simulation, on their thread. It closes the simulation when it is dropped.
struct Executor<'a, F> {
    shared: &'a Arc<Shared>,
    main: Option<Pin<Box<F>>>,
    main_waker: Waker,
    tasks: BTreeMap<usize, Task>,
}

struct Task {
    future: LocalFuture,
    waker: Waker,
}

fn waker(shared: &Arc<Shared>, task: usize) -> Waker {
    let shared = Arc::clone(shared);
    Waker::from(Arc::new(TaskWaker { shared, task }))
}

impl<'a, F: Future> Executor<'a, F> {
    fn new(shared: &'a Arc<Shared>) -> Self {
        Self {
            shared,
            main: None,
            main_waker: waker(shared, MAIN),
            tasks: BTreeMap::new(),
        }
    }

    fn run(mut self, limits: &Limits) -> Result<F::Output, Halted> {
        loop {
            match self.shared.next(limits) {
                Step::Halt(why) => return Err(self.halted(why)),
                Step::Wake(waker) => waker.wake_by_ref(),
                Step::Poll(MAIN) => {
                    if let Poll::Ready(output) = self.poll_main() {
                        self.tear_down();
                        return Ok(output);
                    }
                }
                Step::Poll(task) => self.poll(task),
            }
        }
    }

    fn poll_main(&mut self) -> Poll<F::Output> {
        let main = self.main.as_mut().expect("it is polled until it is ready");
        let polled = main
            .as_mut()
            .poll(&mut Context::from_waker(&self.main_waker));
        if polled.is_ready() {
            self.main = None;
        }
        polled
    }

    fn poll(&mut self, number: usize) {
        for (number, future) in self.shared.take_born() {
            let waker = waker(self.shared, number);
            self.tasks.insert(number, Task { future, waker });
        }
        let Some(task) = self.tasks.get_mut(&number) else {
            unreachable!("what is alive is here");
        };
        let mut cx = Context::from_waker(&task.waker);
        if task.future.as_mut().poll(&mut cx).is_ready() {
            self.shared.end(number);
            self.tasks.remove(&number);
        }
    }

    fn halted(&self, why: Why) -> Halted {
        let reports = self.shared.take_reports();
        Halted {
            why,
            seed: self.shared.seed.clone(),
            time: self.shared.now(),
            steps: self.shared.steps(),
            tasks: self.shared.tasks(),
            reports: reports.into_iter().map(told).collect(),
        }
    }
}

/// What a report says. It is the user's code, at a time when there is a better failure to tell.
fn told(report: impl FnOnce() -> String) -> String {
    unwind::catch(report).unwrap_or_else(|_| String::from("a report panicked"))
}

impl<F> Executor<'_, F> {
    /// Drops all that is left, newest first; the first panic goes on when nothing is.
    fn tear_down(&mut self) {
        let mut panics = FirstPanic::default();
        let mut remains = self.shared.close();
        for future in mem::take(&mut remains.born).into_values().rev() {
            panics.run(|| drop(future));
        }
        let tasks: Vec<_> = mem::take(&mut self.tasks).into_values().collect();
        for task in tasks.into_iter().rev() {
            panics.run(|| drop(task));
        }
        if let Some(main) = self.main.take() {
            panics.run(|| drop(main));
        }
        panics.run(|| drop(remains));
        panics.resume_in_drop();
    }
}

impl<F> Drop for Executor<'_, F> {
    fn drop(&mut self) {
        self.tear_down();
    }
}
