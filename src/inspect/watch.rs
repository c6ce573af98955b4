//! Tells from a few numbers, taken now and then, that nodes pile up.

use alloc::{collections::VecDeque, vec::Vec};
use core::{cmp::Reverse, fmt, time::Duration};

use super::{Diff, Entry, Node, Snapshot, Wait, WaitKind};
use crate::time::Instant;

/// Watches a program that runs for long: whether nodes pile up, or too many wait for too long.
///
/// It is a state machine: fed with [`Counts`] and the time, it answers with [`LeakEvent`]s. It has no
/// clock, no thread and no timer; who feeds it decides when, and what an alarm is worth.
///
/// It tells of two things:
///
/// * **Growth**: each of the last 3 ([`keep`](Self::keep)) pictures had more nodes than the one before it, and the
///   newest has at least 15 % ([`growth_percent`](Self::growth_percent)) and more than 50 nodes
///   ([`growth`](Self::growth)) more than the oldest one of the last 5 minutes. Then it starts afresh
///   from there, so that a leak that goes on is told again.
/// * **Blocked**: of two pictures in a row ([`blocked_in_a_row`](Self::blocked_in_a_row)) each had more than 20 %
///   ([`blocked_percent`](Self::blocked_percent)) of its nodes blocked. It then counts afresh.
///
/// One picture is taken in each 30 seconds ([`every`](Self::every)): what comes sooner is left out.
///
/// These figures come from an article on leak hunting, in which a program watches its
/// goroutines. They are for a server of some hundreds of tasks; measure yours when it is well.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{inspect::{Counts, LeakEvent, LeakWatch}, time::Instant};
///
/// let mut watch = LeakWatch::new();
/// let mut told = Vec::new();
/// for picture in 0..10 {
///     let now = Instant::EPOCH + Duration::from_secs(30) * picture;
///     let live = 100 + 20 * picture as usize;
///     told.extend(watch.feed(now, Counts { live, blocked: 0 }));
/// }
/// let over = |seconds| Duration::from_secs(seconds);
/// assert_eq!(told, [
///     LeakEvent::Growth { from: 100, to: 160, over: over(90) },
///     LeakEvent::Growth { from: 160, to: 220, over: over(90) },
///     LeakEvent::Growth { from: 220, to: 280, over: over(90) },
/// ]);
/// ```
#[derive(Clone, Debug)]
pub struct LeakWatch {
    every: Duration,
    keep: usize,
    growth_percent: usize,
    growth: usize,
    within: Duration,
    blocked_percent: usize,
    blocked_in_a_row: usize,
    /// When the next picture is due; before the first, always.
    due: Option<Instant>,
    /// Of the pictures that count, oldest first: when, and how many nodes.
    seen: VecDeque<(Instant, usize)>,
    /// Pictures in a row with too many blocked.
    blocked: usize,
}

/// How many nodes there are: what a [`LeakWatch`] is fed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub live: usize,
    /// Those of them that wait for others, and for longer than is normal.
    pub blocked: usize,
}

/// What a [`LeakWatch`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeakEvent {
    /// There are more and more nodes.
    Growth {
        /// How many there were.
        from: usize,
        /// How many there are.
        to: usize,
        /// In which time.
        over: Duration,
    },
    /// Too many are blocked, again and again.
    Blocked {
        /// How many are.
        blocked: usize,
        /// Of how many.
        live: usize,
    },
}

impl Counts {
    /// All nodes; and those that are [blocked for](Snapshot::blocked_for) longer than that.
    ///
    /// Waits have an age only if the program [named a clock](super::set_clock).
    #[must_use]
    pub fn of(snapshot: &Snapshot, longer_than: Duration) -> Self {
        let is_blocked = |entry: &Entry<'_>| blocked(entry.node()) > Some(longer_than);
        Self {
            live: snapshot.len(),
            blocked: snapshot.iter().filter(is_blocked).count(),
        }
    }

    /// All nodes of the newer picture; and those that are [stuck](Diff::stuck) since the older.
    #[must_use]
    pub fn between(diff: &Diff<'_>) -> Self {
        Self {
            live: diff.added().len() + diff.kept().len(),
            blocked: diff.stuck().count(),
        }
    }
}

impl Snapshot {
    /// What waits for another task for longer than that, and for how long, the longest first.
    ///
    /// Waits for time, for the end of its own children and for what is [not of this crate](super::waiting) do not
    /// count; of several others the longest does.
    /// It may have been polled meanwhile, if it waits for something else as well: what was not is
    /// [stuck](Diff::stuck). Waits have an age only if the program [named a clock](super::set_clock); what waits for an
    /// unknown time is left out. Allocates.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{panic::Location, time::Duration};
    /// use pleach::inspect::{Node, NodeId, NodeKind, Resource, Snapshot, Wait, WaitKind};
    ///
    /// let waits = |number, kind, seconds| {
    ///     let wait = Wait::new(kind, Location::caller(), Resource::new(1, None));
    ///     Node::new(NodeId::new(0, number), NodeKind::Child)
    ///         .with_wait(wait.with_age(Duration::from_secs(seconds)))
    /// };
    /// let snapshot: Snapshot = [
    ///     waits(1, WaitKind::Recv, 40),
    ///     waits(2, WaitKind::Sleep, 3_600),
    ///     waits(3, WaitKind::Acquire, 90),
    ///     waits(4, WaitKind::Acquire, 2),
    /// ]
    /// .into_iter()
    /// .collect();
    ///
    /// let blocked = snapshot.blocked_for(Duration::from_secs(30));
    /// let blocked: Vec<_> = blocked
    ///     .map(|(entry, time)| (entry.node().id().number(), time.as_secs()))
    ///     .collect();
    /// assert_eq!(blocked, [(3, 90), (1, 40)]);
    /// ```
    pub fn blocked_for(
        &self,
        longer_than: Duration,
    ) -> impl ExactSizeIterator<Item = (Entry<'_>, Duration)> {
        let timed = self
            .iter()
            .filter_map(|entry| Some((entry, blocked(entry.node())?)));
        let mut found: Vec<_> = timed.filter(|(_, time)| *time > longer_than).collect();
        // Stable: of the same time, in the order of the tree.
        found.sort_by_key(|&(_, time)| Reverse(time));
        found.into_iter()
    }
}

/// For how long it has waited for another task, as far as that is known.
fn blocked(node: &Node) -> Option<Duration> {
    use WaitKind::{Join, Other, Scope, Sleep};
    let waits = node.waits().iter();
    waits
        .filter(|wait| !matches!(wait.kind(), Join | Other | Scope | Sleep))
        .filter_map(Wait::age)
        .max()
}

impl LeakWatch {
    /// With the figures above.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            every: Duration::from_secs(30),
            keep: 3,
            growth_percent: 15,
            growth: 50,
            within: Duration::from_secs(5 * 60),
            blocked_percent: 20,
            blocked_in_a_row: 2,
            due: None,
            seen: VecDeque::new(),
            blocked: 0,
        }
    }

    /// How much time there is between two pictures, at least. Zero takes all.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// How many pictures in a row must each show more nodes than the one before it.
    #[must_use]
    pub fn keep(self, keep: usize) -> Self {
        Self { keep, ..self }
    }

    /// By how much the number of nodes must have grown, in percent: that or more.
    #[must_use]
    pub fn growth_percent(self, growth_percent: usize) -> Self {
        Self {
            growth_percent,
            ..self
        }
    }

    /// By how much the number of nodes must have grown: by more than `growth` nodes, and within that time, or that of
    /// the [kept](Self::keep) pictures if it is longer.
    #[must_use]
    pub fn growth(self, growth: usize, within: Duration) -> Self {
        Self {
            growth,
            within,
            ..self
        }
    }

    /// How many of the nodes must be blocked, in percent: more than that.
    #[must_use]
    pub fn blocked_percent(self, blocked_percent: usize) -> Self {
        Self {
            blocked_percent,
            ..self
        }
    }

    /// In how many pictures in a row.
    #[must_use]
    pub fn blocked_in_a_row(self, blocked_in_a_row: usize) -> Self {
        Self {
            blocked_in_a_row,
            ..self
        }
    }

    /// Takes one picture, and says what there is to say: nothing, one thing or both.
    ///
    /// What comes before the next picture is due is left out. It is due at the first one's time and each
    /// [`every`](Self::every) after that, so a feeder that is late now and then loses none.
    pub fn feed(
        &mut self,
        now: Instant,
        counts: Counts,
    ) -> impl Iterator<Item = LeakEvent> + use<> {
        let events = if self.take_turn(now) {
            [self.grown(now, counts), self.blocked(counts)]
        } else {
            [None, None]
        };
        events.into_iter().flatten()
    }

    /// Whether the picture is one that counts; then the next one is due later.
    fn take_turn(&mut self, now: Instant) -> bool {
        let due = self.due.unwrap_or(now);
        if now < due {
            return false;
        }
        let late = (now - due).as_nanos().checked_rem(self.every.as_nanos());
        #[allow(
            clippy::cast_possible_truncation,
            reason = "less than what is between two instants"
        )]
        let late = Duration::from_nanos(late.unwrap_or(0) as u64);
        self.due = Some(now - late + self.every);
        true
    }

    fn grown(&mut self, now: Instant, Counts { live, .. }: Counts) -> Option<LeakEvent> {
        self.seen.push_back((now, live));
        while let Some(&(then, _)) = self.seen.front() {
            if self.seen.len() <= self.keep.max(1) || now - then <= self.within {
                break;
            }
            self.seen.pop_front();
        }
        let &(then, from) = self.seen.front()?;
        let grown = live.saturating_sub(from);
        let is_much =
            grown > self.growth && percent_of(grown, 100) >= percent_of(from, self.growth_percent);
        if !is_much || !self.has_only_grown() {
            return None;
        }
        self.seen.clear();
        self.seen.push_back((now, live));
        Some(LeakEvent::Growth {
            from,
            to: live,
            over: now - then,
        })
    }

    /// Whether there are as many pictures as are kept, each with more nodes than the one before it.
    fn has_only_grown(&self) -> bool {
        let Some(skipped) = self.seen.len().checked_sub(self.keep) else {
            return false;
        };
        let kept = self.seen.iter().skip(skipped);
        kept.clone().zip(kept.skip(1)).all(|((_, a), (_, b))| a < b)
    }

    fn blocked(&mut self, Counts { live, blocked }: Counts) -> Option<LeakEvent> {
        let is_too_many = percent_of(blocked, 100) > percent_of(live, self.blocked_percent);
        self.blocked = if is_too_many { self.blocked + 1 } else { 0 };
        if !is_too_many || self.blocked < self.blocked_in_a_row {
            return None;
        }
        self.blocked = 0;
        Some(LeakEvent::Blocked { blocked, live })
    }
}

impl Default for LeakWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for LeakEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Growth { from, to, over } => {
                write!(f, "grew from {from} to {to} nodes in {over:?}")
            }
            Self::Blocked { blocked, live } => write!(f, "{blocked} of {live} nodes are blocked"),
        }
    }
}

/// So many percent of `count`, in hundredths.
fn percent_of(count: usize, percent: usize) -> u128 {
    count as u128 * percent as u128
}
