//! Operations on a channel beside a naive reference: see `tests/channel_reference`.

#![no_main]

#[path = "../../tests/channel_reference/mod.rs"]
mod channel_reference;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    channel_reference::Reached::default().run(bytes);
});
