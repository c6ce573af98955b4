//! Cancellation, through the public API.

mod tree;
