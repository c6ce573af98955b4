//! What has happened between two pictures of the same roots.

use alloc::vec::Vec;
use core::{cmp::Ordering, fmt, time::Duration};

use super::{Entry, NodeKind, Snapshot, State};

/// What has happened from one [`Snapshot`] to a newer one of the same roots.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{inspect::{Node, NodeId, NodeKind, Snapshot}, time::Instant};
///
/// let root = Node::new(NodeId::new(0, 0), NodeKind::Scope).with_polls(1);
/// let child = |n| Node::new(NodeId::new(0, n), NodeKind::Child).with_parent(root.id());
///
/// let older: Snapshot = [root, child(1).with_polls(1), child(2).with_polls(4)].into_iter().collect();
/// let newer: Snapshot = [root.with_polls(3), child(2).with_polls(4), child(3)].into_iter().collect();
/// let older = older.with_moment(Instant::EPOCH);
/// let newer = newer.with_moment(Instant::EPOCH + Duration::from_secs(30));
///
/// let diff = newer.since(&older);
/// assert_eq!(diff.to_string(), "1 new, 1 gone, 1 stuck, 1 went on");
/// let stuck = diff.stuck().next().unwrap();
/// assert_eq!(stuck.entry().node().id(), child(2).id());
/// assert_eq!(stuck.time(), Some(Duration::from_secs(30)));
/// ```
#[derive(Clone, Debug)]
pub struct Diff<'a> {
    newer: &'a Snapshot,
    older: &'a Snapshot,
    /// Positions in the newer one.
    added: Vec<usize>,
    /// Positions in the older one.
    gone: Vec<usize>,
    /// Positions in both: the newer, the older.
    kept: Vec<(usize, usize)>,
}

/// A node that was not polled between two pictures.
#[derive(Clone, Copy, Debug)]
pub struct Stuck<'a> {
    entry: Entry<'a>,
    time: Option<Duration>,
}

impl Snapshot {
    /// What has happened since `older`, which was taken of the same roots.
    ///
    /// It takes time in proportion to the number of nodes, and allocates.
    #[must_use]
    pub fn since<'a>(&'a self, older: &'a Self) -> Diff<'a> {
        let mut diff = Diff {
            newer: self,
            older,
            added: Vec::new(),
            gone: Vec::new(),
            kept: Vec::new(),
        };
        diff.merge();
        diff.added.sort_unstable();
        diff.gone.sort_unstable();
        diff.kept.sort_unstable();
        diff
    }
}

impl<'a> Diff<'a> {
    /// What is there now and was not.
    pub fn added(&self) -> impl ExactSizeIterator<Item = Entry<'a>> {
        self.added.iter().map(|&at| self.newer.entry(at))
    }

    /// What was there and is not: entries of the older picture.
    pub fn gone(&self) -> impl ExactSizeIterator<Item = Entry<'a>> {
        self.gone.iter().map(|&at| self.older.entry(at))
    }

    /// What has begun and was not polled in between, whatever the reason: it waits, or it was woken and has
    /// no turn, or one poll goes on and on. Tokens are not polled, and never stuck.
    ///
    /// That is no fault: who listens for connections waits for hours. It is where to look.
    ///
    /// Since many pictures is since the oldest of these: a number of polls that is the same in both was
    /// no other one in between (but for some 2^31 polls, after which it begins again). So there is no need to compare
    /// each with the next, but to keep as many. Of one picture alone, [`Snapshot::blocked_for`] tells by the ages
    /// of waits.
    ///
    /// # Examples
    ///
    /// Those that were not polled in ten pictures in a row:
    ///
    /// ```
    /// use std::collections::VecDeque;
    /// use pleach::inspect::{Inspect, Snapshot};
    ///
    /// fn look(pictures: &mut VecDeque<Snapshot>, root: &impl Inspect) {
    ///     let newest = Snapshot::of(root);
    ///     if pictures.len() == 9 {
    ///         for stuck in newest.since(&pictures[0]).stuck() {
    ///             println!("{}", stuck.entry().node());
    ///         }
    ///         pictures.pop_front();
    ///     }
    ///     pictures.push_back(newest);
    /// }
    /// ```
    pub fn stuck(&self) -> impl Iterator<Item = Stuck<'a>> {
        let between = self
            .newer
            .moment()
            .zip(self.older.moment())
            .map(|(newer, older)| newer - older);
        self.kept().filter_map(move |(newer, older)| {
            let node = newer.node();
            let has_begun = node.kind() != NodeKind::Token && node.state() != State::Unstarted;
            let is_stuck = has_begun && node.polls() == older.node().polls();
            is_stuck.then(|| Stuck {
                entry: newer,
                time: node
                    .waits()
                    .iter()
                    .filter_map(|wait| wait.age())
                    .max()
                    .or(between),
            })
        })
    }

    /// What was polled in between, and how many times. (A node's count begins again after 2^31 polls: then
    /// those since that.)
    pub fn went_on(&self) -> impl Iterator<Item = (Entry<'a>, usize)> {
        self.kept().filter_map(|(newer, older)| {
            let (now, before) = (newer.node().polls(), older.node().polls());
            (now != before).then(|| (newer, now.checked_sub(before).unwrap_or(now)))
        })
    }

    /// What is in both: the newer entry, the older.
    pub fn kept(&self) -> impl ExactSizeIterator<Item = (Entry<'a>, Entry<'a>)> {
        self.kept
            .iter()
            .map(|&(newer, older)| (self.newer.entry(newer), self.older.entry(older)))
    }

    /// Both are sorted by id: one pass.
    fn merge(&mut self) {
        let (mut newer, mut older) = (self.newer.by_id().peekable(), self.older.by_id().peekable());
        loop {
            let order = match (newer.peek(), older.peek()) {
                (Some(&&n), Some(&&o)) => self.newer.key(n).cmp(&self.older.key(o)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            let newer = if order.is_le() { newer.next() } else { None };
            let older = if order.is_ge() { older.next() } else { None };
            match (newer, older) {
                (Some(&n), Some(&o)) => self.kept.push((n, o)),
                (Some(&n), None) => self.added.push(n),
                (None, older) => self.gone.extend(older),
            }
        }
    }
}

impl<'a> Stuck<'a> {
    /// Which one, as it is now.
    #[must_use]
    pub fn entry(&self) -> Entry<'a> {
        self.entry
    }

    /// For how long, at least: its longest wait, if there was a clock; else the time between the
    /// two pictures, if their [moments](Snapshot::with_moment) are known.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.time
    }
}

/// How many there are of each.
impl fmt::Display for Diff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} new, {} gone, {} stuck, {} went on",
            self.added.len(),
            self.gone.len(),
            self.stuck().count(),
            self.went_on().count(),
        )
    }
}
