//! Many schedules of one simulation.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
};
use core::{any::Any, error, fmt, panic::Location};
use std::{env, eprintln, thread};

use super::{
    Halted, Seed, Sim, Simulation,
    payload::message,
    seed::{Choices, Path},
};
use crate::sys::unwind;

/// Names the seed to repeat.
const SEED: &str = "PLEACH_SEED";
/// Says how many seeds to try, whatever the program says.
const SEEDS: &str = "PLEACH_SEEDS";

/// Runs `main` with the seeds 0, 1, ..: [`Explore::seeds`] with the default settings.
///
/// # Panics
///
/// As [`Explore::run`].
#[track_caller]
pub fn explore<T: Ord>(seeds: u64, main: impl AsyncFn(Sim) -> T) -> Explored<T> {
    Explore::seeds(seeds).run(main)
}

/// Runs a simulation again and again, by one schedule after the other.
///
/// The first run that fails ends it, and says how to repeat that run. With the variable `PLEACH_SEED` in the
/// environment it is that run alone which takes place, in whatever is explored by the process;
/// `PLEACH_SEEDS` changes the number of seeds.
#[derive(Clone, Debug)]
#[must_use = "it does nothing unless it is run"]
pub struct Explore {
    simulation: Simulation,
    mode: Mode,
}

#[derive(Clone, Debug)]
enum Mode {
    Seeds(u64),
    All { most: u64 },
    One(Seed),
}

impl Explore {
    /// The seeds from 0 on, so many of them.
    pub fn seeds(seeds: u64) -> Self {
        Self::new(Mode::Seeds(seeds))
    }

    /// Every schedule there is, depth first, but no more than so many.
    ///
    /// For what is small: there are as many as the product of all choices. What is random by
    /// [`Sim::rng`] is the same in all.
    pub fn all(most: u64) -> Self {
        Self::new(Mode::All { most })
    }

    fn new(mode: Mode) -> Self {
        Self {
            simulation: Simulation::new(0),
            mode,
        }
    }

    /// That seed alone, as the variable `PLEACH_SEED` says it from outside.
    pub fn replay(mut self, seed: Seed) -> Self {
        self.mode = Mode::One(seed);
        self
    }

    /// The settings of all runs but the seed.
    pub fn simulation(mut self, simulation: Simulation) -> Self {
        self.simulation = simulation;
        self
    }

    /// Runs them.
    ///
    /// # Panics
    ///
    /// If a run panics, with its payload; and if one does not come to its end. The seed and how to repeat it
    /// go to the standard error first.
    #[track_caller]
    pub fn run<T: Ord>(self, main: impl AsyncFn(Sim) -> T) -> Explored<T> {
        let failure = match self.try_run(main) {
            Ok(explored) => return explored,
            Err(failure) => failure,
        };
        eprintln!("{failure}");
        match failure.cause {
            Cause::Panic(payload) => unwind::resume(payload),
            Cause::Halted(halted) => panic!("{halted}"),
        }
    }

    /// As [`run`](Self::run), for those who want to look at a failure.
    ///
    /// # Errors
    ///
    /// If a run panics, or does not come to its end.
    ///
    /// # Panics
    ///
    /// If `PLEACH_SEED` or `PLEACH_SEEDS` is not what it should be.
    #[track_caller]
    pub fn try_run<T: Ord>(self, main: impl AsyncFn(Sim) -> T) -> Result<Explored<T>, Failure> {
        let mut runs = Runs {
            simulation: &self.simulation,
            site: Location::caller(),
            main,
            explored: Explored::default(),
        };
        match self.mode.by_environment() {
            Mode::One(seed) => runs.drawn(seed)?,
            Mode::Seeds(seeds) => (0..seeds).try_for_each(|seed| runs.drawn(seed.into()))?,
            Mode::All { most } => runs.all(most)?,
        }
        Ok(runs.explored)
    }
}

impl Mode {
    fn by_environment(self) -> Self {
        let variable = |name| env::var(name).ok();
        if let Some(seed) = variable(SEED) {
            let seed = seed.parse();
            return Self::One(seed.unwrap_or_else(|error| panic!("{SEED}: {error}")));
        }
        match (self, variable(SEEDS)) {
            (Self::Seeds(_), Some(seeds)) => {
                let seeds = seeds.parse();
                Self::Seeds(seeds.unwrap_or_else(|error| panic!("{SEEDS}: {error}")))
            }
            (mode, _) => mode,
        }
    }
}

/// What came of many runs.
///
/// # Examples
///
/// ```
/// use pleach::testing::{self, Explore};
///
/// let explored = testing::explore(100, async |sim| sim.choose(3));
/// assert_eq!(explored.runs(), 100);
/// assert_eq!(explored.outcomes().collect::<Vec<_>>(), [&0, &1, &2]);
///
/// let (times, seed) = explored.seen(&2).unwrap();
/// assert!(times > 10);
/// let again = Explore::seeds(100).replay(seed.clone()).run(async |sim| sim.choose(3));
/// assert_eq!(again.outcomes().collect::<Vec<_>>(), [&2]);
/// ```
#[derive(Clone, Debug)]
pub struct Explored<T> {
    outcomes: BTreeMap<T, (u64, Seed)>,
    schedules: BTreeSet<u64>,
    runs: u64,
    is_complete: bool,
}

impl<T> Default for Explored<T> {
    fn default() -> Self {
        Self {
            outcomes: BTreeMap::new(),
            schedules: BTreeSet::new(),
            runs: 0,
            is_complete: false,
        }
    }
}

impl<T> Explored<T> {
    /// How many runs there were.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// How many different schedules these were.
    #[must_use]
    pub fn schedules(&self) -> usize {
        self.schedules.len()
    }

    /// Whether there is no other schedule. Only [`Explore::all`] can tell.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The different outputs, in order.
    pub fn outcomes(&self) -> impl Iterator<Item = &T> {
        self.outcomes.keys()
    }

    /// How often an output was seen, and in which run first.
    #[must_use]
    pub fn seen(&self, outcome: &T) -> Option<(u64, &Seed)>
    where
        T: Ord,
    {
        self.outcomes
            .get(outcome)
            .map(|(times, first)| (*times, first))
    }
}

/// The runs of an exploration, and what came of them so far.
struct Runs<'a, M, T> {
    simulation: &'a Simulation,
    site: &'static Location<'static>,
    main: M,
    explored: Explored<T>,
}

impl<M: AsyncFn(Sim) -> T, T: Ord> Runs<'_, M, T> {
    /// One by its seed.
    fn drawn(&mut self, seed: Seed) -> Result<(), Failure> {
        let choices = Choices::new(&seed);
        self.run(seed, choices).map(drop)
    }

    /// Those of all paths, depth first.
    fn all(&mut self, most: u64) -> Result<(), Failure> {
        let mut next = Some(Path::default());
        while let Some(path) = next.take().filter(|_| self.explored.runs < most) {
            let made = self.run(path.seed(), Choices::along(path))?;
            next = made.into_path().next();
            self.explored.is_complete = next.is_none();
        }
        Ok(())
    }

    /// One run; the choices that were made.
    fn run(&mut self, seed: Seed, choices: Choices) -> Result<Choices, Failure> {
        let simulation = self.simulation.with_seed(seed.clone());
        let explored = &mut self.explored;
        explored.runs += 1;
        let run = unwind::catch(|| simulation.run_by(choices, self.site, &self.main));
        let cause = match run {
            Err(payload) => Cause::Panic(payload),
            Ok((Err(halted), _)) => Cause::Halted(Box::new(halted)),
            Ok((Ok(output), choices)) => {
                explored.schedules.insert(choices.fingerprint());
                explored.outcomes.entry(output).or_insert((0, seed)).0 += 1;
                return Ok(choices);
            }
        };
        let runs = explored.runs;
        Err(Failure { seed, runs, cause })
    }
}

/// A run that failed. Its text says how to repeat it.
pub struct Failure {
    seed: Seed,
    runs: u64,
    cause: Cause,
}

enum Cause {
    Panic(Box<dyn Any + Send>),
    Halted(Box<Halted>),
}

impl Failure {
    /// What repeats the run.
    #[must_use]
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// How many runs there were, with this one.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// Why it did not come to its end, unless it panicked.
    #[must_use]
    pub fn halted(&self) -> Option<&Halted> {
        match &self.cause {
            Cause::Halted(halted) => Some(halted),
            Cause::Panic(_) => None,
        }
    }

    /// What it panicked with, if it did.
    #[must_use]
    pub fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        match self.cause {
            Cause::Panic(payload) => Some(payload),
            Cause::Halted(_) => None,
        }
    }
}

/// The command that repeats a run, as far as it can be told: the harness names the threads of tests for
/// these.
fn command(seed: &Seed) -> String {
    match thread::current().name() {
        Some(test) if test != "main" => {
            format!("{SEED}={seed} cargo test {test} -- --exact --nocapture")
        }
        _ => format!("{SEED}={seed}, in the environment of the program"),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, runs, cause } = self;
        write!(f, "seed {seed}, in run {runs}: ")?;
        match cause {
            Cause::Panic(payload) => write!(f, "panicked: {}", message(&**payload))?,
            Cause::Halted(halted) => halted.fmt(f)?,
        }
        write!(f, "\nto repeat it: {}", command(seed))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Failure {}
