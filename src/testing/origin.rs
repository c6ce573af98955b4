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

    /// While the result is there, what is spawned is another affair: it has a place of its own.
    ///
    /// For the program's code that a runtime runs when it is given a task, as it polls that at once, or refuses it.
    pub(crate) fn hide() -> Back {
        Back(take())
    }
}

/// Puts back what there was.
pub(crate) struct Back(Option<Place>);

impl Drop for Back {
    fn drop(&mut self) {
        // None while the thread's variables go.
        let _ = ORIGIN.try_with(|origin| origin.set(self.0));
    }
}

/// What there is, once.
fn take() -> Option<Place> {
    ORIGIN.try_with(Cell::take).ok().flatten()
}

/// Where the program has spawned what is spawned by a call from `caller`.
pub(super) fn of(caller: Place) -> Place {
    take().unwrap_or(caller)
}
