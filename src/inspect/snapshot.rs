//! A picture of a tree: all its nodes as they were, owned, in order.
//!
//! Nodes are told in whatever order suits who tells them, and while the tree changes. Here they are put
//! into the order of the tree (`snapshot/arrange.rs`), so that everything that reads a picture is one pass
//! from the first to the last: what is below an entry are those that follow it, up to its `end`. Hence
//! there is no recursion anywhere, and a chain of a million nodes is as good as any other tree.

mod arrange;

use alloc::vec::Vec;
use core::{fmt, iter::FusedIterator, slice};

use self::arrange::{Spot, arrange};
use super::{Inspect, Node, NodeId};
use crate::time::Instant;

/// A node, and which of the roots it was told by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) root: usize,
    pub(super) node: Node,
}

/// All nodes below one root or several, as they were when they were looked at.
///
/// It is in the order of the tree: each node is followed by what is below it, and siblings are in the order in
/// which they were told. A node whose parent is missing (it may have ended meanwhile) stands at
/// the top, and so does one of a ring of parents, should there be one.
///
/// It is a `Display`: the [`tree`](Self::tree) as text. Taking it allocates, in proportion to the number of nodes.
///
/// # Examples
///
/// ```
/// use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};
///
/// let (root, child) = (NodeId::new(0, 0), NodeId::new(0, 1));
/// // Whatever the order in which they come.
/// let snapshot: Snapshot = [
///     Node::new(child, NodeKind::Child).with_parent(root),
///     Node::new(root, NodeKind::Scope),
/// ]
/// .into_iter()
/// .collect();
///
/// let depths = snapshot.iter().map(|entry| entry.depth());
/// assert!(depths.eq([0, 1]));
/// assert_eq!(snapshot.get(child).unwrap().parent().unwrap().node().id(), root);
/// ```
///
/// What is known of a node besides can be kept in a list, at its [index](Entry::index):
///
/// ```
/// # use pleach::inspect::Snapshot;
/// # fn look(older: &Snapshot, of_older: &[u32], newer: &Snapshot) {
/// // In how many pictures in a row each node was seen, this one included.
/// let mut seen = vec![1; newer.len()];
/// for (newer, older) in newer.since(older).kept() {
///     seen[newer.index()] = of_older[older.index()] + 1;
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Snapshot {
    /// As they were told.
    nodes: Vec<Told>,
    /// In the order of the tree.
    spots: Vec<Spot>,
    /// Positions in `spots`, sorted by the root and id of the node.
    by_id: Vec<usize>,
    moment: Option<Instant>,
}

/// A node in a [`Snapshot`], with its place in the tree.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) position: usize,
}

/// The entries of a [`Snapshot`], or those below one, in the order of the tree.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    snapshot: &'a Snapshot,
    front: usize,
    back: usize,
}

/// The entries right below an [`Entry`].
#[derive(Clone, Debug)]
pub struct Children<'a> {
    snapshot: &'a Snapshot,
    next: usize,
    end: usize,
}

/// The entries above an [`Entry`], the nearest first.
#[derive(Clone, Debug)]
pub struct Ancestors<'a> {
    next: Option<Entry<'a>>,
}

impl Snapshot {
    /// What is below `root`, with itself.
    ///
    /// It is not one moment: what comes or goes meanwhile is in it, or is not.
    #[must_use]
    pub fn of(root: &(impl Inspect + ?Sized)) -> Self {
        let mut nodes = Vec::with_capacity(root.live().saturating_add(1));
        root.visit(&mut |&node| nodes.push(Told { root: 0, node }));
        Self::new(nodes)
    }

    /// What is below several roots, in this order.
    ///
    /// The ids of two roots have nothing to do with one another: see [`get_in`](Self::get_in).
    ///
    /// # Examples
    ///
    /// ```
    /// # use pleach::inspect::{Inspect, Snapshot};
    /// # fn look(scope: &dyn Inspect, token: &dyn Inspect) {
    /// let snapshot = Snapshot::of_all([scope, token]);
    /// for entry in &snapshot {
    ///     println!("{}: {}", entry.root(), entry.node().id());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn of_all<'i>(roots: impl IntoIterator<Item = &'i dyn Inspect>) -> Self {
        let mut nodes = Vec::new();
        for (root, inspected) in roots.into_iter().enumerate() {
            inspected.visit(&mut |&node| nodes.push(Told { root, node }));
        }
        Self::new(nodes)
    }

    pub(super) fn new(nodes: Vec<Told>) -> Self {
        let (spots, by_id) = arrange(&nodes);
        Self {
            nodes,
            spots,
            by_id,
            moment: None,
        }
    }

    /// The same, taken at that moment: for how long what is [stuck](super::Diff::stuck), and for a
    /// [`Timeline`](super::Timeline).
    #[must_use]
    pub fn with_moment(mut self, moment: Instant) -> Self {
        self.moment = Some(moment);
        self
    }

    /// When it was taken, if it was said.
    #[must_use]
    pub fn moment(&self) -> Option<Instant> {
        self.moment
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spots.is_empty()
    }

    /// All of them, in the order of the tree.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            snapshot: self,
            front: 0,
            back: self.len(),
        }
    }

    /// The one at this place in the order of the tree, its [`index`](Entry::index): the first is at 0. It takes constant
    /// time.
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<Entry<'_>> {
        (index < self.len()).then(|| self.entry(index))
    }

    /// The node of this id, below the first root. It takes time in proportion to the logarithm of their number.
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<Entry<'_>> {
        self.get_in(0, id)
    }

    /// The node of this id below that of the roots; as fast.
    #[must_use]
    pub fn get_in(&self, root: usize, id: NodeId) -> Option<Entry<'_>> {
        let key = (root, id);
        let at = self
            .by_id
            .partition_point(|&position| self.key(position) < key);
        let position = *self.by_id.get(at)?;
        (self.key(position) == key).then(|| self.entry(position))
    }

    /// Those that `keep` says, and all above them: a part of the picture with its surroundings.
    ///
    /// It is asked in the order of the tree, once of each.
    ///
    /// # Examples
    ///
    /// ```
    /// # use pleach::inspect::Snapshot;
    /// # fn look(snapshot: &Snapshot) {
    /// let waiters = snapshot.only(|entry| entry.node().waits().iter().next().is_some());
    /// println!("{waiters}");
    /// # }
    /// ```
    #[must_use]
    pub fn only(&self, mut keep: impl FnMut(Entry<'_>) -> bool) -> Self {
        let mut kept: Vec<bool> = self.iter().map(&mut keep).collect();
        // Backwards: what is below comes first.
        for position in (0..self.len()).rev() {
            if let (true, Some(parent)) = (kept[position], self.spots[position].parent) {
                kept[parent] = true;
            }
        }
        let nodes = self
            .iter()
            .filter(|entry| kept[entry.position])
            .map(|entry| *entry.told())
            .collect();
        Self {
            moment: self.moment,
            ..Self::new(nodes)
        }
    }

    /// The positions, sorted by what [`key`](Self::key) gives.
    pub(super) fn by_id(&self) -> slice::Iter<'_, usize> {
        self.by_id.iter()
    }

    pub(super) fn key(&self, position: usize) -> (usize, NodeId) {
        let told = &self.nodes[self.spots[position].node];
        (told.root, told.node.id())
    }

    pub(super) fn entry(&self, position: usize) -> Entry<'_> {
        Entry {
            snapshot: self,
            position,
        }
    }

    /// How many leaves there are, and so rows of a picture.
    pub(super) fn leaves(&self) -> usize {
        let last = self.iter().next_back();
        // What comes last is a leaf.
        last.map_or(0, |last| last.spot().leaves + 1)
    }
}

impl<'a> Entry<'a> {
    /// The node.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        &self.told().node
    }

    /// Which of the roots it was told by: 0 for the first.
    #[must_use]
    pub fn root(&self) -> usize {
        self.told().root
    }

    /// Its place in the order of the tree: [`Snapshot::nth`] gives it back.
    #[must_use]
    pub fn index(&self) -> usize {
        self.position
    }

    /// How many there are above it.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.spot().depth
    }

    /// What it hangs below.
    #[must_use]
    pub fn parent(&self) -> Option<Entry<'a>> {
        self.spot().parent.map(|at| self.snapshot.entry(at))
    }

    /// All that it hangs below, from its parent up to the top.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::inspect::Entry;
    ///
    /// /// `server > session > flush`
    /// fn path(entry: Entry<'_>) -> String {
    ///     let mut names: Vec<_> = [entry].into_iter().chain(entry.ancestors()).collect();
    ///     names.reverse();
    ///     let name = |entry: &Entry<'_>| entry.node().name().unwrap_or(entry.node().kind().name());
    ///     names.iter().map(name).collect::<Vec<_>>().join(" > ")
    /// }
    /// # use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};
    /// # let id = |number| NodeId::new(0, number);
    /// # let snapshot: Snapshot = [
    /// #     Node::new(id(0), NodeKind::Scope).with_name("server"),
    /// #     Node::new(id(1), NodeKind::Scope).with_name("session").with_parent(id(0)),
    /// #     Node::new(id(2), NodeKind::Child).with_name("flush").with_parent(id(1)),
    /// # ].into_iter().collect();
    /// # assert_eq!(path(snapshot.nth(2).unwrap()), "server > session > flush");
    /// ```
    #[must_use]
    pub fn ancestors(&self) -> Ancestors<'a> {
        Ancestors {
            next: self.parent(),
        }
    }

    /// What hangs right below it.
    #[must_use]
    pub fn children(&self) -> Children<'a> {
        Children {
            snapshot: self.snapshot,
            next: self.position + 1,
            end: self.end(),
        }
    }

    /// All that hangs below it, at any depth, in the order of the tree.
    #[must_use]
    pub fn descendants(&self) -> Iter<'a> {
        Iter {
            snapshot: self.snapshot,
            front: self.position + 1,
            back: self.end(),
        }
    }

    /// How many there are below it, at any depth.
    #[must_use]
    pub fn below(&self) -> usize {
        self.end() - self.position - 1
    }

    /// Whether it should hang below one that is missing, or is itself above that.
    #[must_use]
    pub fn is_orphan(&self) -> bool {
        self.node().parent().is_some() && self.spot().parent.is_none()
    }

    /// The position after the last one below it.
    pub(super) fn end(&self) -> usize {
        self.spot().end
    }

    /// The position after the last one that hangs where it does.
    pub(super) fn end_of_siblings(&self) -> usize {
        self.parent()
            .map_or(self.snapshot.len(), |parent| parent.end())
    }

    /// The leaves before it, and those below it, or itself.
    pub(super) fn leaves(&self) -> (usize, usize) {
        let before = self.spot().leaves;
        let end = match self.snapshot.spots.get(self.end()) {
            Some(next) => next.leaves,
            None => self.snapshot.leaves(),
        };
        (before, end - before)
    }

    fn told(&self) -> &'a Told {
        &self.snapshot.nodes[self.spot().node]
    }

    fn spot(&self) -> &'a Spot {
        &self.snapshot.spots[self.position]
    }
}

/// Of one root.
impl FromIterator<Node> for Snapshot {
    fn from_iter<I: IntoIterator<Item = Node>>(nodes: I) -> Self {
        let told = |node| Told { root: 0, node };
        Self::new(nodes.into_iter().map(told).collect())
    }
}

impl<'a> IntoIterator for &'a Snapshot {
    type Item = Entry<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.front == self.back {
            return None;
        }
        self.front += 1;
        Some(self.snapshot.entry(self.front - 1))
    }

    fn nth(&mut self, skipped: usize) -> Option<Entry<'a>> {
        self.front = self.front.saturating_add(skipped).min(self.back);
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.back - self.front;
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front == self.back {
            return None;
        }
        self.back -= 1;
        Some(self.snapshot.entry(self.back))
    }

    fn nth_back(&mut self, skipped: usize) -> Option<Self::Item> {
        self.back = self.back.saturating_sub(skipped).max(self.front);
        self.next_back()
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl FusedIterator for Iter<'_> {}

impl<'a> Iterator for Children<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.next == self.end {
            return None;
        }
        let child = self.snapshot.entry(self.next);
        self.next = child.end();
        Some(child)
    }
}

impl FusedIterator for Children<'_> {}

impl<'a> Iterator for Ancestors<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let entry = self.next?;
        self.next = entry.parent();
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.next.map_or(0, |entry| entry.depth() + 1);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Ancestors<'_> {}
impl FusedIterator for Ancestors<'_> {}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("root", &self.root())
            .field("depth", &self.depth())
            .field("node", self.node())
            .finish()
    }
}
