//! The suite for a JavaScript engine, without `std`. `run.mjs` is the other side.
#![no_std]

use core::{
    cell::Cell,
    fmt::{self, Write},
    panic::PanicInfo,
};

use critical_section::RawRestoreState;
use pleach::{Semaphore, local_scope};
use suite::Platform;

const PLATFORM: Platform = Platform {
    print: show,
    wait_for_interrupt: never_woken,
};

/// There are no interrupts here: whoever waits when all wait does so for ever.
fn never_woken() {
    panic!("every task waits, and nothing is left that could wake one");
}

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Prints `len` bytes of UTF-8 from the module's memory at `text`.
    fn print(text: *const u8, len: usize);
}

struct Host;

impl Write for Host {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: pointer and length are those of a string.
        unsafe { print(text.as_ptr(), text.len()) };
        Ok(())
    }
}

fn show(text: fmt::Arguments<'_>) {
    if Host.write_fmt(text).is_err() {
        unreachable!("`Host` takes every string");
    }
}

struct SingleThread;

critical_section::set_impl!(SingleThread);

// SAFETY: the module has one thread and no interrupts, so every section is critical.
unsafe impl critical_section::Impl for SingleThread {
    unsafe fn acquire() -> RawRestoreState {}

    unsafe fn release(_: RawRestoreState) {}
}

/// Runs the suite. To be called before the other functions, and once.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn run() {
    suite::run(&PLATFORM);
}

/// The sum of the numbers below `count`, each added by a child of its own.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn sum_of_children(count: u32) -> u32 {
    let turn = Semaphore::new(1);
    let sum = Cell::new(0);
    executor::block_on(
        never_woken,
        local_scope!(|s| {
            for number in 0..count {
                let (turn, sum) = (&turn, &sum);
                s.spawn(async move {
                    let _permit = turn.acquire().await;
                    let before = sum.get();
                    executor::yield_now().await;
                    sum.set(before + number);
                });
            }
        }),
    );
    sum.get()
}

/// Panics: shows that the host notices.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn fail() {
    panic!("this is meant to fail");
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    suite::report(show, info);
    core::arch::wasm32::unreachable()
}
