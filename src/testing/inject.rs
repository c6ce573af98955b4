//! Drops and panics at every point of a future: what becomes of it then?
//!
//! A future may be dropped wherever it awaits, and code of others that it runs may panic: a future that it
//! polls, a destructor, a callback, a waker. Here that is done to a future of yours, exhaustively: a
//! *trial* is built again and again, run, and each time something else is done to it.
//!
//! | injected | |
//! |---|---|
//! | a drop | the future is dropped after its n-th poll |
//! | a panic in a drop | it is dropped after its n-th poll, and the m-th point since panics |
//! | a panic | the n-th point panics |
//! | two panics | the n-th point panics, and the m-th since that does too |
//!
//! A *point* is where code runs that is not the future's own: the polls and the drop of a
//! [`child`](World::child), the drop of a [`part`](World::part) or of an [`output`](World::output), each
//! call of the table of the waker that it is polled with, and whatever else says [`World::point`]. What a
//! future holds, polls and calls is therefore made of these.
//!
//! After each of them these are checked:
//!
//! * **Nothing outlives it.** Every child and part has been dropped, once, where it was polled, and before
//!   the future was ready or its panic came out; nothing was polled after that. All wakers are gone, and all
//!   memory is freed, if there is somebody to [count](Inject::memory) it.
//! * **Nothing is lost.** Its output is that of the undisturbed run, or the panic came out, once. Of two the
//!   first comes out; the second may give way to it.
//! * It does not hang.
//!
//! A point does not panic while another panic unwinds: the language aborts at that. Panics are raised without
//! the panic hook, so nothing is printed.
//!
//! # Examples
//!
//! A semaphore's permit is given back whatever happens to those who wait for one:
//!
//! ```
//! use std::sync::Arc;
//! use pleach::{Semaphore, join::join, testing::inject::{self, Trial}};
//!
//! let injections = inject::all(|world| {
//!     let permits = Arc::new(Semaphore::new(1));
//!     let one = |name| {
//!         let (permits, inner) = (permits.clone(), world.clone());
//!         world.child(name, async move {
//!             let _permit = permits.acquire().await;
//!             let _held = inner.part("what a permit guards");
//!             pleach::testing::inject::yield_once().await;
//!         })
//!     };
//!     let (world, left) = (world.clone(), permits.clone());
//!     Trial::of(&world.clone(), join((one("first"), one("second")))).after(move || {
//!         if left.available_permits() != 1 {
//!             world.fail("a permit is lost");
//!         }
//!     })
//! });
//! assert!(injections.total() > 40, "{injections}");
//! ```
//!
//! A future that loses what it has taken when it is dropped is found:
//!
//! ```should_panic
//! use std::{cell::Cell, rc::Rc};
//! use pleach::testing::inject::{self, Trial};
//!
//! inject::drops(|world| {
//!     let account = Rc::new(Cell::new(100));
//!     let (from, left) = (account.clone(), account);
//!     let transfer = async move {
//!         from.set(from.get() - 30);
//!         inject::yield_once().await; // Dropped here, it has taken and not given.
//!         from.set(from.get() + 30);
//!     };
//!     let world = world.clone();
//!     Trial::of(&world.clone(), transfer).after(move || {
//!         if left.get() != 100 {
//!             world.fail("money is gone");
//!         }
//!     })
//! });
//! ```

mod run;
mod task;
mod world;

use core::{fmt, future::poll_fn, mem, task::Poll};

pub use run::Trial;
use run::{Plan, Scenario};
pub use task::{Bell, Task};
pub use world::{Injected, Output, Part, Point, Probe, World, settled};

/// Drops a future after each of its polls: [`Inject::drops`] with the default settings.
///
/// # Panics
///
/// If something is not as it should be, with what was done and what came of it.
#[track_caller]
pub fn drops(build: impl Fn(&World) -> Trial) -> Injections {
    Inject::new().drops(build)
}

/// Panics at each of its points: [`Inject::panics`] with the default settings.
///
/// # Panics
///
/// If something is not as it should be, with what was done and what came of it.
#[track_caller]
pub fn panics(build: impl Fn(&World) -> Trial) -> Injections {
    Inject::new().panics(build)
}

/// Does everything to a future that can be done to it: [`Inject::all`] with the default settings.
///
/// # Panics
///
/// If something is not as it should be, with what was done and what came of it.
#[track_caller]
pub fn all(build: impl Fn(&World) -> Trial) -> Injections {
    Inject::new().all(build)
}

/// What is checked beside what always is.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "it does nothing unless a trial is run"]
pub struct Inject {
    memory: Option<fn() -> isize>,
    follow_up: Option<fn()>,
}

/// How many injections there were, of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Injections {
    /// Drops after a poll.
    pub drops: usize,
    /// Panics while it was dropped after a poll.
    pub panics_in_drops: usize,
    /// Panics at a point.
    pub panics: usize,
    /// Panics at a point, and another one after that.
    pub pairs: usize,
}

impl Injections {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.drops + self.panics_in_drops + self.panics + self.pairs
    }
}

impl Inject {
    /// Nothing else.
    pub const fn new() -> Self {
        Self {
            memory: None,
            follow_up: None,
        }
    }

    /// What tells how many allocations of this thread have not been freed: by a global allocator of yours
    /// that counts. A run must leave none.
    pub const fn memory(mut self, live: fn() -> isize) -> Self {
        self.memory = Some(live);
        self
    }

    /// What is done after each injection: it panics if others were affected.
    pub const fn follow_up(mut self, check: fn()) -> Self {
        self.follow_up = Some(check);
        self
    }

    /// Drops the future after each of its polls, and before the first.
    ///
    /// # Panics
    ///
    /// If something is not as it should be, with what was done and what came of it.
    #[track_caller]
    pub fn drops(&self, build: impl Fn(&World) -> Trial) -> Injections {
        let mut done = Injections::default();
        self.scenario(&build).drops(&mut done, false);
        done
    }

    /// Panics at each point.
    ///
    /// # Panics
    ///
    /// If something is not as it should be, with what was done and what came of it.
    #[track_caller]
    pub fn panics(&self, build: impl Fn(&World) -> Trial) -> Injections {
        let mut done = Injections::default();
        self.scenario(&build).panics(&mut done, false);
        done
    }

    /// Does all four kinds of things to it.
    ///
    /// The number of runs grows with the square of that of the points.
    ///
    /// # Panics
    ///
    /// If something is not as it should be, with what was done and what came of it.
    #[track_caller]
    pub fn all(&self, build: impl Fn(&World) -> Trial) -> Injections {
        let mut done = Injections::default();
        let scenario = self.scenario(&build);
        scenario.drops(&mut done, true);
        scenario.panics(&mut done, true);
        done
    }

    #[track_caller]
    fn scenario<'a>(&'a self, build: &'a dyn Fn(&World) -> Trial) -> Scenario<'a> {
        let mut scenario = Scenario {
            inject: self,
            build,
            undisturbed: None,
        };
        // Once more than is counted: what is made once on a thread is there then.
        scenario.run(&Plan::default());
        scenario.undisturbed = scenario.check(&Plan::default()).outcome;
        assert!(scenario.undisturbed.is_some(), "it comes to nothing");
        scenario
    }

    fn live(&self) -> Option<isize> {
        self.memory.map(|live| live())
    }

    fn run_follow_up(&self) {
        if let Some(check) = self.follow_up {
            check();
        }
    }
}

impl Scenario<'_> {
    #[track_caller]
    fn drops(&self, done: &mut Injections, with_panics: bool) {
        for dropped_after in 0.. {
            let plan = |panics: &[usize]| Plan {
                dropped_after: Some(dropped_after),
                panics: panics.to_vec(),
            };
            if self.check(&plan(&[])).outcome.is_some() {
                return;
            }
            done.drops += 1;
            if with_panics {
                done.panics_in_drops += (0..)
                    .take_while(|at| !self.check(&plan(&[*at])).injected.is_empty())
                    .count();
            }
        }
    }

    #[track_caller]
    fn panics(&self, done: &mut Injections, with_pairs: bool) {
        for at in 0.. {
            let plan = |panics: &[usize]| Plan {
                dropped_after: None,
                panics: panics.to_vec(),
            };
            if self.check(&plan(&[at])).injected.is_empty() {
                return;
            }
            done.panics += 1;
            if with_pairs {
                done.pairs += (0..)
                    .take_while(|then| self.check(&plan(&[at, *then])).injected.len() == 2)
                    .count();
            }
        }
    }
}

/// Is pending once, having woken itself: a poll after which a future can be dropped.
pub async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl fmt::Display for Injections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            drops,
            panics_in_drops,
            panics,
            pairs,
        } = self;
        write!(
            f,
            "{} injections: {drops} drops, {panics_in_drops} panics in them, {panics} panics, \
             {pairs} pairs of panics",
            self.total()
        )
    }
}
