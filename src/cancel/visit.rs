//! Looking at a tree of tokens: feature `inspect`.
//!
//! It goes as a walk does (`walk.rs`), in bounded holds of the lock, and whoever takes a token out
//! moves it on. What is seen in a hold is told after it.
//!
//! # Islands
//!
//! An island is gone through where the leaf of its first parent is. No place is kept in the
//! outer tree meanwhile, however deep islands lie in one another, but by the leaf: the visit holds a
//! handle of the island's root, so that the island does not end, and its leaf stays. When the visit leaves
//! the island it steps behind the leaf first, and then gives the handle up.
//!
//! # Why each is told once
//!
//! A step leads to a token again only if that is pinned and on its way out (`Shape::lift`), and is
//! not told then: it goes. Whatever else changes its place does so behind its parent, or with it.

use core::{
    pin::{Pin, pin},
    ptr::{self, NonNull},
};

use super::{
    CancelToken, Cause, Phase, Token,
    domain::{Domain, Kind, Node, Shape},
    ends,
    link::island_of,
    memory,
    meta::Meta,
    walk::{Step, Walker},
};
use crate::{
    inspect::{Inspect, Node as Told, NodeId, NodeKind, Resource, State, Ties, Waits},
    sys::atomic::Ordering,
};

/// Tokens that one hold of the lock may see, and steps that it may take.
const BATCH: usize = if cfg!(loom) { 1 } else { 16 };
const STEPS: usize = if cfg!(loom) { 2 } else { 64 };

/// What is seen of a token under the lock.
struct Seen {
    id: NodeId,
    parent: Option<NodeId>,
    meta: Meta,
    resource: Resource,
    phase: Phase,
    cause: Option<Cause>,
    handles: usize,
    waiters: usize,
}

impl Seen {
    fn told(self) -> Told {
        Told {
            id: self.id,
            parent: self.parent,
            address: self.resource.address,
            kind: NodeKind::Token,
            name: self.meta.name,
            site: self.resource.site,
            state: State::Waiting,
            polls: 0,
            age: self.meta.born.age(),
            waits: Waits::default(),
            ties: Ties::default(),
            phase: self.phase,
            cause: self.cause,
            cancelled: self.meta.cancelled.age(),
            handles: self.handles,
            waiters: self.waiters,
            tasks: 0,
            token: None,
        }
    }
}

/// Why a hold of the lock has ended.
enum Pause {
    /// It has done enough.
    Enough,
    /// It came to the leaf of an island, which is visited: its memory stays.
    Island(Node, NonNull<Domain>),
    /// There is nothing left below where it began in this domain.
    Over,
}

/// A visit that is under way.
struct Visit<'a> {
    walker: Pin<&'a Walker>,
    /// The next step, when it is not noted in the walker.
    step: Option<Step>,
    top: Node,
    top_domain: NonNull<Domain>,
    /// Where it is. If it is an island, it has a handle of the root.
    domain: NonNull<Domain>,
    /// What the root of that island hangs below.
    above: Option<NodeId>,
}

impl Visit<'_> {
    fn domain(&self) -> &Domain {
        // SAFETY: that of the top, which is borrowed, or an island of which there is a handle.
        unsafe { self.domain.as_ref() }
    }

    fn is_in_island(&self) -> bool {
        self.domain != self.top_domain
    }

    /// Where it began in this domain.
    fn begin(&self) -> Node {
        if self.is_in_island() {
            // SAFETY: linked, by the handle.
            unsafe { Node::of(&self.domain().root) }
        } else {
            self.top
        }
    }

    fn run(&mut self, each: &mut dyn FnMut(&Told)) {
        loop {
            let mut seen = [const { None }; BATCH];
            let domain = self.domain;
            // SAFETY: as in `domain`.
            let pause = unsafe { domain.as_ref() }.with(|shape| self.pass(shape, &mut seen));
            // Before it is told, which may panic: an island that was found has to be left again.
            let mut is_over = false;
            match pause {
                Pause::Enough => {}
                Pause::Island(leaf, island) => self.enter(leaf, island),
                Pause::Over if self.is_in_island() => self.leave(),
                Pause::Over => is_over = true,
            }
            for seen in seen.into_iter().flatten() {
                each(&seen.told());
            }
            if is_over {
                return;
            }
        }
    }

    fn pass(&mut self, shape: &mut Shape, seen: &mut [Option<Seen>; BATCH]) -> Pause {
        let mut step = match self.step.take() {
            Some(step) => step,
            None => shape.walkers.remove(self.walker),
        };
        let mut free = seen.iter_mut();
        for _ in 0..STEPS {
            step = match step {
                Step::Visit(leaf) if shape.kind(leaf) == Kind::Leaf => match first_of(leaf) {
                    Some(island) => {
                        self.above = Some(self.id(shape, leaf));
                        shape.walkers.insert(self.walker, step);
                        return Pause::Island(leaf, island);
                    }
                    None => shape.after(leaf),
                },
                Step::Visit(node) => {
                    let Some(place) = free.next() else { break };
                    *place = self.see(shape, node);
                    shape.below(node)
                }
                Step::Leave(node) if node == self.begin() => {
                    self.step = Some(step);
                    return Pause::Over;
                }
                Step::Leave(node) => shape.after(node),
                Step::Sweep(_) => unreachable!("a visit sweeps nothing"),
            };
        }
        shape.walkers.insert(self.walker, step);
        Pause::Enough
    }

    /// The identity of a token, or of the parent of a leaf.
    fn id(&self, shape: &mut Shape, node: Node) -> NodeId {
        let node = match shape.kind(node) {
            Kind::Leaf => shape.parent(node),
            _ => node,
        };
        NodeId {
            group: self.domain().serial.get(),
            number: shape.links(node, |links| links.meta.number),
        }
    }

    /// What there is to tell of a token, unless it is leaving.
    fn see(&self, shape: &mut Shape, node: Node) -> Option<Seen> {
        let is_begin = node == self.begin();
        let parent = if is_begin {
            self.above
        } else {
            let parent = shape.parent(node);
            Some(self.id(shape, parent))
        };
        let meta = shape.links(node, |links| links.meta);
        // The visit's own is not told.
        let own = usize::from(is_begin && self.is_in_island());
        (!meta.is_leaving).then(|| Seen {
            id: self.id(shape, node),
            parent,
            meta,
            resource: node.queue.resource(),
            phase: node.phase(),
            cause: node.cause(),
            // Relaxed: a number for people.
            handles: node.handles.load(Ordering::Relaxed).saturating_sub(own),
            waiters: node.queue.with(|held| held.waiters.len()),
        })
    }

    /// Goes on in an island, unless that has ended.
    fn enter(&mut self, leaf: Node, island: NonNull<Domain>) {
        // SAFETY: visited, so its memory is there.
        let domain = unsafe { island.as_ref() };
        let is_alive = domain.with(|shape| {
            // SAFETY: used only under the lock, and for what is guarded by it.
            let root = unsafe { Node::of(&domain.root) };
            // Relaxed: it becomes zero under the lock only, and that is held.
            let is_alive = root.handles.load(Ordering::Relaxed) > 0 || shape.first(root).is_some();
            if is_alive {
                root.handles.fetch_add(1, Ordering::Relaxed);
            }
            is_alive
        });
        // SAFETY: visited by `first_of`.
        unsafe { memory::leave(island) };
        let walker = self.walker;
        self.step = self.domain().with(|shape| {
            Some(match shape.walkers.remove(walker) {
                // SAFETY: there is a handle of it.
                _ if is_alive => Step::Visit(unsafe { Node::of(&domain.root) }),
                Step::Visit(node) if node == leaf => shape.after(leaf),
                other => other,
            })
        });
        if is_alive {
            self.domain = island;
        }
    }

    /// Goes on behind the leaf of an island that has been gone through.
    fn leave(&mut self) {
        let island = self.domain;
        // SAFETY: there is a handle of it until below.
        let leaf = unsafe { island.as_ref() }.upstream.leaves().next();
        let Some(leaf) = leaf else {
            unreachable!("an island hangs by a leaf");
        };
        self.domain = NonNull::from(leaf.domain());
        let walker = self.walker;
        self.domain().with(|shape| {
            // SAFETY: the island has not ended, by the handle, so its leaf is linked.
            let step = shape.after(unsafe { Node::of(leaf) });
            shape.walkers.insert(walker, step);
        });
        self.step = None;
        // SAFETY: the handle of `enter`, given up.
        unsafe { ends::drop_last(island.cast()) };
    }
}

/// Also if `each` panics.
impl Drop for Visit<'_> {
    fn drop(&mut self) {
        while self.is_in_island() {
            self.stop();
            self.leave();
        }
        self.stop();
    }
}

impl Visit<'_> {
    /// Takes the walker out of the list, if it is there.
    fn stop(&mut self) {
        if self.step.is_none() {
            let walker = self.walker;
            self.step = Some(self.domain().with(|shape| shape.walkers.remove(walker)));
        }
    }
}

/// The island of a linked leaf, visited, if it is the first by which that hangs in others.
fn first_of(leaf: Node) -> Option<NonNull<Domain>> {
    let island = island_of(leaf);
    // SAFETY: a leaf that is linked is in its island.
    let domain = unsafe { island.as_ref() };
    let first = domain.upstream.leaves().next();
    let is_first = first.is_some_and(|first| ptr::eq(first, &*leaf));
    is_first.then(|| {
        domain.visit();
        island
    })
}

impl Token {
    /// What it is told as.
    pub(crate) fn node_id(&self) -> NodeId {
        let domain = self.domain();
        domain.with(|shape| {
            // SAFETY: linked for as long as it is borrowed.
            let node = unsafe { Node::of(self) };
            NodeId {
                group: domain.serial.get(),
                number: shape.links(node, |links| links.meta.number),
            }
        })
    }
}

/// The tokens from this one down; of a [`Root`](super::Root) by its [`token`](super::Root::token).
///
/// A token whose last handle was dropped is told of as long as others hang below it. One with
/// several parents is told of below the first. To look holds an [island](CancelToken::child_island) in
/// place for as long as it is gone through: should its last handle be dropped meanwhile, it ends in
/// here, as in a drop.
impl Inspect for Token {
    fn visit(&self, each: &mut dyn FnMut(&Told)) {
        // SAFETY: linked for as long as it is borrowed.
        let top = unsafe { Node::of(self) };
        let walker = pin!(Walker::new(Step::Visit(top)));
        let domain = NonNull::from(self.domain());
        let mut visit = Visit {
            walker: walker.into_ref(),
            step: Some(Step::Visit(top)),
            top,
            top_domain: domain,
            domain,
            above: None,
        };
        visit.run(each);
    }

    fn live(&self) -> usize {
        let mut live = 0_usize;
        self.visit(&mut |_| live += 1);
        live.saturating_sub(1)
    }
}

/// As its [`Token`].
impl Inspect for CancelToken {
    fn visit(&self, each: &mut dyn FnMut(&Told)) {
        (**self).visit(each);
    }

    fn live(&self) -> usize {
        (**self).live()
    }
}
