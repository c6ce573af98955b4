//! Tokens without a heap: a root in a `static`, and children where their owner has pinned them.

use core::{
    fmt,
    marker::{PhantomData, PhantomPinned},
    pin::Pin,
    ptr::{self, NonNull},
};

use super::{
    domain::{Domain, Kind, Links, Node},
    ends,
    token::{TRIPPED, Token},
};
use crate::{
    sys::{atomic::Ordering, const_new, unwind::FirstPanic},
    time::Instant,
};

/// A root in a `static`: a tree that needs no heap.
///
/// With the feature `critical-section` (and without `std`) an interrupt handler may cancel it.
///
/// # Examples
///
/// ```
/// use std::pin::pin;
/// use pleach::cancel::{Child, Root};
///
/// static POWER: Root = Root::new();
///
/// let radio = pin!(Child::new());
/// let radio = radio.attach(POWER.token());
/// POWER.token().cancel();
/// assert!(radio.is_cancelled());
/// ```
pub struct Root(Domain);

impl Root {
    const_new! {
        /// A root that is neither stopping nor cancelled.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self(Domain::new(Kind::Static, Instant::MAX))
        }
    }

    /// Its token.
    #[inline]
    #[must_use]
    pub fn token(&'static self) -> &'static Token {
        // Its address is enough to get at the domain from the token.
        let _ = ptr::from_ref(&self.0).expose_provenance();
        &self.0.root
    }

    /// Marks the root as cancelled and does nothing else: for handlers of Unix signals, in which
    /// no lock may be taken and nobody woken. One atomic `OR`.
    ///
    /// The root is cancelled from now on, for those who look at it, and those who begin to
    /// wait for it; tokens below it are not, and who waits already is not woken, until
    /// somebody cancels the root in the ordinary way. Let the handler also write to a pipe that
    /// a task reads. The cause is [`Shutdown`](super::CauseKind::Shutdown) until then.
    ///
    /// (On targets without compare-and-swap the `OR` is a critical section.)
    pub fn trip(&self) {
        // Release: pairs with the acquiring loads of those who find it.
        self.0.root.state.fetch_or(TRIPPED, Ordering::Release);
    }
}

impl Default for Root {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Root").field(&self.0.root).finish()
    }
}

/// A token that lies in its owner's frame, pinned, and not on the heap.
///
/// It is a child of the token that it is [attached](Self::attach) to, which it borrows. When it
/// is dropped, what is below it (on the heap: others borrow it) moves to its parent, in time in
/// proportion.
pub struct Child<'p> {
    token: Token,
    is_attached: bool,
    _parent: PhantomData<&'p Token>,
    _pinned: PhantomPinned,
}

impl<'p> Child<'p> {
    const_new! {
        /// A child of nobody yet.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self {
                token: Token::unlinked(Links::new(Kind::Pinned), Instant::MAX),
                is_attached: false,
                _parent: PhantomData,
                _pinned: PhantomPinned,
            }
        }
    }

    /// Makes it a child of `parent`; of whoever it was attached to before, no longer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use pleach::cancel::{Child, Root};
    ///
    /// static ROOT: Root = Root::new();
    ///
    /// let mut child = pin!(Child::new());
    /// for _round in 0..3 {
    ///     let token = child.as_mut().attach(ROOT.token());
    ///     token.cancel();
    ///     assert!(!ROOT.token().is_cancelled());
    /// }
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn attach(self: Pin<&mut Self>, parent: &'p Token) -> &Token {
        self.attach_until(parent, Instant::MAX)
    }

    /// As [`attach`](Self::attach), with a deadline: the earlier of `deadline` and the parent's.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn attach_until(mut self: Pin<&mut Self>, parent: &'p Token, deadline: Instant) -> &Token {
        self.as_mut().detach();
        // SAFETY: nothing is moved out, and the token is not known to anybody.
        let this = unsafe { self.get_unchecked_mut() };
        this.token = Token::below(parent, Kind::Pinned, deadline);
        this.is_attached = true;
        let this: &Self = this;
        let domain = parent.domain();
        // SAFETY: the parent is linked while it is borrowed, which is longer than this lives; this
        // is new, and takes itself out before it goes.
        domain.with(|shape| unsafe { shape.attach(domain, &this.token, parent) });
        &this.token
    }

    /// Its token, if it is attached.
    #[must_use]
    pub fn token(self: Pin<&Self>) -> Option<&Token> {
        let this = self.get_ref();
        this.is_attached.then_some(&this.token)
    }

    /// Takes it out of the tree.
    pub fn detach(self: Pin<&mut Self>) {
        // SAFETY: nothing is moved out.
        let this = unsafe { self.get_unchecked_mut() };
        if core::mem::replace(&mut this.is_attached, false) {
            leave(&this.token);
        }
    }
}

/// Children that one hold of the lock may move.
const LIFTS: usize = if cfg!(loom) { 1 } else { 32 };

/// Takes a pinned token out of the tree: its children first, in front of it, and then itself.
fn leave(token: &Token) {
    let domain = NonNull::from(token.domain());
    let mut panics = FirstPanic::default();
    let mut is_out = false;
    while !is_out {
        let lift = |shape: &mut super::domain::Shape, removed: &mut super::domain::Removed| {
            // SAFETY: linked until the last round.
            let node = unsafe { Node::of(token) };
            for _ in 0..LIFTS {
                match shape.first(node) {
                    Some(child) => shape.lift(child, node),
                    None => {
                        shape.remove_leaf(node, removed);
                        is_out = true;
                        return;
                    }
                }
            }
        };
        // SAFETY: the token is in the domain until below.
        panics.run(|| unsafe { ends::take_out(domain, lift) });
    }
    panics.run(|| ends::empty(token));
    // SAFETY: in it since it was attached.
    panics.run(|| unsafe { super::memory::leave(domain) });
    panics.resume_in_drop();
}

impl Drop for Child<'_> {
    fn drop(&mut self) {
        if self.is_attached {
            leave(&self.token);
        }
    }
}

impl Default for Child<'_> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Child<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.is_attached.then_some(&self.token);
        f.debug_tuple("Child").field(&token).finish()
    }
}
