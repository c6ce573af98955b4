//! Tokens on the heap: counted handles, weak ones, and the memory behind them.

use alloc::boxed::Box;
use core::{fmt, ops::Deref, ptr::NonNull};

use super::{
    domain::{Domain, Kind, Node},
    ends,
    meta::Now,
    token::Token,
};
use crate::{sys::atomic::Ordering, time::Instant};

/// A handle to a token of a cancellation tree.
///
/// Cancelling a token cancels all below it. Cloning a handle adds one to a count; dropping
/// handles, in any order, cancels nothing and cuts nobody off: what is below a token that
/// nobody holds any more still hears of those above.
///
/// All there is to ask of a token and to do with it is at [`Token`], to which this derefs.
///
/// A root is one allocation and so is a child.
///
/// # Examples
///
/// ```
/// use pleach::{CancelToken, cancel::CauseKind};
///
/// let server = CancelToken::new();
/// let connection = server.child();
/// let request = connection.child();
/// drop(connection);
/// server.cancel_with(CauseKind::Shutdown);
/// assert_eq!(request.cause().unwrap().kind(), CauseKind::Shutdown);
/// ```
pub struct CancelToken(NonNull<Token>);

// SAFETY: it stands for a `&Token`, which may be used anywhere, and a count.
unsafe impl Send for CancelToken {}
// SAFETY: as above.
unsafe impl Sync for CancelToken {}

impl CancelToken {
    /// A token of its own: the root of a new tree.
    ///
    /// It is what Go's `context.Background` with `WithCancel` is. There is no ambient root:
    /// a task gets its token from whoever starts it.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a root is made on purpose")]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn new() -> Self {
        Self::with_deadline(Instant::MAX)
    }

    /// A new root with a deadline.
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn with_deadline(deadline: Instant) -> Self {
        let mut domain = Box::new(Domain::new(Kind::Root, deadline));
        domain.note_birth(Now::read());
        let domain = Box::into_raw(domain);
        // Its address is enough to get at the domain from its root.
        domain.expose_provenance();
        // SAFETY: fresh from the box, and not null.
        let root = unsafe { &raw mut (*domain).root };
        // SAFETY: part of a box.
        Self(unsafe { NonNull::new_unchecked(root) })
    }

    /// The domain of a root.
    pub(super) fn domain_ptr(&self) -> NonNull<Domain> {
        self.0.cast()
    }

    /// A weak handle: it does not count among those that keep the token.
    ///
    /// # Panics
    ///
    /// If there are 2³⁰ of them in one tree already: they were leaked without end.
    #[must_use]
    pub fn downgrade(&self) -> WeakToken {
        let domain = self.domain();
        let is_counted = domain.with(|shape| {
            // SAFETY: linked, as this handle holds it.
            let is_counted = shape.add_weak(unsafe { Node::of(self) });
            if is_counted {
                domain.join(shape);
            }
            is_counted
        });
        assert!(is_counted, "there are too many weak handles");
        WeakToken(self.0)
    }
}

impl Token {
    /// A token below this one. If this one is stopping or cancelled, so is the child.
    ///
    /// Its deadline is that of this token. It is what Go's `WithCancel` makes, but that nothing
    /// has to be called for it to be freed: dropping it is enough.
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn child(&self) -> CancelToken {
        self.child_until(Instant::MAX)
    }

    /// A token below this one, with a deadline: the earlier of `deadline` and this token's.
    ///
    /// It is what Go's `WithDeadline` makes. A deadline passes where somebody looks; see
    /// [`deadline`](Self::deadline).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::{CancelToken, time::{Clock, ManualClock}};
    ///
    /// let clock = ManualClock::new();
    /// let request = CancelToken::with_deadline(clock.now() + Duration::from_secs(5));
    /// let query = request.child_until(clock.now() + Duration::from_secs(9));
    /// assert_eq!(query.remaining(clock.now()), Some(Duration::from_secs(5)));
    /// clock.advance(Duration::from_secs(5));
    /// assert!(query.check_at(clock.now()).unwrap_err().cause().is_deadline());
    /// ```
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn child_until(&self, deadline: Instant) -> CancelToken {
        let domain = self.domain();
        let token = Box::new(Token::below(self, Kind::Counted, deadline));
        let token = NonNull::from(Box::leak(token));
        // Its address is enough for whoever frees it.
        token.as_ptr().expose_provenance();
        let child = CancelToken(token);
        // SAFETY: this token is linked while it is borrowed; the child is new, and its handles
        // keep it until it is taken out.
        domain.with(|shape| unsafe { shape.attach(domain, &child, self) });
        child
    }

    /// A token that is not below this one: nothing cancels it but itself, and it has no
    /// deadline. For work that must be done whatever becomes of who asked for it.
    ///
    /// It is Go's `context.WithoutCancel`; [`Values`](super::Values) are kept apart and go on.
    #[must_use]
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn detached(&self) -> CancelToken {
        CancelToken::new()
    }
}

impl Deref for CancelToken {
    type Target = Token;

    #[inline]
    fn deref(&self) -> &Token {
        // SAFETY: this handle keeps the token.
        unsafe { self.0.as_ref() }
    }
}

/// How many handles a token may have, leaked ones included. (Few in the models, which leak them.)
const MOST_HANDLES: usize = if cfg!(loom) { 32 } else { usize::MAX / 2 };

/// # Panics
///
/// If the token has `usize::MAX / 2` handles already: they were leaked without end.
impl Clone for CancelToken {
    #[inline]
    fn clone(&self) -> Self {
        // Relaxed: this handle is there all along.
        let before = self.handles.fetch_add(1, Ordering::Relaxed);
        let clone = Self(self.0);
        // The panic drops the clone, so its count does not stay.
        assert!(before < MOST_HANDLES, "there are too many handles");
        clone
    }
}

impl Drop for CancelToken {
    #[inline]
    fn drop(&mut self) {
        // Relaxed: if it is not the last, the exchange orders what there is to order.
        let mut handles = self.handles.load(Ordering::Relaxed);
        while handles > 1 {
            // Release: pairs with the acquire in `ends::drop_last`, by whoever is the last.
            match self.handles.compare_exchange_weak(
                handles,
                handles - 1,
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(newer) => handles = newer,
            }
        }
        // SAFETY: this handle is given up, and not used again.
        unsafe { ends::drop_last(self.0) };
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A handle that does not keep the token among the living; from [`CancelToken::downgrade`].
///
/// It can be cloned, also when the token has gone.
pub struct WeakToken(NonNull<Token>);

// SAFETY: it gives access to a `CancelToken` only.
unsafe impl Send for WeakToken {}
// SAFETY: as above.
unsafe impl Sync for WeakToken {}

impl WeakToken {
    /// A handle to the token, if there is another one still.
    ///
    /// # Panics
    ///
    /// As the clone of a [`CancelToken`].
    #[must_use]
    pub fn upgrade(&self) -> Option<CancelToken> {
        let found = self.token().domain().with(|_| {
            // Relaxed: it becomes zero under the lock only, and that is held.
            let is_held = self.token().handles.load(Ordering::Relaxed) > 0;
            is_held.then(|| {
                let before = self.token().handles.fetch_add(1, Ordering::Relaxed);
                (CancelToken(self.0), before)
            })
        });
        let (token, before) = found?;
        // As in the clone of a `CancelToken`.
        assert!(before < MOST_HANDLES, "there are too many handles");
        Some(token)
    }

    pub(super) fn token(&self) -> &Token {
        // SAFETY: the token's memory is kept by the weak count, and its domain's by this handle.
        unsafe { self.0.as_ref() }
    }
}

/// # Panics
///
/// As [`CancelToken::downgrade`].
impl Clone for WeakToken {
    fn clone(&self) -> Self {
        let domain = self.token().domain();
        let is_counted = domain.with(|shape| {
            // SAFETY: used only for the links, which are guarded by this lock all the same.
            shape.add_weak(unsafe { Node::of(self.token()) })
        });
        assert!(is_counted, "there are too many weak handles");
        // The domain may be dead, and then nobody can join it. This handle has not left.
        domain.visit();
        Self(self.0)
    }
}

impl Drop for WeakToken {
    fn drop(&mut self) {
        // SAFETY: this handle is given up, and not used again.
        unsafe { ends::drop_weak(self.0) };
    }
}

impl fmt::Debug for WeakToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakToken").finish_non_exhaustive()
    }
}
