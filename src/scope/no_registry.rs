//! Without the feature `inspect`: nothing is noted of scopes, groups and children. See `registry.rs`.

use core::{
    marker::PhantomData,
    ptr::NonNull,
    task::{Context, Waker},
};

use super::Progress;
use crate::{
    cancel::{Cause, CauseKind},
    inspect::Resource,
};

#[derive(Debug)]
pub(crate) struct Card;

impl Card {
    pub(crate) fn new(_number: usize) -> Self {
        Self
    }

    pub(crate) fn vacant() -> Self {
        Self
    }

    pub(crate) unsafe fn fill(_card: *mut Self, _branch: &Branch, _number: usize) {}
}

pub(crate) struct Polling;

impl Polling {
    pub(crate) fn came_to(self, _progress: Progress) {}
}

#[derive(Debug)]
pub(crate) struct Branch;

impl Branch {
    pub(crate) fn new<G>() -> Self {
        let _kind = PhantomData::<G>;
        Self
    }

    pub(crate) fn polling_body(&self) -> Polling {
        Polling
    }

    pub(crate) unsafe fn polling(&self, _card: *const Card) -> Polling {
        Polling
    }

    #[cfg(feature = "std")]
    pub(crate) unsafe fn calling(&self, _card: *const Card) -> Polling {
        Polling
    }

    pub(crate) unsafe fn woken(&self, _card: *const Card) {}

    pub(crate) fn body_woken(&self) {}

    pub(crate) unsafe fn link(&self, _card: *const Card) {}

    pub(crate) unsafe fn unlink(&self, _card: *const Card) {}

    #[cfg(feature = "std")]
    pub(crate) unsafe fn lend(&self, _card: &Card) {}

    #[cfg(feature = "std")]
    pub(crate) unsafe fn give_back(&self, _card: *const Card) {}

    pub(crate) unsafe fn set_name(&self, _card: *const Card, _name: &'static str) {}

    pub(crate) fn set_own_name(&self, _name: &'static str) {}

    #[cfg(feature = "std")]
    pub(crate) fn set_parallel(&self, _card: &Card) {}

    pub(crate) fn note_wait(&self, _cx: &Context<'_>, _resource: Resource) {}

    pub(crate) fn note_cancelled(&self) {}

    pub(crate) fn tell_cancelled(&self, _cause: impl FnOnce() -> Cause) {}

    pub(crate) fn note_end(&self, _how: CauseKind) {}

    pub(crate) unsafe fn attach(_this: NonNull<Self>, _waker: &Waker) {}

    pub(crate) unsafe fn leave(_this: NonNull<Self>) {}
}

#[cfg(feature = "std")]
pub(super) unsafe fn watched<R>(
    _child: super::child::Child,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> core::task::Poll<R>,
) -> core::task::Poll<R> {
    poll(cx)
}
