//! A heap small enough for a Cortex-M0 with 16 KiB of RAM; where there is a compare-and-swap, and so
//! pipelines, a larger one.

use core::mem::MaybeUninit;

use embedded_alloc::LlffHeap;

const SIZE: usize = if cfg!(target_has_atomic = "ptr") {
    16 * 1024
} else {
    4 * 1024
};

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

static mut MEMORY: [MaybeUninit<u8>; SIZE] = [MaybeUninit::uninit(); SIZE];

/// Hands the memory to the heap. To be called once, before anything allocates; [`run`](crate::run)
/// does.
pub fn init() {
    let start = &raw mut MEMORY;
    // SAFETY: called once, before anything allocates; nothing else names `MEMORY`.
    unsafe { HEAP.init(start as usize, SIZE) };
}

/// The number of bytes that are allocated.
pub fn used() -> usize {
    HEAP.used()
}
