//! The shapes of code that a scope must accept: each compiles, runs, and gives its result.
//!
//! Their counterparts, which must be refused, are in `compile_fail`.
#![allow(
    clippy::async_yields_async,
    clippy::manual_async_fn,
    clippy::useless_vec,
    reason = "these are shapes that users write; a vector has a destructor, which counts"
)]

#[path = "../support/mod.rs"]
mod support;

mod auto_traits;
mod borrowing;
mod everyday;
mod generic_code;
mod given_back;
mod handles;
mod leaving_the_body;
mod macros;
mod threads;

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    fmt,
    future::Future,
    num::{NonZeroUsize, ParseIntError},
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures_util::future::{self, Either, join_all, select, select_all, try_join, try_join_all};
use pleach::{
    Acquire, Cancelled, Handle, Permit, Scope, Semaphore, block_on, local_scope, scope,
    scope::{Admits, Driver, Refused, Run, RunTry, Threaded, local},
    try_local_scope, try_scope,
};
use support::yield_now;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Only compiles if what it is given is `Send`.
fn need_send<T: Send>(value: T) -> T {
    value
}

/// Runs a future on a thread of its own, as the spawn function of a runtime would.
fn on_a_thread<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    std::thread::spawn(move || block_on(future)).join().unwrap()
}

fn limit(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}
