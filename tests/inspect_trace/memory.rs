//! What it takes.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::Arc,
};

use pleach::{
    block_on,
    inspect::{Event, Observer, Recorder, Subject},
    runtime::StdTimer,
    scope,
};

use crate::support::yield_now;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's, with a count beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's word.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's word.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(f: impl FnOnce()) -> usize {
    let before = COUNT.get();
    f();
    COUNT.get() - before
}

/// A scope with children, and how often it allocates.
fn busy(observe: impl Observer + 'static) -> usize {
    let scope = scope!(observe = observe, |s| {
        for _ in 0..100 {
            s.spawn(yield_now());
        }
        scope!(|s| {
            s.spawn(yield_now());
        })
        .await;
    });
    let mut scope = std::pin::pin!(scope);
    allocations(|| block_on(scope.as_mut()))
}

/// As large as a pointer.
struct Deaf(#[allow(dead_code, reason = "so that it takes an allocation")] usize);

impl Observer for Deaf {
    fn event(&self, _: &Subject<'_>, _: Event) {}
}

#[test]
fn a_recorder_never_allocates_when_it_is_told() {
    let recorder = Arc::new(Recorder::new(StdTimer, 256));
    // The one of the thread's name, and whatever `block_on` needs once.
    busy(recorder.clone());
    assert_eq!(busy(recorder.clone()), busy(Deaf(0)));
    assert!(recorder.overwritten() > 0);
}

// As its documentation has it.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(Recorder::<StdTimer>::RECORD_SIZE <= 176);
