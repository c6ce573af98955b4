//! The report in sentences.

use alloc::vec::Vec;
use core::fmt;

use super::{StallReport, graph::Vertex, is_awaited, is_from_outside, waits_for_children};
use crate::inspect::{
    Entry, Node, State, Wait, WaitKind,
    render::parts::{Age, Dialect, Escaped, Label, Site},
};

/// How many are named of those who could end a wait.
const NAMED: usize = 3;

impl fmt::Display for StallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        let mut told = Vec::new();
        for cycle in &self.cycles {
            self.cycle(f, cycle)?;
            told.extend(cycle.iter().filter_map(|vertex| match *vertex {
                Vertex::Node(at) => Some(at),
                Vertex::End(_) | Vertex::Resource(_) => None,
            }));
        }
        told.sort_unstable();
        let is_told = |entry: &Entry<'_>| told.binary_search(&entry.position).is_ok();
        let mut rest = Rest::default();
        for entry in self.waiting().filter(|entry| !is_told(entry)) {
            rest.sort(self, entry);
        }
        self.section(
            f,
            "nobody here is known to end what these wait for:",
            &rest.hopeless,
        )?;
        self.section(f, "these may be woken from outside:", &rest.outside)?;
        self.section(f, "these wait for others:", &rest.others)
    }
}

/// Those who wait, but for cycles, by what is said of them.
#[derive(Default)]
struct Rest<'a> {
    hopeless: Vec<Entry<'a>>,
    outside: Vec<Entry<'a>>,
    others: Vec<Entry<'a>>,
}

impl<'a> Rest<'a> {
    fn sort(&mut self, report: &StallReport, entry: Entry<'a>) {
        let waits = entry.node().waits();
        let has_end = |wait: &Wait| report.enders(wait).next().is_some();
        let part = if waits.iter().any(is_from_outside) || waits.more() > 0 {
            &mut self.outside
        } else if waits.iter().any(has_end) || (is_idle(entry) && waits_for_children(entry)) {
            &mut self.others
        } else if is_idle(entry) {
            &mut self.outside
        } else {
            &mut self.hopeless
        };
        part.push(entry);
    }
}

fn is_idle(entry: Entry<'_>) -> bool {
    entry.node().waits().iter().next().is_none()
}

impl StallReport {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_stalled() {
            return f.write_str("stalled: everybody waits\n");
        }
        let able: Vec<_> = self.able().collect();
        if able.is_empty() {
            return f.write_str("not stalled: nobody waits\n");
        }
        write!(f, "not stalled: {} can go on, ", able.len())?;
        let named = able.iter().take(NAMED).enumerate();
        for (i, entry) in named {
            let comma = if i == 0 { "" } else { ", " };
            let state = entry.node().state().name();
            write!(f, "{comma}{} ({state})", Who(entry.node()))?;
        }
        if able.len() > NAMED {
            f.write_str(", ..")?;
        }
        f.write_str("\n")
    }

    fn section(&self, f: &mut fmt::Formatter<'_>, head: &str, all: &[Entry<'_>]) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        writeln!(f, "{head}")?;
        all.iter().try_for_each(|entry| self.sentence(f, *entry))
    }

    /// All that a node waits for.
    fn sentence(&self, f: &mut fmt::Formatter<'_>, entry: Entry<'_>) -> fmt::Result {
        let node = entry.node();
        write!(f, "  {}", Where(node))?;
        if is_idle(entry) && waits_for_children(entry) {
            let children: Vec<_> = entry
                .children()
                .filter(|child| is_awaited(*child))
                .collect();
            f.write_str(" is over when its children are: ")?;
            those(f, &children)?;
        } else if is_idle(entry) {
            f.write_str(" waits for what is not of this crate")?;
        }
        for (i, wait) in node.waits().iter().enumerate() {
            f.write_str(if i == 0 { " " } else { "; or " })?;
            self.wait(f, entry, wait)?;
        }
        match node.waits().more() {
            0 => writeln!(f),
            more => writeln!(f, "; or for {more} more"),
        }
    }

    /// One wait, and who could end it.
    fn wait(&self, f: &mut fmt::Formatter<'_>, of: Entry<'_>, wait: &Wait) -> fmt::Result {
        write!(f, "{}", Waiting(of.node(), wait))?;
        match wait.kind() {
            WaitKind::Sleep => return f.write_str(": its timer may wake it"),
            WaitKind::Other => return f.write_str(": that may come from outside"),
            WaitKind::Event => return f.write_str(": nobody is known who brings it about"),
            WaitKind::Token => return f.write_str(": whoever has the token may"),
            _ => {}
        }
        let enders: Vec<_> = self.enders(wait).collect();
        if enders.is_empty() {
            f.write_str(nobody(wait.kind()))?;
        } else {
            f.write_str(somebody(wait.kind()))?;
            those(f, &enders)?;
        }
        self.gone(f, wait)
    }

    /// Who could have ended it, and is not there any more.
    fn gone(&self, f: &mut fmt::Formatter<'_>, wait: &Wait) -> fmt::Result {
        let Some(place) = self.graph.target(wait) else {
            return Ok(());
        };
        let ended = |node: &&Node| {
            let mut ties = node.ties().iter();
            ties.any(|tie| self.graph.tied(tie) == Some(place))
        };
        let mut ended = self.gone.iter().filter(ended);
        match (ended.next(), ended.count()) {
            (None, _) => Ok(()),
            (Some(one), 0) => write!(f, "; {} did, and has ended", Where(one)),
            (Some(one), more) => write!(f, "; {} and {more} more did, and have ended", Where(one)),
        }
    }

    fn cycle(&self, f: &mut fmt::Formatter<'_>, cycle: &[Vertex]) -> fmt::Result {
        let nodes = cycle
            .iter()
            .filter(|vertex| matches!(vertex, Vertex::Node(_)));
        match nodes.count() {
            1 => writeln!(f, "one waits for itself:")?,
            many => writeln!(f, "{many} wait for one another:")?,
        }
        for (i, &vertex) in cycle.iter().enumerate() {
            let next = cycle[(i + 1) % cycle.len()];
            let after = cycle[(i + 2) % cycle.len()];
            match vertex {
                Vertex::Node(at) => self.step(f, self.snapshot.entry(at), next, after)?,
                Vertex::End(at) => {
                    let scope = self.snapshot.entry(at).node();
                    write!(f, "  {} ends when ", Who(scope))?;
                    match self.node(next) {
                        Some(node) if node.id() == scope.id() => f.write_str("its body does")?,
                        Some(node) => write!(f, "{} does", Who(node))?,
                        None => {}
                    }
                    writeln!(f)?;
                }
                Vertex::Resource(_) => {}
            }
        }
        Ok(())
    }

    /// A node of a cycle, and whom it waits for there.
    fn step(
        &self,
        f: &mut fmt::Formatter<'_>,
        entry: Entry<'_>,
        next: Vertex,
        after: Vertex,
    ) -> fmt::Result {
        let node = entry.node();
        let mut waits = node.waits().iter();
        let Some(wait) = waits.find(|wait| self.graph.target(wait) == Some(next)) else {
            // The scope's end does: it has its own line.
            return Ok(());
        };
        write!(f, "  {} {}", Where(node), Waiting(node, wait))?;
        let many = node.waits().iter().count() + node.waits().more();
        if many > 1 {
            write!(f, ", one of {many} waits")?;
        }
        f.write_str(somebody(wait.kind()))?;
        let who = match next {
            Vertex::Resource(_) => after,
            Vertex::Node(_) | Vertex::End(_) => next,
        };
        match self.node(who) {
            Some(who) if who.id() == node.id() && matches!(next, Vertex::Resource(_)) => {
                f.write_str("itself")?;
            }
            Some(who) => write!(f, "{}", Who(who))?,
            None => {}
        }
        writeln!(f)
    }

    fn node(&self, vertex: Vertex) -> Option<&Node> {
        match vertex {
            Vertex::Node(at) | Vertex::End(at) => Some(self.snapshot.entry(at).node()),
            Vertex::Resource(_) => None,
        }
    }
}

/// The first few of them by name.
fn those(f: &mut fmt::Formatter<'_>, all: &[Entry<'_>]) -> fmt::Result {
    for (i, entry) in all.iter().take(NAMED).enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{}", Who(entry.node()))?;
    }
    match all.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// What comes before those who could end a wait.
fn somebody(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::Acquire | WaitKind::Lock => ", held by ",
        WaitKind::Send => "; so far received there: ",
        WaitKind::Recv | WaitKind::Changed => "; so far sent there: ",
        WaitKind::Slot => "; the places have ",
        WaitKind::Result => "; the children are ",
        WaitKind::Join | WaitKind::Scope => " of ",
        WaitKind::Token | WaitKind::Event | WaitKind::Sleep | WaitKind::Other => "",
    }
}

/// What is said if there is nobody.
fn nobody(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::Acquire | WaitKind::Lock => ": nobody here holds it",
        WaitKind::Send => ": nobody here has received there",
        WaitKind::Recv | WaitKind::Changed => ": nobody here has sent there",
        WaitKind::Slot => ": nobody here has one",
        WaitKind::Result => ": it has no children",
        WaitKind::Join | WaitKind::Scope => " of one that is not here",
        WaitKind::Token | WaitKind::Event | WaitKind::Sleep | WaitKind::Other => "",
    }
}

/// `left 0#1`.
struct Who<'a>(&'a Node);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = Escaped(Dialect::Line, Label(self.0));
        write!(f, "{label} {}", self.0.id())
    }
}

/// `left 0#1 (src/main.rs:12)`.
struct Where<'a>(&'a Node);

impl fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Who(self.0).fmt(f)?;
        match self.0.site() {
            Some(site) => write!(f, " ({})", Escaped(Dialect::Line, Site(site))),
            None => Ok(()),
        }
    }
}

/// `waits for a permit at src/main.rs:12 (made at src/main.rs:4) for 3s`.
struct Waiting<'a>(&'a Node, &'a Wait);

impl fmt::Display for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(node, wait) = *self;
        if node.state() == State::Unstarted {
            return f.write_str("has not started, for want of a place");
        }
        let site = Escaped(Dialect::Line, Site(wait.site()));
        f.write_str(verb(wait.kind()))?;
        if wait.kind() == WaitKind::Other {
            let name = wait.name().unwrap_or("something");
            write!(f, " {}", Escaped(Dialect::Line, name))?;
        }
        write!(f, " at {site}")?;
        if let Some(made) = wait.resource().site() {
            write!(f, " (made at {})", Escaped(Dialect::Line, Site(made)))?;
        }
        match wait.age() {
            Some(age) => write!(f, " for {}", Age(age)),
            None => Ok(()),
        }
    }
}

fn verb(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::Acquire => "waits for a permit",
        WaitKind::Send => "waits for room",
        WaitKind::Recv => "waits for a message",
        WaitKind::Changed => "waits for a new value",
        WaitKind::Join => "waits for the output",
        WaitKind::Scope => "waits for the end",
        WaitKind::Slot => "waits for a place",
        WaitKind::Token => "waits at a token",
        WaitKind::Event => "waits for an event",
        WaitKind::Sleep => "sleeps",
        WaitKind::Result => "waits for a result",
        WaitKind::Lock => "waits for a lock",
        WaitKind::Other => "waits for",
    }
}
