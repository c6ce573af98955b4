//! A time driver whose time is moved by the test that runs, one test at a time.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use embassy_time_driver::Driver;

/// The driver, for a test that has it to itself.
pub(crate) struct Time {
    _turn: MutexGuard<'static, ()>,
}

struct State {
    now: u64,
    wakes: Vec<(u64, Waker)>,
}

struct Manual(Mutex<State>);

embassy_time_driver::time_driver_impl!(static DRIVER: Manual = Manual(Mutex::new(State {
    now: 0,
    wakes: Vec::new(),
})));

impl Manual {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for Manual {
    fn now(&self) -> u64 {
        self.state().now
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let waker = waker.clone();
        self.state().wakes.push((at, waker));
    }
}

impl Time {
    /// The driver without what the test before has left in it.
    pub(crate) fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let left = mem::take(&mut DRIVER.state().wakes);
        drop(left);
        Self { _turn: turn }
    }

    /// Moves the time on and wakes those who are due.
    pub(crate) fn advance(&self, ticks: u64) {
        let mut state = DRIVER.state();
        state.now += ticks;
        let now = state.now;
        let (due, left) = mem::take(&mut state.wakes)
            .into_iter()
            .partition::<Vec<_>, _>(|(at, _)| *at <= now);
        state.wakes = left;
        drop(state);
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// When the driver was asked to wake somebody, in ticks from now.
    pub(crate) fn asked(&self) -> Vec<u64> {
        let state = DRIVER.state();
        let mut asked: Vec<_> = state.wakes.iter().map(|(at, _)| at - state.now).collect();
        asked.sort_unstable();
        asked
    }
}
