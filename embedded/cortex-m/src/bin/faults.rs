//! Fails on purpose: shows that a fault ends with an exit code that says so.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    board::init();
    cortex_m::asm::udf()
}
