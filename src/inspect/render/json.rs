//! The nodes for programs: one object in JSON on each line.

use core::{
    fmt::{self, Display},
    time::Duration,
};

use super::parts::{Dialect, Escaped};
use crate::inspect::{Entry, Snapshot, Wait};

/// A [`Snapshot`] as lines of JSON, one object for each node, in the order of the tree. A `Display`.
///
/// | field | |
/// |---|---|
/// | `root`, `id`, `parent` | which of the roots; ids as text, that of the parent or `null` |
/// | `depth` | how many there are above it |
/// | `kind`, `state`, `phase` | `"child"`, `"waiting"`, `"running"` and so on |
/// | `name`, `site` | text or `null`; the site with line and column |
/// | `polls`, `tasks` | numbers |
/// | `token` | the id of the scope's token, as text, or `null` |
/// | `age_ms`, `cancelled_ms` | whole milliseconds, or `null` |
/// | `cause` | text or `null` |
/// | `waits` | objects with `kind`, `name` (what the program calls it, or `null`), `site`, `resource` (its address, as text), `made` (its site or `null`), `age_ms` |
/// | `more_waits` | how many there are beyond these |
///
/// # Examples
///
/// ```
/// use pleach::inspect::{Node, NodeId, NodeKind, Snapshot};
///
/// let snapshot: Snapshot = [Node::new(NodeId::new(0, 0), NodeKind::Scope)].into_iter().collect();
/// assert_eq!(
///     snapshot.json_lines().to_string(),
///     concat!(
///         r#"{"root":0,"id":"0#0","parent":null,"depth":0,"kind":"scope","name":null,"site":null,"#,
///         r#""state":"waiting","polls":0,"tasks":0,"token":null,"age_ms":null,"#,
///         r#""phase":"running","cause":null,"cancelled_ms":null,"waits":[],"more_waits":0}"#,
///         "\n",
///     ),
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is a `Display`"]
pub struct JsonLines<'a>(&'a Snapshot);

impl Snapshot {
    /// The nodes as lines of JSON.
    pub fn json_lines(&self) -> JsonLines<'_> {
        JsonLines(self)
    }
}

impl Display for JsonLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|entry| line(f, entry))
    }
}

fn line(f: &mut fmt::Formatter<'_>, entry: Entry<'_>) -> fmt::Result {
    let node = entry.node();
    write!(f, "{{\"root\":{}", entry.root())?;
    text(f, "id", Some(node.id()))?;
    text(f, "parent", node.parent())?;
    number(f, "depth", Some(entry.depth()))?;
    text(f, "kind", Some(node.kind().name()))?;
    text(f, "name", node.name())?;
    text(f, "site", node.site())?;
    text(f, "state", Some(node.state().name()))?;
    number(f, "polls", Some(node.polls()))?;
    number(f, "tasks", Some(node.tasks()))?;
    text(f, "token", node.token())?;
    number(f, "age_ms", node.age().map(millis))?;
    text(f, "phase", Some(node.phase().name()))?;
    text(f, "cause", node.cause())?;
    number(f, "cancelled_ms", node.cancelled().map(millis))?;
    f.write_str(",\"waits\":[")?;
    for (i, one) in node.waits().iter().enumerate() {
        f.write_str(if i == 0 { "" } else { "," })?;
        wait(f, one)?;
    }
    writeln!(f, "],\"more_waits\":{}}}", node.waits().more())
}

fn wait(f: &mut fmt::Formatter<'_>, wait: &Wait) -> fmt::Result {
    write!(f, "{{\"kind\":\"{}\"", wait.kind().name())?;
    text(f, "name", wait.name)?;
    text(f, "site", Some(wait.site()))?;
    write!(f, ",\"resource\":\"{:#x}\"", wait.resource().address())?;
    text(f, "made", wait.resource().site())?;
    number(f, "age_ms", wait.age().map(millis))?;
    f.write_str("}")
}

fn text(f: &mut fmt::Formatter<'_>, field: &str, value: Option<impl Display>) -> fmt::Result {
    match value {
        Some(value) => write!(f, ",\"{field}\":\"{}\"", Escaped(Dialect::Json, value)),
        None => write!(f, ",\"{field}\":null"),
    }
}

fn number(f: &mut fmt::Formatter<'_>, field: &str, value: Option<impl Display>) -> fmt::Result {
    match value {
        Some(value) => write!(f, ",\"{field}\":{value}"),
        None => write!(f, ",\"{field}\":null"),
    }
}

/// Those beyond what programs read are as good as the most of these.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
