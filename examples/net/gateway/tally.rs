//! What is counted, and what is said of it at the end.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Connections of clients that there are: each is a task.
    pub(crate) tasks: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    /// Requests to upstreams that are under way.
    in_flight: AtomicUsize,
    pub(crate) answered: AtomicUsize,
    /// Requests whose client left.
    given_up: AtomicUsize,
    /// Requests that were answered before their time, because the gateway ends.
    pub(crate) cut_off: AtomicUsize,
    /// Upstreams that were asked because one before had taken too long.
    pub(crate) hedges: AtomicUsize,
}

/// One more of something, as long as this lives.
pub(crate) struct Present<'a>(&'a AtomicUsize);

impl<'a> Present<'a> {
    pub(crate) fn new(gauge: &'a AtomicUsize) -> Self {
        gauge.fetch_add(1, Relaxed);
        Self(gauge)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A request that is under way: given up, if this is dropped before it is answered.
pub(crate) struct UnderWay<'a> {
    tally: &'a Tally,
    outcome: &'a AtomicUsize,
    _present: Present<'a>,
}

impl Tally {
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        UnderWay {
            tally: self,
            outcome: &self.given_up,
            _present: Present::new(&self.in_flight),
        }
    }

    pub(crate) fn stats(&self) -> Value {
        json!({
            "tasks": self.tasks.load(Relaxed),
            "connections": self.connections.load(Relaxed),
            "in_flight": self.in_flight.load(Relaxed),
            "answered": self.answered.load(Relaxed),
            "given_up": self.given_up.load(Relaxed),
            "cut_off": self.cut_off.load(Relaxed),
            "hedges": self.hedges.load(Relaxed),
        })
    }

    /// Whether everybody was let finish.
    pub(crate) fn is_clean(&self) -> bool {
        self.cut_off.load(Relaxed) == 0
    }
}

impl UnderWay<'_> {
    pub(crate) fn end(mut self, is_cut_off: bool) {
        self.outcome = match is_cut_off {
            true => &self.tally.cut_off,
            false => &self.tally.answered,
        };
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.outcome.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} connections; {} requests answered, {} given up, {} cut off",
            self.connections.load(Relaxed),
            self.answered.load(Relaxed),
            self.given_up.load(Relaxed),
            self.cut_off.load(Relaxed),
        )
    }
}
