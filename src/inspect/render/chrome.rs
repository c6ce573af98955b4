//! What a recorder knows as a trace that Perfetto and `chrome://tracing` open.
//!
//! A tree of scopes is a process. A thread is a track with the polls as slices, one within the other as
//! they are. A node is a track of its own, from its beginning to its end, with its waits below it. Who spawned or woke
//! a node is at the beginning of an arrow, and the poll that comes of it at its end.
//!
//! The ring may have lost the beginning of anything, and the end of anything may not be there yet. What
//! ends without a beginning is left out; what has no end goes on to the last moment.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::{
    fmt::{self, Display, Write},
    mem,
};

use super::parts::{Dialect, Escaped, Site};
use crate::{
    inspect::{
        Event, NodeId, NodeKind, Record, Recorder, Wait,
        recorder::{Copied, ThreadName, Trees},
    },
    time::Instant,
};

impl<C> Recorder<C> {
    /// Writes what is there as a trace in JSON, of the Trace Event Format.
    ///
    /// Save it and open it with <https://ui.perfetto.dev> or `chrome://tracing`. Each tree of scopes is a process in it, with
    /// the polls on the tracks of their threads, and the life of each node and its waits, with the reason, on a track of the
    /// node. Arrows lead from who spawned or woke a node to its next poll. A click on the end of a node
    /// says how it ended.
    ///
    /// Allocates, and takes as long as that many events need; recording goes on meanwhile.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use pleach::{inspect::Recorder, time::Clock};
    /// # fn save<C: Clock>(recorder: &Recorder<C>) -> std::io::Result<()> {
    /// let mut trace = String::new();
    /// recorder.write_chrome(&mut trace).expect("a string takes anything");
    /// std::fs::write("trace.json", trace)
    /// # }
    /// ```
    pub fn write_chrome(&self, out: &mut dyn Write) -> fmt::Result {
        write(&self.copy(), out)
    }
}

fn write(copied: &Copied, out: &mut dyn Write) -> fmt::Result {
    let mut trace = Trace::new(copied, out);
    write!(
        trace.out,
        "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"overwritten\":\"{}\"}},\"traceEvents\":[",
        copied.overwritten
    )?;
    for record in &copied.records {
        trace.record(record)?;
    }
    trace.end()?;
    trace.out.write_str("\n]}\n")
}

/// A node of a trace: of which process it is, and which one there.
type Key = (usize, NodeId);

struct Trace<'a> {
    out: &'a mut dyn Write,
    is_first: bool,
    threads: &'a [ThreadName],
    at: Instant,
    trees: Trees,
    nodes: BTreeMap<Key, Known>,
    /// The polls that go on, by thread.
    polls: BTreeMap<usize, Vec<Key>>,
    /// The threads of each process that have been named.
    tracks: BTreeSet<(usize, usize)>,
    arrows: usize,
}

/// What is known of a node.
#[derive(Default)]
struct Known {
    /// Which track is its own.
    track: usize,
    name: Option<&'static str>,
    /// The same for a parallel child from its beginning.
    kind: Option<NodeKind>,
    is_open: bool,
    waits: Vec<&'static str>,
    /// Arrows to its next poll.
    arrows: Vec<usize>,
}

impl<'a> Trace<'a> {
    fn new(copied: &'a Copied, out: &'a mut dyn Write) -> Self {
        let mut nodes = BTreeMap::<Key, Known>::new();
        // First, since a name comes later than its node.
        let mut trees = Trees::default();
        for record in &copied.records {
            let track = nodes.len() + 1;
            let known = nodes.entry((trees.of(record), record.id)).or_insert(Known {
                track,
                ..Known::default()
            });
            known.name = record.name.or(known.name);
            known.kind = Some(record.kind);
        }
        Self {
            out,
            is_first: true,
            threads: &copied.names,
            at: Instant::EPOCH,
            trees: Trees::default(),
            nodes,
            polls: BTreeMap::new(),
            tracks: BTreeSet::new(),
            arrows: 0,
        }
    }

    fn record(&mut self, record: &Record) -> fmt::Result {
        self.at = record.at;
        let key = (self.trees.of(record), record.id);
        self.name_tracks(key, record.thread)?;
        match record.event {
            Event::Spawned => self.spawned(key, record),
            Event::Named => Ok(()),
            Event::PollBegun => self.poll_begun(key, record.thread),
            Event::PollEnded => self.poll_ended(key, record.thread),
            Event::Woken => self.arrow(key, record.thread, "wake"),
            Event::Waiting(wait) => self.waiting(key, record.thread, &wait),
            Event::Cancelled(cause) => {
                let label = self.label(key);
                self.write(
                    ("i", key.0, record.thread),
                    format_args!(
                        ",\"s\":\"p\",\"cat\":\"cancel\",\"name\":\"{}\",\"args\":{{\"cause\":\"{}\"}}",
                        Escaped(Dialect::Json, format_args!("cancelled {label}")),
                        Escaped(Dialect::Json, cause)
                    ),
                )
            }
            Event::Ended(end) => self.ended(key, record.thread, end.name()),
        }
    }

    fn spawned(&mut self, key: Key, record: &Record) -> fmt::Result {
        let label = self.label(key);
        let track = self.known(key).track;
        self.known(key).is_open = true;
        self.write(
            ("b", key.0, record.thread),
            format_args!(
                ",\"cat\":\"node\",\"id\":\"{track:#x}\",\"name\":\"{}\",\"args\":{{\"id\":\"{}\",\"kind\":\"{}\"{}{}}}",
                Escaped(Dialect::Json, label),
                key.1,
                label.kind.name(),
                Field("parent", record.parent),
                Field("site", record.site.map(Site)),
            ),
        )?;
        self.arrow(key, record.thread, "spawn")
    }

    fn poll_begun(&mut self, key: Key, thread: usize) -> fmt::Result {
        self.end_waits(key, thread)?;
        let label = self.label(key);
        self.write(
            ("B", key.0, thread),
            format_args!(
                ",\"cat\":\"poll\",\"name\":\"{}\"",
                Escaped(Dialect::Json, label)
            ),
        )?;
        self.polls.entry(thread).or_default().push(key);
        for arrow in mem::take(&mut self.known(key).arrows) {
            self.write(
                ("f", key.0, thread),
                format_args!(
                    ",\"bp\":\"e\",\"cat\":\"wake\",\"name\":\"wake\",\"id\":\"{arrow:#x}\""
                ),
            )?;
        }
        Ok(())
    }

    /// Polls of one thread lie one within the other. So another one is at the top if this one's beginning is lost.
    fn poll_ended(&mut self, key: Key, thread: usize) -> fmt::Result {
        let polls = self.polls.entry(thread).or_default();
        if polls.last() != Some(&key) {
            return Ok(());
        }
        polls.pop();
        self.write(("E", key.0, thread), format_args!(""))
    }

    /// Begins an arrow to the next poll of a node: in the poll that goes on here, or else in a slice that stands
    /// for whatever wakes.
    fn arrow(&mut self, key: Key, thread: usize, what: &str) -> fmt::Result {
        self.arrows += 1;
        let arrow = self.arrows;
        self.known(key).arrows.push(arrow);
        let poll = self.polls.get(&thread).and_then(|polls| polls.last());
        let (process, is_outside) = poll.map_or((key.0, true), |&(process, _)| (process, false));
        if is_outside {
            let label = self.label(key);
            self.write(
                ("B", process, thread),
                format_args!(
                    ",\"cat\":\"{what}\",\"name\":\"{}\"",
                    Escaped(Dialect::Json, format_args!("{what} {label}"))
                ),
            )?;
        }
        self.write(
            ("s", process, thread),
            format_args!(",\"cat\":\"wake\",\"name\":\"wake\",\"id\":\"{arrow:#x}\""),
        )?;
        if is_outside {
            self.write(("E", process, thread), format_args!(""))?;
        }
        Ok(())
    }

    fn waiting(&mut self, key: Key, thread: usize, wait: &Wait) -> fmt::Result {
        let known = self.known(key);
        known.waits.push(wait.what());
        let track = known.track;
        self.write(
            ("b", key.0, thread),
            format_args!(
                ",\"cat\":\"node\",\"id\":\"{track:#x}\",\"name\":\"{}\",\"args\":{{\"resource\":\"{:#x}\"{}{}}}",
                Escaped(Dialect::Json, wait.what()),
                wait.resource().address(),
                Field("site", Some(Site(wait.site()))),
                Field("made", wait.resource().site().map(Site)),
            ),
        )
    }

    fn end_waits(&mut self, key: Key, thread: usize) -> fmt::Result {
        let track = self.known(key).track;
        while let Some(wait) = self.known(key).waits.pop() {
            self.write(
                ("e", key.0, thread),
                format_args!(
                    ",\"cat\":\"node\",\"id\":\"{track:#x}\",\"name\":\"{}\"",
                    Escaped(Dialect::Json, wait)
                ),
            )?;
        }
        Ok(())
    }

    /// `how` is empty for a node that goes on.
    fn ended(&mut self, key: Key, thread: usize, how: &str) -> fmt::Result {
        self.end_waits(key, thread)?;
        let label = self.label(key);
        let known = self.known(key);
        known.arrows.clear();
        let track = known.track;
        // Without its beginning it is a moment.
        let phase = if mem::take(&mut known.is_open) {
            "e"
        } else {
            "n"
        };
        self.write(
            (phase, key.0, thread),
            format_args!(
                ",\"cat\":\"node\",\"id\":\"{track:#x}\",\"name\":\"{}\",\"args\":{{\"end\":\"{how}\"}}",
                Escaped(Dialect::Json, label)
            ),
        )
    }

    /// Ends, at the last moment, what goes on.
    fn end(&mut self) -> fmt::Result {
        for (thread, mut polls) in mem::take(&mut self.polls) {
            while let Some((process, _)) = polls.pop() {
                self.write(("E", process, thread), format_args!(""))?;
            }
        }
        let going_on = |(&key, known): (&Key, &Known)| {
            (known.is_open || !known.waits.is_empty()).then_some((key, known.is_open))
        };
        let nodes: Vec<_> = self.nodes.iter().filter_map(going_on).collect();
        for (key, is_open) in nodes {
            match is_open {
                true => self.ended(key, 0, "not yet")?,
                false => self.end_waits(key, 0)?,
            }
        }
        Ok(())
    }

    /// Names a process by the top of its tree, and a thread of it, when they come first.
    fn name_tracks(&mut self, key: Key, thread: usize) -> fmt::Result {
        let (process, _) = key;
        if self
            .tracks
            .range((process, 0)..(process + 1, 0))
            .next()
            .is_none()
        {
            let label = self.label((process, NodeId::new(0, 0)));
            self.name_track(("process_name", process, thread), format_args!("{label}"))?;
        }
        if !self.tracks.insert((process, thread)) {
            return Ok(());
        }
        match self.threads.get(thread).and_then(ThreadName::get) {
            Some(name) => self.name_track(("thread_name", process, thread), format_args!("{name}")),
            None => self.name_track(
                ("thread_name", process, thread),
                format_args!("thread {thread}"),
            ),
        }
    }

    fn name_track(
        &mut self,
        (what, process, thread): (&str, usize, usize),
        name: fmt::Arguments<'_>,
    ) -> fmt::Result {
        let name = Escaped(Dialect::Json, name);
        self.separate()?;
        write!(
            self.out,
            "{{\"ph\":\"M\",\"pid\":{process},\"tid\":{thread},\"name\":\"{what}\",\"args\":{{\"name\":\"{name}\"}}}}"
        )
    }

    /// Writes an event of this kind, process and thread, now, with some fields more.
    fn write(
        &mut self,
        (phase, process, thread): (&str, usize, usize),
        more: fmt::Arguments<'_>,
    ) -> fmt::Result {
        self.separate()?;
        let nanos = self.at.as_nanos();
        let (micros, rest) = (nanos / 1000, nanos % 1000);
        write!(
            self.out,
            "{{\"ph\":\"{phase}\",\"pid\":{process},\"tid\":{thread},\"ts\":{micros}.{rest:03}{more}}}"
        )
    }

    fn separate(&mut self) -> fmt::Result {
        let is_first = mem::replace(&mut self.is_first, false);
        self.out.write_str(if is_first { "\n" } else { ",\n" })
    }

    fn known(&mut self, key: Key) -> &mut Known {
        self.nodes.entry(key).or_default()
    }

    fn label(&self, key: Key) -> Label {
        let known = self.nodes.get(&key);
        Label {
            id: key.1,
            name: known.and_then(|known| known.name),
            kind: known
                .and_then(|known| known.kind)
                .unwrap_or(NodeKind::Scope),
        }
    }
}

/// `fetch 0#3`, or `child 0#3`.
#[derive(Clone, Copy)]
struct Label {
    id: NodeId,
    name: Option<&'static str>,
    kind: NodeKind,
}

impl Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name.unwrap_or(self.kind.name()), self.id)
    }
}

/// `,"name":"value"`, or nothing.
struct Field<T>(&'static str, Option<T>);

impl<T: Display> Display for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.1 {
            Some(value) => write!(f, ",\"{}\":\"{}\"", self.0, Escaped(Dialect::Json, value)),
            None => Ok(()),
        }
    }
}
