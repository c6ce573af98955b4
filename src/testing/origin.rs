//! Where the program has spawned what the crate makes a task of later: a parallel child, at its first poll.

use core::{cell::Cell, panic::Location};
use std::thread_local;

type Place = &'static Location<'static>;

thread_local! {
    /// While the crate spawns a task for the program.
    static ORIGIN: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Where the program has called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin(Place);

impl Origin {
    /// Here.
    #[track_caller]
    pub(crate) fn here() -> Self {
        Self(Location::caller())
    }

    /// Calls `spawn`, of whose task a simulation tells that it was spawned there.
    pub(crate) fn spawns(self, spawn: impl FnOnce()) {
        // Put back also if it panics.
        let _back = Back(ORIGIN.replace(Some(self.0)));
        spawn();
    }
}

struct Back(Option<Place>);

impl Drop for Back {
    fn drop(&mut self) {
        ORIGIN.set(self.0);
    }
}

/// Where the program has spawned what is spawned by a call from `caller`.
pub(super) fn of(caller: Place) -> Place {
    // Taken, since whatever a future does that is refused and dropped is another affair. None while the thread's
    // variables go.
    let origin = ORIGIN.try_with(Cell::take).ok().flatten();
    origin.unwrap_or(caller)
}
