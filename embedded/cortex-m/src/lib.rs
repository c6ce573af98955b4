//! Board support: output and exit codes by semihosting, SysTick as the interrupt, and every
//! panic and fault reported as a failure.
#![no_std]

#[cfg(feature = "embassy")]
mod time;

use core::{fmt, panic::PanicInfo};

use cortex_m::{Peripherals, asm, peripheral::syst::SystClkSource};
use cortex_m_rt::{ExceptionFrame, exception};
use semihosting::{print, println, process};
use suite::Platform;

/// Clock ticks between two interrupts: long enough that a handler ends before the next, and
/// prime, so that interrupts find the loops of the tests at ever different places.
const PERIOD: u32 = 997;

/// This board, for the tests.
pub const PLATFORM: Platform = Platform {
    print: show,
    wait_for_interrupt: asm::wfi,
};

fn show(text: fmt::Arguments<'_>) {
    print!("{text}");
}

/// Starts the interrupt.
///
/// # Panics
///
/// If it is called twice.
pub fn init() {
    let mut timer = Peripherals::take().expect("`init` is called once").SYST;
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(PERIOD - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

#[exception]
fn SysTick() {
    #[cfg(feature = "critical-section")]
    suite::on_interrupt();
    #[cfg(feature = "embassy")]
    time::on_tick();
}

/// Without this a fault would hang, and only the runner's time limit would end it.
// SAFETY: it does not return to where the fault was.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    println!("fault at {:#x}", frame.pc());
    process::exit(1)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    suite::report(show, info);
    process::exit(1)
}
