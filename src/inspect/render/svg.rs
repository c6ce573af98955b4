//! The tree as a picture.
//!
//! Columns are levels and rows are leaves: a node is as tall as all the leaves below it, so that what is
//! below it stands beside it, and its text has room whatever the shape of the tree. The position of a box
//! follows from what each entry knows of itself: the picture is written in one pass.

use core::fmt::{self, Display};

use super::parts::{
    Brief, Clipped, Dialect, Escaped, Label, Leaving, Parts, ShortSite, Since, Whole,
};
use crate::inspect::{Entry, Node, NodeKind, Snapshot, State};

const MARGIN: usize = 16;
const COLUMN: usize = 224;
const ROW: usize = 44;
/// Between two boxes.
const GAP: usize = 4;
const LEGEND: usize = 34;
/// Characters that fit into a box: of the label, and of the smaller text.
const LABEL: usize = 26;
const SMALL: usize = 32;

/// A [`Snapshot`] as an SVG picture, which needs nothing else and can be read on light and dark. A `Display`.
///
/// Levels are columns, from left to right. Each node is a box beside all that is below it, in a
/// colour that says what it is doing, with what it is called, and what it waits for or where it was made.
/// All that is known of it is shown by viewers when the mouse is over it.
///
/// # Examples
///
/// ```
/// use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};
///
/// let node = Node::new(NodeId::new(0, 0), NodeKind::Scope).with_name("a < b");
/// let snapshot: Snapshot = [node].into_iter().collect();
/// let picture = snapshot.svg().to_string();
/// assert!(picture.starts_with("<svg") && picture.contains("a &lt; b"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is a `Display`"]
pub struct Svg<'a> {
    snapshot: &'a Snapshot,
    depth: usize,
}

/// What a node is doing, as far as there is a colour for it.
#[derive(Clone, Copy)]
enum Look {
    Running,
    Waiting,
    Unstarted,
    Leaving,
    Token,
}

impl Snapshot {
    /// The tree as an SVG picture.
    pub fn svg(&self) -> Svg<'_> {
        Svg {
            snapshot: self,
            depth: usize::MAX,
        }
    }
}

impl Svg<'_> {
    /// Leaves out what is deeper than that; 0 leaves the tops.
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    fn shown(&self) -> impl Iterator<Item = Entry<'_>> {
        let is_shown = |entry: &Entry<'_>| entry.depth() <= self.depth;
        self.snapshot.iter().filter(is_shown)
    }
}

impl Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.shown().map(|entry| entry.depth() + 1).max();
        let columns = columns.unwrap_or(0).max(2);
        let width = columns * (COLUMN + GAP) - GAP + 2 * MARGIN;
        let height = self.snapshot.leaves() * (ROW + GAP) + LEGEND + MARGIN;
        head(f, width, height)?;
        writeln!(f, "<title>{} nodes</title>", self.snapshot.len())?;
        for entry in self.shown() {
            boxed(f, entry)?;
        }
        legend(f, height - LEGEND + 6)?;
        f.write_str("</svg>\n")
    }
}

/// The element's beginning, with colours for light and dark, and the ground that goes with them.
pub(super) fn head(f: &mut fmt::Formatter<'_>, width: usize, height: usize) -> fmt::Result {
    writeln!(
        f,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, -apple-system, 'Segoe UI', sans-serif\" font-size=\"13\">",
    )?;
    f.write_str(concat!(
        "<style>\n",
        ".ground{fill:#fff}text{fill:#1f2933}.name{font-weight:600}.small{font-size:11px;fill:#5f6c7b}",
        ".line{stroke:#d8dee6}.box{fill-opacity:.14}.new .box{fill-opacity:.07}\n",
        ".run rect{fill:#2a9d62}.wait rect{fill:#4a7ab5}.new rect{fill:#8c98a4}.leave rect{fill:#d1434b}",
        ".token rect{fill:#8a63c9}\n",
        "@media(prefers-color-scheme:dark){",
        ".ground{fill:#0d1117}text{fill:#e6edf3}.small{fill:#9aa7b4}.line{stroke:#303842}.box{fill-opacity:.2}\n",
        ".run rect{fill:#3fb97a}.wait rect{fill:#6a9fdc}.leave rect{fill:#f0666d}.token rect{fill:#ab8ae6}}\n",
        "</style>\n",
        "<rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n",
    ))
}

fn boxed(f: &mut fmt::Formatter<'_>, entry: Entry<'_>) -> fmt::Result {
    let node = entry.node();
    let (before, leaves) = entry.leaves();
    let x = MARGIN + entry.depth() * (COLUMN + GAP);
    let y = MARGIN + before * (ROW + GAP);
    let height = leaves * (ROW + GAP) - GAP;
    write!(
        f,
        "<g class=\"{}\"><title>{}</title>\
         <rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{COLUMN}\" height=\"{height}\" rx=\"4\"/>\
         <rect class=\"bar\" x=\"{x}\" y=\"{y}\" width=\"4\" height=\"{height}\" rx=\"2\"/>",
        Look::of(node).class(),
        Escaped(Dialect::Xml, Whole(node, Parts::ALL)),
    )?;
    writeln!(
        f,
        "<text class=\"name\" x=\"{x}\" y=\"{}\">{}</text><text class=\"small\" x=\"{x}\" y=\"{}\">{}</text></g>",
        y + 18,
        Escaped(Dialect::Xml, Clipped(LABEL, Label(node))),
        y + 34,
        Escaped(Dialect::Xml, Clipped(SMALL, Doing(node))),
        x = x + 14,
    )
}

fn legend(f: &mut fmt::Formatter<'_>, y: usize) -> fmt::Result {
    let looks = [
        Look::Running,
        Look::Waiting,
        Look::Unstarted,
        Look::Leaving,
        Look::Token,
    ];
    for (i, look) in looks.into_iter().enumerate() {
        swatch(f, MARGIN + i * 86, y, look.class(), look.name())?;
    }
    Ok(())
}

/// A colour and what it means.
pub(super) fn swatch(
    f: &mut fmt::Formatter<'_>,
    x: usize,
    y: usize,
    class: &str,
    name: &str,
) -> fmt::Result {
    writeln!(
        f,
        "<g class=\"{class}\"><rect class=\"bar\" x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" rx=\"2\"/>\
         <text class=\"small\" x=\"{}\" y=\"{}\">{name}</text></g>",
        x + 16,
        y + 9,
    )
}

impl Look {
    fn of(node: &Node) -> Self {
        match node.state() {
            _ if Leaving(node).has_to() => Self::Leaving,
            _ if node.kind() == NodeKind::Token => Self::Token,
            State::Running | State::Ready => Self::Running,
            State::Waiting => Self::Waiting,
            State::Unstarted => Self::Unstarted,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Running => "run",
            Self::Waiting => "wait",
            Self::Unstarted => "new",
            Self::Leaving => "leave",
            Self::Token => "token",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Unstarted => "unstarted",
            Self::Leaving => "leaving",
            Self::Token => "token",
        }
    }
}

/// The one thing of a node that is most worth its line.
struct Doing<'a>(&'a Node);

impl Display for Doing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.0;
        let wait = node.waits().iter().next();
        if Leaving(node).has_to() {
            write!(f, "{}", Since(node))?;
            return match wait {
                Some(wait) => write!(f, ", in {}", wait.what()),
                None => Ok(()),
            };
        }
        if let Some(wait) = wait {
            return write!(f, "{} at {}", Brief(wait), ShortSite(wait.site()));
        }
        if node.kind() != NodeKind::Token {
            f.write_str(node.state().name())?;
            f.write_str(if node.site().is_some() { ", " } else { "" })?;
        }
        match node.site() {
            Some(site) => write!(f, "{}", ShortSite(site)),
            None => Ok(()),
        }
    }
}
