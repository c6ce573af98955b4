//! Counts allocations, when it is asked for: at other times an allocation costs a load more.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

struct Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is passed on to the system's allocator as it came; growing in place or
// elsewhere goes through the provided `realloc`, hence through `alloc`, and is counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_COUNTING.load(Ordering::Relaxed) {
            COUNT.fetch_add(1, Ordering::Relaxed);
            BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Keeps what is freed for the next allocation. If the system gets it back, which hangs on what
/// happens to lie at the end of the heap, the next round pays for getting it again.
pub(crate) fn keep_memory() {
    const LARGE: libc::c_int = 1 << 25;
    for parameter in [libc::M_TRIM_THRESHOLD, libc::M_MMAP_THRESHOLD] {
        // SAFETY: both are numbers that the allocator may be told at any time.
        let taken = unsafe { libc::mallopt(parameter, LARGE) };
        assert_eq!(taken, 1, "the allocator knows the parameter");
    }
}

/// How many allocations `run` makes, on all threads.
pub fn allocations_in(run: impl FnOnce()) -> u64 {
    count(&COUNT, run)
}

/// How many bytes `run` allocates, on all threads.
pub fn bytes_in(run: impl FnOnce()) -> u64 {
    count(&BYTES, run)
}

fn count(counter: &AtomicU64, run: impl FnOnce()) -> u64 {
    let before = counter.load(Ordering::Relaxed);
    IS_COUNTING.store(true, Ordering::Relaxed);
    run();
    IS_COUNTING.store(false, Ordering::Relaxed);
    counter.load(Ordering::Relaxed) - before
}
