//! Board support for QEMU's machine `virt`: output and exit codes by semihosting, the timer as
//! the interrupt, and every panic and exception reported as a failure.
#![no_std]

use core::{fmt, panic::PanicInfo};

use riscv::{
    asm,
    interrupt::{self, Interrupt},
    register::{mcause, mepc},
};
use riscv_rt::core_interrupt;
use semihosting::{print, println, process};
use suite::Platform;

/// When the timer interrupts: the two halves of a counter, low and high.
const ALARM: [*mut u32; 2] = [0x0200_4000 as *mut u32, 0x0200_4004 as *mut u32];

/// Counts between two interrupts, about 1500 instructions: long enough that a handler ends
/// before the next, and prime, so that interrupts find the loops of the tests at ever different
/// places.
const PERIOD: u64 = 997;

/// This machine, for the tests.
pub const PLATFORM: Platform = Platform {
    print: show,
    wait_for_interrupt: asm::wfi,
};

fn show(text: fmt::Arguments<'_>) {
    print!("{text}");
}

/// Starts the interrupt.
pub fn init() {
    set_alarm(PERIOD);
    // SAFETY: nothing relies on this interrupt being off.
    unsafe { interrupt::enable_interrupt(Interrupt::MachineTimer) };
    // SAFETY: no critical section is open; this is the start of the program.
    unsafe { interrupt::enable() };
}

fn alarm() -> u64 {
    // SAFETY: a register of the machine that reading does not change.
    let [low, high] = ALARM.map(|half| unsafe { half.read_volatile() });
    u64::from(high) << 32 | u64::from(low)
}

fn set_alarm(at: u64) {
    let [low, high] = ALARM;
    // The highest first, so that no value in between is in the past.
    for (half, value) in [
        (high, u32::MAX),
        (low, at as u32),
        (high, (at >> 32) as u32),
    ] {
        // SAFETY: a register of the machine that only this function writes.
        unsafe { half.write_volatile(value) };
    }
}

#[core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    set_alarm(alarm() + PERIOD);
    #[cfg(feature = "critical-section")]
    suite::on_interrupt();
}

/// Without this an exception would hang, and only the runner's time limit would end it.
// SAFETY: the name under which `riscv-rt` looks for it; it is defined once, and its argument is
// not used.
#[unsafe(export_name = "ExceptionHandler")]
extern "C" fn exception(_: *const riscv_rt::TrapFrame) -> ! {
    println!("exception {} at {:#x}", mcause::read().code(), mepc::read());
    process::exit(1)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    suite::report(show, info);
    process::exit(1)
}
