//! Uses the crate where there is no `std`, and no allocator either unless asked for.
//!
//! The panic handler is the guard: a crate that links `std` would define a second one, and
//! the compiler would name it.
#![no_std]
#![no_main]

use core::{
    ffi::{c_char, c_int},
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use pleach::{Barrier, Event, Latch, Semaphore, WaitGroup};

#[cfg(feature = "alloc")]
mod heap;

static SEMAPHORE: Semaphore = Semaphore::new(1);
static EVENT: Event = Event::new();
static LATCH: Latch = Latch::new(1);
static GROUP: WaitGroup = WaitGroup::new();
static BARRIER: Barrier = Barrier::new(2);

/// Polls until ready; everything here makes progress by itself.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
}

fn semaphore_works() -> bool {
    let Ok(held) = run(SEMAPHORE.acquire()) else {
        return false;
    };
    let mut waiting = pin!(SEMAPHORE.acquire());
    let mut cx = Context::from_waker(Waker::noop());
    let waits = waiting.as_mut().poll(&mut cx).is_pending();
    drop(held);
    waits && run(waiting).is_ok_and(|permit| permit.permits() == 1)
}

fn waiting_for_others_works() -> bool {
    let member = GROUP.add();
    let mut cx = Context::from_waker(Waker::noop());
    let (mut event, mut latch) = (pin!(EVENT.wait()), pin!(LATCH.wait()));
    let (mut group, mut barrier) = (pin!(GROUP.wait()), pin!(BARRIER.wait()));
    let waits = event.as_mut().poll(&mut cx).is_pending()
        && latch.as_mut().poll(&mut cx).is_pending()
        && group.as_mut().poll(&mut cx).is_pending()
        && barrier.as_mut().poll(&mut cx).is_pending();
    EVENT.set();
    LATCH.count_down();
    drop(member);
    let leads = run(BARRIER.wait()).is_leader();
    run(event);
    run(latch);
    run(group);
    waits && leads && !run(barrier).is_leader()
}

#[cfg(feature = "alloc")]
fn scope_works() -> bool {
    let data = [1, 2, 3];
    let sum = run(pleach::scope!(|s| {
        let first = s.spawn(async { data[0] });
        let rest = s.spawn_with(|s| {
            let data = &data;
            async move { s.spawn(async move { data[1] + data[2] }).await }
        });
        (first.await, rest.await)
    }));
    sum == (Ok(1), Ok(Ok(5)))
}

#[cfg(not(feature = "alloc"))]
fn scope_works() -> bool {
    true
}

// SAFETY: this is the program's only `main`, with the signature that the C library calls.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    c_int::from(!(semaphore_works() && waiting_for_others_works() && scope_works()))
}

unsafe extern "C" {
    safe fn abort() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    abort()
}

/// The host's precompiled `core` was built for unwinding and names this; it is never called.
// SAFETY: no other definition is linked, and nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
