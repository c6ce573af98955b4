//! What types, futures and blocks take, and what the feature `inspect` adds: in bytes, where pointers
//! have eight.
// (`tracing` adds its spans to cards.)
#![cfg(all(target_pointer_width = "64", not(feature = "tracing")))]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::{Ready, ready},
    mem::{size_of, size_of_val},
    sync::Arc,
};

use pleach::{
    Barrier, CancelToken, Event, Latch, Permit, Semaphore, WaitGroup,
    cancel::Token,
    channel::{self, Channel, Receiver, Sender},
    group::{Discard, group, open},
    inspect::waiting,
    oneshot,
    pipeline::Pipeline,
    scope::{self, Handle, Scope},
    watch::{self, Watch},
};

struct Counting;

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's, with a count beside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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

/// How many bytes are allocated.
fn allocated<T>(f: impl FnOnce() -> T) -> usize {
    let before = BYTES.get();
    let _made = f();
    BYTES.get() - before
}

/// A name, what it takes, what it is to take without the feature, and how much more with it.
type Row = (&'static str, usize, usize, usize);

fn values() -> Vec<Row> {
    vec![
        ("Semaphore", size_of::<Semaphore>(), 48, 8),
        ("Permit", size_of::<Permit<'_>>(), 16, 24),
        ("Event", size_of::<Event>(), 32, 8),
        ("Latch", size_of::<Latch>(), 32, 8),
        ("WaitGroup", size_of::<WaitGroup>(), 32, 8),
        ("Barrier", size_of::<Barrier>(), 48, 8),
        ("Token", size_of::<Token>(), 128, 48),
        ("CancelToken", size_of::<CancelToken>(), 8, 0),
        ("Channel<u64, 1>", size_of::<Channel<u64, 1>>(), 152, 8),
        ("Sender", size_of::<Sender<u64>>(), 16, 0),
        ("Receiver", size_of::<Receiver<u64>>(), 16, 0),
        ("oneshot::Sender", size_of::<oneshot::Sender<u64>>(), 8, 0),
        ("Watch<u64>", size_of::<Watch<u64>>(), 48, 8),
        ("Scope", size_of::<Scope<'_>>(), 8, 0),
        ("Handle", size_of::<Handle<u64>>(), 32, 16),
    ]
}

fn futures() -> Vec<Row> {
    let (semaphore, event) = (Arc::new(Semaphore::new(1)), Event::new());
    let (latch, barrier) = (Latch::new(1), Barrier::new(1));
    let token = CancelToken::new();
    let (sender, receiver) = channel::bounded::<u64>(1);
    let (_values, mut changes) = watch::channel(0_u64);
    let of = |name, plain, more, bytes| (name, bytes, plain, more);
    vec![
        of("acquire", 64, 16, size_of_val(&semaphore.acquire())),
        of(
            "acquire_owned",
            64,
            16,
            size_of_val(&semaphore.acquire_owned()),
        ),
        of("Event::wait", 48, 16, size_of_val(&event.wait())),
        of("Latch::wait", 48, 16, size_of_val(&latch.wait())),
        of("Barrier::wait", 64, 16, size_of_val(&barrier.wait())),
        of("cancelled", 48, 16, size_of_val(&token.cancelled())),
        of("run", 64, 16, size_of_val(&token.run(ready(())))),
        of("send", 80, 16, size_of_val(&sender.send(1))),
        of("recv", 56, 16, size_of_val(&receiver.recv())),
        of("changed", 56, 16, size_of_val(&changes.changed())),
        of("waiting", 8, 24, size_of_val(&waiting(&"it", ready(1_u32)))),
    ]
}

fn blocks() -> Vec<Row> {
    let (_driver, s) = scope::scope();
    let token = CancelToken::new();
    let many =
        |n: usize| allocated(|| pleach::block_on(group((0..n).map(ready)).join(Discard::new())));
    let of = |name, plain, more, bytes| (name, bytes, plain, more);
    vec![
        of("scope", 280, 400, allocated(scope::scope)),
        of("child", 88, 176, allocated(|| s.spawn(ready(())))),
        of("group", 224, 392, allocated(open::<Ready<()>>)),
        of("place of a group", 96, 176, many(33) - many(32)),
        of("tree of tokens", 184, 64, allocated(CancelToken::new)),
        of("token", 128, 48, allocated(|| token.child())),
        of("channel", 160, 8, allocated(|| channel::bounded::<u64>(1))),
        of("oneshot", 80, 8, allocated(oneshot::channel::<u64>)),
        of("watch", 128, 16, allocated(|| watch::channel(0_u64))),
    ]
}

fn stages() -> Vec<Row> {
    let (_driver, s) = scope::try_scope();
    let p = Pipeline::<()>::new(&s, 1);
    let (one, many) = (p.iter(0..1_u64), p.iter(0..1_u64));
    let of = |name, plain, more, bytes| (name, bytes, plain, more);
    vec![
        of("iter", 696, 296, allocated(|| p.iter(0..1_u64))),
        of("map", 1664, 456, allocated(|| one.map(1, async |n| Ok(n)))),
        of("chunks", 1584, 392, allocated(|| many.chunks(2))),
    ]
}

#[test]
fn they_take_so_much_and_no_more() {
    let rows: Vec<Row> = [values(), futures(), blocks(), stages()].concat();
    let wrong: Vec<Row> = rows
        .into_iter()
        .filter(|&(_, bytes, plain, more)| {
            let more = if cfg!(feature = "inspect") { more } else { 0 };
            bytes != plain + more
        })
        .collect();
    assert_eq!(wrong, []);
}
