//! Fails on purpose: shows that an exception ends with an exit code that says so.
#![no_std]
#![no_main]

#[riscv_rt::entry]
fn main() -> ! {
    virt::init();
    // SAFETY: the instruction is illegal by definition: its exception does not return.
    unsafe { core::arch::asm!("unimp", options(noreturn)) }
}
