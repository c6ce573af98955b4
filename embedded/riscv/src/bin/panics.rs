//! Fails on purpose: shows that a failed assertion ends with an exit code that says so.
#![no_std]
#![no_main]

#[riscv_rt::entry]
fn main() -> ! {
    virt::init();
    assert_eq!(core::hint::black_box(1), 2, "this is meant to fail");
    semihosting::process::exit(0)
}
