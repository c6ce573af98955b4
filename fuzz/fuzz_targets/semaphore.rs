//! Operations on a semaphore beside a naive reference: see `tests/semaphore_reference`.

#![no_main]

#[path = "../../tests/semaphore_reference/mod.rs"]
mod semaphore_reference;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    semaphore_reference::Reached::default().run(bytes);
});
