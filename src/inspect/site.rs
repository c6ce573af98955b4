//! Where futures and what they wait at were made. Without the feature nothing: `no_inspect.rs`.

use core::{
    panic::Location,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
};

use super::{clock::Stamp, kind::WaitKind, node::Resource, note::as_one};

/// Of a future: the call that made it, and since when it waits.
#[derive(Debug)]
pub struct Site {
    at: &'static Location<'static>,
    /// A [`Stamp`]. Never explored by the models: what it gives is for people.
    since: AtomicUsize,
}

impl Site {
    /// Here.
    #[track_caller]
    #[inline]
    pub const fn here() -> Self {
        Self {
            at: Location::caller(),
            since: AtomicUsize::new(0),
        }
    }

    /// There, since then.
    pub(crate) fn begun(at: &'static Location<'static>, since: Stamp) -> Self {
        Self {
            at,
            since: AtomicUsize::new(since.to_bits() as usize),
        }
    }

    /// There, for a wait that has not begun.
    pub(crate) fn again(&self) -> Self {
        Self {
            at: self.at,
            since: AtomicUsize::new(0),
        }
    }

    /// The wait is over; another one may begin.
    pub(crate) fn renew(&self) {
        // Relaxed, as all of it: the future's own.
        self.since.store(0, Ordering::Relaxed);
    }

    pub(super) fn at(&self) -> &'static Location<'static> {
        self.at
    }

    /// When the wait began: now, if nobody has asked yet.
    pub(super) fn since(&self) -> u32 {
        let mut since = self.since.load(Ordering::Relaxed);
        if since == 0 {
            since = Stamp::now().to_bits() as usize;
            self.since.store(since, Ordering::Relaxed);
        }
        #[allow(clippy::cast_possible_truncation, reason = "it was a stamp")]
        {
            since as u32
        }
    }
}

/// Of a wait of a stage of a pipeline: what it is for, whatever it is made of, and the call that made the stage.
#[cfg(target_has_atomic = "ptr")]
pub(crate) struct Stage {
    kind: WaitKind,
    site: Site,
}

#[cfg(target_has_atomic = "ptr")]
impl Stage {
    /// A wait that has not begun.
    pub(crate) fn new(kind: WaitKind, site: &Site) -> Self {
        let site = site.again();
        Self { kind, site }
    }

    /// A poll of the wait.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        as_one(cx, self.kind, &self.site, poll)
    }
}

/// What the program calls a wait. One word, so that it is read whole (`waits.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Name(pub(super) &'static &'static str);

impl Name {
    /// That.
    pub const fn new(name: &'static &'static str) -> Self {
        Self(name)
    }
}

/// Of what others wait at: the call that made it. It lies within that, and its address is what
/// tells that from others.
#[derive(Debug)]
pub struct Made(&'static Location<'static>);

impl Made {
    /// Here.
    #[track_caller]
    #[inline]
    pub const fn here() -> Self {
        Self(Location::caller())
    }

    /// There, for what a stage of a pipeline makes later.
    #[cfg(target_has_atomic = "ptr")]
    pub(crate) fn at(site: &Site) -> Self {
        Self(site.at)
    }

    /// As those see it who wait at it.
    pub fn resource(&self) -> Resource {
        Resource {
            address: ptr::from_ref(self).addr(),
            site: Some(self.0),
        }
    }
}
