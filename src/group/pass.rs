//! One poll of a group: those that are ready are polled, and others are started where there is
//! room.
//!
//! As in a scope a pass polls nobody twice, what becomes ready meanwhile waits for the next one,
//! and if anything is left the driver wakes its own task and yields. Both steps
//! of a pass also end after [`SELF_WAKES`] children that woke themselves while they were polled (they
//! probably ran into a budget of the runtime), and the second one after [`STARTS`] children.

use core::{future::Future, ops::ControlFlow, task::Context};

use super::{
    crew::{Crew, Member, Polled, Turn},
    shared::SharedRef,
};
use crate::scope::ready::SELF_WAKES;

/// So many children are started in one pass.
const STARTS: usize = 64;

/// What a group of children is for.
pub(super) trait Host<F: Future> {
    /// The next child, if there is one, and room for it beside so many that are running.
    fn next(&mut self, running: usize) -> Option<F>;

    /// Takes an output; whether the group is to go on.
    fn done(&mut self, index: usize, output: F::Output) -> ControlFlow<()>;

    /// Polls the body, which was woken. Whether the group is to go on.
    fn body(&mut self) -> ControlFlow<()>;
}

/// How far a group has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    New,
    /// Between passes.
    Idle,
    /// In a pass. Found at the start of one, it means that a panic left the last one.
    Passing,
    Over,
}

impl Phase {
    /// # Panics
    ///
    /// If there is nothing to poll any more.
    pub(super) fn assert_alive(self) {
        match self {
            Self::New | Self::Idle => {}
            Self::Passing => panic!("a group was polled again after a panic"),
            Self::Over => panic!("a group was polled after it had completed"),
        }
    }
}

/// Children, and who of them is ready.
#[derive(Debug)]
pub(super) struct Passes<F> {
    pub(super) crew: Crew<F>,
    /// How many have been started: the index of the next one.
    pub(super) started: usize,
    /// The pass ended before everybody that there was room for was started.
    more: bool,
}

impl<F> Passes<F> {
    /// `shared` is the group's block.
    pub(super) fn new(shared: SharedRef) -> Self {
        Self {
            crew: Crew::new(shared),
            started: 0,
            more: false,
        }
    }

    /// Ends a poll: parks, or, if there is something to do, has the task polled again.
    pub(super) fn rest(&mut self, cx: &Context<'_>) {
        if self.more || self.crew.is_passing() || !self.crew.shared().ready.park(cx) {
            cx.waker().wake_by_ref();
        }
    }
}

impl<F: Future> Passes<F> {
    /// One pass; whether the group is to go on.
    pub(super) fn pass(&mut self, host: &mut impl Host<F>) -> ControlFlow<()> {
        self.more = true;
        let mut self_wakes = 0;
        self.crew.begin();
        while let Some(turn) = self.crew.next() {
            match turn {
                Turn::Body => {
                    host.body()?;
                    self_wakes += usize::from(self.crew.shared().body_is_queued());
                }
                Turn::Signal => {}
                Turn::Child(child) => self_wakes += self.visit(child, host)?,
            }
            if self_wakes == SELF_WAKES {
                break;
            }
        }
        // Those that always are ready must not keep others from being started.
        self_wakes = 0;
        for _ in 0..STARTS {
            let Some(future) = host.next(self.crew.len()) else {
                self.more = false;
                break;
            };
            let child = self.crew.insert(self.started, future);
            // In a group without an end, where words are of 32 bits, numbers come round.
            self.started = self.started.wrapping_add(1);
            self_wakes += self.visit(child, host)?;
            if self_wakes == SELF_WAKES {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    /// Polls a child; one if it woke itself.
    fn visit(&mut self, child: Member<F>, host: &mut impl Host<F>) -> ControlFlow<(), usize> {
        match self.crew.poll(child) {
            Polled::Pending { woke_itself } => ControlFlow::Continue(usize::from(woke_itself)),
            Polled::Done { index, output } => {
                host.done(index, output)?;
                ControlFlow::Continue(0)
            }
        }
    }
}
