//! The tree for graphviz.

use core::fmt;

use super::parts::{Brief, Dialect, Escaped, Label, Leaving, Site};
use crate::inspect::{Entry, NodeKind, Snapshot, State, Tie, TieKind, Wait};

/// A [`Snapshot`] in the language of graphviz: `dot -Tsvg`. A `Display`.
///
/// Nodes are boxes, drawn from left to right. What is waited at is an ellipse, one for each
/// address, with a dashed arrow from each node that waits there: so nodes that wait at the same
/// semaphore meet. From what is held a dotted arrow leads to who holds it: so two that wait for one another are a
/// ring.
///
/// # Examples
///
/// ```
/// use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};
///
/// let node = Node::new(NodeId::new(0, 0), NodeKind::Scope).with_name("say \"hello\"");
/// let snapshot: Snapshot = [node].into_iter().collect();
/// assert!(snapshot.dot().to_string().contains(r#"say \"hello\""#));
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is a `Display`"]
pub struct Dot<'a>(&'a Snapshot);

impl Snapshot {
    /// The tree for graphviz.
    pub fn dot(&self) -> Dot<'_> {
        Dot(self)
    }
}

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(concat!(
            "digraph pleach {\n",
            "  rankdir=LR;\n",
            "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n",
            "  edge [fontname=\"sans-serif\", fontsize=9];\n",
        ))?;
        for entry in self.0 {
            node(f, entry)?;
            let mut waits = entry.node().waits().iter();
            waits.try_for_each(|wait| edge(f, entry, wait))?;
            let mut ties = entry.node().ties().iter();
            ties.try_for_each(|tie| held(f, entry, tie))?;
        }
        f.write_str("}\n")
    }
}

/// The box, and the line from the one above.
fn node(f: &mut fmt::Formatter<'_>, entry: Entry<'_>) -> fmt::Result {
    let (at, node) = (entry.position, entry.node());
    write!(f, "  n{at} [label=\"{}", Escaped(Dialect::Dot, Label(node)))?;
    if let Some(site) = node.site() {
        write!(f, "\\n{}", Escaped(Dialect::Dot, Site(site)))?;
    }
    if Leaving(node).has_to() {
        write!(f, "\\n{}", Escaped(Dialect::Dot, Leaving(node)))?;
    } else if node.kind() != NodeKind::Token {
        write!(f, "\\n{}", node.state().name())?;
    }
    for wait in node.waits().iter().filter(|wait| !has_place(wait)) {
        write!(f, "\\n{}", Escaped(Dialect::Dot, Brief(wait)))?;
    }
    writeln!(f, "\", color=\"{}\"];", color(entry))?;
    match entry.parent() {
        Some(parent) => writeln!(f, "  n{} -> n{at} [arrowhead=none];", parent.position),
        None => Ok(()),
    }
}

/// What is waited at, and the arrow there. The ellipse may be declared many times: it is the same.
fn edge(f: &mut fmt::Formatter<'_>, entry: Entry<'_>, wait: &Wait) -> fmt::Result {
    if !has_place(wait) {
        return Ok(());
    }
    let (from, to) = (entry.position, wait.resource().address());
    write!(f, "  r{to:x} [shape=ellipse, label=\"")?;
    match wait.resource().site() {
        Some(site) => write!(f, "{}", Escaped(Dialect::Dot, Site(site)))?,
        None => write!(f, "{to:#x}")?,
    }
    writeln!(
        f,
        "\"];\n  n{from} -> r{to:x} [style=dashed, label=\"{}\"];",
        Escaped(Dialect::Dot, Brief(wait))
    )
}

/// The arrow from what a node holds: a wait there leads on to it.
fn held(f: &mut fmt::Formatter<'_>, entry: Entry<'_>, tie: &Tie) -> fmt::Result {
    let (to, from) = (entry.position, tie.address());
    match tie.kind() {
        // Without a label: if somebody waits there it has one.
        TieKind::Holds => writeln!(
            f,
            "  r{from:x} [shape=ellipse];\n  r{from:x} -> n{to} [style=dotted, label=\"held by\"];"
        ),
        TieKind::Sent | TieKind::Received => Ok(()),
    }
}

/// Whether it is known what is waited at.
fn has_place(wait: &Wait) -> bool {
    wait.resource().address() != 0
}

fn color(entry: Entry<'_>) -> &'static str {
    match entry.node().state() {
        _ if Leaving(entry.node()).has_to() => "#d1434b",
        State::Running | State::Ready => "#2a9d62",
        State::Waiting | State::Unstarted => "#8c98a4",
    }
}
