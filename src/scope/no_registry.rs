//! Without the feature `inspect`: nothing is noted of scopes, groups and children. See `registry.rs`.

use core::{
    ptr::NonNull,
    task::{Context, Waker},
};

use crate::inspect::Resource;

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

    pub(crate) fn running(&self) -> Running {
        Running
    }

    #[cfg(feature = "std")]
    pub(crate) fn calling(&self) -> Running {
        Running
    }
}

pub(crate) struct Running;

#[derive(Debug)]
pub(crate) struct Branch;

impl Branch {
    pub(crate) fn new<G>() -> Self {
        Self
    }

    pub(crate) fn body(&self) -> &Card {
        &Card
    }

    pub(crate) unsafe fn link(&self, _card: *const Card) {}

    pub(crate) unsafe fn unlink(&self, _card: *const Card) {}

    pub(crate) fn set_name(&self, _card: &Card, _name: &'static str) {}

    #[cfg(feature = "std")]
    pub(crate) fn set_parallel(&self, _card: &Card) {}

    pub(crate) fn note_wait(&self, _cx: &Context<'_>, _resource: Resource) {}

    pub(crate) fn note_cancelled(&self) {}

    pub(crate) unsafe fn attach(_this: NonNull<Self>, _waker: &Waker) {}

    pub(crate) unsafe fn leave(_this: NonNull<Self>) {}
}

#[cfg(feature = "std")]
pub(super) unsafe fn watched<R>(
    _child: super::child::Child,
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> R,
) -> R {
    poll(cx)
}
