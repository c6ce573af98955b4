//! Being told of what happens, as it happens.
//!
//! A scope or group is given an [`Observer`] before its first poll; it and all that hangs below it
//! then tell that of their events. Each branch keeps a count of its observers (`observe/audience.rs`), taken
//! from the one that it hangs below, so that to tell of an event is one load where nobody listens.

mod audience;

use alloc::boxed::Box;
use core::{fmt, panic::Location};

use super::{
    NodeId, NodeKind, Wait,
    spans::{NO_SPANS, Spans},
};
use crate::cancel::Cause;
pub(crate) use audience::{Audience, ObserverRef, tell};

/// Is told of what happens in a tree of scopes: each start, poll, wake, wait and end.
///
/// It is attached by [`Driver::observe`](crate::scope::Driver::observe), in the macros by `observe = ..`, and to
/// groups by [`Join::observe`](crate::group::Join::observe) or
/// [`Driver::observe`](crate::group::Driver::observe). What a [`Recorder`](super::Recorder) does with it is
/// one use; counting, logging and, with the feature `tracing`, spans are others.
///
/// It is called by whoever does what it is told of: the task that polls, the thread that wakes. No lock is held
/// meanwhile, so it may do whatever it likes, also to the scope that it is told of: spawn, cancel, look.
/// It is in the way of all of them, however, and should be quick.
///
/// # Panics
///
/// A panic of an observer is caught and dropped: it is not the program's. Without `std`, where nothing can be
/// caught, it aborts.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
/// use pleach::inspect::{Event, Observer, Subject};
///
/// /// How many children were started and not polled to their end.
/// #[derive(Default)]
/// struct Unfinished(AtomicUsize);
///
/// impl Observer for Unfinished {
///     fn event(&self, subject: &Subject<'_>, event: Event) {
///         match event {
///             Event::Ended(end) if !end.is_completed() => {
///                 println!("{} {:?} ended: {end}", subject.id(), subject.name());
///                 self.0.fetch_add(1, Ordering::Relaxed);
///             }
///             _ => {}
///         }
///     }
/// }
///
/// let unfinished = Arc::new(Unfinished::default());
/// pleach::scope!(observe = unfinished.clone(), |s| {
///     s.spawn(std::future::pending::<()>()).named("stubborn").abort();
///     s.spawn(async {});
/// })
/// .await;
/// assert_eq!(unfinished.0.load(Ordering::Relaxed), 1);
/// # });
/// ```
pub trait Observer: Send + Sync {
    /// Something has happened to `subject`.
    fn event(&self, subject: &Subject<'_>, event: Event);
}

/// What has happened.
///
/// Of one node they come in this order: `Spawned`; then `PollBegun`, `PollEnded`, and `Waiting` for each wait
/// of a poll that is not ready, again and again; and at last `Ended`. `Woken`, which whoever wakes tells, comes
/// before the poll for which it is. It, `Named` and `Cancelled` are told by other threads as well, and may come too late
/// then, after the end, or not at all.
///
/// Of a scope, its polls are those of the body.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// It is there. Children that were spawned before the first poll of their scope are told of with that.
    Spawned,
    /// It was given a name.
    Named,
    /// A poll of it begins, on this thread.
    PollBegun,
    /// The poll has ended, on the same thread.
    PollEnded,
    /// It was woken, and was not before. Who wakes a parallel child wakes a task of the runtime, which is not told.
    Woken,
    /// Its last poll has left it waiting for this.
    Waiting(Wait),
    /// The scope was cancelled.
    Cancelled(Cause),
    /// It is over: its future has been dropped. A parallel child's may be with its runtime still if it did
    /// not end by itself.
    Ended(End),
}

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum End {
    /// By itself. A child of a scope that errors end gave a value, a scope the body's.
    Completed = 1,
    /// With an error that ends its scope; a scope, with the first such error.
    Broke = 2,
    /// With a panic; a scope, with that of whoever in it.
    Panicked = 3,
    /// By its handle.
    Aborted = 4,
    /// With its scope, or for the scope's grace being over; a scope, since its future was dropped.
    Dropped = 5,
    /// As one that was never polled.
    Unstarted = 6,
    /// The runtime has dropped the task.
    Lost = 7,
}

/// Whom an event is of.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub(crate) tree: usize,
    pub(crate) id: NodeId,
    pub(crate) parent: Option<NodeId>,
    pub(crate) kind: NodeKind,
    pub(crate) name: Option<&'static str>,
    pub(crate) site: Option<&'static Location<'static>>,
    pub(crate) spans: Spans<'a>,
}

impl Event {
    /// Its name: `spawned`, `poll begun`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Spawned => "spawned",
            Self::Named => "named",
            Self::PollBegun => "poll begun",
            Self::PollEnded => "poll ended",
            Self::Woken => "woken",
            Self::Waiting(_) => "waiting",
            Self::Cancelled(_) => "cancelled",
            Self::Ended(_) => "ended",
        }
    }
}

impl End {
    /// Its name: `completed`, `panicked`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Broke => "broke",
            Self::Panicked => "panicked",
            Self::Aborted => "aborted",
            Self::Dropped => "dropped",
            Self::Unstarted => "unstarted",
            Self::Lost => "lost",
        }
    }

    /// Whether it ended by itself, and well.
    #[must_use]
    pub const fn is_completed(self) -> bool {
        matches!(self, Self::Completed)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Subject<'_> {
    /// One made by hand, to tell an observer of what is no scope of this crate: an executor, a pool, a test.
    ///
    /// It has no parent, name and site.
    #[must_use]
    pub const fn new(id: NodeId, kind: NodeKind) -> Self {
        Self {
            tree: 0,
            id,
            parent: None,
            kind,
            name: None,
            site: None,
            spans: NO_SPANS,
        }
    }

    /// The same below this one.
    #[must_use]
    pub const fn with_parent(self, parent: NodeId) -> Self {
        Self {
            parent: Some(parent),
            ..self
        }
    }

    /// The same of this name.
    #[must_use]
    pub const fn with_name(self, name: &'static str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Tells trees apart that are there at the same time: an observer may have been given to several. Ids are those of
    /// one tree.
    #[must_use]
    pub const fn tree(&self) -> usize {
        self.tree
    }

    /// Which node it is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The one it hangs below; `None` for the top of the tree.
    #[must_use]
    pub const fn parent(&self) -> Option<NodeId> {
        self.parent
    }

    /// What kind of node it is.
    #[must_use]
    pub const fn kind(&self) -> NodeKind {
        self.kind
    }

    /// What it was named, by now.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Where it was spawned or made.
    #[must_use]
    pub const fn site(&self) -> Option<&'static Location<'static>> {
        self.site
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("id", &self.id)
            .field("parent", &self.parent)
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<O: Observer + ?Sized> Observer for &O {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        O::event(self, subject, event);
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        O::event(self, subject, event);
    }
}

#[cfg(target_has_atomic = "ptr")]
impl<O: Observer + ?Sized> Observer for alloc::sync::Arc<O> {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        O::event(self, subject, event);
    }
}

/// Both are told, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        crate::sys::unwind::run_both_in_drop(
            || self.0.event(subject, event),
            || self.1.event(subject, event),
        );
    }
}
