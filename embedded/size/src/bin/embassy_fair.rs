//! On the first come, first served semaphore of embassy-sync, with room for two waiters.
#![no_std]
#![no_main]

use cortex_m_rt::{entry, exception};
use embassy_sync::{
    blocking_mutex::raw::CriticalSectionRawMutex,
    semaphore::{FairSemaphore, Semaphore},
};

static SEMAPHORE: FairSemaphore<CriticalSectionRawMutex, 2> = FairSemaphore::new(1);

async fn give_back() {
    while let Ok(permit) = SEMAPHORE.acquire(1).await {
        size::work();
        drop(permit);
        executor::yield_now().await;
    }
}

async fn use_up() {
    while let Ok(permits) = SEMAPHORE.acquire(2).await {
        size::work();
        permits.disarm();
    }
}

#[entry]
fn main() -> ! {
    size::run!(give_back, use_up)
}

#[exception]
fn SysTick() {
    SEMAPHORE.release(2);
}
