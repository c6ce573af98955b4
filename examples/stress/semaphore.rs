//! A room with so many places, whose door is a semaphore.
//!
//! Whoever has all places may write on the plain memory inside, whoever has some may read it.
//! So a permit that is given out twice, or an ordering that is missing between one holder and
//! the next, is seen: by the counts, or by ThreadSanitizer.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use pleach::{Acquire, AcquireError, Permit, Semaphore, TryAcquireError, block_on};

use crate::support::{Plain, Rng, Tally, linger};

const PLACES: usize = 6;
/// Of one thread in one round.
const STEPS: usize = 2_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// First come, first served.
    Fair,
    /// Newcomers may overtake.
    Bypass,
    /// The number of places changes all the time.
    Resized,
}

struct Room {
    kind: Kind,
    door: Semaphore,
    inside: AtomicUsize,
    board: Plain,
}

impl Room {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            door: match kind {
                Kind::Fair => Semaphore::new(PLACES),
                Kind::Bypass => Semaphore::with_bypass(PLACES),
                Kind::Resized => Semaphore::with_limit(PLACES),
            },
            inside: AtomicUsize::new(0),
            board: Plain::default(),
        }
    }
}

/// One room from its opening to its closing, if it closes.
pub(crate) fn round(threads: usize, rng: &mut Rng, tally: &mut Tally) {
    let room = Room::new([Kind::Fair, Kind::Bypass, Kind::Resized][rng.below(3)]);
    let closes = rng.one_in(2);
    thread::scope(|scope| {
        let visitors: Vec<_> = (0..threads)
            .map(|number| {
                let mut visitor = Visitor {
                    room: &room,
                    rng: rng.fork(),
                    tally: Tally::default(),
                };
                scope.spawn(move || {
                    visitor.stay(closes && number == 0);
                    visitor.tally
                })
            })
            .collect();
        for visitor in visitors {
            tally.add(visitor.join().expect("a promise was broken"));
        }
    });
    if room.kind == Kind::Resized {
        room.door.set_limit(PLACES);
    }
    let free = room.door.available_permits();
    assert_eq!(free, PLACES, "permits were lost or made");
    assert_eq!(room.door.waiters(), 0, "someone waits who is gone");
    assert_eq!(room.door.is_closed(), closes);
    tally.count("semaphore: round");
}

/// A waker that wakes nobody, and is no other's equal.
struct Deaf;

impl Wake for Deaf {
    fn wake(self: Arc<Self>) {}
}

struct Visitor<'a> {
    room: &'a Room,
    rng: Rng,
    tally: Tally,
}

impl<'a> Visitor<'a> {
    /// Comes and goes until it has had enough, or the door is closed.
    fn stay(&mut self, closes: bool) {
        for _ in 0..STEPS {
            if let Err(error) = self.step() {
                assert_eq!(error, AcquireError::Closed);
                self.tally.count("semaphore: closed");
                return;
            }
        }
        if closes {
            self.room.door.close();
        }
    }

    fn step(&mut self) -> Result<(), AcquireError> {
        let places = match self.rng.below(4) {
            0 => PLACES,
            1 => self.rng.below(PLACES + 1),
            _ => 1,
        };
        match self.rng.below(8) {
            0 | 1 => return self.try_enter(places),
            2 => return self.give_up(places),
            3 => return self.replace(places),
            _ => {}
        }
        let acquired = match self.rng.below(4) {
            0 => self.room.door.acquire_many_blocking(places),
            1 => {
                let deadline = Instant::now() + Duration::from_micros(self.rng.below(200) as u64);
                self.room.door.acquire_many_blocking_until(places, deadline)
            }
            _ => self.wait(places),
        };
        if let Some(permit) = self.granted(acquired)? {
            let permit = self.divide(permit);
            self.enter(&permit);
        }
        Ok(())
    }

    /// Sorts out the errors that may well happen.
    fn granted(
        &mut self,
        acquired: Result<Permit<'a>, AcquireError>,
    ) -> Result<Option<Permit<'a>>, AcquireError> {
        match acquired {
            Ok(permit) => Ok(Some(permit)),
            Err(AcquireError::TimedOut) => {
                self.tally.count("semaphore: timed out");
                Ok(None)
            }
            Err(AcquireError::TooMany { .. }) if self.room.kind == Kind::Resized => {
                self.tally.count("semaphore: too many");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn try_enter(&mut self, places: usize) -> Result<(), AcquireError> {
        match self.room.door.try_acquire_many(places) {
            Ok(permit) => self.enter(&permit),
            Err(TryAcquireError::NoPermits) => self.tally.count("semaphore: refused"),
            Err(TryAcquireError::Closed) => return Err(AcquireError::Closed),
            Err(TryAcquireError::TooMany { requested, limit }) => {
                self.granted(Err(AcquireError::TooMany { requested, limit }))?;
            }
            Err(error) => panic!("{error}"),
        }
        Ok(())
    }

    /// Queues up and leaves the queue again, or the granted permit unseen.
    fn give_up(&mut self, places: usize) -> Result<(), AcquireError> {
        let mut acquire = pin!(self.room.door.acquire_many(places));
        for _ in 0..=self.rng.below(3) {
            if let Poll::Ready(acquired) = self.poll(acquire.as_mut()) {
                if let Some(permit) = self.granted(acquired)? {
                    self.enter(&permit);
                }
                return Ok(());
            }
        }
        self.tally.count("semaphore: cancelled");
        Ok(())
    }

    /// Takes permits away for good and brings as many new ones, or changes the limit.
    fn replace(&mut self, places: usize) -> Result<(), AcquireError> {
        if self.room.kind == Kind::Resized {
            self.room.door.set_limit(PLACES - self.rng.below(3));
            self.tally.count("semaphore: resized");
            return Ok(());
        }
        let forgotten = if self.rng.one_in(2) {
            self.room.door.forget_permits(places)
        } else {
            let permit = self.wait(places)?;
            self.enter(&permit);
            permit.forget();
            places
        };
        self.room.door.add_permits(forgotten);
        self.tally.count("semaphore: forgotten and added");
        Ok(())
    }

    /// Splits a permit, goes in with a part and lets that go, or puts it together again.
    fn divide(&mut self, mut permit: Permit<'a>) -> Permit<'a> {
        if let Some(part) = permit.split(self.rng.below(PLACES)) {
            self.enter(&part);
            self.tally.count("semaphore: split");
            if self.rng.one_in(2) {
                permit.merge(part);
            }
        }
        permit
    }

    fn wait(&mut self, places: usize) -> Result<Permit<'a>, AcquireError> {
        let mut acquire = pin!(self.room.door.acquire_many(places));
        for _ in 0..self.rng.below(3) {
            if let Poll::Ready(permit) = self.poll(acquire.as_mut()) {
                return permit;
            }
        }
        block_on(acquire)
    }

    fn poll(&mut self, acquire: Pin<&mut Acquire<'a>>) -> Poll<Result<Permit<'a>, AcquireError>> {
        self.tally.count("semaphore: polled with another waker");
        let waker = Waker::from(Arc::new(Deaf));
        let polled = acquire.poll(&mut Context::from_waker(&waker));
        linger(&mut self.rng);
        polled
    }

    fn enter(&mut self, permit: &Permit<'_>) {
        let (room, places) = (self.room, permit.permits());
        let inside = room.inside.fetch_add(places, Ordering::Relaxed) + places;
        assert!(inside <= PLACES, "{inside} are in a room of {PLACES}");
        if places == PLACES {
            // SAFETY: all permits are here, so nobody else is inside.
            unsafe { room.board.add_one() };
        } else if places > 0 {
            // SAFETY: who writes needs all permits, and some are here.
            let before = unsafe { room.board.read() };
            linger(&mut self.rng);
            // SAFETY: as above.
            let after = unsafe { room.board.read() };
            assert_eq!(before, after, "written on while others were inside");
        }
        room.inside.fetch_sub(places, Ordering::Relaxed);
        self.tally.count("semaphore: acquired");
    }
}
