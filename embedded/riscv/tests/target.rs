//! Runs the suite on the machine.
#![no_std]
#![no_main]

#[riscv_rt::entry]
fn main() -> ! {
    virt::init();
    suite::run(&virt::PLATFORM);
    semihosting::process::exit(0)
}
