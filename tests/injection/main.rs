//! Exhaustive injection: scopes, groups and joins are dropped after each of their polls, and
//! panics are raised at each point where they run user code.
//!
//! A *scenario* ([`harness::Trial`]) is a future made of instrumented parts ([`world`]): children,
//! bodies, outputs, errors, sources, joiners, and the waker of the task that polls it. Whenever one
//! of them runs (a poll, a drop, a callback, a call of the waker's vtable) that is a *point*. A
//! first run tells what comes of it undisturbed. Then, for each of its polls and points:
//!
//! | injected | |
//! |---|---|
//! | a drop | the future is dropped after the n-th poll |
//! | a panic | the n-th point panics |
//! | a panic in a drop | the future is dropped after the n-th poll, and the m-th point since panics |
//! | two panics | the n-th point panics, and the m-th since that does too |
//!
//! After each of them these are checked:
//!
//! * **Nothing outlives it.** Every part has been dropped, once, where it was polled, and before the
//!   future was ready or its panic came out; nothing was polled after that. All wakers are gone and
//!   all memory is freed.
//! * **Nothing is lost.** The outcome is that of the undisturbed run, or the panic came out, once:
//!   of the future's poll or drop, or of whatever outside call it was raised in. Of two the first
//!   comes out; the second may give way to it. Handles that outlive the future are ready.
//! * Others on the thread work as before.
//!
//! A point does not panic while another panic unwinds: the language aborts at that.
#![cfg(panic = "unwind")]

#[path = "../support/mod.rs"]
mod support;

mod groups;
mod harness;
mod joins;
mod scopes;
mod stops;
mod task;
mod world;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what is allocated on a thread and not freed.
struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// What was allocated on this thread and not freed.
fn live() -> isize {
    LIVE.get()
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + 1);
        // SAFETY: the caller's word.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - 1);
        // SAFETY: the caller's word.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;
