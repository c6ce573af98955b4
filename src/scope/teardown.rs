//! How a scope is taken down: the order in which children are dropped.
//!
//! A scope that fails drops all but its shielded children and its daemons ([`fail`](Engine::fail)),
//! and goes on with these until no shielded child is left. Its queue stays open as long, for their
//! wakes; what is spawned is refused. Then, or when it has finished, or at once when its future is
//! dropped, the queue is closed and whoever is left is dropped ([`tear_down`](Engine::tear_down)).

use core::mem;

use super::{
    child::{Child, Kind, LISTED, RETIRED, UNSTARTED},
    driver::{Engine, Phase},
    ending::{Ending, Failure},
    ready::Batch,
    registry::Branch,
    retire::discard,
    shared::{SharedRef, Who},
    siblings::List,
    stop::Watch,
};
use crate::{
    cancel::CauseKind,
    sys::{
        atomic::Ordering,
        unwind::{self, FirstPanic, Payload},
    },
};

impl<B> Engine<B> {
    /// Notes what has failed, and, if it is the first, drops all that is not to outlast it.
    pub(super) fn fail(
        &mut self,
        failure: Failure<B>,
        ending: &mut Option<Ending<B>>,
        clear_body: impl FnOnce(),
    ) {
        let how = failure.kind();
        let is_first = ending.is_none();
        let ending = ending.get_or_insert_default();
        ending.note(failure);
        self.shared.branch.note_end(how);
        if is_first {
            self.shared.begin_end();
            let queued = self.take_ready();
            self.sort_queued(queued);
            let dropped = self.drop_what_ends(how, clear_body);
            if dropped.is_err() {
                self.shared.branch.note_end(CauseKind::Panicked);
            }
            ending.note_panic(dropped);
        }
    }

    /// Takes everything down, in the order that the module's text gives. Returns the first
    /// panic of a destructor. Goes on where it stopped if it is called again.
    pub(super) fn tear_down(
        &mut self,
        how: CauseKind,
        clear_body: impl FnOnce(),
    ) -> Result<(), Payload> {
        self.phase = Phase::Over;
        // First, since it runs nothing of the user's: whatever unwinds later where nothing
        // catches it, the queue is closed and every child is in a list.
        let queued = self.close();
        self.sort_queued(queued);
        let mut panics = FirstPanic::default();
        if self.has_parked {
            panics.run(|| self.shared.ready.forget_parent());
        }
        panics.note(self.drop_what_ends(how, clear_body));
        panics.note(self.discard_unstarted(|_| false));
        panics.note(discard_list(&self.shared, &mut self.shielded));
        panics.note(discard_list(&self.shared, &mut self.daemons));
        if panics.is_some() {
            self.shared.branch.note_end(CauseKind::Panicked);
        }
        // SAFETY: of the block that this holds, and it is the driver.
        unsafe { Branch::leave(self.shared.branch_ptr()) };
        self.phase = Phase::Gone;
        panics.into_result()
    }

    /// Drops all but shielded children and daemons.
    fn drop_what_ends(&mut self, how: CauseKind, clear_body: impl FnOnce()) -> Result<(), Payload> {
        let mut panics = FirstPanic::default();
        panics.run(|| self.watch = Watch::default());
        panics.run(|| self.shared.stop.end(how));
        panics.run(|| self.shared.limits.close());
        panics.note(self.discard_unstarted(Kind::outlasts_the_end));
        panics.run(clear_body);
        panics.note(self.discard_running());
        panics.into_result()
    }

    /// Drops the regular children that were started, newest first; the first panic of a destructor.
    pub(super) fn discard_running(&mut self) -> Result<(), Payload> {
        discard_list(&self.shared, &mut self.children)
    }

    /// Drops those that are held back, newest first, but for the kinds that `spares` chooses; the
    /// first panic of a destructor.
    pub(super) fn discard_unstarted(
        &mut self,
        spares: impl Fn(Kind) -> bool,
    ) -> Result<(), Payload> {
        if self.gate.is_empty() {
            return Ok(());
        }
        let mut panics = FirstPanic::default();
        self.gate.remove_all(
            |state| !spares(Kind::of(state)),
            // SAFETY: it was held back: unfinished, and in no list any more.
            |child| panics.note(unsafe { discard(&self.shared, child) }),
        );
        panics.into_result()
    }

    /// Sorts what is left of the pass, and `queued`. Who was not started goes to the gate. What
    /// outlasts a failure stays queued; when the scope is over it goes to its list.
    fn sort_queued(&mut self, queued: Batch) {
        let mut batch = mem::replace(&mut self.batch, Batch::new());
        batch.append(queued);
        while let Some(link) = batch.pop_front() {
            let is_child = matches!(self.shared.who(link), Who::Child);
            // SAFETY: a queued link is alive.
            let state = unsafe { &*link }.state.load(Ordering::Relaxed);
            let outlasts = !is_child || Kind::of(state).outlasts_the_end();
            if outlasts && self.phase != Phase::Over {
                // SAFETY: its bit is still set.
                unsafe { self.batch.push_back(link) };
                continue;
            }
            if !is_child {
                // SAFETY: as above.
                unsafe { &*link }.unqueue(0);
                continue;
            }
            // SAFETY: not a link of the block, so a child's.
            let child = unsafe { Child::from_link(link) };
            if state & (UNSTARTED | LISTED | RETIRED) == UNSTARTED {
                // SAFETY: unstarted, unlisted, and just taken off the queue.
                unsafe { self.gate.hold(child) };
                continue;
            }
            // SAFETY: as above.
            if unsafe { &*link }.unqueue(0) & RETIRED != 0 {
                // SAFETY: the count that was left to this place.
                unsafe { child.release() };
            }
        }
    }
}

/// Drops children that were started, newest first; the first panic of a destructor.
#[inline]
fn discard_list(shared: &SharedRef, list: &mut List) -> Result<(), Payload> {
    if list.is_empty() {
        return Ok(());
    }
    let mut panics = FirstPanic::default();
    while let Some(child) = list.last() {
        // SAFETY: it was found there.
        unsafe { list.remove(child) };
        // SAFETY: unfinished, and in no list any more.
        panics.note(unsafe { discard(shared, child) });
    }
    panics.into_result()
}

/// For a scope that is dropped before it was given a body, and, without `std`, for the rest
/// of a teardown that a panicking destructor broke off.
impl<B> Drop for Engine<B> {
    fn drop(&mut self) {
        if self.is_gone() {
            return;
        }
        if let Err(payload) = self.tear_down(CauseKind::ScopeEnded, || {}) {
            unwind::resume_unless_panicking(payload);
        }
    }
}
