//! What it takes.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::Arc,
    time::Instant,
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

/// `cargo test --release --features inspect --test inspect_trace -- --ignored --nocapture cost`
#[test]
#[ignore = "it measures, and asserts nothing"]
fn cost_of_a_child() {
    const CHILDREN: u32 = 1000;
    let run = |observe: Option<Arc<dyn Observer>>| {
        let (mut driver, s) = pleach::scope::scope();
        if let Some(observer) = observe {
            driver = driver.observe(observer);
        }
        let began = Instant::now();
        block_on(driver.run(async {
            for _ in 0..CHILDREN {
                s.spawn(yield_now());
            }
        }));
        began.elapsed().as_nanos() / u128::from(CHILDREN)
    };
    let recorder: Arc<dyn Observer> = Arc::new(Recorder::new(StdTimer, 10_000));
    let deaf: Arc<dyn Observer> = Arc::new(Deaf(0));
    let mut best = [u128::MAX; 3];
    for _ in 0..200 {
        best[0] = best[0].min(run(None));
        best[1] = best[1].min(run(Some(deaf.clone())));
        best[2] = best[2].min(run(Some(recorder.clone())));
    }
    println!(
        "a child that yields once, ns: nobody {}, one that does nothing {}, a recorder {}",
        best[0], best[1], best[2]
    );
}
