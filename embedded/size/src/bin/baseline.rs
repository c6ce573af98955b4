//! Two tasks and an interrupt, without a semaphore.
#![no_std]
#![no_main]

use cortex_m_rt::{entry, exception};

async fn task() {
    loop {
        size::work();
        executor::yield_now().await;
    }
}

#[entry]
fn main() -> ! {
    size::run!(task, task)
}

#[exception]
fn SysTick() {
    size::work();
}
