//! What nodes did in the course of time: the input, and the picture of it.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
    fmt::{self, Display},
    time::Duration,
};

use super::{
    parts::{Age, Clipped, Dialect, Escaped, Label, Parts, Whole},
    svg::{head, swatch},
};
use crate::{
    cancel::Phase,
    inspect::{Entry, Node, NodeId, Snapshot, State, snapshot::Told},
    time::Instant,
};

const MARGIN: usize = 16;
const LABELS: usize = 216;
const INDENT: usize = 12;
/// Deeper levels are not indented any more.
const INDENTS: usize = 8;
const LANES: usize = 720;
const ROW: usize = 24;
const AXIS: usize = 26;
const LEGEND: usize = 34;
/// How many of them there are at most.
const TICKS: u32 = 8;

/// What nodes did in the course of time: rows of spans.
///
/// It is filled by hand, span for span, from whatever knows when things began and ended; or
/// from a few [snapshots](Self::of_snapshots), taken one after the other, and then it is as fine as these. The
/// rows come in the order of the tree, whatever the order in which they are made.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{inspect::{Activity, Node, NodeId, NodeKind, Timeline}, time::Instant};
///
/// let at = |millis| Instant::EPOCH + Duration::from_millis(millis);
/// let mut timeline = Timeline::new();
/// let fetch = timeline.row(&Node::new(NodeId::new(0, 1), NodeKind::Child).with_name("fetch"));
/// timeline.span(fetch, Activity::Polled, at(0), at(2));
/// timeline.span(fetch, Activity::Waiting, at(2), at(40));
/// timeline.span(fetch, Activity::Cancelled, at(40), at(45));
/// let picture = timeline.svg().to_string();
/// assert!(picture.starts_with("<svg"));
/// assert!(picture.contains("fetch: waiting for 38ms, from 2ms"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    rows: Vec<Told>,
    by_id: BTreeMap<(usize, NodeId), usize>,
    spans: Vec<(usize, Span)>,
    /// The last span of each row, by its place in `spans`.
    last: Vec<Option<usize>>,
}

/// A row of a [`Timeline`]: one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row(usize);

/// What a node did for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// It was polled; or, between two snapshots, at least once.
    Polled,
    /// It was there and was not polled.
    Waiting,
    /// It was cancelled and had not left yet.
    Cancelled,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    activity: Activity,
    from: Instant,
    to: Instant,
}

/// A [`Timeline`] as an SVG picture, which needs nothing else and can be read on light and dark. A
/// `Display`.
#[derive(Clone, Debug)]
#[must_use = "it is a `Display`"]
pub struct TimelineSvg {
    rows: Snapshot,
    /// By the positions of the rows.
    spans: Vec<(usize, Span)>,
    from: Instant,
    /// Never zero.
    time: Duration,
}

impl Timeline {
    /// One without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the nodes of these did, as far as one can tell: taken of the same roots, oldest first, each with its
    /// [moment](Snapshot::with_moment). One without is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use pleach::{inspect::{Inspect, Snapshot, Timeline}, time::Clock};
    /// # fn look(scope: &dyn Inspect, clock: &dyn Clock) {
    /// let mut taken = Vec::new();
    /// for _ in 0..10 {
    ///     taken.push(Snapshot::of(scope).with_moment(clock.now()));
    ///     // and let some time pass
    /// }
    /// println!("{}", Timeline::of_snapshots(&taken).svg());
    /// # }
    /// ```
    #[must_use]
    pub fn of_snapshots<'s>(snapshots: impl IntoIterator<Item = &'s Snapshot>) -> Self {
        let mut timeline = Self::new();
        let timed = |snapshot: &'s Snapshot| Some((snapshot, snapshot.moment()?));
        let mut older: Option<(&Snapshot, Instant)> = None;
        for (snapshot, now) in snapshots.into_iter().filter_map(timed) {
            for entry in snapshot {
                let row = timeline.row_in(entry.root(), entry.node());
                let node = entry.node();
                let before =
                    older.map(|(older, then)| (older.get_in(entry.root(), node.id()), then));
                let (activity, from) = match before {
                    Some((Some(before), then)) => (between(before, entry), then),
                    // It has come since.
                    Some((None, then)) => {
                        (first(node), then.max(now - node.age().unwrap_or_default()))
                    }
                    None => (first(node), now),
                };
                timeline.span(row, activity, from, now);
            }
            older = Some((snapshot, now));
        }
        timeline
    }

    /// The row of this node, which is made if there is none yet.
    ///
    /// Its id says which it is, its parent and its name where it stands and what it is called: those of the first
    /// time.
    pub fn row(&mut self, node: &Node) -> Row {
        self.row_in(0, node)
    }

    pub(super) fn row_in(&mut self, root: usize, &node: &Node) -> Row {
        let (rows, last) = (&mut self.rows, &mut self.last);
        Row(*self.by_id.entry((root, node.id())).or_insert_with(|| {
            rows.push(Told { root, node });
            last.push(None);
            rows.len() - 1
        }))
    }

    /// Says what the node of that row did in that time.
    ///
    /// One that goes on where the last span of the row has ended, in the same way, makes that longer. Others may
    /// come in any order; of two that overlap the later one lies on top.
    ///
    /// # Panics
    ///
    /// If the row is of another timeline, which has more of them.
    pub fn span(&mut self, row: Row, activity: Activity, from: Instant, to: Instant) {
        let last = self.last[row.0].map(|last| &mut self.spans[last].1);
        match last {
            Some(last) if (last.activity, last.to) == (activity, from) => last.to = to,
            _ => {
                self.last[row.0] = Some(self.spans.len());
                self.spans.push((row.0, Span { activity, from, to }));
            }
        }
    }

    /// The picture. Allocates, once for all of it.
    pub fn svg(&self) -> TimelineSvg {
        let rows = Snapshot::new(self.rows.clone());
        let position = |row: usize| {
            let Told { root, node } = &self.rows[row];
            rows.get_in(*root, node.id())
                .map_or(0, |entry| entry.position)
        };
        let mut spans: Vec<_> = self
            .spans
            .iter()
            .map(|&(row, span)| (position(row), span))
            .collect();
        // Stable: of one row, as they came.
        spans.sort_by_key(|&(position, _)| position);
        let ends = spans
            .iter()
            .map(|(_, span)| (span.from, span.to.max(span.from)));
        let ends = ends.reduce(|(a, b), (from, to)| (a.min(from), b.max(to)));
        let (from, to) = ends.unwrap_or((Instant::EPOCH, Instant::EPOCH));
        TimelineSvg {
            rows,
            spans,
            from,
            time: (to - from).max(Duration::from_nanos(1)),
        }
    }
}

/// What a node did between two looks at it.
fn between(older: Entry<'_>, newer: Entry<'_>) -> Activity {
    let (older, newer) = (older.node(), newer.node());
    if newer.phase() == Phase::Cancelled {
        Activity::Cancelled
    } else if newer.polls() != older.polls() || newer.state() == State::Running {
        Activity::Polled
    } else {
        Activity::Waiting
    }
}

/// What it did before the first look at it.
fn first(node: &Node) -> Activity {
    match node.phase() {
        Phase::Cancelled => Activity::Cancelled,
        _ if node.polls() > 0 => Activity::Polled,
        _ => Activity::Waiting,
    }
}

impl Display for TimelineSvg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bottom = MARGIN + AXIS + self.rows.len() * ROW;
        head(f, 2 * MARGIN + LABELS + LANES, bottom + LEGEND + 4)?;
        writeln!(
            f,
            "<title>{} nodes in {}</title>",
            self.rows.len(),
            Age(self.time)
        )?;
        self.axis(f, bottom)?;
        for entry in &self.rows {
            self.label(f, entry)?;
        }
        for &(position, span) in &self.spans {
            self.bar(f, self.rows.entry(position), span)?;
        }
        let activities = [Activity::Polled, Activity::Waiting, Activity::Cancelled];
        for (i, activity) in activities.into_iter().enumerate() {
            let x = MARGIN + LABELS + i * 86;
            swatch(f, x, bottom + 14, activity.look().0, activity.name())?;
        }
        f.write_str("</svg>\n")
    }
}

impl TimelineSvg {
    /// Where a moment is.
    fn x(&self, at: Duration) -> f64 {
        (MARGIN + LABELS) as f64 + at.as_secs_f64() / self.time.as_secs_f64() * LANES as f64
    }

    fn axis(&self, f: &mut fmt::Formatter<'_>, bottom: usize) -> fmt::Result {
        let step = tick(self.time);
        let mut at = Duration::ZERO;
        while at <= self.time {
            let x = self.x(at);
            writeln!(
                f,
                "<path class=\"line\" d=\"M{x:.1} {} V{bottom}\"/>\
                 <text class=\"small\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                MARGIN + AXIS - 6,
                MARGIN + 12,
                Age(at),
            )?;
            at += step;
        }
        Ok(())
    }

    fn label(&self, f: &mut fmt::Formatter<'_>, entry: Entry<'_>) -> fmt::Result {
        let node = entry.node();
        let indent = INDENT * entry.depth().min(INDENTS);
        let y = MARGIN + AXIS + entry.position * ROW + 16;
        let label = Clipped((LABELS - indent) / 8, Label(node));
        writeln!(
            f,
            "<text x=\"{}\" y=\"{y}\"><title>{}</title>{}</text>",
            MARGIN + indent,
            Escaped(Dialect::Xml, Whole(node, Parts::ALL)),
            Escaped(Dialect::Xml, label),
        )
    }

    fn bar(&self, f: &mut fmt::Formatter<'_>, entry: Entry<'_>, span: Span) -> fmt::Result {
        let (class, height) = span.activity.look();
        let (from, time) = (span.from - self.from, span.to - span.from);
        let x = self.x(from);
        // So that it can be seen.
        let width = (self.x(from + time) - x).max(1.5);
        let y = MARGIN + AXIS + entry.position * ROW + (ROW - height) / 2;
        writeln!(
            f,
            "<g class=\"{class}\"><rect class=\"bar\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" \
             height=\"{height}\" rx=\"1.5\"><title>{}: {} for {}, from {}</title></rect></g>",
            Escaped(Dialect::Xml, Label(entry.node())),
            span.activity.name(),
            Age(time),
            Age(from),
        )
    }
}

impl Activity {
    /// Its name: `polled`, `waiting`, `cancelled`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polled => "polled",
            Self::Waiting => "waiting",
            Self::Cancelled => "cancelled",
        }
    }

    /// The class of its colour, and how high its bar is.
    const fn look(self) -> (&'static str, usize) {
        match self {
            Self::Polled => ("run", 14),
            Self::Waiting => ("wait", 4),
            Self::Cancelled => ("leave", 10),
        }
    }
}

/// How much time there is between two ticks of the axis: a round number.
fn tick(time: Duration) -> Duration {
    const SECOND: u64 = 1_000_000_000;
    const ROUND: [u64; 12] = [
        15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400,
    ];
    let mut step = 1_u64;
    while Duration::from_nanos(step).saturating_mul(TICKS) < time {
        let decade = 10_u64.pow(step.ilog10());
        step = match step / decade {
            _ if step >= 10 * SECOND => {
                let next = ROUND.into_iter().find(|&round| round * SECOND > step);
                next.map_or(step * 2, |round| round * SECOND)
            }
            1 => decade * 2,
            2 => decade * 5,
            _ => decade * 10,
        };
    }
    Duration::from_nanos(step)
}
