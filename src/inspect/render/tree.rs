//! The tree as text, as `tree` and `pstree` draw theirs.

use alloc::vec::Vec;
use core::fmt::{self, Display, Write};

use super::{
    alike::{self, Run},
    parts::{Dialect, Escaped, Parts, Whole},
};
use crate::inspect::{Entry, Snapshot};

/// How many levels are drawn with guides; a bit of a word each. What is deeper is drawn at the last of
/// these, with its depth.
const LEVELS: usize = u32::BITS as usize;

/// A [`Snapshot`] as text, one line for each node, as `tree` draws folders. A `Display`.
///
/// A line says what the node is called (or what it is), where it was spawned, what it is doing, since
/// when it is to leave and why, and what it waits for: the kind of wait, for how long, where it was begun, and where
/// that was made.
///
/// # Examples
///
/// ```
/// use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};
///
/// let root = Node::new(NodeId::new(0, 0), NodeKind::Scope);
/// let child = |n, name| {
///     Node::new(NodeId::new(0, n), NodeKind::Child).with_parent(root.id()).with_name(name)
/// };
/// let nodes = [root, child(1, "accept"), child(2, "worker"), child(3, "worker"), child(4, "worker")];
/// let snapshot: Snapshot = nodes.into_iter().collect();
///
/// let text = snapshot.tree().collapse(2).ascii().to_string();
/// assert_eq!(text, "scope waiting
/// |-- accept waiting
/// `-- 3*[worker waiting]
/// ");
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is a `Display`"]
pub struct Tree<'a> {
    snapshot: &'a Snapshot,
    guides: &'static Guides,
    depth: usize,
    /// How many siblings are drawn as one, at least.
    least: usize,
    /// By positions; none if nothing is drawn as one.
    runs: Vec<Run>,
    parts: Parts,
}

/// What is drawn before a node, for each level.
#[derive(Debug)]
struct Guides {
    /// It is not the last of its siblings.
    branch: &'static str,
    /// It is.
    last: &'static str,
    /// The one above it is not the last of its siblings.
    along: &'static str,
    /// It is.
    beside: &'static str,
}

static LINES: Guides = Guides {
    branch: "├── ",
    last: "└── ",
    along: "│   ",
    beside: "    ",
};

static ASCII: Guides = Guides {
    branch: "|-- ",
    last: "`-- ",
    along: "|   ",
    beside: "    ",
};

impl Snapshot {
    /// The tree as text; so is the snapshot itself, without options.
    pub fn tree(&self) -> Tree<'_> {
        Tree {
            snapshot: self,
            guides: &LINES,
            depth: usize::MAX,
            least: usize::MAX,
            runs: Vec::new(),
            parts: Parts::TEXT,
        }
    }
}

impl Tree<'_> {
    /// Draws the lines of the tree in ASCII. (Names are as they are.)
    pub fn ascii(mut self) -> Self {
        self.guides = &ASCII;
        self
    }

    /// Leaves out what is deeper than that, and says how many there are; 0 leaves the tops.
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Draws `least` or more siblings in a row that are alike, with all below them, as one:
    /// `3*[worker]`.
    ///
    /// Alike are those of the same name, site, kind and state, that leave for the same cause or do not, have the
    /// same waits in whatever order, and miss the same parent or none. Ages, polls and ids are not compared: those of
    /// the first are shown.
    ///
    /// It allocates, in proportion to the number of nodes, and compares siblings at once: for `n` nodes in no more
    /// time than `n` times the logarithm of `n`.
    pub fn collapse(mut self, least: usize) -> Self {
        self.least = least.max(2);
        self.runs = alike::runs(self.snapshot);
        self
    }

    /// Whether ids are shown. Default: no.
    pub fn ids(mut self, show: bool) -> Self {
        self.parts.ids = show;
        self
    }

    /// Whether places in the code are shown. Default: yes.
    pub fn sites(mut self, show: bool) -> Self {
        self.parts.sites = show;
        self
    }

    /// Whether waits are shown. Default: yes.
    pub fn waits(mut self, show: bool) -> Self {
        self.parts.waits = show;
        self
    }

    /// Whether ages are shown, as far as they are known. Default: yes.
    pub fn ages(mut self, show: bool) -> Self {
        self.parts.ages = show;
        self
    }

    /// The siblings from `entry` on that are drawn as one.
    fn run(&self, entry: Entry<'_>) -> Run {
        match self.runs.get(entry.position) {
            Some(&run) if run.count >= self.least => run,
            _ => Run {
                count: 1,
                end: entry.end(),
            },
        }
    }

    /// What is drawn after `entry`: what is below it, or else what comes after the nearest of those above
    /// that has something after it.
    fn after<'e>(&self, mut entry: Entry<'e>) -> Option<Entry<'e>> {
        if entry.below() > 0 && entry.depth() < self.depth {
            return Some(entry.snapshot.entry(entry.position + 1));
        }
        loop {
            let Run { end, .. } = self.run(entry);
            if end < entry.end_of_siblings() {
                return Some(entry.snapshot.entry(end));
            }
            entry = entry.parent()?;
        }
    }

    /// The guides before an entry; bit `n` of `open` is whether something comes at level `n` below.
    fn indent(&self, f: &mut fmt::Formatter<'_>, depth: usize, open: u32) -> fmt::Result {
        let Some(levels) = depth.min(LEVELS).checked_sub(1) else {
            return Ok(());
        };
        let is_open = |level: usize| open >> level & 1 == 1;
        for level in 0..levels {
            f.write_str(if is_open(level) {
                self.guides.along
            } else {
                self.guides.beside
            })?;
        }
        f.write_str(if is_open(levels) {
            self.guides.branch
        } else {
            self.guides.last
        })?;
        if depth > LEVELS {
            write!(f, "({depth}) ")?;
        }
        Ok(())
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, entry: Entry<'_>, count: usize) -> fmt::Result {
        if count > 1 {
            write!(f, "{count}*[")?;
        }
        let node = entry.node();
        Escaped(Dialect::Line, Whole(node, self.parts)).fmt(f)?;
        if let (true, Some(parent)) = (entry.is_orphan(), node.parent()) {
            write!(f, " (its parent {parent} is missing)")?;
        }
        if count > 1 {
            f.write_char(']')?;
        }
        if entry.below() > 0 && entry.depth() >= self.depth {
            write!(f, " (+{} below)", entry.below())?;
        }
        f.write_char('\n')
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open = 0_u32;
        let mut next = self.snapshot.iter().next();
        while let Some(entry) = next {
            let Run { count, end } = self.run(entry);
            let depth = entry.depth();
            if let Some(level) = depth.min(LEVELS).checked_sub(1) {
                let is_last = end == entry.end_of_siblings();
                open = open & !(1 << level) | u32::from(!is_last) << level;
            }
            self.indent(f, depth, open)?;
            self.line(f, entry, count)?;
            next = self.after(entry);
        }
        Ok(())
    }
}

/// The [`tree`](Snapshot::tree).
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree().fmt(f)
    }
}
