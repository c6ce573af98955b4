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
//! A pass also ends after [`SELF_WAKES`] children that woke themselves while they were polled: they
//! probably ran into a budget of the runtime, and polling the rest would only meet the same
//! wall. And it ends when the scope's own budget is used up. What is left of it comes first in
//! the next pass.
//!
//! # The end
//!
//! The scope has *finished* when the body is done, no child is left and the queue could be
//! closed empty, but for daemons. Otherwise (a child broke the scope or panicked, the future is dropped) it
//! is torn down, in this order: the queue is closed; the scope's token is cancelled; children that were not started are
//! dropped, newest first; then the body; then the running children, newest first. A panic in
//! a destructor does not stop this: the rest is dropped, and the first panic goes on after.
//!
//! The lists are the driver's alone and are never borrowed by what a child can reach: a
//! child gets at its scope only by way of the queue.

use core::{
    future::Future,
    marker::PhantomData,
    mem,
    num::NonZeroUsize,
    pin::Pin,
    ptr,
    task::{Context, Poll},
};

use super::{
    body::Body,
    child::{ABORTED, AWAITED, CALLED, Child, DAEMON, KIND, Kind, LISTED, RETIRED, UNSTARTED},
    ending::{Ending, Failure},
    gate::Gate,
    node::{Progress, Settle},
    ready::{Batch, Link, QUEUED, SELF_WAKES},
    registry::Branch,
    retire::{discard, retire},
    shared::{SharedRef, Who},
    siblings::List,
    stop::{Alarm, Watch},
};
use crate::{
    cancel::CauseKind,
    sys::{
        atomic::Ordering,
        unwind::{self, FirstPanic, OnUnwind, Payload},
    },
};

/// The children of one scope, and who may end it with a `B`.
#[derive(Debug)]
pub(super) struct Engine<B> {
    pub(super) shared: SharedRef,
    /// Ready links that are still to be looked at in this pass.
    pub(super) batch: Batch,
    /// Those started and not done, oldest first: of the regular kind, and of the others.
    pub(super) children: List,
    pub(super) shielded: List,
    pub(super) daemons: List,
    pub(super) gate: Gate,
    /// How many of those that are ready one pass deals with.
    pub(super) budget: NonZeroUsize,
    pub(super) watch: Watch,
    pub(super) phase: Phase,
    /// A task may be registered with the queue.
    pub(super) has_parked: bool,
    _break: PhantomData<fn() -> B>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between passes.
    Idle,
    /// In a pass. Found at the start of one, it means that a panic left the last one.
    Passing,
    /// The queue is closed, and everything is being taken down.
    Over,
    /// Nothing is left.
    Gone,
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
            shielded: List::new(),
            daemons: List::new(),
            gate: Gate::new(),
            budget: NonZeroUsize::MAX,
            watch: Watch::default(),
            phase: Phase::Idle,
            has_parked: false,
            _break: PhantomData,
        }
    }

    /// One pass. When it is ready everything of the scope is gone. `ending` is for the time between
    /// the failure of a scope and the end of its shielded children.
    pub(super) fn poll<F, T, S>(
        &mut self,
        mut body: Pin<&mut Body<F, T>>,
        ending: &mut Option<Ending<B>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failure<B>>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        match self.phase {
            Phase::Idle => self.phase = Phase::Passing,
            Phase::Passing => panic!("a scope was polled again after a panic"),
            Phase::Over | Phase::Gone => panic!("a scope was polled after it had completed"),
        }
        // SAFETY: of the block that this holds, and it is the driver.
        unsafe { Branch::attach(self.shared.branch_ptr(), cx.waker()) };
        if let Err(failure) = self.pass::<F, T, S>(body.as_mut()) {
            self.fail(failure, ending, || body.as_mut().clear());
        }
        self.gate.call(&self.shared.limits, self.started());
        let is_over = match ending {
            None => body.is_done() && self.try_finish(),
            Some(_) => self.try_end(),
        };
        if !is_over {
            self.phase = Phase::Idle;
            if !self.batch.is_empty() || !self.park(cx) {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        self.shared.branch.note_end(CauseKind::ScopeEnded);
        // Nothing is left but what waits for that, daemons, and the value of a body that finished.
        let torn_down = self.tear_down(CauseKind::ScopeEnded, || {});
        let mut ending = ending.take().unwrap_or_default();
        ending.note_panic(torn_down);
        Poll::Ready(ending.into_result())
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over | Phase::Gone)
    }

    /// Whether there is nothing to take down any more.
    pub(super) fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// Whether the scope has finished, now that the body is done. If so, nobody can spawn any more.
    fn try_finish(&mut self) -> bool {
        if !self.waits_for_nobody_started() {
            return false;
        }
        if !self.daemons.is_empty() {
            // They may be ready at all times, and do not hold up the end for that.
            let is_awaited = |state, kind| state & UNSTARTED != 0 && !matches!(kind, Kind::Daemon);
            if self.is_any_queued(is_awaited) {
                return false;
            }
        } else if !self.batch.is_empty() {
            return false;
        }
        self.close_if_empty()
    }

    /// Whether no shielded child is left, now that the scope ends.
    fn try_end(&mut self) -> bool {
        self.waits_for_nobody_started()
            && !self.is_any_queued(|state, kind| {
                state & (UNSTARTED | RETIRED) == UNSTARTED && matches!(kind, Kind::Shielded)
            })
    }

    fn waits_for_nobody_started(&self) -> bool {
        self.children.is_empty() && self.shielded.is_empty() && self.gate.is_empty()
    }

    /// Whether `picks` chooses one of the children that are queued. Leaves the queue empty: all are
    /// in the batch.
    fn is_any_queued(&mut self, picks: impl Fn(usize, Kind) -> bool) -> bool {
        let queued = self.take_ready();
        self.batch.append(queued);
        self.batch.any(|link| {
            // SAFETY: a queued link is alive.
            let state = unsafe { &*link }.state.load(Ordering::Relaxed);
            matches!(self.shared.who(link), Who::Child) && picks(state, Kind::of(state))
        })
    }

    fn pass<F, T, S>(&mut self, mut body: Pin<&mut Body<F, T>>) -> Result<(), Failure<B>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        if self.batch.is_empty() {
            self.batch = self.take_ready();
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
        Ok(())
    }

    /// Polls the body; whether it woke itself.
    fn poll_body<F, T, S>(
        &mut self,
        link: *mut Link,
        body: Pin<&mut Body<F, T>>,
    ) -> Result<bool, Failure<B>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        // SAFETY: a link of the block, which this holds.
        unsafe { &*link }.unqueue(0);
        // SAFETY: the block outlives the poll.
        let waker = unsafe { self.shared.body_waker() };
        let mut cx = Context::from_waker(&waker);
        let polling = self.shared.branch.polling_body();
        let polled = unwind::catch(|| body.poll::<S>(&mut cx));
        if let Ok(polled) = &polled {
            polling.came_to(match polled {
                Poll::Pending => Progress::Pending,
                Poll::Ready(_) => Progress::Done,
            });
        }
        match polled {
            Err(payload) => Err(Failure::Panicked(payload)),
            Ok(Poll::Ready(Err(error))) => Err(Failure::Broke(error)),
            Ok(Poll::Ready(Ok(()))) => Ok(false),
            Ok(Poll::Pending) => Ok(self.shared.body_is_queued()),
        }
    }

    /// Looks at what was asked of the scope: to start nothing more, or to drop a child that is
    /// awaited.
    fn heed(&mut self, link: *mut Link) -> Result<bool, Failure<B>> {
        // SAFETY: a link of the block, which this holds.
        unsafe { &*link }.unqueue(0);
        let aborted = self.gate.take_awaited(|state| state & ABORTED != 0);
        self.batch.append(aborted);
        if self.shared.is_cancelled() {
            // The grace begins.
            self.shared.begin_watch();
            self.discard_unstarted(Kind::outlasts_the_end)
                .map_err(Failure::Panicked)?;
        }
        Ok(false)
    }

    /// Looks at the deadline and the grace.
    fn poll_watch(&mut self, link: *mut Link) -> Result<bool, Failure<B>> {
        // SAFETY: a link of the block, which this holds.
        unsafe { &*link }.unqueue(0);
        // SAFETY: the block outlives the poll.
        let waker = unsafe { self.shared.watch_waker() };
        let mut cx = Context::from_waker(&waker);
        let is_cancelled = self.shared.is_cancelled();
        let alarm = unwind::catch(|| self.watch.poll(is_cancelled, &mut cx));
        match alarm.map_err(Failure::Panicked)? {
            Alarm::None => Ok(()),
            Alarm::Deadline => {
                let cause = CauseKind::Deadline.into();
                unwind::catch(|| self.shared.cancel_with(cause))
            }
            Alarm::Grace => self.discard_running(),
        }
        .map_err(Failure::Panicked)?;
        Ok(false)
    }

    /// Deals with a child that came off the queue; whether it was polled and woke itself.
    fn visit(&mut self, child: Child) -> Result<bool, Failure<B>> {
        // SAFETY: queued, so alive.
        let link = unsafe { &child.header().link };
        // Relaxed: the driver alone changes the bits that are looked at here.
        let state = link.state.load(Ordering::Relaxed);
        if state & (RETIRED | ABORTED | UNSTARTED) == 0 {
            link.unqueue(0);
            // SAFETY: started and not retired, so in the list.
            return unsafe { self.poll_child(child, state, false) };
        }
        if state & RETIRED != 0 {
            link.unqueue(0);
            // SAFETY: the count that was left to this place (`child.rs`, invariant 3).
            unsafe { child.release() };
            return Ok(false);
        }
        let is_too_late = state & KIND == 0 && !self.shared.starts_children();
        if state & ABORTED != 0 || is_too_late {
            link.unqueue(0);
            // SAFETY: not retired, and not among those awaited, since it was on the queue.
            unsafe { self.drop_queued(child, state) }.map_err(Failure::Panicked)?;
            return Ok(false);
        }
        let started = self.started();
        let is_limited = state & DAEMON == 0;
        // SAFETY: unstarted, and just taken off the queue.
        if is_limited && !unsafe { self.gate.admit(&self.shared.limits, child, started) } {
            return Ok(false);
        }
        link.unqueue(UNSTARTED | LISTED | CALLED | AWAITED);
        // SAFETY: admitted, so in no list; the driver has a count from birth.
        unsafe { self.poll_child(child, state, true) }
    }

    /// How many of those that the limit counts have been started.
    fn started(&self) -> usize {
        self.children.len() + self.shielded.len()
    }

    /// Where a child with this state is once it has been started.
    pub(super) fn list(&mut self, state: usize) -> &mut List {
        match Kind::of(state) {
            Kind::Regular => &mut self.children,
            Kind::Shielded => &mut self.shielded,
            Kind::Daemon | Kind::Breaker => &mut self.daemons,
        }
    }

    /// Drops a child that came off the queue, wherever it stands.
    ///
    /// # Safety
    ///
    /// The child is not retired and not among those awaited; `state` tells what the driver knows
    /// of it.
    unsafe fn drop_queued(&mut self, child: Child, state: usize) -> Result<(), Payload> {
        if state & UNSTARTED == 0 {
            // SAFETY: started and not retired, so in the list.
            return unsafe { self.drop_started(child, state) };
        }
        if state & LISTED != 0 {
            // SAFETY: `LISTED`, and not among those awaited.
            unsafe { self.gate.remove(child) };
        }
        // SAFETY: unfinished, and in no list any more.
        unsafe { discard(&self.shared, child) }
    }

    /// Polls a child; whether it woke itself. One that is polled for the first time comes into the
    /// list only if it is not done by that.
    ///
    /// # Safety
    ///
    /// The child is in the list of those started, or `is_first` and in none, and the driver has a
    /// count. Its kind is in `state`.
    unsafe fn poll_child(
        &mut self,
        child: Child,
        state: usize,
        is_first: bool,
    ) -> Result<bool, Failure<B>> {
        let mut broke: Option<B> = None;
        let list = ptr::from_mut(self.list(state));
        // Done also if the poll unwinds where nothing catches it.
        let come_in = OnUnwind(|| {
            if is_first {
                // SAFETY: the driver's, and not borrowed where this is dropped.
                let list = unsafe { &mut *list };
                // SAFETY: in no list, by the caller's word.
                unsafe { list.push_back(child) };
            }
        });
        let progress = {
            // SAFETY: the driver's count outlives the poll.
            let card = unsafe { child.card() };
            // SAFETY: as above.
            let polling = unsafe { self.shared.branch.polling(card) };
            // SAFETY: as above.
            let _lends = unsafe { self.shared.limits.polling(child, state & DAEMON == 0) };
            // SAFETY: the driver's count outlives the poll.
            let waker = unsafe { child.waker() };
            let mut cx = Context::from_waker(&waker);
            unwind::catch(|| {
                // SAFETY: a child that was not retired has its future, and every child of this scope
                // breaks with a `B`.
                unsafe { child.poll(&mut cx, (&raw mut broke).cast()) }
            })
            .inspect(|&progress| polling.came_to(progress))
        };
        if let Ok(Progress::Done | Progress::Broke) = progress {
            mem::forget(come_in);
        } else {
            drop(come_in);
        }
        match progress {
            Err(payload) => {
                let mut panics = FirstPanic::default();
                panics.note(Err(payload));
                if state & KIND != 0 {
                    // The others of its kind go on: it is dropped now, or would be polled again.
                    // SAFETY: in the list.
                    panics.note(unsafe { self.drop_started(child, state) });
                }
                panics
                    .into_result()
                    .map_err(Failure::Panicked)
                    .map(|()| false)
            }
            Ok(Progress::Pending) => {
                // SAFETY: still in the list.
                let now = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
                if now & ABORTED != 0 {
                    // By itself, or elsewhere while it was polled.
                    // SAFETY: in the list.
                    unsafe { self.drop_started(child, state) }.map_err(Failure::Panicked)?;
                    return Ok(false);
                }
                Ok(now & QUEUED != 0)
            }
            Ok(Progress::Done | Progress::Broke) => {
                if !is_first {
                    // SAFETY: in the list, by the caller's word.
                    unsafe { self.list(state).remove(child) };
                }
                // SAFETY: done, and in no list any more.
                match (unsafe { retire(&self.shared, child) }, broke) {
                    (Ok(()), None) => Ok(false),
                    (Ok(()), Some(error)) => Err(Failure::Broke(error)),
                    (Err(payload), broke) => {
                        unwind::swallow(|| drop(broke));
                        Err(Failure::Panicked(payload))
                    }
                }
            }
        }
    }

    /// Drops a child that is not done.
    ///
    /// # Safety
    ///
    /// The child is in the list of those started, and its kind is in `state`.
    unsafe fn drop_started(&mut self, child: Child, state: usize) -> Result<(), Payload> {
        // SAFETY: the caller's word.
        unsafe { self.list(state).remove(child) };
        // SAFETY: unfinished, and in no list any more.
        unsafe { discard(&self.shared, child) }
    }
}
