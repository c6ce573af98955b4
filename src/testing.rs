//! A test kit for async code, of this crate or not: feature `testing`.
//!
//! Three tools:
//!
//! * A **simulation** ([`run`]) executes futures on one thread, in an order that is drawn from a seed, by a
//!   clock of its own. The same seed is the same run.
//! * [`explore`] runs many seeds, or [all schedules](Explore::all), and says how to repeat the one that fails.
//! * [`inject`] drops a future after each of its polls, and panics at each of its points.
//!
//! # Find a race
//!
//! Two tasks add to a balance, and await between reading and writing it:
//!
//! ```
//! use std::{cell::Cell, rc::Rc};
//! use pleach::testing::{Explore, Sim};
//!
//! async fn deposit(sim: &Sim, balance: &Cell<u32>, amount: u32) {
//!     let before = balance.get();
//!     sim.pause().await; // For what a real one awaits here.
//!     balance.set(before + amount);
//! }
//!
//! async fn two_deposits(sim: Sim) -> u32 {
//!     let balance = Rc::new(Cell::new(0));
//!     let tasks = [10, 20].map(|amount| {
//!         let (inner, balance) = (sim.clone(), balance.clone());
//!         sim.spawn(async move { deposit(&inner, &balance, amount).await })
//!     });
//!     for task in tasks {
//!         task.await;
//!     }
//!     balance.get()
//! }
//!
//! let test = async |sim| assert_eq!(two_deposits(sim).await, 30);
//! # std::panic::set_hook(Box::new(|_| ()));
//! let failure = Explore::seeds(100).try_run(test).unwrap_err();
//! println!("{failure}"); // .. to repeat it: PLEACH_SEED=1 cargo test ..
//!
//! // That seed fails whenever it is run.
//! let seed = failure.seed().clone();
//! let again = Explore::seeds(100).replay(seed.clone()).try_run(test).unwrap_err();
//! assert_eq!(again.seed(), &seed);
//!
//! // What can come of it at all.
//! let explored = Explore::all(10_000).run(two_deposits);
//! assert!(explored.is_complete());
//! assert_eq!(explored.outcomes().collect::<Vec<_>>(), [&10, &20, &30]);
//! ```
//!
//! In a test one calls [`Explore::run`] or [`explore`], which panic as the run did. To repeat a run, set
//! the variable `PLEACH_SEED` as it was printed: then that run alone takes place.
//!
//! # Sleep for hours in no time
//!
//! [`Sim`] is a [`Timer`](crate::time::Timer). Its clock goes on to the next deadline when there is nothing else
//! to do, and stands otherwise:
//!
//! ```
//! use std::time::Duration;
//! use pleach::{testing, time::{Clock, Instant, timeout}};
//!
//! testing::run(7, async |sim| {
//!     let hour = Duration::from_secs(3600);
//!     let late = timeout(&sim, hour, sim.sleep(2 * hour));
//!     assert!(late.await.is_err());
//!     assert_eq!(sim.now(), Instant::EPOCH + hour);
//! });
//! ```
//!
//! # Find a lost wake-up
//!
//! A simulation that has nothing to do, and nobody who sleeps, is *stalled*, and says who was there:
//!
//! ```
//! use std::{cell::Cell, future::poll_fn, rc::Rc, task::Poll};
//! use pleach::testing::Simulation;
//!
//! let stalled = Simulation::new(7).run(async |sim| {
//!     let flag = Rc::new(Cell::new(false));
//!     let seen = flag.clone();
//!     // It does not leave its waker anywhere.
//!     let wait = poll_fn(move |_| if seen.get() { Poll::Ready(()) } else { Poll::Pending });
//!     let waiter = sim.named("waiter").spawn(wait);
//!     sim.pause().await;
//!     flag.set(true);
//!     waiter.await
//! });
//! let halted = stalled.unwrap_err();
//! println!("{halted}"); // stalled: .. task 1 "waiter" waits, polled 1 times, of src/...
//! assert_eq!(halted.tasks[1].name, Some("waiter"));
//! ```
//!
//! (By some seeds it is not: the flag is set before the waiter is polled for the first time. [`explore`] finds
//! one by which it is.) What goes on for ever without getting anywhere is ended by
//! [`Simulation::max_steps`].
//!
//! With the feature `inspect`, `Sim::watch` has it tell who waits for whom in a scope, and where: see
//! `inspect::StallReport`.
//!
//! # Parallel scopes, and runtimes' tasks
//!
//! [`Sim`] is a [`Spawn`](crate::runtime::Spawn) too: [`par_scope!`](crate::par_scope!) and whatever else is given
//! an executor runs in a simulation. And [`select!`](crate::select!) and [`race`](crate::select::race) begin at an
//! arm that is a choice of the simulation.
//!
//! ```
//! use pleach::{par_scope, testing};
//!
//! let sum = testing::run(7, async |sim| {
//!     par_scope!(&sim, |s| {
//!         let (one, two) = (s.spawn(async { 1 }), s.spawn(async { 2 }));
//!         one.await.unwrap() + two.await.unwrap()
//!     })
//!     .await
//! });
//! assert_eq!(sum, 3);
//! ```
//!
//! # Where others may come between
//!
//! What a task does between two awaits takes place at once. Tasks that are ready go on in any order. The
//! children of a scope are one task, and are polled in the order in which they were woken; so are the
//! futures of a join. [`Sim::pause`] is a place where any other may go on first, in there as well, and
//! [`Sim::shuffled`] has a child woken in any order.
//!
//! # Injection
//!
//! See [`inject`]; an example over a future of one's own:
//!
//! ```
//! use pleach::{join::join, testing::inject::{self, Trial, yield_once}};
//!
//! let injections = inject::all(|world| {
//!     let inner = world.clone();
//!     let child = world.child("child", async move {
//!         let buffer = inner.part("buffer");
//!         yield_once().await;
//!         drop(buffer);
//!         7
//!     });
//!     Trial::of(world, join((child, async { 1 })))
//! });
//! println!("{injections}");
//! assert!(injections.drops >= 2 && injections.panics >= 4);
//! ```
//!
//! # What a seed does not repeat
//!
//! Other threads and the time of the system; the order of a `HashMap` with its usual hasher; addresses; random
//! numbers that are not of [`Sim::rng`]; with `inspect`, the numbers of trees of tokens and which ties are
//! kept of many. Nothing else is shared by simulations: tests that run at the same
//! time, in threads of one process, know nothing of one another. All that the kit has for each thread is which
//! simulation it runs, where that draws its lots, and for which line of the program a task is being spawned.

mod alarms;
mod explore;
mod halt;
pub mod inject;
mod origin;
mod payload;
mod rng;
mod seed;
mod shared;
mod sim;
mod simulation;
mod waits;
mod waker;

pub use explore::{Explore, Explored, Failure, explore};
pub use halt::{Halted, TaskInfo, Why};
pub(crate) use origin::Origin;
pub use rng::Rng;
pub use seed::{ParseSeedError, Seed};
pub use sim::{Sim, Task};
pub use simulation::{Simulation, run};
pub use waits::{Pause, Shuffled, SimSleep, pause};
pub use waker::{HookedWaker, Wakes};
