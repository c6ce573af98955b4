//! The semaphore as its documentation has it, for one thread: integers and a queue.

mod queue;

use std::{collections::VecDeque, mem, task::Poll};

use pleach::{AcquireError, Semaphore, TryAcquireError};

use super::{
    Event, Reached, View,
    program::{Kind, Op, SLOTS, Shape, WAKERS, place},
};

/// How many races the head of the queue may lose with bypass.
const RACES: u32 = 4;

#[derive(Clone, Copy)]
enum Stage {
    /// Not polled yet.
    Fresh,
    Queued {
        /// None: it was called and has not looked since.
        waker: Option<usize>,
        races_lost: u32,
    },
    Ended(Result<(), AcquireError>),
    Completed,
}

struct Request {
    permits: usize,
    owned: bool,
    stage: Stage,
}

#[derive(Clone, Copy)]
struct Held {
    permits: usize,
    owned: bool,
}

pub(super) struct Reference<'a> {
    bypass: bool,
    idle: usize,
    /// Those granted and not yet fetched included.
    out: usize,
    limit: Option<usize>,
    closed: bool,
    /// Slots.
    queue: VecDeque<usize>,
    slots: [Option<Request>; SLOTS],
    /// Slots that an operation is at work on: those run by wakers leave them alone.
    busy: [bool; SLOTS],
    held: Vec<Held>,
    armed: [Option<Op>; WAKERS],
    events: Vec<Event>,
    reached: &'a mut Reached,
}

impl<'a> Reference<'a> {
    pub(super) fn new(shape: Shape, reached: &'a mut Reached) -> Self {
        Self {
            bypass: shape.kind == Kind::Bypass,
            idle: shape.permits,
            out: 0,
            limit: (shape.kind == Kind::Limited).then_some(shape.permits),
            closed: false,
            queue: VecDeque::new(),
            slots: Default::default(),
            busy: [false; SLOTS],
            held: Vec::new(),
            armed: Default::default(),
            events: Vec::new(),
            reached,
        }
    }

    pub(super) fn view(&mut self) -> View {
        let mut clones = vec![0; WAKERS];
        for waker in self.slots.iter().flatten().filter_map(Request::waker) {
            clones[waker] += 1;
        }
        View {
            events: mem::take(&mut self.events),
            available: self.idle,
            waiters: self.queue.len(),
            limit: self.limit,
            closed: self.closed,
            held: self.held.iter().map(|held| held.permits).collect(),
            completed: self
                .slots
                .iter()
                .map(|slot| slot.as_ref().map(Request::completed))
                .collect(),
            clones,
        }
    }

    pub(super) fn run(&mut self, op: &Op) {
        match *op {
            Op::Request {
                slot,
                permits,
                owned,
            } => self.with_slot(slot, |this| {
                if this.slots[slot].as_ref().is_none_or(Request::completed) {
                    let stage = Stage::Fresh;
                    this.slots[slot] = Some(Request {
                        permits,
                        owned,
                        stage,
                    });
                }
            }),
            Op::Poll { slot, waker } => self.with_slot(slot, |this| this.poll(slot, waker)),
            Op::PollFor {
                slot,
                waker,
                permits,
            } => {
                self.with_slot(slot, |this| this.poll_for(slot, waker, permits));
            }
            Op::Cancel { slot } => self.with_slot(slot, |this| this.cancel(slot)),
            Op::Try { permits, owned } => self.try_acquire(permits, owned),
            Op::GiveBack { held } => {
                self.with_held(held, |this, held| this.give_back(held.permits))
            }
            Op::Forget { held } => self.with_held(held, |this, held| this.forget(held.permits)),
            Op::Split { held, permits } => {
                self.with_held(held, |this, held| this.split(held, permits))
            }
            Op::Merge { from, into } => self.with_held(from, |this, held| this.merge(held, into)),
            Op::Add { permits } => {
                self.idle += permits;
                self.limit = self.limit.map(|limit| limit + permits);
                self.pass_over(permits);
                self.settle();
            }
            Op::ForgetIdle { permits } => self.forget_idle(permits),
            Op::SetLimit { limit } => {
                self.limit = Some(limit);
                let idle = self.idle;
                self.idle = idle.max(limit.saturating_sub(self.out));
                self.pass_over(self.idle - idle);
                self.settle();
            }
            Op::Close => self.close(),
            Op::Arm { waker, ref then } => self.armed[waker] = Some((**then).clone()),
        }
    }

    fn with_slot(&mut self, slot: usize, f: impl FnOnce(&mut Self)) {
        if !self.busy[slot] {
            self.busy[slot] = true;
            f(self);
            self.busy[slot] = false;
        }
    }

    fn with_held(&mut self, index: usize, f: impl FnOnce(&mut Self, Held)) {
        if let Some(place) = place(index, self.held.len()) {
            let held = self.held.swap_remove(place);
            f(self, held);
        }
    }

    /// What a newcomer gets.
    fn take(&mut self, permits: usize) -> Result<(), TryAcquireError> {
        if self.closed {
            return Err(TryAcquireError::Closed);
        }
        if permits == 0 {
            return Ok(());
        }
        if permits > self.ceiling() {
            let limit = self.ceiling();
            return Err(TryAcquireError::TooMany {
                requested: permits,
                limit,
            });
        }
        if permits > self.idle || self.newcomers_wait() {
            return Err(TryAcquireError::NoPermits);
        }
        self.idle -= permits;
        self.out += permits;
        Ok(())
    }

    fn newcomers_wait(&self) -> bool {
        let others_first = match self.queue.front() {
            Some(&head) if self.bypass => self.races_lost(head) >= RACES,
            head => head.is_some(),
        };
        others_first || self.owed() > 0
    }

    fn races_lost(&self, slot: usize) -> u32 {
        self.slots[slot].as_ref().map_or(0, Request::races_lost)
    }

    fn ceiling(&self) -> usize {
        self.limit.unwrap_or(Semaphore::MAX_PERMITS)
    }

    fn owed(&self) -> usize {
        (self.idle + self.out).saturating_sub(self.ceiling())
    }

    fn request(&mut self, slot: usize) -> &mut Request {
        self.slots[slot]
            .as_mut()
            .expect("there is a request in the slot")
    }

    fn poll(&mut self, slot: usize, waker: usize) {
        let Some(request) = &self.slots[slot] else {
            return;
        };
        let permits = request.permits;
        match request.stage {
            Stage::Completed => return,
            Stage::Ended(_) => {}
            Stage::Fresh => self.enter(slot, waker, permits),
            Stage::Queued {
                waker: stored,
                races_lost,
            } => {
                if self.bypass && self.queue[0] == slot && self.take(permits).is_ok() {
                    self.reached.note("a called head took its permits");
                    self.queue.pop_front();
                    self.request(slot).stage = Stage::Ended(Ok(()));
                    self.settle();
                } else {
                    let lost = stored.is_none();
                    let races_lost = races_lost + u32::from(lost);
                    self.request(slot).stage = Stage::Queued {
                        waker: Some(waker),
                        races_lost,
                    };
                    if lost {
                        self.settle();
                    }
                }
            }
        }
        self.fetch(slot);
    }

    /// The first poll.
    fn enter(&mut self, slot: usize, waker: usize, permits: usize) {
        let stage = match self.take(permits) {
            Ok(()) => Stage::Ended(Ok(())),
            Err(TryAcquireError::Closed) => Stage::Ended(Err(AcquireError::Closed)),
            Err(TryAcquireError::TooMany { requested, limit }) => {
                Stage::Ended(Err(AcquireError::TooMany { requested, limit }))
            }
            Err(_) => {
                self.queue.push_back(slot);
                Stage::Queued {
                    waker: Some(waker),
                    races_lost: 0,
                }
            }
        };
        self.request(slot).stage = stage;
    }

    /// The end of a poll.
    fn fetch(&mut self, slot: usize) {
        let request = self.request(slot);
        let (permits, owned) = (request.permits, request.owned);
        let polled = match request.stage {
            Stage::Ended(result) => {
                request.stage = Stage::Completed;
                Poll::Ready(result.map(|()| permits))
            }
            _ => Poll::Pending,
        };
        if let Poll::Ready(Ok(_)) = polled {
            self.held.push(Held { permits, owned });
        }
        self.events.push(Event::Polled(polled));
    }

    fn poll_for(&mut self, slot: usize, waker: usize, permits: usize) {
        let Some(request) = &self.slots[slot] else {
            return;
        };
        let owned = request.owned;
        if request.completed() || request.permits != permits {
            self.cancel(slot);
            self.slots[slot] = Some(Request {
                permits,
                owned,
                stage: Stage::Fresh,
            });
        }
        self.poll(slot, waker);
    }

    fn cancel(&mut self, slot: usize) {
        let Some(request) = self.slots[slot].take() else {
            return;
        };
        match request.stage {
            Stage::Queued { .. } => {
                let place = self.queue.iter().position(|&other| other == slot);
                let place = place.expect("it is in the queue");
                self.queue.remove(place);
                if place == 0 {
                    self.reached.note("a waiting head was dropped");
                    self.settle();
                }
            }
            Stage::Ended(Ok(())) => {
                self.reached.note("a granted request was dropped");
                self.give_back(request.permits);
            }
            Stage::Ended(Err(_)) | Stage::Fresh | Stage::Completed => {}
        }
    }

    fn try_acquire(&mut self, permits: usize, owned: bool) {
        let tried = self.take(permits).map(|()| permits);
        if tried.is_ok() {
            if !self.queue.is_empty() && permits > 0 {
                self.reached.note("a newcomer overtook");
            }
            self.held.push(Held { permits, owned });
        }
        self.events.push(Event::Tried(tried));
    }

    fn give_back(&mut self, permits: usize) {
        self.out -= permits;
        self.idle += permits;
        self.pass_over(permits);
        self.hand_on();
    }

    fn forget(&mut self, permits: usize) {
        let beyond = permits.saturating_sub(self.owed());
        self.out -= permits;
        self.limit = self.limit.map(|limit| limit - beyond);
        self.settle();
    }

    fn split(&mut self, held: Held, permits: usize) {
        let rest = held.permits.checked_sub(permits);
        self.events.push(Event::Split(rest.is_some()));
        match rest {
            Some(rest) => self.held.extend([
                Held {
                    permits: rest,
                    ..held
                },
                Held { permits, ..held },
            ]),
            None => self.held.push(held),
        }
    }

    /// With another one of the same type.
    fn merge(&mut self, from: Held, into: usize) {
        if self.held.is_empty() {
            self.held.push(from);
            return;
        }
        self.with_held(into, |this, mut into| {
            if into.owned == from.owned {
                into.permits += from.permits;
                // What `from` has been emptied of is dropped.
                this.give_back(0);
                this.held.push(into);
            } else {
                this.held.extend([into, from]);
            }
        });
    }

    fn forget_idle(&mut self, most: usize) {
        self.pay();
        let forgotten = self.idle.min(most);
        self.idle -= forgotten;
        self.limit = self.limit.map(|limit| limit - forgotten);
        self.settle();
        self.events.push(Event::ForgotIdle(forgotten));
    }
}

impl Request {
    fn completed(&self) -> bool {
        matches!(self.stage, Stage::Completed)
    }

    /// What is stored to be woken.
    fn waker(&self) -> Option<usize> {
        match self.stage {
            Stage::Queued { waker, .. } => waker,
            _ => None,
        }
    }

    fn races_lost(&self) -> u32 {
        match self.stage {
            Stage::Queued { races_lost, .. } => races_lost,
            _ => 0,
        }
    }
}
