//! Looking at a branch and all that is below it.

use core::ptr::NonNull;

use super::{
    Branch, BranchRef, Card, Own,
    card::Told,
    list,
    tree::{Step, Tree, Twig},
    twig_of,
};
use crate::{
    cancel::Phase,
    inspect::{Node, NodeId, NodeKind, Waits, clock::Stamp},
    sys::atomic::Ordering,
};

/// How many children, or steps in the tree, one hold of a lock may deal with. Few in the models, as
/// with wakers.
const BATCH: usize = if cfg!(loom) { 2 } else { 16 };

impl BranchRef {
    /// As [`Inspect::visit`](crate::inspect::Inspect::visit).
    pub(crate) fn visit(&self, each: &mut dyn FnMut(&Node)) {
        // First: what comes from here on is not told.
        self.below(|branch, parent| {
            each(&branch.node(parent));
            branch.children(each);
        });
    }

    /// As [`Inspect::live`](crate::inspect::Inspect::live).
    pub(crate) fn live(&self) -> usize {
        let mut live = 0;
        self.below(|branch, _| live += 1 + branch.cards.with(|cards| cards.len()));
        live - 1
    }

    /// Whether there are children.
    pub(crate) fn has_children(&self) -> bool {
        self.cards.with(|cards| cards.len() > 0)
    }

    /// Calls `each` with this branch and those below it, and what each hangs below, parents first.
    fn below(&self, mut each: impl FnMut(&Self, Option<NodeId>)) {
        let Some(top) = self.top() else {
            return each(self, None);
        };
        let marks = [Twig::new(true), Twig::new(true)];
        let walk = Walk::begin(self, &top, &marks);
        each(self, None);
        let Some(mut walk) = walk else { return };
        while let Some((branch, parent)) = walk.next() {
            each(&branch, Some(parent));
        }
    }

    /// What is told of the scope or group itself, with its body.
    fn node(&self, parent: Option<NodeId>) -> Node {
        // SAFETY: this holds a count.
        let now = unsafe { (self.family.now)(self.0) };
        // SAFETY: no mark; the lock is held.
        let told = self.cards.with(|_| unsafe { self.body.told() });
        let cancelled = self.cancelled.load(Ordering::Relaxed);
        let moment = Stamp::now();
        Node {
            phase: now.phase,
            cause: now.cause,
            tasks: now.tasks,
            token: now.token,
            #[allow(clippy::cast_possible_truncation, reason = "it was a stamp")]
            cancelled: Stamp::from_bits(cancelled as u32).age_at(moment),
            ..node_of(&self.body, told, self.id(0), parent, now.own, moment)
        }
    }

    /// Tells of each child.
    fn children(&self, each: &mut dyn FnMut(&Node)) {
        // Not under the lock: the clock is the program's.
        let moment = Stamp::now();
        let look = |card: NonNull<Card>| {
            // SAFETY: linked, and the lock is held; the pointer is that of `link`.
            let own = unsafe { (self.family.child)(card) };
            // SAFETY: linked, so alive.
            let card = unsafe { card.as_ref() };
            // SAFETY: no mark; the lock is held.
            let told = unsafe { card.told() };
            let id = self.id(card.number());
            node_of(card, told, id, Some(self.id(0)), own, moment)
        };
        list::walk::<_, BATCH>(&self.cards, || {}, look, |node| each(&node));
    }
}

impl Branch {
    pub(super) fn id(&self, number: usize) -> NodeId {
        NodeId {
            group: self.serial(),
            number,
        }
    }
}

/// As it is now; its ages are those of that moment.
fn node_of(
    card: &Card,
    told: Told,
    id: NodeId,
    parent: Option<NodeId>,
    own: Own,
    moment: Stamp,
) -> Node {
    Node {
        id,
        parent,
        address: own.address,
        kind: match own.kind {
            NodeKind::Child if told.is_parallel => NodeKind::Parallel,
            kind => kind,
        },
        name: told.name,
        site: Some(told.site),
        state: card.doing(own.state),
        polls: card.notes().polls().0,
        age: card.born().age_at(moment),
        waits: match own.limited_by {
            0 => card.notes().waits(moment),
            scope => Waits::for_place(told.site, scope, card.born().age_at(moment)),
        },
        ties: card.notes().ties(),
        phase: Phase::Running,
        cause: None,
        cancelled: None,
        handles: 0,
        waiters: 0,
        tasks: 0,
        token: None,
    }
}

/// A walk over what is below a branch.
struct Walk<'a> {
    top: &'a BranchRef,
    /// The one moves on; before the other, and below these, is what was there when it began.
    marks: &'a [Twig; 2],
    /// So many had come when it began.
    serials: usize,
}

impl<'a> Walk<'a> {
    /// `None` if the branch has left the tree.
    fn begin(branch: &BranchRef, top: &'a BranchRef, marks: &'a [Twig; 2]) -> Option<Self> {
        let twig = twig_of(branch.0);
        let serials = top.tree.with(|tree| {
            // SAFETY: alive, and the lock is held.
            if branch != top && unsafe { tree.parent(twig) }.is_none() {
                return None;
            }
            tree.begin_walk();
            // SAFETY: alive, and taken out when the walk is dropped; the lock is held.
            unsafe { tree.hang_first(&raw const marks[0], twig) };
            // SAFETY: as above.
            unsafe { tree.hang(&raw const marks[1], twig, 0) };
            Some(tree.serials())
        })?;
        Some(Self {
            top,
            marks,
            serials,
        })
    }

    /// The next branch, and what it hangs below.
    fn next(&mut self) -> Option<(BranchRef, NodeId)> {
        loop {
            let stepped = self.top.tree.with(|tree| {
                for _ in 0..BATCH {
                    // SAFETY: in the tree since `begin`; the lock is held.
                    match unsafe { tree.step(&raw const self.marks[0], &raw const self.marks[1]) } {
                        Step::Over => return Some(None),
                        Step::Passed => {}
                        // SAFETY: in the tree, and the lock is held.
                        Step::At(twig) => match unsafe { self.look(tree, twig) } {
                            None => {}
                            found => return Some(found),
                        },
                    }
                }
                None
            });
            if let Some(found) = stepped {
                return found;
            }
        }
    }

    /// `None` for one that has come since.
    ///
    /// # Safety
    ///
    /// The twig is that of a branch in the tree, and the lock is held.
    unsafe fn look(&self, tree: &Tree, twig: NonNull<Twig>) -> Option<(BranchRef, NodeId)> {
        // A branch in the tree is alive, and the pointer is that of its block.
        let branch: NonNull<Branch> = twig.cast();
        // SAFETY: as above.
        if unsafe { branch.as_ref() }.serial() > self.serials {
            return None;
        }
        // SAFETY: alive, and the lock is held.
        let (parent, number) = unsafe { tree.parent(twig.as_ptr()) }?;
        // SAFETY: a parent is a branch, alive in the tree or its top.
        let parent = unsafe { parent.cast::<Branch>().as_ref() };
        // SAFETY: as above.
        Some((unsafe { BranchRef::of(branch) }, parent.id(number)))
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.top.tree.with(|tree| {
            for mark in self.marks {
                // SAFETY: in the tree since `begin`, nothing is below it; the lock is held.
                unsafe { tree.take_out(mark) };
            }
            tree.end_walk();
        });
    }
}
