//! Waiting for the first of several futures, through the public API.

#[path = "../support/mod.rs"]
mod support;

mod fairness;
mod forms;
mod handlers;
mod losers;
mod multiplex;
mod now;
mod race;
mod sends;

use std::{pin::pin, task::Waker};

use support::{block_on, poll_with};

/// Polls a new future once.
fn now<F: Future>(future: F) -> Option<F::Output> {
    match poll_with(pin!(future), Waker::noop()) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
