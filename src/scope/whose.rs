//! Whose waker it is: by its table a waker of this crate tells which child, or which body, is being
//! polled with it. Feature `inspect`.

use core::{marker::PhantomData, ptr::NonNull, task::Waker};

use super::{
    child::{self, Child},
    registry::{Branch, Card},
    shared,
};
use crate::{group, inspect::WaitNotes};

/// A child or a body, alive as long as the waker is borrowed.
pub(crate) struct Whose<'a> {
    branch: NonNull<Branch>,
    card: NonNull<Card>,
    _waker: PhantomData<&'a Waker>,
}

/// Whose waker it is; `None` if it is of another kind.
#[inline]
pub(crate) fn whose(waker: &Waker) -> Option<Whose<'_>> {
    child::of_waker(waker)
        // SAFETY: the waker keeps the child while it is borrowed.
        .map(|child| unsafe { Whose::of_child(child) })
        .or_else(|| shared::whose(waker))
        .or_else(|| group::whose(waker))
        .or_else(|| watched(waker))
}

/// The notes of the child or body whose waker it is.
#[inline]
pub(crate) fn notes_of(waker: &Waker) -> Option<&WaitNotes> {
    whose(waker).map(|whose| whose.notes())
}

#[cfg(feature = "std")]
fn watched(waker: &Waker) -> Option<Whose<'_>> {
    let watched = super::registry::Watched::of(waker)?;
    // SAFETY: it is being polled with that waker.
    Some(unsafe { Whose::of_child(watched.child()) })
}

#[cfg(not(feature = "std"))]
fn watched(_: &Waker) -> Option<Whose<'_>> {
    None
}

/// The waker that a clone of this one is: to compare with.
#[cfg(feature = "std")]
pub(crate) fn inner(waker: &Waker) -> &Waker {
    super::registry::Watched::of(waker).map_or(waker, |watched| watched.inner())
}

/// The waker that a clone of this one is: to compare with.
#[cfg(not(feature = "std"))]
pub(crate) fn inner(waker: &Waker) -> &Waker {
    waker
}

/// A waker by which the same notes are found for as long as it is kept.
#[cfg(feature = "std")]
pub(crate) fn lasting(waker: &Waker) -> Waker {
    match super::registry::Watched::of(waker) {
        // SAFETY: the child is being polled with that waker.
        Some(watched) => (*unsafe { watched.child().waker() }).clone(),
        None => waker.clone(),
    }
}

/// A waker by which the same notes are found for as long as it is kept.
#[cfg(not(feature = "std"))]
pub(crate) fn lasting(waker: &Waker) -> Waker {
    waker.clone()
}

impl<'a> Whose<'a> {
    /// # Safety
    ///
    /// Both are alive for `'a`, and the pointer to the branch may be used for its block.
    pub(crate) unsafe fn new(branch: NonNull<Branch>, card: NonNull<Card>) -> Self {
        Self {
            branch,
            card,
            _waker: PhantomData,
        }
    }

    /// # Safety
    ///
    /// The child is alive for `'a`.
    unsafe fn of_child(child: Child) -> Self {
        // SAFETY: alive, by the caller's word.
        let header = unsafe { child.header() };
        let card = NonNull::from(&header.card);
        // SAFETY: the child holds a count of its scope.
        unsafe { Self::new(header.scope.branch_ptr(), card) }
    }

    pub(crate) fn branch(&self) -> NonNull<Branch> {
        self.branch
    }

    pub(crate) fn number(&self) -> usize {
        self.card().number()
    }

    pub(crate) fn notes(&self) -> &'a WaitNotes {
        self.card().notes()
    }

    fn card(&self) -> &'a Card {
        // SAFETY: alive for `'a`, by the word given to `new`.
        unsafe { self.card.as_ref() }
    }
}
