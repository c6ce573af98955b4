//! How a scope is taken down: the order in which children are dropped.

use core::mem;

use super::{
    child::{Child, LISTED, RETIRED, UNSTARTED},
    driver::{Engine, Phase},
    ready::Batch,
    retire::discard,
    shared::Who,
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
    /// Drops the children that were started, newest first; the first panic of a destructor.
    pub(super) fn discard_running(&mut self) -> Result<(), Payload> {
        let mut panics = FirstPanic::default();
        while let Some(child) = self.children.last() {
            // SAFETY: it was found there.
            unsafe { self.children.remove(child) };
            // SAFETY: unfinished, and in no list any more.
            panics.note(unsafe { discard(&self.shared, child) });
        }
        panics.into_result()
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
        self.collect_unstarted();
        let mut panics = FirstPanic::default();
        panics.run(|| self.shared.ready.forget_parent());
        panics.run(|| self.watch = Watch::default());
        panics.run(|| self.shared.stop.end(how));
        while let Some(child) = self.gate.pop_back() {
            // SAFETY: it was held back: unfinished, and in no list any more.
            panics.note(unsafe { discard(&self.shared, child) });
        }
        panics.run(clear_body);
        panics.note(self.discard_running());
        panics.into_result()
    }

    /// Closes the queue and empties it: who was not started goes to the gate.
    fn collect_unstarted(&mut self) {
        let closed = self.shared.ready.close();
        for mut batch in [mem::replace(&mut self.batch, Batch::new()), closed] {
            while let Some(link) = batch.pop_front() {
                if !matches!(self.shared.who(link), Who::Child) {
                    // SAFETY: a link of the block, which this holds.
                    unsafe { &*link }.unqueue(0);
                    continue;
                }
                // SAFETY: not a link of the block, so a child's.
                let child = unsafe { Child::from_link(link) };
                // SAFETY: queued, so alive.
                let link = unsafe { &child.header().link };
                let state = link.state.load(Ordering::Relaxed);
                if state & (UNSTARTED | LISTED | RETIRED) == UNSTARTED {
                    // SAFETY: unstarted, unlisted, and just taken off the queue.
                    unsafe { self.gate.hold(child) };
                } else if link.unqueue(0) & RETIRED != 0 {
                    // SAFETY: the count that was left to this place.
                    unsafe { child.release() };
                }
            }
        }
    }
}

/// For a scope that is dropped before it was given a body, and, without `std`, for the rest
/// of a teardown that a panicking destructor broke off.
impl<B> Drop for Engine<B> {
    fn drop(&mut self) {
        if self.phase == Phase::Over && self.gate.is_empty() && self.children.is_empty() {
            return;
        }
        if let Err(payload) = self.tear_down(CauseKind::ScopeEnded, || {}) {
            unwind::resume_unless_panicking(payload);
        }
    }
}
