//! The handle of a simulation.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use super::{
    Pause, Rng, Seed, Shuffled, SimSleep, TaskInfo, origin, shared::Shared, simulation::current,
};
#[cfg(feature = "inspect")]
use crate::inspect::{Inspect, StallReport};
use crate::{
    oneshot,
    runtime::{Spawn, SpawnLocal},
    time::{Clock, Instant, Timer, sleep},
};

/// The handle of a simulation: its executor, its timer, and what is random in it.
///
/// It is a [`Spawn`], a [`SpawnLocal`] and a [`Timer`], by value or by reference; a clone is another
/// handle of the same. It may be used from any thread and stays harmless when the simulation is over: then
/// futures that are spawned are dropped, and sleeps do not end.
#[derive(Clone)]
pub struct Sim {
    shared: Arc<Shared>,
    name: Option<&'static str>,
}

impl Sim {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            name: None,
        }
    }

    /// The simulation that this thread runs, if it runs one.
    #[must_use]
    pub fn current() -> Option<Self> {
        current().map(|shared| Self { shared, name: None })
    }

    /// A handle whose tasks have that name in reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::testing;
    ///
    /// testing::run(7, async |sim| {
    ///     sim.named("ticker").spawn(std::future::pending::<()>());
    ///     assert_eq!(sim.tasks()[1].name, Some("ticker"));
    /// });
    /// ```
    #[must_use]
    pub fn named(&self, name: &'static str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            name: Some(name),
        }
    }

    /// Runs a future as a task, beside the caller; the task is its output as a future.
    ///
    /// Dropping that leaves the task alone.
    ///
    /// # Panics
    ///
    /// On another thread than that of the simulation, since the future need not be `Send`. ([`Spawn`] takes
    /// those that are.) A panic of the task ends the simulation.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::testing;
    ///
    /// let sum = testing::run(7, async |sim| {
    ///     let (one, two) = (sim.spawn(async { 1 }), sim.spawn(async { 2 }));
    ///     one.await + two.await
    /// });
    /// assert_eq!(sum, 3);
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let task = async move {
            let output = future.await;
            // Nobody may want it.
            drop(sender.send(output));
        };
        let site = Location::caller();
        self.shared.spawn_local(self.name, site, task);
        Task(receiver)
    }

    /// Sleeps by the clock of the simulation, which goes on only when there is nothing else to do.
    pub fn sleep(&self, duration: Duration) -> SimSleep {
        sleep(self, duration)
    }

    /// Lets others go first, or not: the next to go on is one of those who are ready, and of those who
    /// pause or whose sleep is over.
    ///
    /// Whatever executes between two awaits takes place at once. So a pause is a place where others may
    /// come between. It always returns `Pending` once, also among the children of a scope, which are then
    /// polled in whatever order the simulation wakes them.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{collections::BTreeSet, sync::Mutex};
    /// use pleach::{scope, testing};
    ///
    /// let orders: BTreeSet<Vec<u32>> = (0..100)
    ///     .map(|seed| {
    ///         testing::run(seed, async |sim| {
    ///             let order = Mutex::new(Vec::new());
    ///             scope!(|s| {
    ///                 for n in 0..3 {
    ///                     let (sim, order) = (&sim, &order);
    ///                     s.spawn(async move {
    ///                         sim.pause().await;
    ///                         order.lock().unwrap().push(n);
    ///                     });
    ///                 }
    ///             })
    ///             .await;
    ///             order.into_inner().unwrap()
    ///         })
    ///     })
    ///     .collect();
    /// assert_eq!(orders.len(), 6);
    /// ```
    pub fn pause(&self) -> Pause {
        Pause::new(Some(Arc::clone(&self.shared)))
    }

    /// A future that begins with a pause, and is polled only when the simulation has passed on a wake of it,
    /// in an order of its choice.
    ///
    /// For the children of a scope, which are otherwise polled in the order in which they were woken, and for
    /// those of a join or a select, which are polled in the order in which they stand: so what one event
    /// wakes goes on in any order. Polls for no reason do not reach the future.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{collections::BTreeSet, sync::Mutex};
    /// use pleach::{Event, join::join, testing};
    ///
    /// let orders: BTreeSet<Vec<u32>> = (0..100)
    ///     .map(|seed| {
    ///         testing::run(seed, async |sim| {
    ///             let (event, order) = (Event::new(), Mutex::new(Vec::new()));
    ///             let wait = async |n| {
    ///                 event.wait().await;
    ///                 order.lock().unwrap().push(n);
    ///             };
    ///             let waits = [0, 1, 2].map(|n| sim.shuffled(wait(n)));
    ///             let sets = async {
    ///                 sim.pause().await;
    ///                 event.set();
    ///             };
    ///             join((join(waits), sets)).await;
    ///             order.into_inner().unwrap()
    ///         })
    ///     })
    ///     .collect();
    /// assert_eq!(orders.len(), 6);
    /// ```
    pub fn shuffled<F: Future>(&self, future: F) -> Shuffled<F> {
        Shuffled::new(Arc::clone(&self.shared), future)
    }

    /// A number below `of`, or zero: a choice of yours, which is part of the schedule.
    ///
    /// So [`Explore::all`](super::Explore::all) tries each. For what is random and not to be explored there
    /// is [`rng`](Self::rng).
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::testing::Explore;
    ///
    /// let explored = Explore::all(100).run(async |sim| (sim.choose(2), sim.choose(3)));
    /// assert_eq!(explored.outcomes().count(), 6);
    /// ```
    #[must_use]
    pub fn choose(&self, of: usize) -> usize {
        self.shared.choose(of)
    }

    /// A generator of your own: by the seed, and by how many there were before.
    #[must_use]
    pub fn rng(&self) -> Rng {
        self.shared.rng()
    }

    /// The seed of the run.
    #[must_use]
    pub fn seed(&self) -> &Seed {
        &self.shared.seed
    }

    /// Tells this schedule from others: the same as long as all choices were.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.shared.fingerprint()
    }

    /// The tasks that are there, the main future first.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskInfo> {
        self.shared.tasks()
    }

    /// What to ask for the report of a simulation that is halted, while everything is still there.
    ///
    /// It is called once, or dropped when the simulation is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Semaphore, testing::Simulation};
    /// use std::sync::Arc;
    ///
    /// let stalled = Simulation::new(7).run(async |sim| {
    ///     let permits = Arc::new(Semaphore::new(1));
    ///     let seen = permits.clone();
    ///     sim.on_halt(move || format!("{} wait for a permit", seen.waiters()));
    ///     let _first = permits.acquire().await;
    ///     let _second = permits.acquire().await;
    /// });
    /// assert_eq!(stalled.unwrap_err().reports, ["1 wait for a permit"]);
    /// ```
    pub fn on_halt(&self, report: impl FnOnce() -> String + Send + 'static) {
        self.shared.add_report(Box::new(report));
    }

    /// Has a halt tell why nothing goes on below `root`: by a [`StallReport`]. Feature `inspect`.
    ///
    /// The root is a clone of a [`Scope`](crate::Scope), a token, or whatever else can be looked at; it is
    /// kept until the simulation is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{Semaphore, scope::scope, testing::Simulation};
    /// use std::sync::Arc;
    ///
    /// let stalled = Simulation::new(7).run(async |sim| {
    ///     let permits = Arc::new(Semaphore::new(1));
    ///     let (driver, s) = scope();
    ///     sim.watch(s.clone());
    ///     s.spawn(async move {
    ///         let _first = permits.acquire().await;
    ///         let _second = permits.acquire().await;
    ///     });
    ///     driver.run(async {}).await
    /// });
    /// let halted = stalled.unwrap_err();
    /// assert!(halted.to_string().contains("one waits for itself"), "{halted}");
    /// ```
    #[cfg(feature = "inspect")]
    pub fn watch(&self, root: impl Inspect + Send + 'static) {
        self.on_halt(move || alloc::format!("{}", StallReport::of(&root)));
    }
}

/// The output of a task of a simulation, as a future.
///
/// It does not end if the task does not; when the simulation is over nobody can tell.
pub struct Task<T>(oneshot::Receiver<T>);

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match Pin::new(&mut self.get_mut().0).poll(cx) {
            Poll::Ready(Ok(output)) => Poll::Ready(output),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Spawn for Sim {
    #[track_caller]
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let site = origin::of(Location::caller());
        self.shared.spawn(self.name, site, future);
    }
}

impl SpawnLocal for Sim {
    #[track_caller]
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        let site = Location::caller();
        self.shared.spawn_local(self.name, site, future);
    }
}

impl Clock for Sim {
    fn now(&self) -> Instant {
        self.shared.now()
    }
}

impl Timer for Sim {
    type Sleep = SimSleep;

    fn sleep_until(&self, at: Instant) -> SimSleep {
        SimSleep::new(Arc::clone(&self.shared), at)
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("seed", self.seed())
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}
