//! What the executor of a simulation, its handles and its wakers share.
//!
//! All of it is under one lock, which is held for moments, and never while code of others runs: futures
//! and wakers are moved out before they are polled, woken or dropped. A simulation that is over is
//! *closed*: it takes no future and no waker any more, and forgets those that it has.

use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc, task::Wake, vec::Vec};
use core::{future::Future, mem, panic::Location, pin::Pin, task::Waker, time::Duration};
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use super::{
    Rng, Seed, TaskInfo, Why,
    alarms::{Alarms, Key},
    seed::Choices,
    simulation::Limits,
};
use crate::time::Instant;

pub(super) type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// Tells what somebody knows of a simulation that was halted.
pub(super) type Report = Box<dyn FnOnce() -> String + Send>;

/// The main future, among the tasks.
pub(super) const MAIN: usize = 0;

pub(super) struct Shared {
    pub(super) seed: Seed,
    /// Who runs the simulation.
    thread: ThreadId,
    state: Mutex<State>,
    /// Rung when a task is woken: its thread may sleep.
    bell: Condvar,
}

struct State {
    choices: Choices,
    /// What generators of users are seeded by.
    seeds: Rng,
    now: Instant,
    /// Those that are alive.
    tasks: BTreeMap<usize, Known>,
    next_task: usize,
    /// Those that are to be polled.
    ready: Vec<usize>,
    /// Those that the executor has not fetched yet.
    born: Vec<(usize, Born)>,
    alarms: Alarms,
    reports: Vec<Report>,
    steps: u64,
    is_closed: bool,
}

struct Known {
    name: Option<&'static str>,
    site: &'static Location<'static>,
    polls: u64,
    is_ready: bool,
}

/// A future on its way to the executor.
struct Born(LocalFuture);

// SAFETY: a future that is not `Send` comes from the thread of the executor (`Shared::spawn_local`),
// and that thread takes out whatever is here, at the latest when it closes the simulation.
unsafe impl Send for Born {}

/// What the executor does next.
pub(super) enum Step {
    Poll(usize),
    Wake(Arc<Waker>),
    Halt(Why),
}

/// All that is left of a simulation that is over, to be dropped by its thread without the lock.
#[derive(Default)]
pub(super) struct Remains {
    pub(super) born: BTreeMap<usize, LocalFuture>,
    _alarms: Alarms,
    _reports: Vec<Report>,
}

impl Shared {
    pub(super) fn new(seed: Seed, choices: Choices, site: &'static Location<'static>) -> Self {
        let main = Known {
            name: Some("main"),
            site,
            polls: 0,
            is_ready: true,
        };
        let state = State {
            choices,
            seeds: Rng::new(!seed.number()),
            now: Instant::EPOCH,
            tasks: BTreeMap::from([(MAIN, main)]),
            next_task: MAIN + 1,
            ready: Vec::from([MAIN]),
            born: Vec::new(),
            alarms: Alarms::default(),
            reports: Vec::new(),
            steps: 0,
            is_closed: false,
        };
        Self {
            seed,
            thread: thread::current().id(),
            state: Mutex::new(state),
            bell: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What panics under the lock is a choice that there is not, before it changes anything.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_here(&self) -> bool {
        self.thread == thread::current().id()
    }

    pub(super) fn spawn(
        &self,
        name: Option<&'static str>,
        site: &'static Location<'static>,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        self.add(name, site, Box::pin(future));
    }

    pub(super) fn spawn_local(
        &self,
        name: Option<&'static str>,
        site: &'static Location<'static>,
        future: impl Future<Output = ()> + 'static,
    ) {
        assert!(
            self.is_here(),
            "a future that need not be `Send` is spawned on another thread than that of the simulation: \
             there `Spawn::spawn` takes those that are"
        );
        self.add(name, site, Box::pin(future));
    }

    fn add(
        &self,
        name: Option<&'static str>,
        site: &'static Location<'static>,
        future: LocalFuture,
    ) {
        let mut state = self.state();
        if state.is_closed {
            drop(state);
            drop(future);
            return;
        }
        let number = state.next_task;
        state.next_task += 1;
        let known = Known {
            name,
            site,
            polls: 0,
            is_ready: true,
        };
        state.tasks.insert(number, known);
        state.ready.push(number);
        state.born.push((number, Born(future)));
        drop(state);
        self.bell.notify_one();
    }

    /// Fetches what was spawned since.
    pub(super) fn take_born(&self) -> impl Iterator<Item = (usize, LocalFuture)> + use<> {
        debug_assert!(self.is_here());
        let born = mem::take(&mut self.state().born);
        born.into_iter()
            .map(|(number, Born(future))| (number, future))
    }

    fn wake(&self, task: usize) {
        let mut state = self.state();
        let Some(known) = state.tasks.get_mut(&task) else {
            return;
        };
        if mem::replace(&mut known.is_ready, true) {
            return;
        }
        state.ready.push(task);
        drop(state);
        self.bell.notify_one();
    }

    /// What to do next. With patience, other threads are waited for before time goes on.
    pub(super) fn next(&self, limits: &Limits) -> Step {
        let mut state = self.state();
        loop {
            if let Some(step) = state.next(limits) {
                return step;
            }
            if !limits.patience.is_zero() {
                state = self.listen(state, limits.patience);
                if !state.is_idle() {
                    continue;
                }
            }
            if !state.advance() {
                return Step::Halt(Why::Stalled);
            }
        }
    }

    fn listen<'a>(
        &self,
        state: MutexGuard<'a, State>,
        patience: Duration,
    ) -> MutexGuard<'a, State> {
        let result = self
            .bell
            .wait_timeout_while(state, patience, |state| state.is_idle());
        result.unwrap_or_else(PoisonError::into_inner).0
    }

    /// A task is gone, before its future is.
    pub(super) fn end(&self, task: usize) {
        let mut state = self.state();
        let known = state.tasks.remove(&task);
        // It may have woken itself.
        if known.is_some_and(|known| known.is_ready) {
            state.ready.retain(|ready| *ready != task);
        }
    }

    /// Closes it; the choices that were made.
    pub(super) fn close(&self) -> Remains {
        let mut state = self.state();
        state.is_closed = true;
        state.tasks.clear();
        state.ready.clear();
        Remains {
            born: mem::take(&mut state.born)
                .into_iter()
                .map(|(number, Born(future))| (number, future))
                .collect(),
            _alarms: mem::take(&mut state.alarms),
            _reports: mem::take(&mut state.reports),
        }
    }

    /// The choices that were made, of a simulation that is over.
    pub(super) fn take_choices(&self) -> Choices {
        let none = Choices::new(&Seed::from(0));
        mem::replace(&mut self.state().choices, none)
    }
}

/// For the handles.
impl Shared {
    pub(super) fn now(&self) -> Instant {
        self.state().now
    }

    pub(super) fn steps(&self) -> u64 {
        self.state().steps
    }

    pub(super) fn choose(&self, of: usize) -> usize {
        self.state().choices.choose(of)
    }

    pub(super) fn fingerprint(&self) -> u64 {
        self.state().choices.fingerprint()
    }

    pub(super) fn rng(&self) -> Rng {
        Rng::new(self.state().seeds.any())
    }

    pub(super) fn tasks(&self) -> Vec<TaskInfo> {
        let state = self.state();
        let tasks = state.tasks.iter();
        tasks
            .map(|(number, known)| TaskInfo {
                number: *number,
                name: known.name,
                site: known.site,
                polls: known.polls,
                is_ready: known.is_ready,
            })
            .collect()
    }

    pub(super) fn add_report(&self, report: Report) {
        let mut state = self.state();
        if !state.is_closed {
            state.reports.push(report);
            return;
        }
        drop(state);
        drop(report);
    }

    pub(super) fn take_reports(&self) -> Vec<Report> {
        mem::take(&mut self.state().reports)
    }

    /// An entry that is due at `at`, or at once; `None` if the simulation is over.
    pub(super) fn wait(&self, at: Option<Instant>, waker: &Waker) -> Option<Key> {
        let waker = Arc::new(waker.clone());
        let mut state = self.state();
        if state.is_closed {
            // The lock goes before the waker does.
            drop(state);
            return None;
        }
        let key = match at {
            Some(at) => state.alarms.sleep(at, waker),
            None => state.alarms.add_due(waker),
        };
        drop(state);
        self.bell.notify_one();
        Some(key)
    }

    /// Sees to it that an entry, if it still waits, has this waker; whether it does.
    pub(super) fn renew(&self, key: Key, waker: &Waker) -> bool {
        let waker = Arc::new(waker.clone());
        let mut state = self.state();
        let is_waiting = state.alarms.is_waiting(key);
        let old = state.alarms.renew(key, waker);
        drop(state);
        drop(old);
        is_waiting
    }

    pub(super) fn cancel(&self, key: Key, at: Option<Instant>) {
        let waker = self.state().alarms.cancel(key, at);
        drop(waker);
    }
}

impl State {
    /// The next step, unless nothing is ready.
    fn next(&mut self, limits: &Limits) -> Option<Step> {
        if self.is_idle() {
            return None;
        }
        if self.steps >= limits.steps {
            return Some(Step::Halt(Why::Endless));
        }
        self.steps += 1;
        if let Some(spurious) = self.spurious(limits) {
            return Some(spurious);
        }
        if self.is_slow(limits) {
            self.advance();
        }
        let (ready, due) = (self.ready.len(), self.alarms.due());
        let taken = self.choices.choose(ready + due);
        if taken >= ready {
            return Some(Step::Wake(self.alarms.take_due(taken - ready)));
        }
        let task = self.ready.swap_remove(taken);
        Some(self.poll(task))
    }

    fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.alarms.due() == 0
    }

    /// Lets the clock go on to the next deadline; whether there is one.
    fn advance(&mut self) -> bool {
        let next = self.alarms.advance();
        self.now = next.unwrap_or(self.now);
        next.is_some()
    }

    /// Whether what is ready takes until the next deadline.
    fn is_slow(&mut self, limits: &Limits) -> bool {
        let one_in = limits.slow.filter(|_| self.alarms.sleepers() > 0);
        one_in.is_some_and(|one_in| self.choices.one_in(one_in.get()))
    }

    fn poll(&mut self, task: usize) -> Step {
        let known = self.tasks.get_mut(&task).expect("it is alive");
        known.is_ready = false;
        known.polls += 1;
        Step::Poll(task)
    }

    /// A poll or a wake of what waits for something else.
    fn spurious(&mut self, limits: &Limits) -> Option<Step> {
        let one_in = limits.spurious?;
        let waits = self.tasks.iter().filter(|(_, known)| !known.is_ready);
        let waiting: Vec<usize> = waits.map(|(number, _)| *number).collect();
        let all = waiting.len() + self.alarms.sleepers();
        if all == 0 || !self.choices.one_in(one_in.get()) {
            return None;
        }
        let taken = self.choices.choose(all);
        match waiting.get(taken) {
            Some(task) => Some(self.poll(*task)),
            None => Some(Step::Wake(self.alarms.sleeper(taken - waiting.len()))),
        }
    }
}

/// What the waker of a task is.
pub(super) struct TaskWaker {
    pub(super) shared: Arc<Shared>,
    pub(super) task: usize,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.shared.wake(self.task);
    }
}
