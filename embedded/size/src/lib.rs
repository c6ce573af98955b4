//! What the firmwares have in common: all but the semaphore.
#![no_std]

mod place;

use core::{
    future::Future,
    panic::PanicInfo,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use cortex_m::{Peripherals, asm, peripheral::syst::SystClkSource};

pub use place::{Place, size_of_future};

/// How often something was worked on. Only tasks write it.
static DONE: AtomicUsize = AtomicUsize::new(0);

/// What a task does with its permits.
pub fn work() {
    DONE.store(
        DONE.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

/// Starts the interrupt and runs two tasks.
pub fn run(
    first: Pin<&mut dyn Future<Output = ()>>,
    second: Pin<&mut dyn Future<Output = ()>>,
) -> ! {
    if let Some(Peripherals {
        SYST: mut timer, ..
    }) = Peripherals::take()
    {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(0xffff);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
    }
    executor::join(asm::wfi, [first, second]);
    loop {
        asm::wfi();
    }
}

/// Nothing is printed, so that no formatting weighs in.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        asm::bkpt();
    }
}
