//! On the semaphore of pleach.
#![no_std]
#![no_main]

use cortex_m_rt::{entry, exception};
use pleach::Semaphore;

static SEMAPHORE: Semaphore = Semaphore::new(1);

async fn give_back() {
    while let Ok(permit) = SEMAPHORE.acquire().await {
        size::work();
        drop(permit);
        executor::yield_now().await;
    }
}

async fn use_up() {
    while let Ok(permits) = SEMAPHORE.acquire_many(2).await {
        size::work();
        permits.forget();
    }
}

#[entry]
fn main() -> ! {
    size::run!(give_back, use_up)
}

#[exception]
fn SysTick() {
    SEMAPHORE.add_permits(2);
}
