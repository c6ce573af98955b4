//! What is told of a simulation that does not come to its end.

use alloc::{string::String, vec::Vec};
use core::{error, fmt, panic::Location};

use super::Seed;
use crate::time::Instant;

/// Why a simulation did not come to its end, and what was there then.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Halted {
    /// Which of the reasons.
    pub why: Why,
    /// What repeats the run.
    pub seed: Seed,
    /// The time of the simulation.
    pub time: Instant,
    /// How many steps it took: polls of tasks, and wakes.
    pub steps: u64,
    /// The tasks that were there, the main future first.
    pub tasks: Vec<TaskInfo>,
    /// What those said who were asked by [`Sim::on_halt`](super::Sim::on_halt).
    pub reports: Vec<String>,
}

/// Why a simulation did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Nothing was ready and nobody slept: the main future would wait for ever. A wake-up was lost, tasks
    /// wait for one another, or a future was forgotten.
    Stalled,
    /// It took as many steps as [`Simulation::max_steps`](super::Simulation::max_steps) allows: something
    /// goes on for ever, without getting anywhere.
    Endless,
}

/// A task of a simulation, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Tasks are numbered as they are spawned; the main future is 0.
    pub number: usize,
    /// The name of the [`Sim`](super::Sim) that it was spawned by.
    pub name: Option<&'static str>,
    /// Where it was spawned.
    pub site: &'static Location<'static>,
    /// How often it was polled.
    pub polls: u64,
    /// Whether it has been woken and not been polled since.
    pub is_ready: bool,
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.number)?;
        if let Some(name) = self.name {
            write!(f, " \"{name}\"")?;
        }
        let state = match (self.is_ready, self.polls) {
            (true, 0) => "is new",
            (true, _) => "is ready",
            (false, _) => "waits",
        };
        write!(f, " {state}, polled {} times, of {}", self.polls, self.site)
    }
}

impl fmt::Display for Halted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Stalled => f.write_str("stalled: nothing is ready and nobody sleeps")?,
            Why::Endless => f.write_str("it goes on for ever")?,
        }
        let Self {
            seed, time, steps, ..
        } = self;
        write!(f, "; seed {seed}, {steps} steps, at {time:?}")?;
        for task in &self.tasks {
            write!(f, "\n  {task}")?;
        }
        for report in &self.reports {
            write!(f, "\n{report}")?;
        }
        Ok(())
    }
}

impl error::Error for Halted {}
