//! Operations on a cancellation tree beside a naive reference: see `tests/cancel_reference`.

#![no_main]

#[path = "../../tests/cancel_reference/mod.rs"]
mod cancel_reference;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    cancel_reference::Reached::default().run(bytes);
});
