//! A circuit breaker: who has failed too often is left alone for a while.
//!
//! ```text
//!            K failures in a row                      the pause is over
//! CLOSED ──────────────────────────► OPEN(until) ──────────────────────────► HALF-OPEN
//!  all pass                     ▲     nobody passes                           one passes
//!    ▲                          └──────────────── it fails ───────────────────── │
//!    └─────────────────────────────────────────── it succeeds ───────────────────┘
//! ```
//!
//! If the one that passed is given up, the next one passes. Of those that were under way when the
//! breaker opened nobody asks any more.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use pleach::time::Instant;

pub(crate) struct Breaker {
    /// So many failures in a row open it.
    failures: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen,
}

impl Breaker {
    pub(crate) fn new(failures: u32, pause: Duration) -> Self {
        Self {
            failures,
            pause,
            state: Mutex::new(State::Closed { failures: 0 }),
        }
    }

    /// Lets a request pass, unless the breaker is open.
    pub(crate) fn pass(&self, now: Instant) -> Option<Pass<'_>> {
        let mut state = self.state();
        let before = match *state {
            State::Closed { .. } => Phase::Closed,
            State::Open { until } if now >= until => Phase::Probe,
            _ => return None,
        };
        if before == Phase::Probe {
            *state = State::HalfOpen;
        }
        Some(Pass {
            breaker: self,
            phase: before,
        })
    }

    /// Whether a request would pass.
    pub(crate) fn lets_pass(&self, now: Instant) -> bool {
        match *self.state() {
            State::Closed { .. } => true,
            State::Open { until } => now >= until,
            State::HalfOpen => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it in hand")
    }
}

/// Leave for one request. Its end is to be told; if it is dropped instead it was given up.
#[must_use]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Probe,
    Told,
}

impl Pass<'_> {
    pub(crate) fn succeeded(self) {
        self.end(|_| State::Closed { failures: 0 });
    }

    pub(crate) fn failed(self, now: Instant) {
        let (most, open) = (self.breaker.failures, now + self.breaker.pause);
        self.end(|state| match state {
            State::Closed { failures } if failures + 1 < most => State::Closed {
                failures: failures + 1,
            },
            _ => State::Open { until: open },
        });
    }

    fn end(mut self, change: impl FnOnce(State) -> State) {
        let mut state = self.breaker.state();
        let is_asked = match self.phase {
            Phase::Closed => matches!(*state, State::Closed { .. }),
            Phase::Probe => true,
            Phase::Told => false,
        };
        if is_asked {
            *state = change(*state);
        }
        self.phase = Phase::Told;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.phase == Phase::Probe {
            *self.breaker.state() = State::Open {
                until: Instant::EPOCH,
            };
        }
    }
}
