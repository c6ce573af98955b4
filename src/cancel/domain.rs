//! The tree: its shape, under one lock, and what becomes of tokens that nobody holds any more.
//!
//! ```text
//!            Domain { root, lock, .. }
//!                │
//!              root                     each token: parent, first child, siblings
//!            ┌───┴────┐
//!            a ◄────► b                 b has no handle: a ghost, there for c and d
//!                   ┌─┴─┐
//!                   c   d               when d goes, c takes the place of b
//! ```
//!
//! A token is *linked* from its creation until nobody needs it. When the last handle of one in
//! the middle is dropped, those below it must still hear of those above it, and moving each of
//! them to the parent would cost time in proportion. So it stays as a *ghost*, as long as it
//! has two children or more. With one left, the child takes its place; with none it goes. There
//! are fewer ghosts than leaves, and a drop frees two tokens at most.
//!
//! The root is the domain's own and stays as long as there is any token; a domain whose root
//! has neither handles nor children is *dead*.
//!
//! # Invariants
//!
//! 1. A linked token is alive, and so are the domain, the parent, the siblings and the children
//!    that it leads to. A [`Node`] is a pointer to a linked token, used under the lock.
//! 2. A counted token without handles has at least two children, except within a hold.
//! 3. A token is at least in the phase of its parent, except below a walk that is under way; and
//!    if its `done` says a phase, all below it are in that phase.
//! 4. A [`Walker`] that is at a token stands in `walkers` while it does not hold the lock. Who
//!    takes a token out of the tree moves the walkers that are there on.
//! 5. The domain's memory stays as long as anybody is *in* it: those who have joined (`joined`,
//!    under the lock: the root, every token below it until its memory goes, every weak handle,
//!    every leaf by which the domain hangs in another) and have not left (`left`, outside the
//!    lock). Whoever takes the lock is in the domain, or borrows a handle of somebody who is, until
//!    it is released: a lock must not be freed under the hands that release it, and that no model
//!    sees. So who drops a handle and has no token to free joins for the rest of the hold. Nobody
//!    joins a dead domain.

use core::{
    ops::Deref,
    panic::{RefUnwindSafe, UnwindSafe},
    ptr::NonNull,
};

use super::{
    cause::{Phase, Stored},
    link::Upstream,
    meta::{Census, Meta, Now, Serial},
    present::OPEN,
    token::{CANCELLED, RAISED, STOPPING, TRIPPED, Token, WAITERS, done_bit, phase_of},
    walk::{Step, Walkers},
};
use crate::{
    sys::{
        atomic::{AtomicUsize, Ordering},
        const_new,
        lock::BriefLock,
    },
    time::Instant,
};

/// A tree with its lock.
#[repr(C)]
pub(super) struct Domain {
    /// First, so that a pointer to it is one to the domain.
    pub(super) root: Token,
    shape: BriefLock<Shape>,
    /// Who has left (`present.rs`).
    pub(super) left: AtomicUsize,
    pub(super) upstream: Upstream,
    pub(super) serial: Serial,
}

// SAFETY: the pointers in it lead to what the lock guards or, in `upstream`, to what is
// written before others know the domain and by whoever ends it.
unsafe impl Send for Domain {}
// SAFETY: as above.
unsafe impl Sync for Domain {}

// As tokens are.
impl UnwindSafe for Domain {}
impl RefUnwindSafe for Domain {}

impl Domain {
    const_new! {
        #[cfg_attr(feature = "inspect", track_caller)]
        pub(super) const fn new(kind: Kind, deadline: Instant) -> Self {
            Self {
                root: Token::unlinked(Links::new(kind), deadline),
                shape: BriefLock::new(Shape { walkers: Walkers::new(), joined: 1, weak: 0, census: Census::NEW }),
                left: AtomicUsize::new(OPEN),
                upstream: Upstream::new(),
                serial: Serial::NEW,
            }
        }
    }

    /// Of a domain that nobody knows yet.
    #[cfg(feature = "alloc")]
    pub(super) fn note_birth(&mut self, now: Now) {
        // SAFETY: nobody else knows it.
        self.root
            .links
            .with_mut(|links| unsafe { &mut *links }.meta.note_birth(now));
    }

    /// Runs `f` under the lock.
    #[inline]
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Shape) -> R) -> R {
        self.shape.with(f)
    }
}

/// What a token's memory is, and who keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The root of a domain on the heap.
    Root,
    /// A `static` root.
    Static,
    /// A token on the heap, kept by its handles and its children.
    Counted,
    /// A [`Child`](super::Child), which takes itself out before it goes.
    Pinned,
    /// What stands for an island in the tree of its parent: part of the island's [`Upstream`].
    Leaf,
    /// A counted token that was taken out of the tree, and that weak handles know.
    Gone,
}

/// What the domain's lock guards of a token.
pub(super) struct Links {
    pub(super) parent: Option<Node>,
    pub(super) first: Option<Node>,
    pub(super) prev: Option<Node>,
    pub(super) next: Option<Node>,
    /// Weak handles: they keep the memory of a counted token.
    pub(super) weak: u32,
    pub(super) kind: Kind,
    /// The phase that all below have reached (invariant 3).
    pub(super) done: Phase,
    pub(super) meta: Meta,
}

impl Links {
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            parent: None,
            first: None,
            prev: None,
            next: None,
            weak: 0,
            kind,
            done: Phase::Running,
            meta: Meta::NEW,
        }
    }
}

/// A token that is linked in the domain whose lock is held (invariant 1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(NonNull<Token>);

impl Node {
    /// # Safety
    ///
    /// The token is linked, or about to be; what is made of this is used only under the lock of
    /// its domain and while it is linked.
    #[inline]
    pub(super) unsafe fn of(token: &Token) -> Self {
        Self(NonNull::from(token))
    }
}

impl Node {
    pub(super) fn address(self) -> usize {
        self.0.as_ptr().addr()
    }
}

impl Deref for Node {
    type Target = Token;

    #[inline]
    fn deref(&self) -> &Token {
        // SAFETY: a node is linked, hence alive (invariant 1).
        unsafe { self.0.as_ref() }
    }
}

/// What is under the lock. The links of all tokens of the domain are, too.
pub(super) struct Shape {
    pub(super) walkers: Walkers,
    /// Who has joined (`present.rs`).
    pub(super) joined: usize,
    /// Weak handles, of all tokens of the domain.
    pub(super) weak: u32,
    census: Census,
}

/// What a drop has taken out of the tree, to be dealt with once the lock is released.
#[derive(Default)]
pub(super) struct Removed {
    /// Counted tokens that are not linked any more, that of the drop first; and whether weak
    /// handles know them: then this is one as well, with its place in the domain.
    pub(super) tokens: [Option<(NonNull<Token>, bool)>; 2],
    /// One whose last child has gone, and somebody may wait for that.
    pub(super) emptied: Option<Node>,
    /// The domain is dead.
    pub(super) dead: bool,
}

impl Shape {
    #[inline]
    pub(super) fn links<R>(&mut self, node: Node, f: impl FnOnce(&mut Links) -> R) -> R {
        node.links.with_mut(|links| {
            // SAFETY: the lock is held (`token.rs`, invariant 3), and `f` touches these alone.
            f(unsafe { &mut *links })
        })
    }

    /// Links a new token in front of the parent's other children: it joins the domain.
    ///
    /// # Safety
    ///
    /// This is the domain's; the parent is linked, and the child is new and stays alive until it
    /// is taken out.
    pub(super) unsafe fn attach(&mut self, domain: &Domain, child: &Token, parent: &Token) -> Node {
        domain.join(self);
        // SAFETY: about to be linked.
        let child = unsafe { Node::of(child) };
        // SAFETY: linked, by the caller's word.
        let parent = unsafe { Node::of(parent) };
        // Relaxed: phases change under the lock. A trip is another matter: nothing is promised
        // about children of a root that is being tripped, until it is cancelled.
        let phase = phase_of(parent.state.load(Ordering::Relaxed));
        self.inherit(child, parent, phase);
        let next = self.links(parent, |links| links.first.replace(child));
        if let Some(next) = next {
            self.links(next, |links| links.prev = Some(child));
        }
        let number = self.census.next();
        self.links(child, |links| {
            links.parent = Some(parent);
            links.next = next;
            // There is nothing below it yet.
            links.done = phase;
            links.meta.note_place(number, phase == Phase::Cancelled);
        });
        child
    }

    /// Brings a token into `phase` if it is not, with the causes of its parent, which is. Returns
    /// the state before.
    pub(super) fn inherit(&mut self, node: Node, parent: Node, phase: Phase) -> usize {
        if phase < Phase::Cancelled || parent.first_cause_was_of_a_stop() {
            let before = self.raise(node, phase.min(Phase::Stopping), || parent.first_cause());
            if phase < Phase::Cancelled {
                return before;
            }
            let between = self.raise(node, phase, || parent.last_cause());
            // Somebody may have come to wait between the two.
            return before | between & WAITERS;
        }
        self.raise(node, phase, || parent.first_cause())
    }

    /// Brings a token into `phase` if it is not, with this cause. Returns the state before, but
    /// for a trip, which tells nobody.
    pub(super) fn raise(
        &mut self,
        node: Node,
        phase: Phase,
        cause: impl FnOnce() -> Stored,
    ) -> usize {
        // Relaxed: these bits change under the lock.
        let state = node.state.load(Ordering::Relaxed) & !TRIPPED;
        let mut bits = match phase {
            Phase::Running => 0,
            Phase::Stopping => STOPPING,
            Phase::Cancelled => STOPPING | CANCELLED,
        };
        if state & bits == bits {
            return state;
        }
        let cell = if state & STOPPING != 0 {
            bits |= RAISED;
            &node.raised
        } else {
            &node.cause
        };
        let cause = cause();
        // SAFETY: its bit is not set, so nobody reads the cell, and who writes holds the lock
        // (`token.rs`, invariant 1). What was there has nothing to drop.
        cell.with_mut(|cell| unsafe { cell.write(cause) });
        // Release: pairs with the acquiring loads of those who find the bits.
        node.state.fetch_or(bits, Ordering::Release) & !TRIPPED
    }

    /// The common case of [`reap`](Self::reap), for those who drop one child after the other: a
    /// token that nobody knows or waits for, without children, of a parent that is held. If it
    /// is one it is taken out, and there is nothing else to do.
    #[inline]
    pub(super) fn remove_plain(&mut self, node: Node) -> bool {
        let (is_bare, parent, siblings) = self.links(node, |links| {
            let is_bare = links.kind == Kind::Counted && links.first.is_none() && links.weak == 0;
            (is_bare, links.parent, (links.prev, links.next))
        });
        let Some(parent) = parent else {
            return false;
        };
        // Relaxed: phases change under the lock. Nobody can come to wait at a token that has no
        // handle; who waits for the parent to be drained has come under the lock.
        let has_marks = |token: &Token| token.state.load(Ordering::Relaxed) & (WAITERS | STOPPING);
        let is_plain = is_bare
            && has_marks(&node) | has_marks(&parent) == 0
            && parent.handles.load(Ordering::Relaxed) > 0
            && self.walkers.is_empty();
        if is_plain {
            self.replace(parent, siblings, (siblings.1, siblings.0));
        }
        is_plain
    }

    /// Takes a token that nobody holds any more out of the tree, if it is not needed.
    pub(super) fn reap(&mut self, node: Node, removed: &mut Removed) {
        let (kind, first) = self.links(node, |links| (links.kind, links.first));
        match (kind, first) {
            (Kind::Static, _) => {}
            (Kind::Root, first) => removed.dead = first.is_none(),
            (_, Some(first)) => {
                if self.links(first, |links| links.next).is_none() {
                    self.splice(node, first);
                    self.note_gone(node, removed);
                }
            }
            (_, None) => {
                self.note_gone(node, removed);
                self.remove_leaf(node, removed);
            }
        }
    }

    fn note_gone(&mut self, node: Node, removed: &mut Removed) {
        let is_known = self.links(node, |links| {
            links.kind = Kind::Gone;
            links.weak += u32::from(links.weak > 0);
            links.weak > 0
        });
        // (Nobody is alone in a domain with weak handles: the root knows that others have joined.)
        self.joined += usize::from(is_known);
        self.weak += u32::from(is_known);
        match &mut removed.tokens {
            [free @ None, _] | [Some(_), free @ None] => *free = Some((node.0, is_known)),
            _ => unreachable!("a drop takes out two tokens at most (invariant 2)"),
        }
    }

    /// Takes out a token that has no children. Its parent may be a ghost that is not needed
    /// now, or somebody may wait for it to have no children.
    pub(super) fn remove_leaf(&mut self, node: Node, removed: &mut Removed) {
        let parent = self.unlink(node);
        let first = self.links(parent, |links| links.first);
        // Relaxed: it becomes zero under the lock.
        let is_held = parent.handles.load(Ordering::Relaxed) > 0;
        match first {
            _ if !is_held => self.reap(parent, removed),
            None if parent.state.load(Ordering::Relaxed) & WAITERS != 0 => {
                removed.emptied = Some(parent);
            }
            _ => {}
        }
    }

    /// Takes out a token without children, and returns its parent.
    fn unlink(&mut self, node: Node) -> Node {
        let (parent, siblings) = self.place(node);
        let after = self.after(node);
        self.replace(parent, siblings, (siblings.1, siblings.0));
        self.walkers.move_on(node, after, after);
        parent
    }

    /// Puts the only child of a token in its place.
    fn splice(&mut self, node: Node, child: Node) {
        let (parent, siblings) = self.place(node);
        self.replace(parent, siblings, (Some(child), Some(child)));
        self.links(child, |links| {
            links.parent = Some(parent);
            (links.prev, links.next) = siblings;
        });
        self.walkers
            .move_on(node, Step::Visit(child), Step::Leave(child));
    }

    pub(super) fn first(&mut self, node: Node) -> Option<Node> {
        self.links(node, |links| links.first)
    }

    pub(super) fn kind(&mut self, node: Node) -> Kind {
        self.links(node, |links| links.kind)
    }

    pub(super) fn parent(&mut self, node: Node) -> Node {
        self.place(node).0
    }

    /// Notes that all below are in the phase.
    pub(super) fn finish(&mut self, node: Node, phase: Phase) {
        let kind = self.links(node, |links| {
            links.done = links.done.max(phase);
            links.kind
        });
        if matches!(kind, Kind::Root) {
            // Release: pairs with the acquire in `Islands::forward`; who leaves this island out
            // has its descendants' phases behind it.
            node.state.fetch_or(done_bit(phase), Ordering::Release);
        }
    }

    /// The step after one that leaves `node`, which is not where the walk began.
    pub(super) fn after(&mut self, node: Node) -> Step {
        let (parent, (_, next)) = self.place(node);
        next.map_or(Step::Leave(parent), Step::Visit)
    }

    /// The step into what is below `node`.
    pub(super) fn below(&mut self, node: Node) -> Step {
        let first = self.links(node, |links| links.first);
        first.map_or(Step::Leave(node), Step::Visit)
    }

    /// The parent and the siblings of what is no root.
    fn place(&mut self, node: Node) -> (Node, (Option<Node>, Option<Node>)) {
        let (parent, siblings) = self.links(node, |links| (links.parent, (links.prev, links.next)));
        match parent {
            Some(parent) => (parent, siblings),
            None => unreachable!("a root stays where it is"),
        }
    }

    /// Lets neighbours have others beside them: `next` of the one before and `prev` of the one
    /// behind become `by`.
    fn replace(
        &mut self,
        parent: Node,
        (prev, next): (Option<Node>, Option<Node>),
        by: (Option<Node>, Option<Node>),
    ) {
        match prev {
            Some(prev) => self.links(prev, |links| links.next = by.0),
            None => self.links(parent, |links| links.first = by.0),
        }
        if let Some(next) = next {
            self.links(next, |links| links.prev = by.1);
        }
    }

    /// Moves a child in front of its parent, and so out of it.
    pub(super) fn lift(&mut self, child: Node, from: Node) {
        let next = self.links(child, |links| links.next);
        self.links(from, |links| {
            links.first = next;
            links.meta.note_leaving();
        });
        if let Some(next) = next {
            self.links(next, |links| links.prev = None);
        }
        let (parent, (prev, _)) = self.place(from);
        self.replace(parent, (prev, Some(from)), (Some(child), Some(child)));
        self.links(child, |links| {
            (links.parent, links.prev, links.next) = (Some(parent), prev, Some(from));
        });
        // Who is about to go down there goes to the child first, and then comes here again.
        self.walkers
            .move_on(from, Step::Visit(child), Step::Leave(from));
    }
}
