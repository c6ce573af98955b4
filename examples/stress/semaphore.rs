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
};

use pleach::{Acquire, AcquireError, Permit, Semaphore, TryAcquireError, block_on};

use crate::support::{Plain, Rng, Tally, linger};

const PLACES: usize = 6;
/// Of one thread in one round.
const STEPS: usize = 2_000;

struct Room {
    door: Semaphore,
    inside: AtomicUsize,
    board: Plain,
}

/// One room from its opening to its closing, if it closes.
pub(crate) fn round(threads: usize, rng: &mut Rng, tally: &mut Tally) {
    let room = Room {
        door: Semaphore::new(PLACES),
        inside: AtomicUsize::new(0),
        board: Plain::default(),
    };
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
    assert_eq!(room.door.is_closed(), closes);
    assert_eq!(
        room.door.available_permits(),
        PLACES,
        "permits were lost or made"
    );
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
        match self.rng.below(6) {
            0 | 1 => self.try_enter(places),
            2 => self.give_up(places),
            3 => self.forget(places),
            _ => {
                let permit = self.wait(places)?;
                self.enter(&permit);
                Ok(())
            }
        }
    }

    fn try_enter(&mut self, places: usize) -> Result<(), AcquireError> {
        match self.room.door.try_acquire_many(places) {
            Ok(permit) => self.enter(&permit),
            Err(TryAcquireError::NoPermits) => self.tally.count("semaphore: refused"),
            Err(TryAcquireError::Closed) => return Err(AcquireError::Closed),
            Err(error) => panic!("{places} places of {PLACES}: {error}"),
        }
        Ok(())
    }

    /// Queues up and leaves the queue again, or the granted permit unseen.
    fn give_up(&mut self, places: usize) -> Result<(), AcquireError> {
        let mut acquire = pin!(self.room.door.acquire_many(places));
        for _ in 0..=self.rng.below(3) {
            if let Poll::Ready(permit) = self.poll(acquire.as_mut()) {
                self.enter(&permit?);
                return Ok(());
            }
        }
        self.tally.count("semaphore: cancelled");
        Ok(())
    }

    /// Takes permits away for good, and brings as many new ones.
    fn forget(&mut self, places: usize) -> Result<(), AcquireError> {
        let permit = self.wait(places)?;
        self.enter(&permit);
        permit.forget();
        self.room.door.add_permits(places);
        self.tally.count("semaphore: forgotten and added");
        Ok(())
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
