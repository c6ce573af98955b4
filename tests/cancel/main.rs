//! Cancellation, through the public API.

#[path = "../support/mod.rs"]
mod support;

mod callbacks;
mod causes;
mod deadlines;
mod deep;
mod guards;
mod hostile;
mod islands;
mod memory;
mod pinned;
mod random;
mod run;
mod tree;
mod values;
mod waits;

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// Pins a future, polls it once, and expects it to be pending.
fn pending<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(poll(future.as_mut(), Waker::noop()).is_pending());
    future
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

fn is_ready<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    poll(future.as_mut(), Waker::noop()).is_ready()
}
