//! What waits are called that are for something of another crate; with the feature `inspect`, much more: what runs,
//! who waits for what, and since when.
//!
//! This is the module without the feature: [`waiting`] and [`WaitMark`] do nothing, and take nothing.

#[allow(dead_code, unreachable_pub, reason = "said to nobody")]
#[path = "inspect/kind.rs"]
mod kind;
#[path = "inspect/waiting.rs"]
mod waiting;

use core::task::{Context, Poll, Waker};

pub(crate) use kind::WaitKind;
pub use waiting::{WaitMark, Waiting, waiting};

#[derive(Debug)]
pub(crate) struct Site;

impl Site {
    #[inline(always)]
    pub(crate) const fn here() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn again(&self) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn renew(&self) {}
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Name;

impl Name {
    #[inline(always)]
    pub(crate) const fn new(_: &'static &'static str) -> Self {
        Self
    }
}

#[derive(Debug)]
pub(crate) struct Made;

impl Made {
    #[inline(always)]
    pub(crate) const fn here() -> Self {
        Self
    }

    #[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
    #[inline(always)]
    pub(crate) fn at(_: &Site) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn resource(&self) -> Resource {
        Resource
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource;

#[cfg_attr(
    any(loom, not(feature = "std")),
    allow(dead_code, reason = "of what only the heap or a runtime has")
)]
impl Resource {
    pub(crate) const UNKNOWN: Self = Self;

    #[inline(always)]
    pub(crate) fn at<T: ?Sized>(_: &T) -> Self {
        Self
    }
}

#[allow(dead_code, reason = "said to nobody")]
pub(crate) enum TieKind {
    Sent,
    Received,
}

#[inline(always)]
pub(crate) fn note(_: &Context<'_>, _: WaitKind, _: &Site, _: Resource) {}

#[inline(always)]
pub(crate) fn note_named(_: &Context<'_>, _: Name, _: &Site) {}

#[inline(always)]
pub(crate) fn inner(waker: &Waker) -> &Waker {
    waker
}

#[inline(always)]
pub(crate) fn tie(_: &Context<'_>, _: TieKind, _: Resource) {}

#[inline(always)]
pub(crate) fn within<R>(
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    poll(cx)
}

#[inline(always)]
pub(crate) fn as_one<R>(
    cx: &mut Context<'_>,
    _: WaitKind,
    _: &Site,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    poll(cx)
}

#[inline(always)]
pub(crate) fn as_named<R>(
    cx: &mut Context<'_>,
    _: Name,
    _: &Site,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    poll(cx)
}

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub(crate) struct Stage;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
impl Stage {
    #[inline(always)]
    pub(crate) fn new(_: WaitKind, _: &Site) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        poll(cx)
    }
}

#[derive(Debug)]
pub(crate) struct Hold;

impl Hold {
    pub(crate) const NONE: Self = Self;

    #[inline(always)]
    pub(crate) fn of(_: &Context<'_>, _: Resource) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn again(&self, _: Resource) -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn let_go(&mut self) {}
}
