//! Fails on purpose: shows that a failed assertion ends with an exit code that says so.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    board::init();
    assert_eq!(core::hint::black_box(1), 2, "this is meant to fail");
    semihosting::process::exit(0)
}
