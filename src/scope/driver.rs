//! The driver: owns the children, polls those that are ready, and takes everything down.
//!
//! # A pass
//!
//! One poll of the scope is one pass: whoever was ready when it began (the body among them,
//! as child number 0) is polled once, in order of readiness. What becomes ready meanwhile
//! waits for the next pass. If anything is ready at the end, the driver wakes its own task
//! and yields, so that a busy scope does not keep its executor; else it parks and the next
//! wake reaches the task once.
//!
//! A pass also ends after two children that woke themselves while they were polled: they
//! probably ran into a budget of the runtime, and polling the rest would only meet the same
//! wall. And it ends when the scope's own budget is used up. What is left of it comes first in
//! the next pass.
//!
//! # The end
//!
//! The scope has *finished* when the body is done, no child is left and the queue could be
//! closed empty. Otherwise (a child broke the scope or panicked, the future is dropped) it
//! is torn down, in this order: the queue is closed; the scope's token is cancelled; children that were not started are
//! dropped, newest first; then the body; then the running children, newest first. A panic in
//! a destructor does not stop this: the rest is dropped, and the first panic goes on after.
//!
//! The lists are the driver's alone and are never borrowed by what a child can reach: a
//! child gets at its scope only by way of the queue.

use core::{
    future::Future,
    marker::PhantomData,
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    body::Body,
    child::{ABORTED, AWAITED, CALLED, Child, LISTED, RETIRED, UNSTARTED},
    gate::Gate,
    node::{Progress, Settle},
    ready::{Batch, Link, QUEUED},
    retire::{discard, retire},
    shared::{SharedRef, Who},
    siblings::List,
    stop::{Alarm, Watch},
};
use crate::{
    cancel::CauseKind,
    sys::{
        atomic::Ordering,
        unwind::{self, FirstPanic, Payload},
    },
};

/// After so many children that woke themselves, a pass ends.
const SELF_WAKES: usize = 2;

/// How a scope ends.
#[derive(Debug)]
pub(super) enum End<B> {
    /// The body and all children are done.
    Finished,
    /// A child's error, or the body's, ended it.
    Broke(B),
    /// A child or the body panicked.
    Panicked(Payload),
}

/// The children of one scope, and who may end it with a `B`.
#[derive(Debug)]
pub(super) struct Engine<B> {
    pub(super) shared: SharedRef,
    /// Ready links that are still to be looked at in this pass.
    pub(super) batch: Batch,
    /// Those started and not done, oldest first.
    pub(super) children: List,
    pub(super) gate: Gate,
    /// How many of those that are ready one pass deals with.
    pub(super) budget: NonZeroUsize,
    pub(super) watch: Watch,
    pub(super) phase: Phase,
    _break: PhantomData<fn() -> B>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between passes.
    Idle,
    /// In a pass. Found at the start of one, it means that a panic left the last one.
    Passing,
    /// The queue is closed.
    Over,
}

// SAFETY: the lists and the batch lead to nodes that are this driver's alone. Whether the
// futures in them may change threads is for the types around it to say: `Driver` and the
// futures made of it are `Send` for the kind `Threaded` only, which admits `Send` children.
unsafe impl<B> Send for Engine<B> {}

impl<B> Engine<B> {
    pub(super) fn new(shared: SharedRef) -> Self {
        Self {
            shared,
            batch: Batch::new(),
            children: List::new(),
            gate: Gate::new(),
            budget: NonZeroUsize::MAX,
            watch: Watch::default(),
            phase: Phase::Idle,
            _break: PhantomData,
        }
    }

    /// One pass. When it is ready everything of the scope is gone.
    pub(super) fn poll<F, T, S>(
        &mut self,
        mut body: Pin<&mut Body<F, T>>,
        cx: &mut Context<'_>,
    ) -> Poll<End<B>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        match self.phase {
            Phase::Idle => self.phase = Phase::Passing,
            Phase::Passing => panic!("a scope was polled again after a panic"),
            Phase::Over => panic!("a scope was polled after it had completed"),
        }
        let end = match self.pass::<F, T, S>(body.as_mut()) {
            Err(end) => end,
            Ok(()) if body.as_mut().is_done() && self.try_finish() => End::Finished,
            Ok(()) => {
                self.phase = Phase::Idle;
                if !self.batch.is_empty() || !self.shared.ready.park(cx) {
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        };
        let mut panics = FirstPanic::default();
        let (how, broke) = match end {
            End::Panicked(payload) => {
                panics.note(Err(payload));
                (CauseKind::Panicked, None)
            }
            End::Broke(error) => (CauseKind::SiblingFailed, Some(error)),
            End::Finished => (CauseKind::ScopeEnded, None),
        };
        // If it has finished there is nothing left but what waits for that, and the value.
        let clear_body = || {
            if how != CauseKind::ScopeEnded {
                body.clear();
            }
        };
        panics.note(self.tear_down(how, clear_body));
        Poll::Ready(match (panics.into_result(), broke) {
            (Ok(()), Some(error)) => End::Broke(error),
            (Ok(()), None) => End::Finished,
            (Err(payload), broke) => {
                unwind::swallow(|| drop(broke));
                End::Panicked(payload)
            }
        })
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn try_finish(&mut self) -> bool {
        self.children.is_empty()
            && self.gate.is_empty()
            && self.batch.is_empty()
            && self.shared.ready.close_if_empty()
    }

    fn pass<F, T, S>(&mut self, mut body: Pin<&mut Body<F, T>>) -> Result<(), End<B>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        if self.batch.is_empty() {
            self.batch = self.shared.ready.take();
        }
        let mut self_wakes = 0;
        let mut budget = self.budget.get();
        while self_wakes < SELF_WAKES && budget > 0 {
            budget -= 1;
            let Some(link) = self.batch.pop_front() else {
                break;
            };
            let woke_itself = match self.shared.who(link) {
                Who::Body => self.poll_body::<F, T, S>(link, body.as_mut())?,
                Who::Signal => self.heed(link)?,
                Who::Watch => self.poll_watch(link)?,
                // SAFETY: what is queued and no link of the block is a child's.
                Who::Child => self.visit(unsafe { Child::from_link(link) })?,
            };
            self_wakes += usize::from(woke_itself);
        }
        if !self.shared.is_cancelled() {
            self.gate.call(&self.shared.limits, self.children.len());
        }
        Ok(())
    }

    /// Polls the body; whether it woke itself.
    fn poll_body<F, T, S>(
        &mut self,
        link: *mut Link,
        body: Pin<&mut Body<F, T>>,
    ) -> Result<bool, End<B>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        // SAFETY: a link of the block, which this holds.
        unsafe { &*link }.unqueue(0);
        // SAFETY: the block outlives the poll.
        let waker = unsafe { self.shared.body_waker() };
        let mut cx = Context::from_waker(&waker);
        match unwind::catch(|| body.poll::<S>(&mut cx)) {
            Err(payload) => Err(End::Panicked(payload)),
            Ok(Poll::Ready(Err(error))) => Err(End::Broke(error)),
            Ok(Poll::Ready(Ok(()))) => Ok(false),
            Ok(Poll::Pending) => Ok(self.shared.body_is_queued()),
        }
    }

    /// Looks at what was asked of the scope: to start nothing more, or to drop a child that is
    /// awaited.
    fn heed(&mut self, link: *mut Link) -> Result<bool, End<B>> {
        // SAFETY: a link of the block, which this holds.
        unsafe { &*link }.unqueue(0);
        self.batch.append(self.gate.take_aborted());
        if self.shared.is_cancelled() {
            // The grace begins.
            self.shared.begin_watch();
            while let Some(child) = self.gate.pop_back() {
                // SAFETY: it was held back: unfinished, and in no list any more.
                unsafe { discard(&self.shared, child) }.map_err(End::Panicked)?;
            }
        }
        Ok(false)
    }

    /// Looks at the deadline and the grace.
    fn poll_watch(&mut self, link: *mut Link) -> Result<bool, End<B>> {
        // SAFETY: a link of the block, which this holds.
        unsafe { &*link }.unqueue(0);
        // SAFETY: the block outlives the poll.
        let waker = unsafe { self.shared.watch_waker() };
        let mut cx = Context::from_waker(&waker);
        let is_cancelled = self.shared.is_cancelled();
        let alarm = unwind::catch(|| self.watch.poll(is_cancelled, &mut cx));
        match alarm.map_err(End::Panicked)? {
            Alarm::None => Ok(()),
            Alarm::Deadline => {
                let cause = CauseKind::Deadline.into();
                unwind::catch(|| self.shared.cancel_with(cause))
            }
            Alarm::Grace => self.discard_running(),
        }
        .map_err(End::Panicked)?;
        Ok(false)
    }

    /// Deals with a child that came off the queue; whether it was polled and woke itself.
    fn visit(&mut self, child: Child) -> Result<bool, End<B>> {
        // SAFETY: queued, so alive.
        let link = unsafe { &child.header().link };
        // Relaxed: the driver alone changes the bits that are looked at here.
        let state = link.state.load(Ordering::Relaxed);
        if state & (RETIRED | ABORTED | UNSTARTED) == 0 {
            link.unqueue(0);
            // SAFETY: started and not retired, so in the list.
            return unsafe { self.poll_child(child) };
        }
        if state & RETIRED != 0 {
            link.unqueue(0);
            // SAFETY: the count that was left to this place (`child.rs`, invariant 3).
            unsafe { child.release() };
            return Ok(false);
        }
        if state & ABORTED != 0 || self.shared.is_cancelled() {
            link.unqueue(0);
            // SAFETY: not retired, and not among those awaited, since it was on the queue.
            unsafe { self.drop_child(child, state) }.map_err(End::Panicked)?;
            return Ok(false);
        }
        let started = self.children.len();
        // SAFETY: unstarted, and just taken off the queue.
        if !unsafe { self.gate.admit(&self.shared.limits, child, started) } {
            return Ok(false);
        }
        link.unqueue(UNSTARTED | LISTED | CALLED | AWAITED);
        // SAFETY: admitted, so in no list; the driver has a count from birth.
        unsafe { self.children.push_back(child) };
        // SAFETY: put there just now.
        unsafe { self.poll_child(child) }
    }

    /// Drops a child, wherever it stands.
    ///
    /// # Safety
    ///
    /// The child is not retired and not among those awaited; `state` tells what the driver knows
    /// of it.
    unsafe fn drop_child(&mut self, child: Child, state: usize) -> Result<(), Payload> {
        if state & UNSTARTED == 0 {
            // SAFETY: started and not retired, so in this list.
            unsafe { self.children.remove(child) };
        } else if state & LISTED != 0 {
            // SAFETY: `LISTED`, and not among those awaited.
            unsafe { self.gate.remove(child) };
        }
        // SAFETY: unfinished, and in no list any more.
        unsafe { discard(&self.shared, child) }
    }

    /// Polls a child; whether it woke itself.
    ///
    /// # Safety
    ///
    /// The child is in the list of those started.
    unsafe fn poll_child(&mut self, child: Child) -> Result<bool, End<B>> {
        let mut broke: Option<B> = None;
        let progress = {
            // SAFETY: the driver's count outlives the poll.
            let _polling = unsafe { self.shared.limits.polling(child) };
            // SAFETY: the driver's count outlives the poll.
            let waker = unsafe { child.waker() };
            let mut cx = Context::from_waker(&waker);
            unwind::catch(|| {
                // SAFETY: a started child in the driver's list has its future, and every
                // child of this scope breaks with a `B`.
                unsafe { child.poll(&mut cx, (&raw mut broke).cast()) }
            })
        };
        match progress {
            Err(payload) => Err(End::Panicked(payload)),
            Ok(Progress::Pending) => {
                // SAFETY: still in the list.
                let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
                if state & ABORTED != 0 {
                    // By itself, or elsewhere while it was polled.
                    // SAFETY: in the list, and a started child is not among those awaited.
                    unsafe { self.drop_child(child, state) }.map_err(End::Panicked)?;
                    return Ok(false);
                }
                Ok(state & QUEUED != 0)
            }
            Ok(Progress::Done | Progress::Broke) => {
                // SAFETY: it was started, so it is in this list.
                unsafe { self.children.remove(child) };
                // SAFETY: done, and in no list any more.
                match (unsafe { retire(&self.shared, child) }, broke) {
                    (Ok(()), None) => Ok(false),
                    (Ok(()), Some(error)) => Err(End::Broke(error)),
                    (Err(payload), broke) => {
                        unwind::swallow(|| drop(broke));
                        Err(End::Panicked(payload))
                    }
                }
            }
        }
    }
}
