//! The rows of a timeline from the events of a recorder.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use super::timeline::{Activity, Row, Timeline};
use crate::{
    inspect::{Event, Node, NodeId, Record, recorder::Trees},
    time::Instant,
};

/// What a node is at.
#[derive(Clone, Copy)]
struct Span {
    row: Row,
    activity: Activity,
    from: Instant,
}

#[derive(Default)]
struct Rows {
    timeline: Timeline,
    /// What those that are there are at, by tree.
    spans: BTreeMap<(usize, NodeId), Span>,
    /// The groups that were cancelled, by tree.
    cancelled: BTreeSet<(usize, usize)>,
}

impl Timeline {
    /// What the nodes of these did.
    pub(in crate::inspect) fn of_records(records: &[Record]) -> Self {
        let (mut trees, mut rows) = (Trees::default(), Rows::default());
        let mut names = BTreeMap::new();
        for record in records {
            let key = (trees.of(record), record.id);
            if let Some(name) = record.name {
                names.insert(key, name);
            }
        }
        trees = Trees::default();
        for record in records {
            let tree = trees.of(record);
            let name = names.get(&(tree, record.id)).copied();
            rows.add(tree, record, name);
        }
        let end = records.last().map_or(Instant::EPOCH, |last| last.at);
        rows.end(end)
    }
}

impl Rows {
    fn add(&mut self, tree: usize, record: &Record, name: Option<&'static str>) {
        let key = (tree, record.id);
        let group = (tree, record.id.group());
        let idle = if self.cancelled.contains(&group) {
            Activity::Cancelled
        } else {
            Activity::Waiting
        };
        match record.event {
            Event::Spawned | Event::PollEnded => self.begin(key, record, name, idle),
            Event::PollBegun => self.begin(key, record, name, Activity::Polled),
            Event::Cancelled(_) => {
                self.cancelled.insert(group);
                self.cancel(group, record.at);
            }
            Event::Ended(_) => self.finish(key, record.at),
            Event::Named | Event::Woken | Event::Waiting(_) => {}
        }
    }

    fn begin(
        &mut self,
        key: (usize, NodeId),
        record: &Record,
        name: Option<&'static str>,
        activity: Activity,
    ) {
        self.finish(key, record.at);
        let node = Node {
            parent: record.parent,
            name,
            site: record.site,
            ..Node::new(record.id, record.kind)
        };
        let row = self.timeline.row_in(key.0, &node);
        let from = record.at;
        self.spans.insert(
            key,
            Span {
                row,
                activity,
                from,
            },
        );
    }

    fn finish(&mut self, key: (usize, NodeId), at: Instant) {
        if let Some(span) = self.spans.remove(&key) {
            self.timeline.span(span.row, span.activity, span.from, at);
        }
    }

    /// Those in the group that wait have to leave from now on.
    fn cancel(&mut self, (tree, group): (usize, usize), at: Instant) {
        let (first, next) = (NodeId::new(group, 0), NodeId::new(group + 1, 0));
        for (_, span) in self.spans.range_mut((tree, first)..(tree, next)) {
            if span.activity == Activity::Waiting {
                self.timeline.span(span.row, span.activity, span.from, at);
                (span.activity, span.from) = (Activity::Cancelled, at);
            }
        }
    }

    fn end(mut self, at: Instant) -> Timeline {
        let keys: Vec<_> = self.spans.keys().copied().collect();
        for key in keys {
            self.finish(key, at);
        }
        self.timeline
    }
}
