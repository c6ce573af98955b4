//! The semaphore between tasks and an interrupt.
//!
//! Loops end when enough has been done and enough interrupts have come, never by a clock.

use core::{
    cell::Cell,
    hint::black_box,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use critical_section::Mutex;
use executor::{Flag, poll, yield_now};
use pleach::{AcquireError, Permit, Semaphore};

use crate::{
    Platform,
    interrupt::{count, with_handler},
    log::Log,
    tests,
};

tests![
    an_interrupt_wakes_a_sleeping_task,
    a_permit_may_be_dropped_in_an_interrupt,
    an_interrupt_serves_waiters_in_the_order_of_asking,
    an_interrupt_may_close,
    an_interrupt_may_change_the_limit,
    nothing_is_lost_when_interrupts_take_and_release_amid_tasks,
    nothing_is_lost_when_interrupts_bypass_waiters,
    nothing_is_lost_when_interrupts_release_amid_waits_given_up,
    nothing_is_lost_when_interrupts_call_waiters_that_give_up,
];

/// A permit that moves between tasks and the interrupt.
type Slot = Mutex<Cell<Option<Permit<'static>>>>;

fn swap(slot: &Slot, permit: Option<Permit<'static>>) -> Option<Permit<'static>> {
    critical_section::with(|token| slot.borrow(token).replace(permit))
}

fn an_interrupt_wakes_a_sleeping_task(platform: &Platform) {
    static GATE: Semaphore = Semaphore::new(0);
    with_handler(
        || GATE.add_permits(1),
        || {
            platform.block_on(async {
                for _ in 0..20 {
                    GATE.acquire().await.unwrap().forget();
                }
            });
        },
    );
}

fn a_permit_may_be_dropped_in_an_interrupt(platform: &Platform) {
    static POOL: Semaphore = Semaphore::new(1);
    static HELD: Slot = Mutex::new(Cell::new(None));
    with_handler(
        || drop(swap(&HELD, None)),
        || {
            platform.block_on(async {
                for _ in 0..20 {
                    let permit = POOL.acquire().await.unwrap();
                    assert!(swap(&HELD, Some(permit)).is_none());
                }
                drop(POOL.acquire().await.unwrap());
            });
        },
    );
    assert_eq!(POOL.available_permits(), 1);
}

fn an_interrupt_serves_waiters_in_the_order_of_asking(platform: &Platform) {
    static GATE: Semaphore = Semaphore::new(0);
    let log = Log::new();
    let task = async |id: u8, permits| {
        GATE.acquire_many(permits).await.unwrap().forget();
        log.push(id);
    };
    with_handler(
        || GATE.add_permits(1),
        || platform.join([pin!(task(1, 1)), pin!(task(2, 3)), pin!(task(3, 1))]),
    );
    log.assert_is(&[1, 2, 3]);
}

fn an_interrupt_may_close(platform: &Platform) {
    static GATE: Semaphore = Semaphore::new(0);
    let wait = async || {
        assert_eq!(GATE.acquire().await.unwrap_err(), AcquireError::Closed);
    };
    with_handler(
        || GATE.close(),
        || platform.join([pin!(wait()), pin!(wait())]),
    );
    assert!(GATE.is_closed());
}

fn an_interrupt_may_change_the_limit(platform: &Platform) {
    static POOL: Semaphore = Semaphore::with_limit(1);
    /// How often the limit was lowered below what is out. Only the interrupt writes it.
    static LOWERED: AtomicUsize = AtomicUsize::new(0);
    let task = async || {
        while LOWERED.load(Ordering::Relaxed) < 50 {
            let _permit = POOL.acquire().await.unwrap();
            yield_now().await;
        }
    };
    let change = || {
        let lower = POOL.limit() == Some(2);
        if lower && POOL.available_permits() == 0 {
            LOWERED.store(LOWERED.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        POOL.set_limit(if lower { 1 } else { 2 });
    };
    with_handler(change, || {
        platform.join([pin!(task()), pin!(task()), pin!(task())]);
    });
    assert_eq!(Some(POOL.available_permits()), POOL.limit());
}

/// Two permits that tasks and the interrupt contend for.
struct Contested {
    pool: Semaphore,
    /// What the interrupt has.
    held: Slot,
    /// How often the interrupt took a permit. Only the interrupt writes it.
    taken: AtomicUsize,
}

impl Contested {
    const fn new(pool: Semaphore) -> Self {
        Self {
            pool,
            held: Mutex::new(Cell::new(None)),
            taken: AtomicUsize::new(0),
        }
    }

    /// The interrupt's part: takes a permit if it can, and gives it back the next time.
    fn interrupt(&'static self) {
        match swap(&self.held, None) {
            Some(permit) => drop(permit),
            None => {
                if let Ok(permit) = self.pool.try_acquire() {
                    swap(&self.held, Some(permit));
                    self.taken.store(self.taken() + 1, Ordering::Relaxed);
                }
            }
        }
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// A task's part. Interrupts come between any two instructions outside of the locks.
    async fn task(&self, permits: usize) {
        let mut turns = 0;
        while turns < 1000 || self.taken() < 200 {
            drop(self.pool.acquire_many(permits).await.unwrap());
            yield_now().await;
            turns += 1;
            // An interrupt comes at a fixed time after a sleep: let it not always find the
            // same instruction.
            for step in 0..turns % 61 {
                black_box(step);
            }
        }
    }

    /// All parts; `interrupt` is that of `self`.
    fn run(&self, platform: &Platform, interrupt: fn()) {
        with_handler(interrupt, || {
            platform.join([pin!(self.task(1)), pin!(self.task(2)), pin!(self.task(2))]);
        });
        drop(swap(&self.held, None));
        assert_eq!((self.pool.available_permits(), self.pool.waiters()), (2, 0));
    }
}

fn nothing_is_lost_when_interrupts_take_and_release_amid_tasks(platform: &Platform) {
    static FAIR: Contested = Contested::new(Semaphore::new(2));
    FAIR.run(platform, || FAIR.interrupt());
}

fn nothing_is_lost_when_interrupts_bypass_waiters(platform: &Platform) {
    static BYPASS: Contested = Contested::new(Semaphore::with_bypass(2));
    BYPASS.run(platform, || BYPASS.interrupt());
}

/// A waiter that is queued and dropped over and over, while interrupts grant it permits.
fn give_up(gate: &Semaphore, interrupt: fn()) {
    static WOKEN: Flag = Flag::new();
    let before = count();
    let (mut turns, mut taken) = (0, 0);
    with_handler(interrupt, || {
        while turns < 1000 || count() < before + 500 {
            let waiting = pin!(gate.acquire());
            if let Poll::Ready(permit) = poll(waiting, &WOKEN.waker()) {
                permit.unwrap().forget();
                taken += 1;
            }
            turns += 1;
        }
    });
    assert_eq!(taken + gate.available_permits(), count() - before);
}

fn nothing_is_lost_when_interrupts_release_amid_waits_given_up(_: &Platform) {
    static FAIR: Semaphore = Semaphore::new(0);
    give_up(&FAIR, || FAIR.add_permits(1));
}

fn nothing_is_lost_when_interrupts_call_waiters_that_give_up(_: &Platform) {
    static BYPASS: Semaphore = Semaphore::with_bypass(0);
    give_up(&BYPASS, || BYPASS.add_permits(1));
}
