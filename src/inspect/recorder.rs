//! The last events of a program, in a ring.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use core::{fmt, panic::Location};

use super::{Event, NodeId, NodeKind, Observer, Subject, Timeline, spans::NO_SPANS};
use crate::{
    sys::{lock::BriefLock, thread},
    time::{Clock, Instant},
};

/// How many threads have their names kept: those of the lowest numbers.
const THREADS: usize = 64;
/// How much of a name is kept.
const NAME: usize = 32;
/// How many records one hold of the lock copies out.
const BATCH: usize = 32;

/// Keeps the last events that it is told of, each with its time and thread.
///
/// It allocates when it is made, and never after: when it is full, each event takes the place of the oldest one. An
/// event is a reading of the clock and a short hold of a lock. Give it to as many scopes as you like, by
/// reference or in an `Arc`; what it knows can be read at any time, while they run.
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use pleach::{inspect::{End, Event, Recorder}, time::{ManualClock, sleep}};
///
/// let clock = Arc::new(ManualClock::new());
/// let recorder = Arc::new(Recorder::new(clock.clone(), 1000));
/// clock.run(async {
///     pleach::scope!(observe = recorder.clone(), |s| {
///         s.spawn(sleep(&*clock, Duration::from_millis(5))).named("nap");
///     })
///     .await
/// });
/// let of_nap = |record: &&pleach::inspect::Record| record.name() == Some("nap");
/// let records = recorder.records();
/// let last = records.iter().filter(of_nap).last().unwrap();
/// assert_eq!(last.event(), Event::Ended(End::Completed));
/// assert_eq!(last.at().as_nanos(), 5_000_000);
///
/// // For https://ui.perfetto.dev or chrome://tracing:
/// let mut trace = String::new();
/// recorder.write_chrome(&mut trace).unwrap();
/// assert!(trace.starts_with("{"));
/// ```
pub struct Recorder<C> {
    clock: C,
    ring: BriefLock<Ring>,
}

struct Ring {
    /// As long as it may be: the next one is the oldest then.
    records: Vec<Record>,
    capacity: usize,
    /// How many have come.
    count: u64,
    last: Instant,
    names: Box<[ThreadName; THREADS]>,
}

/// The beginning of the name of a thread; empty for none.
#[derive(Clone, Copy)]
pub(super) struct ThreadName {
    bytes: [u8; NAME],
    len: usize,
    is_known: bool,
}

/// One event, with all that was known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    pub(super) at: Instant,
    pub(super) thread: usize,
    pub(super) tree: usize,
    pub(super) id: NodeId,
    pub(super) parent: Option<NodeId>,
    pub(super) kind: NodeKind,
    pub(super) name: Option<&'static str>,
    pub(super) site: Option<&'static Location<'static>>,
    pub(super) event: Event,
}

impl<C: Clock> Recorder<C> {
    /// One that keeps up to `capacity` events, timed by `clock`. At least one.
    #[must_use]
    pub fn new(clock: C, capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            clock,
            ring: BriefLock::new(Ring {
                records: Vec::with_capacity(capacity),
                capacity,
                count: 0,
                last: Instant::EPOCH,
                names: Box::new([ThreadName::UNKNOWN; THREADS]),
            }),
        }
    }
}

impl<C> Recorder<C> {
    /// How many bytes an event takes: no more than 176.
    pub const RECORD_SIZE: usize = size_of::<Record>();

    /// How many events are not there any more, since others have taken their places.
    pub fn overwritten(&self) -> u64 {
        self.ring.with(|ring| ring.oldest())
    }

    /// The events that are there, oldest first. Allocates.
    ///
    /// Others may come meanwhile, and take the places of those not yet read.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.copy().records
    }

    /// What the nodes did, as rows of spans: to be made a [picture](super::Timeline::svg) of, or to be added to.
    ///
    /// Allocates.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::of_records(&self.copy().records)
    }

    /// The records, and how many were overwritten before them.
    pub(super) fn copy(&self) -> Copied {
        let (from, end, names) = self
            .ring
            .with(|ring| (ring.oldest(), ring.count, *ring.names));
        let mut copied = Copied {
            records: Vec::with_capacity(usize::try_from(end - from).unwrap_or(0)),
            overwritten: from,
            names,
        };
        let mut next = from;
        while next < end {
            let mut batch = [const { None }; BATCH];
            next = self.ring.with(|ring| {
                let first = next.max(ring.oldest());
                if first > next {
                    // All that came before is useless without what is missing.
                    copied.records.clear();
                    copied.overwritten = first;
                }
                let last = (first + BATCH as u64).min(end);
                for (at, to) in (first..last).zip(&mut batch) {
                    *to = Some(ring.get(at));
                }
                last.max(first)
            });
            copied.records.extend(batch.into_iter().flatten());
        }
        copied
    }
}

/// What was in a ring at some moment.
pub(super) struct Copied {
    pub(super) records: Vec<Record>,
    pub(super) overwritten: u64,
    pub(super) names: [ThreadName; THREADS],
}

/// Numbers the trees of records that are looked at in order, from 1.
#[derive(Default)]
pub(super) struct Trees {
    /// Those that are there at the time.
    numbers: BTreeMap<usize, usize>,
    count: usize,
}

impl Trees {
    /// The number of a record's tree. One that begins is another than all that there were.
    pub(super) fn of(&mut self, record: &Record) -> usize {
        let begins = record.parent.is_none() && record.event == Event::Spawned;
        if begins || !self.numbers.contains_key(&record.tree) {
            self.count += 1;
            self.numbers.insert(record.tree, self.count);
        }
        self.numbers[&record.tree]
    }
}

impl Ring {
    fn oldest(&self) -> u64 {
        self.count - self.records.len() as u64
    }

    #[allow(clippy::cast_possible_truncation, reason = "a place in the ring")]
    fn place(&self, at: u64) -> usize {
        (at % self.capacity as u64) as usize
    }

    /// One that is there.
    fn get(&self, at: u64) -> Record {
        self.records[self.place(at)]
    }

    fn put(&mut self, mut record: Record) {
        // Who read the clock first may come second.
        record.at = record.at.max(self.last);
        self.last = record.at;
        let place = self.place(self.count);
        match self.records.get_mut(place) {
            Some(oldest) => *oldest = record,
            // There is room: no allocation.
            None => self.records.push(record),
        }
        self.count += 1;
    }
}

impl<C: Clock + Send + Sync> Observer for Recorder<C> {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        let at = self.clock.now();
        let thread = thread::number();
        let is_named = self.ring.with(|ring| {
            ring.put(Record {
                at,
                thread,
                tree: subject.tree,
                id: subject.id,
                parent: subject.parent,
                kind: subject.kind,
                name: subject.name,
                site: subject.site,
                event,
            });
            ring.names.get(thread).is_none_or(|name| name.is_known)
        });
        if !is_named {
            let name = ThreadName::of_this();
            self.ring.with(|ring| ring.names[thread] = name);
        }
    }
}

impl ThreadName {
    const UNKNOWN: Self = Self {
        bytes: [0; NAME],
        len: 0,
        is_known: false,
    };

    fn of_this() -> Self {
        let mut this = Self {
            is_known: true,
            ..Self::UNKNOWN
        };
        thread::with_name(|name| {
            let ends = name.char_indices().map(|(at, c)| at + c.len_utf8());
            this.len = ends.take_while(|&end| end <= NAME).last().unwrap_or(0);
            this.bytes[..this.len].copy_from_slice(&name.as_bytes()[..this.len]);
        });
        this
    }

    pub(super) fn get(&self) -> Option<&str> {
        let name = core::str::from_utf8(&self.bytes[..self.len]).ok()?;
        (!name.is_empty()).then_some(name)
    }
}

impl Record {
    /// When it happened, by the recorder's clock; of several threads' at the same time some may be a little late.
    #[must_use]
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// On which thread: a number from 1, or 0 if nobody can tell, as without `std`.
    #[must_use]
    pub const fn thread(&self) -> usize {
        self.thread
    }

    /// To whom.
    #[must_use]
    pub const fn subject(&self) -> Subject<'static> {
        Subject {
            tree: self.tree,
            id: self.id,
            parent: self.parent,
            kind: self.kind,
            name: self.name,
            site: self.site,
            spans: NO_SPANS,
        }
    }

    /// Which node it happened to.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// What that was named, by then.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// What happened.
    #[must_use]
    pub const fn event(&self) -> Event {
        self.event
    }
}

impl<C> fmt::Debug for Recorder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (capacity, count) = self.ring.with(|ring| (ring.capacity, ring.count));
        f.debug_struct("Recorder")
            .field("capacity", &capacity)
            .field("count", &count)
            .finish_non_exhaustive()
    }
}
