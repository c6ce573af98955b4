//! What futures call: whoever is about to return `Pending` notes that, by the waker of its task.
//! Without the feature they are nothing: `no_inspect.rs`.

use core::task::{Context, Poll, Waker};

use super::{
    kind::WaitKind,
    node::Resource,
    site::{Name, Site},
    ties::TieKind,
    waits::WaitNotes,
};
use crate::scope::{lasting, notes_of};

/// Notes that the child that polls waits.
#[inline]
pub(crate) fn note(cx: &Context<'_>, kind: WaitKind, site: &Site, resource: Resource) {
    if let Some(notes) = notes_of(cx.waker()) {
        notes.note(kind, site, resource);
    }
}

/// Notes that the child that polls waits for what the program calls so.
#[inline]
pub(crate) fn note_named(cx: &Context<'_>, name: Name, site: &Site) {
    if let Some(notes) = notes_of(cx.waker()) {
        notes.note_named(name, site);
    }
}

/// Notes that the child that polls has sent or received there.
#[inline]
pub(crate) fn tie(cx: &Context<'_>, kind: TieKind, resource: Resource) {
    if let Some(notes) = notes_of(cx.waker()) {
        notes.ties.touch(kind, resource);
    }
}

/// The waker that a clone of this one is, to compare with those that are stored.
#[inline]
pub(crate) fn inner(waker: &Waker) -> &Waker {
    crate::scope::inner(waker)
}

/// A poll of what gives up whatever it still waits for when it is ready: that is no wait any more.
#[inline]
pub(crate) fn within<R>(
    cx: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let before = notes_of(cx.waker()).map(WaitNotes::noted);
    let polled = poll(cx);
    if let (Poll::Ready(_), Some(before), Some(notes)) = (&polled, before, notes_of(cx.waker())) {
        notes.take_back(before);
    }
    polled
}

/// A poll of a wait of this kind that the program has begun there, whatever it is made of.
#[inline]
pub(crate) fn as_one<R>(
    cx: &mut Context<'_>,
    kind: WaitKind,
    site: &Site,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let before = notes_of(cx.waker()).map(WaitNotes::noted);
    let polled = poll(cx);
    if let (Poll::Pending, Some(before), Some(notes)) = (&polled, before, notes_of(cx.waker())) {
        let resource = notes.take_back(before);
        notes.note(kind, site, resource.unwrap_or(Resource::UNKNOWN));
    }
    polled
}

/// A poll of what the program calls so: that is noted if it is pending and has noted nothing itself.
#[inline]
pub(crate) fn as_named<R>(
    cx: &mut Context<'_>,
    name: Name,
    site: &Site,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let before = notes_of(cx.waker()).map(WaitNotes::noted);
    let polled = within(cx, poll);
    if let (Poll::Pending, Some(before), Some(notes)) = (&polled, before, notes_of(cx.waker())) {
        if notes.noted() == before {
            notes.note_named(name, site);
        }
    }
    polled
}

/// That a child holds something, until that is let go. It keeps the child's memory.
#[derive(Debug, Default)]
pub(crate) struct Hold(Option<(Waker, usize)>);

impl Hold {
    /// Nobody known holds it.
    pub(crate) const NONE: Self = Self(None);

    /// The child that polls.
    pub(crate) fn of(cx: &Context<'_>, resource: Resource) -> Self {
        Self::by(cx.waker(), resource)
    }

    /// As this one holds it, once more.
    pub(crate) fn again(&self, resource: Resource) -> Self {
        match &self.0 {
            Some((waker, _)) => Self::by(waker, resource),
            None => Self::NONE,
        }
    }

    fn by(waker: &Waker, resource: Resource) -> Self {
        let place = notes_of(waker).and_then(|notes| notes.ties.hold(resource));
        Self(place.map(|place| (lasting(waker), place)))
    }
}

impl Hold {
    /// What was held goes back.
    pub(crate) fn let_go(&mut self) {
        if let Some((waker, place)) = self.0.take() {
            if let Some(notes) = notes_of(&waker) {
                notes.ties.let_go(place);
            }
        }
    }
}
