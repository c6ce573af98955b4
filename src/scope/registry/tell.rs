//! Telling observers of what happens in a branch: feature `inspect`.
//!
//! A branch tells from its first poll on: then it gets the observers of the one that it hangs below, and those
//! that it was given. It tells of itself first, and then of the children that are there: those that its list
//! had when the observers came in, under its lock. Whoever links another one after that sees them, under the same lock.
//! So each child is told of once, by whoever is sure to be before all its other events.

use core::ptr::{self, NonNull};

use super::{Branch, Card, Place, list};
use crate::{
    cancel::{Cause, CauseKind, Phase},
    inspect::{
        End, Event, NodeKind, Observer, ObserverRef, Running, Subject, clock::Stamp, spans_of, tell,
    },
    scope::Progress,
    sys::atomic::Ordering,
};

/// How many children that are there one hold of the lock may deal with.
const BATCH: usize = if cfg!(loom) { 2 } else { 16 };

/// In [`Branch::last`], beside the address of the card: how that child's last poll has ended.
const COMPLETED: usize = 1;
const BROKE: usize = 2;
const PANICKED: usize = 3;

const LAST: usize = 3;

const _: () = assert!(align_of::<Card>() > LAST);

/// In [`Branch::end`]: it was told of.
const TOLD: usize = usize::MAX;

impl Branch {
    /// Has an observer told of what happens here and below, from the first poll on. Called before that, by whoever has
    /// the driver.
    pub(crate) fn observe(&self, observer: impl Observer + 'static) {
        self.given.add(ObserverRef::new(observer));
    }

    /// Tells of a branch that has got its place, and of the children that it has.
    ///
    /// # Safety
    ///
    /// `this` may be used for the whole block, which is alive; the caller is its driver.
    pub(super) unsafe fn begin_to_tell(this: NonNull<Self>) {
        // SAFETY: alive, by the caller's word.
        let branch = unsafe { this.as_ref() };
        // SAFETY: the driver alone changes it (`registry.rs`, invariant 2).
        let inherited = branch.place.with(|place| match unsafe { &*place } {
            Place::Below { parent, .. } => parent.audience.share(),
            _ => None,
        });
        let all = match (inherited, branch.given.share()) {
            (Some(inherited), Some(given)) => Some(ObserverRef::new((inherited, given))),
            (inherited, given) => inherited.or(given),
        };
        let Some(all) = all else { return };
        // SAFETY: it is the body's.
        unsafe { branch.tell(&all, NonNull::from(&branch.body), Event::Spawned) };
        list::walk::<_, BATCH>(
            &branch.cards,
            || branch.audience.add(all.clone()),
            |card| card,
            // SAFETY: linked, and nobody but the driver lets go of children, who is here.
            |card| unsafe { branch.tell(&all, card, Event::Spawned) },
        );
        // SAFETY: alive, by the caller's word.
        let now = unsafe { (branch.family.now)(this) };
        if let (Phase::Cancelled, Some(cause)) = (now.phase, now.cause) {
            branch.tell_cancelled(|| cause);
        }
    }

    /// Notes how the scope or group ends: the worst of several counts. The driver's.
    pub(crate) fn note_end(&self, how: CauseKind) {
        let end = match how {
            CauseKind::Panicked => End::Panicked,
            CauseKind::SiblingFailed => End::Broke,
            _ => End::Completed,
        };
        let known = self.end.load(Ordering::Relaxed);
        self.end.store(known.max(end as usize), Ordering::Relaxed);
    }

    /// Tells that the scope or group has ended, and how. The driver's, before it gives up its place.
    pub(super) fn tell_end(&self) {
        let Some(observer) = self.audience.get() else {
            return;
        };
        let end = match self.end.swap(TOLD, Ordering::Relaxed) {
            0 => End::Dropped,
            1 => End::Completed,
            2 => End::Broke,
            3 => End::Panicked,
            _ => return,
        };
        // SAFETY: it is the body's.
        unsafe { self.tell(observer, NonNull::from(&self.body), Event::Ended(end)) };
    }

    /// Tells, once, that the scope was cancelled: it can be seen to be by now.
    #[inline]
    pub(crate) fn tell_cancelled(&self, cause: impl FnOnce() -> Cause) {
        // Whoever begins to tell has had the lock before, and then the observers are seen here; or has it after, and
        // then it sees that the scope is cancelled.
        if let Some(observer) = self.cards.with(|_| self.audience.get()) {
            let is_over = self.end.load(Ordering::Relaxed) == TOLD;
            if !is_over && self.is_cancel_told.swap(1, Ordering::Relaxed) == 0 {
                // SAFETY: it is the body's.
                unsafe {
                    self.tell(
                        observer,
                        NonNull::from(&self.body),
                        Event::Cancelled(cause()),
                    )
                };
            }
        }
    }

    /// Tells that a child, or the body, was woken. To be called before whoever polls it can know.
    ///
    /// # Safety
    ///
    /// The card is that of the body, or of a child of this branch that is alive; the pointer is as for `link`.
    #[inline]
    pub(crate) unsafe fn woken(&self, card: *const Card) {
        if let (Some(observer), Some(card)) = (self.audience.get(), NonNull::new(card.cast_mut())) {
            // SAFETY: alive, by the caller's word.
            if !unsafe { card.as_ref() }.is_parallel() {
                // SAFETY: the caller's word.
                unsafe { self.tell(observer, card, Event::Woken) };
            }
        }
    }

    /// The same of the body.
    #[inline]
    pub(crate) fn body_woken(&self) {
        // SAFETY: the body's.
        unsafe { self.woken(&self.body) };
    }

    /// Tells how a child has ended, which was unlinked just now.
    ///
    /// # Safety
    ///
    /// As for `woken`.
    pub(super) unsafe fn tell_child_end(&self, observer: &dyn Observer, card: NonNull<Card>) {
        let last = self.last.load(Ordering::Relaxed);
        let end = if last & !LAST == card.as_ptr().addr() {
            // Another child may come to have this address.
            self.last.store(0, Ordering::Relaxed);
            match last & LAST {
                PANICKED => End::Panicked,
                BROKE => End::Broke,
                _ => End::Completed,
            }
        } else {
            // SAFETY: the caller's word.
            unsafe { (self.family.unfinished)(card) }
        };
        // SAFETY: the caller's word.
        unsafe { self.tell(observer, card, Event::Ended(end)) };
    }

    /// # Safety
    ///
    /// As for `woken`.
    #[cold]
    pub(super) unsafe fn tell(&self, observer: &dyn Observer, card: NonNull<Card>, event: Event) {
        // SAFETY: the caller's word.
        if let Some(subject) = unsafe { self.subject(card) } {
            tell(observer, &subject, event);
        }
    }

    /// Whom an event is of; `None` where the branch has left the tree.
    ///
    /// # Safety
    ///
    /// As for `woken`; the card is alive for `'a`.
    unsafe fn subject<'a>(&'a self, at: NonNull<Card>) -> Option<Subject<'a>> {
        // SAFETY: alive, by the caller's word.
        let card = unsafe { at.as_ref() };
        let is_body = ptr::eq(card, &self.body);
        let (told, tree, above) = self.cards.with(|_| {
            // SAFETY: no mark, by the caller's word; the lock is held.
            let told = unsafe { card.told() };
            // SAFETY: the lock is held (`registry.rs`, invariant 2).
            self.place.with(|place| match unsafe { &*place } {
                Place::New | Place::Out => None,
                Place::Top => Some((told, ptr::from_ref(self).addr(), None)),
                Place::Below {
                    top,
                    parent,
                    number,
                } => Some((told, top.0.as_ptr().addr(), Some(parent.id(*number)))),
            })
        })?;
        let (kind, parent, scope) = if is_body {
            (self.family.kind, above, None)
        } else {
            // SAFETY: the caller's word.
            let kind = unsafe { (self.family.child)(at) }.kind;
            (kind, Some(self.id(0)), Some(&self.body.span))
        };
        Some(Subject {
            tree,
            id: self.id(card.number()),
            parent,
            kind: match kind {
                NodeKind::Child if told.is_parallel => NodeKind::Parallel,
                kind => kind,
            },
            name: told.name,
            site: Some(told.site),
            spans: spans_of(&card.span, scope),
        })
    }
}

/// While this lives a child, or a body, is being polled.
pub(crate) struct Polling<'a> {
    branch: &'a Branch,
    card: NonNull<Card>,
    /// Not of a parallel child that its driver polls: that only waits for the task.
    running: Option<Running<'a>>,
    /// Those that were told that it begins.
    observer: Option<&'a dyn Observer>,
    /// It is polled by the driver.
    is_driven: bool,
    /// What it has come to; nothing while it may panic.
    progress: Option<Progress>,
}

impl Branch {
    /// A poll of the body begins.
    #[inline]
    pub(crate) fn polling_body(&self) -> Polling<'_> {
        // SAFETY: the body's, which is there as long as the branch.
        unsafe { self.begin_poll(NonNull::from(&self.body), true) }
    }

    /// A poll of a child by its driver begins. Of one that is parallel it counts only how that ends.
    ///
    /// # Safety
    ///
    /// As for `woken`; the child stays alive while the result does.
    #[inline]
    pub(crate) unsafe fn polling(&self, card: *const Card) -> Polling<'_> {
        // SAFETY: that of a child, by the caller's word.
        let card = unsafe { NonNull::new_unchecked(card.cast_mut()) };
        // SAFETY: the caller's word.
        unsafe { self.begin_poll(card, true) }
    }

    /// A poll of a parallel child's own future begins, or the call of one that blocks.
    ///
    /// # Safety
    ///
    /// As for `polling`.
    #[cfg(feature = "std")]
    pub(crate) unsafe fn calling(&self, card: *const Card) -> Polling<'_> {
        // SAFETY: that of a child, by the caller's word.
        let card = unsafe { NonNull::new_unchecked(card.cast_mut()) };
        // SAFETY: the caller's word.
        unsafe { self.begin_poll(card, false) }
    }

    /// # Safety
    ///
    /// As for `polling`.
    #[inline]
    unsafe fn begin_poll<'a>(&'a self, card: NonNull<Card>, is_driven: bool) -> Polling<'a> {
        // SAFETY: alive, by the caller's word.
        let known: &'a Card = unsafe { card.as_ref() };
        let is_elsewhere = is_driven && known.is_parallel();
        let running = (!is_elsewhere).then(|| known.notes().running());
        let observer = self.audience.get();
        if let (Some(observer), Some(_)) = (observer, &running) {
            // SAFETY: the caller's word.
            unsafe { self.tell(observer, card, Event::PollBegun) };
        }
        Polling {
            branch: self,
            card,
            running,
            observer,
            is_driven,
            progress: None,
        }
    }
}

impl Polling<'_> {
    /// It ends, and has come to this. Otherwise it was a panic.
    #[inline]
    pub(crate) fn came_to(mut self, progress: Progress) {
        self.progress = Some(progress);
    }

    #[cold]
    fn tell_end(&self, observer: &dyn Observer, is_told: bool) {
        if is_told {
            // SAFETY: alive, by the word given to `polling`.
            unsafe { self.branch.tell(observer, self.card, Event::PollEnded) };
        }
        let how = match self.progress {
            Some(Progress::Pending) if is_told => return self.tell_waits(observer),
            Some(Progress::Pending) => return,
            Some(Progress::Done) => COMPLETED,
            Some(Progress::Broke) => BROKE,
            None => PANICKED,
        };
        if self.is_driven {
            // Relaxed: the driver tells itself.
            let last = self.card.as_ptr().addr() | how;
            self.branch.last.store(last, Ordering::Relaxed);
        }
    }

    fn tell_waits(&self, observer: &dyn Observer) {
        // SAFETY: alive, by the word given to `polling`.
        let waits = unsafe { self.card.as_ref() }.notes().waits(Stamp::now());
        for &wait in waits.iter() {
            // SAFETY: as above.
            unsafe { self.branch.tell(observer, self.card, Event::Waiting(wait)) };
        }
    }
}

impl Drop for Polling<'_> {
    #[inline]
    fn drop(&mut self) {
        let is_told = self.running.take().is_some();
        if let Some(observer) = self.observer {
            self.tell_end(observer, is_told);
        }
    }
}
