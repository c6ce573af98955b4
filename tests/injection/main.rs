//! Exhaustive injection: scopes, groups and joins are dropped after each of their polls, and
//! panics are raised at each point where they run user code. `pleach::testing::inject` says how, and what
//! is checked; here all memory of the thread is counted besides, and others on the thread must work as
//! before. Handles that outlive the future must be ready.
#![cfg(panic = "unwind")]

#[path = "../support/mod.rs"]
mod support;

mod groups;
mod joins;
mod scopes;
mod stops;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::Future,
    num::NonZeroUsize,
    pin::Pin,
    task::Poll,
};

use pleach::{
    group::{All, group},
    join::join,
    scope,
    testing::inject::{Inject, Trial, World},
};

use support::{block_on, poll_now};

/// What children give.
type Output = pleach::testing::inject::Output<u32>;

/// Does everything to a scenario that can be done to it. There must be so many things at least, so
/// that a scenario that shrinks is noticed.
fn inject(name: &str, least: usize, build: impl Fn(&World) -> Trial) {
    let inject = Inject::new().memory(live).follow_up(expect_others_to_work);
    let injections = inject.all(build);
    println!("{name}: {injections}");
    assert!(injections.total() >= least, "{name} has shrunk");
}

/// What was done to one scope or group is of no consequence to others on this thread.
fn expect_others_to_work() {
    let sum = block_on(scope!(limit = NonZeroUsize::MIN, |s| {
        let child = s.spawn_with(|s| async move { s.spawn(async { 2 }).await.unwrap() });
        s.spawn(async { 1 }).await.unwrap() + child.await.unwrap()
    }));
    let outputs = block_on(group([1, 2].map(|n| async move { n })).join(All::new()));
    let pair = block_on(join((async { 1 }, async { 2 })));
    assert_eq!((sum, &outputs[..], pair), (3, &[1, 2][..], (1, 2)));
}

/// The output of a future that has to be ready, whatever became of its scope.
fn resolved<F: Future + Unpin>(world: &World, mut future: F) -> Option<F::Output> {
    match poll_now(Pin::new(&mut future)) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => {
            world.fail("a handle hangs");
            None
        }
    }
}

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
