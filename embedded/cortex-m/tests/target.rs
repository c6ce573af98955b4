//! Runs the suite on the board.
#![no_std]
#![no_main]

#[cortex_m_rt::entry]
fn main() -> ! {
    board::init();
    suite::run(&board::PLATFORM);
    semihosting::process::exit(0)
}
