//! What it takes: no allocation to look, few bytes for a node, no stack for a deep tree.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::{Future, pending},
    pin::Pin,
    thread,
    time::Instant,
};

use pleach::{
    CancelToken, Scope,
    inspect::{Inspect, Ties, Waits},
    scope,
};

use crate::support::poll_now;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's, with a count beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + layout.size());
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

/// Allocations and bytes.
fn allocated(f: impl FnOnce()) -> (usize, usize) {
    let before = (COUNT.get(), BYTES.get());
    f();
    (COUNT.get() - before.0, BYTES.get() - before.1)
}

type Boxed<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// So many levels of scopes, ten children each.
fn wide(depth: usize) -> Boxed<'static> {
    Box::pin(async move {
        if depth == 0 {
            return pending().await;
        }
        scope!(|s| {
            for _ in 0..10 {
                s.spawn(wide(depth - 1));
            }
        })
        .await;
    })
}

#[test]
fn looking_allocates_nothing() {
    let (driver, s) = scope::scope();
    let mut running = Box::pin(driver.run(async {
        s.spawn(wide(3));
        pending::<()>().await;
    }));
    for _ in 0..10 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    let (mut told, mut live) = (0, 0);
    let looked = allocated(|| {
        s.visit(&mut |_| told += 1);
        live = s.live();
    });
    let expected = 1 + (1 + 10) + 10 * (1 + 10) + 100 * (1 + 10);
    assert_eq!((looked, told, live), ((0, 0), 1 + expected, expected));
}

#[test]
fn looking_at_tokens_allocates_nothing() {
    let root = CancelToken::new();
    let tokens: Vec<_> = (0..40).map(|_| root.child()).collect();
    let islands: Vec<_> = tokens.iter().map(|token| token.child_island()).collect();
    let below: Vec<_> = islands.iter().map(|island| island.child()).collect();
    let (mut told, mut live) = (0, 0);
    let looked = allocated(|| {
        root.visit(&mut |_| told += 1);
        live = root.live();
    });
    assert_eq!((looked, told, live), ((0, 0), 121, 120));
    drop(below);
}

#[test]
fn a_node_takes_forty_bytes_beside_what_its_waits_take() {
    /// What the notes of a child take: four words for each wait, one for how many there were more and
    /// how many were taken back, and one for each tie.
    const NOTES: usize = 4 * Waits::MOST + 1 + Ties::MOST;
    /// What a child takes without the feature.
    const PLAIN: usize = 11;
    /// What its span takes.
    const SPAN: usize = if cfg!(feature = "tracing") { 3 } else { 0 };
    let (driver, s) = scope::scope();
    let (count, bytes) = allocated(|| drop(s.spawn(std::future::ready(()))));
    assert_eq!(count, 1);
    if cfg!(target_pointer_width = "64") {
        assert_eq!(bytes, 8 * (PLAIN + NOTES + SPAN) + 40);
    }
    drop(driver);
}

#[test]
fn a_name_is_one_allocation() {
    let (driver, s) = scope::scope();
    let child = s.spawn(async {});
    let mut child = Some(child);
    let (count, bytes) = allocated(|| child = Some(child.take().unwrap().named("name")));
    assert_eq!((count, bytes), (1, 3 * size_of::<usize>()));
    drop(driver);
}

/// Scopes within one another, so many: the innermost looks.
fn nest<'a>(top: Scope<'a>, depth: usize) -> Boxed<'a> {
    Box::pin(async move {
        let (driver, s) = scope::scope();
        if depth > 0 {
            s.spawn(nest(top, depth - 1));
        } else {
            // On a small stack, since it takes none.
            let look = move || {
                let mut told = 0;
                top.visit(&mut |_| told += 1);
                told
            };
            let told = thread::scope(|threads| {
                let small = thread::Builder::new().stack_size(128 << 10);
                small.spawn_scoped(threads, look).unwrap().join().unwrap()
            });
            assert_eq!(told, 2 + 2 * 2_000);
        }
        driver.run(async {}).await;
    })
}

#[test]
fn a_deep_tree_takes_no_stack_to_look_at() {
    let thread = thread::Builder::new().stack_size(64 << 20);
    let deep = thread.spawn(|| {
        let (driver, s) = scope::scope();
        s.spawn(nest(s.clone(), 2_000));
        pleach::block_on(driver.run(async {}));
    });
    deep.unwrap().join().unwrap();
}

#[test]
fn ten_thousand_children_are_looked_at_in_no_time() {
    let (driver, s) = scope::scope();
    for _ in 0..10_000 {
        s.spawn(pending::<()>());
    }
    let mut running = Box::pin(driver.run(pending::<()>()));
    for _ in 0..2 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    let mut told = 0;
    let begun = Instant::now();
    s.visit(&mut |_| told += 1);
    let took = begun.elapsed();
    assert_eq!(told, 10_001);
    println!("10 000 children: {took:?}");
    drop(running);
}
