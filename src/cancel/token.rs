//! A token: a node of a tree. What is read without a lock is here; `domain.rs` has the tree.
//!
//! # The state word
//!
//! | bit | set when | by |
//! |---|---|---|
//! | `STOPPING` | the token stops or is cancelled; `cause` has been written | the holder of the domain's lock |
//! | `CANCELLED` | the token is cancelled | the holder of the domain's lock |
//! | `RAISED` | with `CANCELLED`, if the token was stopping: `raised` has been written | the holder of the domain's lock |
//! | `WAITERS` | somebody has waited here, and may still | the holder of the token's lock |
//! | `TRIPPED` | a root was tripped | a signal handler |
//! | `STOP_DONE`, `CANCEL_DONE` | on a root, when all of its domain and below has the phase | the holder of the domain's lock |
//! | `JOINED` | on a root, when anybody else is or was in its domain | the holder of the domain's lock |
//!
//! Bits are set by RMWs and never cleared while others know the token.
//!
//! # Invariants
//!
//! 1. `cause` is written once, before the RMW that sets `STOPPING`; `raised` before the one
//!    that sets `RAISED`. Both happen under the domain's lock. Whoever has seen the bit by an
//!    acquiring load may read the cell for as long as the token is known.
//! 2. A waiter raises `WAITERS` under the token's lock, before it is linked; whoever sets a
//!    phase and finds `WAITERS` takes that lock afterwards. So either the waiter sees the phase
//!    in its RMW, or it is found in the list. That holds also for a waiter that finds the bit
//!    set and only loads: the lock orders it behind whoever set the bit, and either behind or
//!    before the hold in which the list is swept.
//! 3. `links` are read and written under the domain's lock.
//! 4. Locks are taken in this order: domain, token. Never two domains or two tokens at once.

use core::{
    fmt,
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    ptr,
};

use super::{
    cause::{Cancelled, Cause, CauseKind, Phase, Stored},
    domain::{Domain, Kind, Links, Node},
    meta::Now,
    wait::Want,
    walk,
};
use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        cell::UnsafeCell,
        const_new,
    },
    time::Instant,
    wait::Queue,
};

pub(super) const STOPPING: usize = 1;
pub(super) const CANCELLED: usize = 1 << 1;
pub(super) const RAISED: usize = 1 << 2;
pub(super) const WAITERS: usize = 1 << 3;
pub(super) const TRIPPED: usize = 1 << 4;
pub(super) const STOP_DONE: usize = 1 << 5;
pub(super) const CANCEL_DONE: usize = 1 << 6;
pub(super) const JOINED: usize = 1 << 7;

/// The cause of a root that was tripped, until it is cancelled.
pub(super) const TRIP: Cause = Cause::new(CauseKind::Shutdown);

/// A token of a cancellation tree, borrowed: what there is to ask of it and to do with it.
///
/// It is reached through a [`CancelToken`](super::CancelToken), a [`Root`](super::Root) or a
/// [`Child`](super::Child), which relate to it as `String` does to `str`. A function that only
/// wants to be told when to stop takes a `&Token`.
#[repr(C)]
pub struct Token {
    pub(super) state: AtomicUsize,
    pub(super) links: UnsafeCell<Links>,
    pub(super) cause: UnsafeCell<Stored>,
    /// How many handles there are. It becomes zero only under the domain's lock.
    pub(super) handles: AtomicUsize,
    /// Null in a root, which is a part of its domain.
    pub(super) domain: *const Domain,
    pub(super) queue: Queue<Want, ()>,
    pub(super) raised: UnsafeCell<Stored>,
    /// [`Instant::MAX`]: none. Never written; in a cell because there the models see that a token is
    /// freed while somebody may still read in it.
    deadline: UnsafeCell<Instant>,
    // Others hold pointers to the token while its owner has a `&mut`.
    _pinned: PhantomPinned,
}

// SAFETY: what is not atomic follows the invariants 1 and 3, or is constant while others know
// the token; causes may be used and dropped by any thread.
unsafe impl Send for Token {}
// SAFETY: as above.
unsafe impl Sync for Token {}

// Whatever unwinds, a token is left as it is: no code of others runs under its locks.
impl UnwindSafe for Token {}
impl RefUnwindSafe for Token {}

impl Token {
    const_new! {
        /// A token that is in no tree yet.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(super) const fn unlinked(links: Links, deadline: Instant) -> Self {
            Self {
                state: AtomicUsize::new(0),
                links: UnsafeCell::new(links),
                cause: UnsafeCell::new(Stored::NONE),
                handles: AtomicUsize::new(1),
                domain: ptr::null(),
                queue: Queue::new(()),
                raised: UnsafeCell::new(Stored::NONE),
                deadline: UnsafeCell::new(deadline),
                _pinned: PhantomPinned,
            }
        }
    }

    /// A token that will be in the tree of `parent`, and is not linked yet.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn below(parent: &Token, kind: Kind, deadline: Instant) -> Self {
        let mut links = Links::new(kind);
        links.meta.note_birth(Now::read());
        let mut token = Self::unlinked(links, deadline.min(parent.end()));
        token.domain = parent.domain();
        token
    }

    /// Whether it is a part of its domain.
    #[inline]
    pub(super) fn is_root(&self) -> bool {
        self.domain.is_null()
    }

    /// The tree that the token is in.
    #[inline]
    pub(super) fn domain(&self) -> &Domain {
        let domain = if self.is_root() {
            // A domain begins with its root, and has exposed its address.
            ptr::with_exposed_provenance(ptr::from_ref(self).addr())
        } else {
            self.domain
        };
        // SAFETY: a token in a tree keeps its domain alive.
        unsafe { &*domain }
    }

    /// The deadline, or [`Instant::MAX`].
    #[inline]
    pub(super) fn end(&self) -> Instant {
        // SAFETY: it is never written.
        self.deadline.with(|deadline| unsafe { *deadline })
    }

    /// Whether the token is cancelled: a single load, which waits for nobody.
    ///
    /// Whoever finds it cancelled sees what was done before. A token that is merely
    /// [stopping](Phase::Stopping) is not cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::CancelToken;
    ///
    /// let token = CancelToken::new();
    /// let child = token.child();
    /// token.cancel();
    /// assert!(child.is_cancelled());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        // Acquire: pairs with the release in `Shape::raise`.
        self.state.load(Ordering::Acquire) & (CANCELLED | TRIPPED) != 0
    }

    /// How far the token has got: a single load.
    #[inline]
    #[must_use]
    pub fn phase(&self) -> Phase {
        // Acquire: as in `is_cancelled`.
        phase_of(self.state.load(Ordering::Acquire))
    }

    /// Why the token is stopping or cancelled; `None` if it is neither.
    ///
    /// The first cause wins and stays: a token that was stopped and later cancelled gives the
    /// cause of the stop here, and that of the cancellation from [`escalation`](Self::escalation).
    ///
    /// It is Go's `context.Cause`.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        // Acquire: pairs with the release in `Shape::raise`.
        let state = self.state.load(Ordering::Acquire);
        if state & STOPPING != 0 {
            // SAFETY: the bit was seen by an acquiring load (invariant 1).
            return Some(self.cause.with(|cause| unsafe { &*cause }.cause()));
        }
        (state & TRIPPED != 0).then_some(TRIP)
    }

    /// Under the domain's lock: whether the token was stopped and then cancelled, so that there
    /// are two causes.
    pub(super) fn first_cause_was_of_a_stop(&self) -> bool {
        // Relaxed: causes and their bits change under the lock.
        self.state.load(Ordering::Relaxed) & RAISED != 0
    }

    /// Under the domain's lock: the cause that those below inherit.
    pub(super) fn first_cause(&self) -> Stored {
        // Relaxed: as above.
        if self.state.load(Ordering::Relaxed) & STOPPING == 0 {
            return Stored::plain(TRIP);
        }
        // SAFETY: the bit is set (invariant 1).
        self.cause.with(|cause| unsafe { &*cause }.clone())
    }

    /// Under the domain's lock: the cause of the cancellation of a token that was stopped.
    pub(super) fn last_cause(&self) -> Stored {
        // SAFETY: the callers know that `RAISED` is set (invariant 1).
        self.raised.with(|cause| unsafe { &*cause }.clone())
    }

    /// Why a token that was stopping already has been cancelled.
    #[must_use]
    pub fn escalation(&self) -> Option<Cause> {
        // Acquire: pairs with the release in `Shape::raise`.
        if self.state.load(Ordering::Acquire) & RAISED == 0 {
            return None;
        }
        // SAFETY: the bit was seen by an acquiring load (invariant 1).
        Some(self.raised.with(|cause| unsafe { &*cause }.cause()))
    }

    /// An error if the token is cancelled: to leave by `?`.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], with the token's cause.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::cancel::{Cancelled, Token};
    ///
    /// fn sum(token: &Token, numbers: &[u64]) -> Result<u64, Cancelled> {
    ///     let mut sum = 0;
    ///     for chunk in numbers.chunks(1024) {
    ///         token.check()?;
    ///         sum += chunk.iter().sum::<u64>();
    ///     }
    ///     Ok(sum)
    /// }
    /// # let token = pleach::CancelToken::new();
    /// assert_eq!(sum(&token, &[1, 2]), Ok(3));
    /// ```
    #[inline]
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            return Err(self.cancelled_error());
        }
        Ok(())
    }

    /// As [`check`](Self::check), and cancels the token first if its deadline has passed.
    ///
    /// For loops that have a clock at hand and nobody who waits for the deadline.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], with the token's cause: [`CauseKind::Deadline`] if that came first.
    pub fn check_at(&self, now: Instant) -> Result<(), Cancelled> {
        let has_passed = self.deadline().is_some_and(|deadline| deadline <= now);
        if has_passed && !self.is_cancelled() {
            self.cancel_with(CauseKind::Deadline);
        }
        self.check()
    }

    /// The error of a token that was found cancelled.
    #[cold]
    pub(super) fn cancelled_error(&self) -> Cancelled {
        self.cause().unwrap_or(TRIP).into()
    }

    /// The deadline, if there is one: the token's own or that of an ancestor, whichever is
    /// earlier. It is the time of the caller's [`Timer`](crate::time::Timer).
    ///
    /// It passes by itself only where somebody looks: what runs under the token, or under the one
    /// that it comes from, with a timer ([`run_until_deadline`](Self::run_until_deadline), a scope
    /// with a [`deadline`](crate::scope::Driver::deadline)), or calls [`check_at`](Self::check_at).
    /// Each of them cancels the token that it has, and all below.
    #[inline]
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let end = self.end();
        (end != Instant::MAX).then_some(end)
    }

    /// How long until the deadline, as of `now`: zero if it has passed, `None` without one.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Option<core::time::Duration> {
        self.deadline()
            .map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Cancels the token and all below it, with the cause [`CauseKind::Requested`].
    ///
    /// See [`cancel_with`](Self::cancel_with).
    pub fn cancel(&self) -> bool {
        self.cancel_with(CauseKind::Requested)
    }

    /// Cancels the token and all below it. Returns whether it was this call that cancelled the
    /// token, and so recorded its cause: the first one does.
    ///
    /// When it returns, whoever did it, all tokens below are cancelled. They inherit the
    /// cause unless they have one. Those who wait are woken, and callbacks run, in this call
    /// or in that of another thread that is at it. A token cannot be un-cancelled.
    ///
    /// The time is in proportion to the number of tokens below, each counted once, by however many
    /// ways it is reached. Locks are held for a bounded number of them at a time and while no code
    /// of yours runs. It does not allocate, except a list of the
    /// [islands](super::CancelToken::child_island) that it reaches, which it searches for each.
    ///
    /// Should wakers or callbacks panic, the first panic comes out of here when all is done,
    /// unless this thread is panicking already.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{CancelToken, cancel::Cause};
    ///
    /// let token = CancelToken::new();
    /// assert!(token.cancel_with(Cause::user(1)));
    /// assert!(!token.cancel_with(Cause::user(2)));
    /// assert_eq!(token.cause(), Some(Cause::user(1)));
    /// ```
    pub fn cancel_with(&self, cause: impl Into<Cause>) -> bool {
        walk::raise(self, Phase::Cancelled, Stored::plain(cause.into()))
    }

    /// Asks the token and all below it to stop in good order: to finish what is under way and
    /// to begin nothing new. Returns whether it was this call that made the token stop.
    ///
    /// It takes effect through [`phase`](Self::phase) and [`stopping`](Self::stopping) only; to
    /// cancel what does not stop in time is the caller's business. Otherwise as
    /// [`cancel_with`](Self::cancel_with).
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{CancelToken, cancel::{CauseKind, Phase}};
    ///
    /// let token = CancelToken::new();
    /// token.stop(CauseKind::Shutdown);
    /// assert_eq!((token.phase(), token.is_cancelled()), (Phase::Stopping, false));
    /// // The grace is over:
    /// token.cancel_with(CauseKind::Deadline);
    /// assert_eq!(token.cause().unwrap().kind(), CauseKind::Shutdown);
    /// assert_eq!(token.escalation().unwrap().kind(), CauseKind::Deadline);
    /// ```
    pub fn stop(&self, cause: impl Into<Cause>) -> bool {
        walk::raise(self, Phase::Stopping, Stored::plain(cause.into()))
    }

    /// Gives the token a name, by which it is told of when it is looked at.
    ///
    /// Without the feature `inspect` this does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let server = pleach::CancelToken::new();
    /// server.named("server");
    /// let connection = server.child();
    /// connection.named("connection");
    /// ```
    pub fn named(&self, name: &'static str) -> &Self {
        self.domain().with(|shape| {
            // SAFETY: linked for as long as it is borrowed.
            let node = unsafe { Node::of(self) };
            shape.links(node, |links| links.meta.set_name(name));
        });
        self
    }

    /// Whether this is the very same token as `other`.
    #[must_use]
    pub fn same(&self, other: &Token) -> bool {
        ptr::eq(self, other)
    }
}

pub(super) const fn phase_of(state: usize) -> Phase {
    if state & (CANCELLED | TRIPPED) != 0 {
        Phase::Cancelled
    } else if state & STOPPING != 0 {
        Phase::Stopping
    } else {
        Phase::Running
    }
}

/// The bit that a root has when all below it are in this phase.
pub(super) const fn done_bit(phase: Phase) -> usize {
    match phase {
        Phase::Cancelled => STOP_DONE | CANCEL_DONE,
        Phase::Stopping => STOP_DONE,
        Phase::Running => 0,
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("phase", &self.phase())
            .field("cause", &self.cause())
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}
