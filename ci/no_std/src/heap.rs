//! The C library's heap.

use core::{
    alloc::{GlobalAlloc, Layout},
    ffi::c_void,
    ptr,
};

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// What every `malloc` aligns to.
const ALIGNED: usize = 2 * size_of::<usize>();

struct Libc;

// SAFETY: `malloc` gives blocks of the size asked for, aligned to `ALIGNED`; a layout that
// wants more is refused.
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGNED {
            return ptr::null_mut();
        }
        // SAFETY: any size may be asked for.
        unsafe { malloc(layout.size()) }.cast()
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the block came from `malloc`, by the contract of this method.
        unsafe { free(block.cast()) };
    }
}

#[global_allocator]
static HEAP: Libc = Libc;
