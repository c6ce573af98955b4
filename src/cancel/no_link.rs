//! What `link.rs` is where there is no heap: there are no islands.

use core::ptr::NonNull;

use super::{
    cause::{Phase, Stored},
    domain::{Domain, Kind, Node},
    token::Token,
    walk::walk,
};
use crate::sys::const_new;

/// A domain hangs in no other.
pub(super) struct Upstream;

impl Upstream {
    const_new! {
        pub(super) const fn new() -> Self {
            Self
        }
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = &Token> {
        core::iter::empty()
    }

    /// A `static` domain does not die.
    pub(super) fn next_dead(&self) -> Option<NonNull<Domain>> {
        None
    }

    pub(super) fn set_next_dead(&self, _: Option<NonNull<Domain>>) {}
}

/// Islands that a walk has come to: none.
pub(super) struct Islands;

impl Islands {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) fn walk(&mut self, token: &Token, phase: Phase, cause: impl FnMut() -> Stored) {
        walk(token, phase, self, cause);
    }

    pub(super) fn begin(&mut self) {}

    pub(super) fn are_left(&self) -> bool {
        false
    }

    pub(super) fn lack_room(&self, _: Kind) -> bool {
        false
    }

    pub(super) fn make_room(&mut self) {}

    pub(super) fn forward(&mut self, _: Node, _: Phase, _: Phase) {}

    pub(super) fn finish(self, _: &Token, _: Phase) {}
}
