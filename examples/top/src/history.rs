//! From snapshots to rows.
//!
//! A snapshot tells how often each node was polled so far. What it does not tell follows from the one before
//! it: how fast that goes; and from all of them: since when a node was not polled. Nodes that come and go between two
//! snapshots are not seen, so how fast all of them come, go and are polled is counted (`counts`).

#[cfg(test)]
mod tests;

use std::time::Duration;

use pleach::{
    cancel::Phase,
    inspect::{Entry, Node, NodeId, NodeKind, Snapshot, State, Wait, WaitKind},
    time::Instant,
};

use crate::counts::Counts;

/// Which node: by which root it was told, and its id.
pub(crate) type Key = (usize, NodeId);

/// All that somebody who looks is told.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) snapshot: Snapshot,
    pub(crate) counts: Counts,
}

/// A node, and what is known of it besides.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) root: usize,
    pub(crate) depth: usize,
    pub(crate) node: Node,
    /// Polls in a second.
    pub(crate) rate: f64,
    /// Since when it was not polled, at least.
    pub(crate) still: Duration,
    pub(crate) is_stuck: bool,
    /// For how long it is cancelled, or what it hangs below; `None` if that is not so.
    pub(crate) late: Option<Duration>,
}

/// All that is seen at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// In the order of the tree.
    pub(crate) rows: Vec<Row>,
    pub(crate) totals: Totals,
}

/// What is seen of all nodes together; of tokens only how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) uptime: Duration,
    pub(crate) live: usize,
    pub(crate) tokens: usize,
    /// In a second, as these two.
    pub(crate) spawned: f64,
    pub(crate) ended: f64,
    pub(crate) polls: f64,
    pub(crate) stuck: usize,
    pub(crate) late: usize,
    pub(crate) oldest_wait: Option<Duration>,
}

/// What is remembered from one snapshot to the next.
pub(crate) struct History {
    /// What is stuck was not polled for so long.
    stuck: Duration,
    began: Instant,
    last: Look,
    /// When each of its nodes, by its index, was first seen to have been polled as often as it was.
    still_since: Vec<Instant>,
}

impl Row {
    pub(crate) fn key(&self) -> Key {
        (self.root, self.node.id())
    }

    pub(crate) fn is_token(&self) -> bool {
        self.node.kind() == NodeKind::Token
    }

    /// The longest of its waits.
    pub(crate) fn longest_wait(&self) -> Option<Duration> {
        self.node.waits().iter().filter_map(Wait::age).max()
    }
}

impl Frame {
    /// Those for whom `wait` waits, as far as they are known: who holds what is waited for, sends or
    /// receives there, or is it.
    pub(crate) fn waited_for(&self, wait: &Wait) -> impl Iterator<Item = &Row> {
        let address = wait.resource().address();
        let is_it = move |row: &&Row| {
            let mut ties = row.node.ties().iter();
            row.node.address() == address || ties.any(|tie| tie.address() == address)
        };
        self.rows
            .iter()
            .filter(move |row| address != 0 && is_it(row))
    }
}

impl History {
    pub(crate) fn new(began: Instant, stuck: Duration) -> Self {
        Self {
            stuck,
            began,
            last: Look {
                snapshot: Snapshot::from_iter([]).with_moment(began),
                counts: Counts::default(),
            },
            still_since: Vec::new(),
        }
    }

    /// What there is to be seen at `now`, when somebody looked.
    pub(crate) fn take(&mut self, now: Instant, look: Look) -> Frame {
        let (snapshot, counts) = (look.snapshot.with_moment(now), look.counts);
        let past = &self.last;
        let time = now - past.snapshot.moment().unwrap_or(now);
        let per_second = |count: u64| match time.is_zero() {
            true => 0.0,
            false => count as f64 / time.as_secs_f64(),
        };
        let diff = snapshot.since(&past.snapshot);
        let mut still_since = vec![now; snapshot.len()];
        let mut polls = vec![0; snapshot.len()];
        for entry in diff.added() {
            polls[entry.index()] = entry.node().polls();
        }
        for (entry, older) in diff.kept() {
            still_since[entry.index()] = self.still_since[older.index()];
        }
        for (entry, count) in diff.went_on() {
            still_since[entry.index()] = now;
            polls[entry.index()] = count;
        }
        let mut totals = Totals {
            uptime: now - self.began,
            spawned: per_second(counts.spawned - past.counts.spawned),
            ended: per_second(counts.ended - past.counts.ended),
            polls: per_second(counts.polls - past.counts.polls),
            ..Totals::default()
        };
        let mut rows = Vec::with_capacity(snapshot.len());
        for entry in &snapshot {
            let above = entry.parent().map(|parent| &rows[parent.index()]);
            let still = now - still_since[entry.index()];
            let row = self.row(entry, above, per_second(polls[entry.index()] as u64), still);
            totals.add(&row);
            rows.push(row);
        }
        self.last = Look { snapshot, counts };
        self.still_since = still_since;
        Frame { rows, totals }
    }

    /// `above` is the row of what it hangs below.
    fn row(&self, entry: Entry<'_>, above: Option<&Row>, rate: f64, still: Duration) -> Row {
        let node = *entry.node();
        let own = (node.phase() == Phase::Cancelled).then(|| node.cancelled().unwrap_or_default());
        Row {
            root: entry.root(),
            depth: entry.depth(),
            node,
            rate,
            still,
            is_stuck: still >= self.stuck && may_be_stuck(&node),
            late: own.or(above.and_then(|above| above.late)),
        }
    }
}

impl Totals {
    fn add(&mut self, row: &Row) {
        if row.is_token() {
            self.tokens += 1;
            return;
        }
        self.live += 1;
        self.stuck += usize::from(row.is_stuck);
        self.late += usize::from(row.late.is_some());
        self.oldest_wait = self.oldest_wait.max(row.longest_wait());
    }
}

/// Whether it ought to go on: it has begun, and neither time, nor what is below it, nor
/// something from outside will wake it.
fn may_be_stuck(node: &Node) -> bool {
    let has_begun = node.kind() != NodeKind::Token && node.state() != State::Unstarted;
    let is_patient = |wait: &Wait| {
        matches!(
            wait.kind(),
            WaitKind::Join | WaitKind::Scope | WaitKind::Sleep | WaitKind::Other
        )
    };
    has_begun && !node.waits().iter().any(is_patient)
}
