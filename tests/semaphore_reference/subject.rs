//! The crate's semaphore under the operations of a program.
//!
//! Wakers run operations too, in the midst of others. So nothing here is locked or borrowed
//! while the semaphore is called: requests and permits are taken out of their places.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, Weak},
    task::{Context, Poll, Wake, Waker},
};

use futures_core::future::FusedFuture;
use pleach::{Acquire, AcquireError, Permit, Semaphore};
#[cfg(feature = "alloc")]
use pleach::{AcquireOwned, OwnedPermit};

use super::{
    Event, View,
    program::{Kind, Op, SLOTS, Shape, WAKERS, place},
};

enum Request {
    Lent(Pin<Box<Acquire<'static>>>),
    #[cfg(feature = "alloc")]
    Owned(Pin<Box<AcquireOwned>>),
}

enum Held {
    Lent(Permit<'static>),
    #[cfg(feature = "alloc")]
    Owned(OwnedPermit),
}

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    /// An operation is at work on it.
    Busy,
    Full(Request),
}

/// A waker. It knows the subject only as long as that lives.
struct Bell {
    number: usize,
    subject: Weak<Subject>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let number = self.number;
        let subject = self.subject.upgrade();
        drop(self);
        if let Some(subject) = subject {
            subject.woken(number);
        }
    }
}

/// What changes while a program runs.
#[derive(Default)]
struct World {
    slots: [Slot; SLOTS],
    held: Vec<Held>,
    armed: [Option<Op>; WAKERS],
    events: Vec<Event>,
}

pub(super) struct Subject {
    world: Mutex<World>,
    bells: Vec<Arc<Bell>>,
    /// Last: what is lent of it lies in `world`, and so is dropped before it.
    semaphore: Arc<Semaphore>,
}

impl Subject {
    pub(super) fn new(shape: Shape) -> Arc<Self> {
        let semaphore = match shape.kind {
            Kind::Open => Semaphore::new(shape.permits),
            Kind::Limited => Semaphore::with_limit(shape.permits),
            Kind::Bypass => Semaphore::with_bypass(shape.permits),
        };
        Arc::new_cyclic(|subject: &Weak<Self>| Self {
            world: Mutex::default(),
            bells: (0..WAKERS)
                .map(|number| {
                    let subject = Weak::clone(subject);
                    Arc::new(Bell { number, subject })
                })
                .collect(),
            semaphore: Arc::new(semaphore),
        })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world
            .lock()
            .expect("no operation panics while it looks")
    }

    fn lent(&self) -> &'static Semaphore {
        // SAFETY: requests and permits that borrow it are on the stack of a method of `self` or
        // in `self.world`, whose life ends before that of `self.semaphore`.
        unsafe { &*Arc::as_ptr(&self.semaphore) }
    }

    pub(super) fn view(&self) -> View {
        let mut world = self.world();
        View {
            events: mem::take(&mut world.events),
            available: self.semaphore.available_permits(),
            waiters: self.semaphore.waiters(),
            limit: self.semaphore.limit(),
            closed: self.semaphore.is_closed(),
            held: world.held.iter().map(Held::permits).collect(),
            completed: world.slots.iter().map(Slot::completed).collect(),
            clones: self
                .bells
                .iter()
                .map(|bell| Arc::strong_count(bell) - 1)
                .collect(),
        }
    }

    pub(super) fn run(&self, op: &Op) {
        match *op {
            Op::Request {
                slot,
                permits,
                owned,
            } => self.with_slot(slot, |request| {
                let waiting = request.filter(|request| !request.completed());
                Some(waiting.unwrap_or_else(|| self.request(permits, owned)))
            }),
            Op::Poll { slot, waker } => self.poll(slot, waker, None),
            Op::PollFor {
                slot,
                waker,
                permits,
            } => self.poll(slot, waker, Some(permits)),
            Op::Cancel { slot } => self.with_slot(slot, |request| {
                drop(request);
                None
            }),
            Op::Try { permits, owned } => self.try_acquire(permits, owned),
            Op::GiveBack { held } => drop(self.take_held(held)),
            Op::Forget { held } => {
                if let Some(held) = self.take_held(held) {
                    held.forget();
                }
            }
            Op::Split { held, permits } => self.split(held, permits),
            Op::Merge { from, into } => self.merge(from, into),
            Op::Add { permits } => self.semaphore.add_permits(permits),
            Op::ForgetIdle { permits } => {
                let forgotten = self.semaphore.forget_permits(permits);
                self.log(Event::ForgotIdle(forgotten));
            }
            Op::SetLimit { limit } => self.semaphore.set_limit(limit),
            Op::Close => self.semaphore.close(),
            Op::Arm { waker, ref then } => self.world().armed[waker] = Some((**then).clone()),
        }
    }

    fn log(&self, event: Event) {
        self.world().events.push(event);
    }

    fn woken(&self, waker: usize) {
        self.log(Event::Woken(waker));
        let armed = self.world().armed[waker].take();
        if let Some(op) = armed {
            self.run(&op);
        }
    }

    /// Lets `f` have what is in the slot, and puts there what it returns.
    fn with_slot(&self, slot: usize, f: impl FnOnce(Option<Request>) -> Option<Request>) {
        let found = mem::replace(&mut self.world().slots[slot], Slot::Busy);
        let request = match found {
            Slot::Busy => return,
            Slot::Empty => None,
            Slot::Full(request) => Some(request),
        };
        let left = f(request);
        self.world().slots[slot] = left.map_or(Slot::Empty, Slot::Full);
    }

    fn take_held(&self, index: usize) -> Option<Held> {
        let held = &mut self.world().held;
        place(index, held.len()).map(|place| held.swap_remove(place))
    }

    fn put_held(&self, held: impl IntoIterator<Item = Held>) {
        self.world().held.extend(held);
    }

    fn request(&self, permits: usize, owned: bool) -> Request {
        #[cfg(feature = "alloc")]
        if owned {
            return Request::Owned(Box::pin(self.semaphore.acquire_many_owned(permits)));
        }
        assert!(!owned, "there are no owned forms without `alloc`");
        Request::Lent(Box::pin(self.lent().acquire_many(permits)))
    }

    fn poll(&self, slot: usize, waker: usize, permits: Option<usize>) {
        self.with_slot(slot, |request| {
            let mut request = request?;
            if permits.is_none() && request.completed() {
                return Some(request);
            }
            let waker = Waker::from(Arc::clone(&self.bells[waker]));
            let polled = request.poll(&mut Context::from_waker(&waker), permits);
            let event = polled.map_ok(|held| {
                let permits = held.permits();
                self.put_held([held]);
                permits
            });
            self.log(Event::Polled(event));
            Some(request)
        });
    }

    fn try_acquire(&self, permits: usize, owned: bool) {
        #[cfg(feature = "alloc")]
        let tried = if owned {
            self.semaphore
                .try_acquire_many_owned(permits)
                .map(Held::Owned)
        } else {
            self.lent().try_acquire_many(permits).map(Held::Lent)
        };
        #[cfg(not(feature = "alloc"))]
        let tried = {
            assert!(!owned, "there are no owned forms without `alloc`");
            self.lent().try_acquire_many(permits).map(Held::Lent)
        };
        let event = tried.map(|held| {
            let permits = held.permits();
            self.put_held([held]);
            permits
        });
        self.log(Event::Tried(event));
    }

    fn split(&self, held: usize, permits: usize) {
        if let Some(mut held) = self.take_held(held) {
            let part = held.split(permits);
            self.log(Event::Split(part.is_some()));
            self.put_held([held].into_iter().chain(part));
        }
    }

    fn merge(&self, from: usize, into: usize) {
        let Some(from) = self.take_held(from) else {
            return;
        };
        let Some(mut into) = self.take_held(into) else {
            return self.put_held([from]);
        };
        let rest = into.merge(from);
        self.put_held([into].into_iter().chain(rest));
    }
}

impl Slot {
    fn completed(&self) -> Option<bool> {
        match self {
            Slot::Empty => None,
            Slot::Busy => unreachable!("an operation has not put back what it took"),
            Slot::Full(request) => Some(request.completed()),
        }
    }
}

impl Request {
    fn completed(&self) -> bool {
        match self {
            Self::Lent(acquire) => acquire.is_terminated(),
            #[cfg(feature = "alloc")]
            Self::Owned(acquire) => acquire.is_terminated(),
        }
    }

    /// Polls: with `permits`, by `poll_acquire`.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        permits: Option<usize>,
    ) -> Poll<Result<Held, AcquireError>> {
        match (self, permits) {
            (Self::Lent(acquire), None) => acquire.as_mut().poll(cx).map_ok(Held::Lent),
            (Self::Lent(acquire), Some(permits)) => acquire
                .as_mut()
                .poll_acquire(cx, permits)
                .map_ok(Held::Lent),
            #[cfg(feature = "alloc")]
            (Self::Owned(acquire), None) => acquire.as_mut().poll(cx).map_ok(Held::Owned),
            #[cfg(feature = "alloc")]
            (Self::Owned(acquire), Some(permits)) => acquire
                .as_mut()
                .poll_acquire(cx, permits)
                .map_ok(Held::Owned),
        }
    }
}

impl Held {
    fn permits(&self) -> usize {
        match self {
            Self::Lent(permit) => permit.permits(),
            #[cfg(feature = "alloc")]
            Self::Owned(permit) => permit.permits(),
        }
    }

    fn forget(self) {
        match self {
            Self::Lent(permit) => permit.forget(),
            #[cfg(feature = "alloc")]
            Self::Owned(permit) => permit.forget(),
        }
    }

    fn split(&mut self, permits: usize) -> Option<Self> {
        match self {
            Self::Lent(permit) => permit.split(permits).map(Self::Lent),
            #[cfg(feature = "alloc")]
            Self::Owned(permit) => permit.split(permits).map(Self::Owned),
        }
    }

    /// Takes in permits of the same type, or returns them.
    fn merge(&mut self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Lent(permit), Self::Lent(other)) => permit.merge(other),
            #[cfg(feature = "alloc")]
            (Self::Owned(permit), Self::Owned(other)) => permit.merge(other),
            #[cfg(feature = "alloc")]
            (_, other) => return Some(other),
        }
        None
    }
}
