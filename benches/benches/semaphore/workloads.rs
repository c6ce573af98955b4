//! What every semaphore does. Each program is compiled for each of them (no call goes through
//! a pointer inside the loops), and kept a function of its own so that profiles name it.

use std::{
    hint::black_box,
    task::{Context, Waker},
};

use pleach_benches::{
    FirstMeeting,
    executor::{self, yield_now},
    on_two_threads,
};

use crate::subjects::{Answer, Semaphore, Weighted};

/// Permits of the semaphores that are never short of them.
const PLENTY: usize = 1024;
/// Tasks of each of two workers.
const TASKS: u64 = 16;
/// Permits of the weighted semaphore, of which requests take 1 up to all.
const WEIGHTS: usize = 10;

/// Acquires a free permit by one poll and gives it back.
#[inline(never)]
pub fn free_pair<S: Semaphore>(operations: u64) {
    pairs(&S::new(PLENTY), operations);
}

fn pairs<S: Semaphore>(semaphore: &S, operations: u64) {
    let semaphore = black_box(semaphore);
    let cx = &mut Context::from_waker(Waker::noop());
    for _ in 0..operations {
        drop(executor::now(semaphore.acquire(), cx).permit());
    }
}

/// As many tasks as said take turns with one permit, and let the others run while they hold
/// it. Returns how many polls that took.
#[inline(never)]
pub fn hand_off<S: Semaphore>(tasks: u64, operations: u64) -> u64 {
    take_turns(&S::new(1), tasks, operations)
}

fn take_turns<S: Semaphore>(semaphore: &S, tasks: u64, operations: u64) -> u64 {
    executor::run((0..tasks).map(|_| async move {
        for _ in 0..operations / tasks {
            let permit = semaphore.acquire().await.permit();
            yield_now().await;
            drop(permit);
        }
    }))
}

/// As [`hand_off`] among 16, of a semaphore with ten permits, each task asking for one permit
/// first, then for two, and so on to ten, and from the beginning.
#[inline(never)]
pub fn weighted<S: Weighted>(operations: u64) -> u64 {
    let semaphore = &S::new(WEIGHTS);
    executor::run((0..TASKS).map(|task| async move {
        for turn in 0..operations / TASKS {
            let permits = (turn + task) as usize % WEIGHTS + 1;
            let permit = semaphore.acquire_many(permits).await.permit();
            yield_now().await;
            drop(permit);
        }
    }))
}

/// The executor's part of a hand-off: two polls and two wakes.
#[inline(never)]
pub fn bare_executor(tasks: u64, operations: u64) {
    executor::run((0..tasks).map(|_| async move {
        for _ in 0..operations / tasks {
            yield_now().await;
            yield_now().await;
        }
    }));
}

/// Two threads block on one permit in turn.
#[inline(never)]
pub fn two_threads<S: Semaphore>(operations: u64) {
    let semaphore = &S::new(1);
    let meeting = FirstMeeting::default();
    on_two_threads(|| {
        for _ in 0..operations / 2 {
            let permit = semaphore.acquire_blocking();
            meeting.hold();
            drop(permit);
        }
    });
}

/// Two threads, each with an executor of its own, whose tasks all take turns with one permit.
///
/// An executor that has nothing to do sleeps at once. If the tasks of both stand in the queue by
/// turns, each grant wakes a thread, and how they stand is chance: first come, first served, this
/// row varies from run to run by more than any difference between semaphores.
#[inline(never)]
pub fn two_workers<S: Semaphore>(operations: u64) {
    let semaphore = &S::new(1);
    on_two_threads(|| {
        take_turns(semaphore, TASKS, operations / 2);
    });
}

/// Two threads, one semaphore, permits for everyone.
#[inline(never)]
pub fn plenty<S: Semaphore>(operations: u64) {
    let semaphore = &S::new(PLENTY);
    on_two_threads(|| pairs(semaphore, operations / 2));
}

/// What a semaphore takes of memory, in bytes.
pub struct Sizes {
    pub semaphore: usize,
    pub acquire: usize,
    pub permit: usize,
}

pub fn sizes<S: Semaphore>() -> Sizes {
    let semaphore = S::new(1);
    let acquire = semaphore.acquire();
    let size = size_of_val(&acquire);
    let cx = &mut Context::from_waker(Waker::noop());
    let permit = executor::now(acquire, cx).permit();
    Sizes {
        semaphore: size_of::<S>(),
        acquire: size,
        permit: size_of_val(&permit),
    }
}
