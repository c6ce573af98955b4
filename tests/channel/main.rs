//! Channels, through the public API.

#[path = "../support/mod.rs"]
mod support;

mod closing;
#[cfg(feature = "std")]
mod drops;
mod handles;
mod hostile;
#[cfg(feature = "std")]
mod order;
// Without `std` a panic goes through at once.
#[cfg(feature = "std")]
mod panics;
mod probes;
mod random;
mod receiving;
mod rendezvous;
mod reserving;
mod sending;
#[cfg(feature = "sink")]
mod sink;
mod types;
#[cfg(feature = "std")]
mod until;

use std::{pin::Pin, task::Waker};

use support::poll_with;

/// Pins a future, polls it once, and expects it to be pending.
fn pending<F: Future>(future: F) -> Pin<Box<F>> {
    pending_with(future, Waker::noop())
}

fn pending_with<F: Future>(future: F, waker: &Waker) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

/// Polls once, and expects an output.
fn ready<F: Future>(future: &mut Pin<Box<F>>) -> F::Output {
    match poll_with(future.as_mut(), Waker::noop()) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it is pending"),
    }
}

fn is_pending<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    poll_with(future.as_mut(), Waker::noop()).is_pending()
}

/// Polls a new future once.
fn now<F: Future>(future: F) -> Option<F::Output> {
    match poll_with(std::pin::pin!(future), Waker::noop()) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
