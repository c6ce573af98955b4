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
    nothing_is_lost_when_interrupts_take_and_release_amid_tasks,
    nothing_is_lost_when_interrupts_release_amid_waits_given_up,
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

/// Tasks that take all permits or one, while the interrupt takes one when it can and gives it
/// back the next time. Interrupts come between any two instructions outside of the locks.
fn nothing_is_lost_when_interrupts_take_and_release_amid_tasks(platform: &Platform) {
    static POOL: Semaphore = Semaphore::new(2);
    static HELD: Slot = Mutex::new(Cell::new(None));
    /// How often the interrupt took a permit. Only the interrupt writes it.
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let task = async |permits| {
        let mut turns = 0;
        while turns < 1000 || TAKEN.load(Ordering::Relaxed) < 200 {
            drop(POOL.acquire_many(permits).await.unwrap());
            yield_now().await;
            turns += 1;
            // An interrupt comes at a fixed time after a sleep: let it not always find the
            // same instruction.
            for step in 0..turns % 61 {
                black_box(step);
            }
        }
    };
    let take_or_release = || match swap(&HELD, None) {
        Some(permit) => drop(permit),
        None => {
            if let Ok(permit) = POOL.try_acquire() {
                swap(&HELD, Some(permit));
                TAKEN.store(TAKEN.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
        }
    };
    with_handler(take_or_release, || {
        platform.join([pin!(task(1)), pin!(task(2)), pin!(task(2))]);
    });
    drop(swap(&HELD, None));
    assert_eq!(POOL.available_permits(), 2);
}

/// A waiter that is queued and dropped over and over, while interrupts grant it permits.
fn nothing_is_lost_when_interrupts_release_amid_waits_given_up(_: &Platform) {
    static GATE: Semaphore = Semaphore::new(0);
    static WOKEN: Flag = Flag::new();
    let before = count();
    let (mut turns, mut taken) = (0, 0);
    with_handler(
        || GATE.add_permits(1),
        || {
            while turns < 1000 || count() < before + 500 {
                let waiting = pin!(GATE.acquire());
                if let Poll::Ready(permit) = poll(waiting, &WOKEN.waker()) {
                    permit.unwrap().forget();
                    taken += 1;
                }
                turns += 1;
            }
        },
    );
    assert_eq!(taken + GATE.available_permits(), count() - before);
}
