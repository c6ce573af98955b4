//! Nodes, and what belongs to them, in a few words: the same as in the tree.

use core::fmt::{self, Display};

use super::parts::{Dialect, Escaped, Parts, Waiting, Whole};
use crate::inspect::{Node, NodeKind, State, Wait, WaitKind};

/// In one line, as it stands in a [`Tree`](super::Tree).
impl Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(Dialect::Line, Whole(self, Parts::TEXT)).fmt(f)
    }
}

/// In one line, as it stands in a [`Tree`](super::Tree).
impl Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(Dialect::Line, Waiting(self, Parts::TEXT)).fmt(f)
    }
}

/// Its name.
impl Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Its name.
impl Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Its name.
impl Display for WaitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
