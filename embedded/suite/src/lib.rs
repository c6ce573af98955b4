//! The tests that run on every target.
//!
//! A program for a target brings a [`Platform`], calls [`run`], and [`report`]s its panics; with
//! the feature `critical-section` it also calls [`on_interrupt`] from a timer's interrupt.
#![no_std]

mod cancel;
mod channel;
#[cfg(feature = "alloc")]
mod group;
#[cfg(feature = "alloc")]
mod heap;
#[cfg(feature = "critical-section")]
mod interrupt;
mod join;
mod log;
#[cfg(feature = "critical-section")]
mod notify;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod owned;
mod permits;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod pipeline;
#[cfg(feature = "critical-section")]
mod release;
#[cfg(feature = "alloc")]
mod scope;
mod select;
mod semaphore;

use core::{
    fmt,
    future::Future,
    panic::PanicInfo,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
};

#[cfg(feature = "alloc")]
pub use heap::{init as init_heap, used as heap_used};
#[cfg(feature = "critical-section")]
pub use interrupt::on_interrupt;

/// What the tests need of the machine.
pub struct Platform {
    /// Shows text to whoever runs the tests.
    pub print: fn(fmt::Arguments<'_>),
    /// Sleeps until an interrupt is pending, also if interrupts are masked.
    pub wait_for_interrupt: fn(),
}

impl Platform {
    fn join<const N: usize>(&self, tasks: [Pin<&mut dyn Future<Output = ()>>; N]) {
        executor::join(self.wait_for_interrupt, tasks);
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        executor::block_on(self.wait_for_interrupt, future)
    }
}

type Test = (&'static str, fn(&Platform));

/// A list of tests under the names of their functions.
macro_rules! tests {
    ($($(#[$cfg:meta])* $name:ident),* $(,)?) => {
        pub(crate) const TESTS: &[$crate::Test] = &[$($(#[$cfg])* (stringify!($name), $name)),*];
    };
}
use tests;

const GROUPS: &[&[Test]] = &[
    semaphore::TESTS,
    permits::TESTS,
    cancel::TESTS,
    channel::TESTS,
    select::TESTS,
    #[cfg(feature = "alloc")]
    group::TESTS,
    join::TESTS,
    #[cfg(feature = "critical-section")]
    release::TESTS,
    #[cfg(feature = "critical-section")]
    notify::TESTS,
    #[cfg(feature = "alloc")]
    scope::TESTS,
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    owned::TESTS,
    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    pipeline::TESTS,
];

/// How many tests have passed. Only the thread that runs them writes it.
static PASSED: AtomicUsize = AtomicUsize::new(0);

/// Runs all tests. Returns if they pass; the first that fails panics.
pub fn run(platform: &Platform) {
    #[cfg(feature = "alloc")]
    heap::init();
    for (name, test) in GROUPS.iter().copied().flatten() {
        begin(platform, name);
        test(platform);
        pass(platform);
    }
    end(platform);
}

/// Says which test begins.
pub fn begin(platform: &Platform, name: &str) {
    (platform.print)(format_args!("test {name} ... "));
}

/// Says that it has passed, and counts it.
pub fn pass(platform: &Platform) {
    (platform.print)(format_args!("ok\n"));
    PASSED.store(PASSED.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Says that all have passed.
pub fn end(platform: &Platform) {
    (platform.print)(format_args!("{} passed, 0 failed\n", passed()));
}

/// Prints what a panic means for the run: the test that was running has failed, and those
/// after it have not run. The panic handler calls this and ends the program with an error.
pub fn report(print: fn(fmt::Arguments<'_>), info: &PanicInfo<'_>) {
    print(format_args!(
        "FAILED\n{info}\n{} passed, 1 failed\n",
        passed()
    ));
}

fn passed() -> usize {
    PASSED.load(Ordering::Relaxed)
}
