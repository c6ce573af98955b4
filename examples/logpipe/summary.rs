//! What is counted, and how it is shown.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use crate::record::Record;

/// How many names of one sort are told apart; all others are counted as one. So a log of a
/// million clients takes no more memory than this.
const MOST_NAMES: usize = 10_000;

/// How long a name is kept.
const LONGEST_NAME: usize = 60;

#[derive(Default)]
pub(crate) struct Summary {
    parsed: u64,
    not_understood: u64,
    hours: Counts,
    kinds: Counts,
    sources: Counts,
}

impl Summary {
    /// Counts a line, of which a record was made or was not.
    pub(crate) fn add(&mut self, record: Option<&Record>) {
        let Some(record) = record else {
            self.not_understood += 1;
            return;
        };
        self.parsed += 1;
        self.hours.add(record.hour());
        self.kinds.add(&record.kind);
        self.sources.add(&record.source);
    }

    /// How many lines were counted.
    pub(crate) fn lines(&self) -> u64 {
        self.parsed + self.not_understood
    }

    /// The tables: all kinds and hours, and of the sources the `top` most frequent.
    pub(crate) fn render(&self, top: usize) -> String {
        let mut text = String::new();
        let tables = [
            ("by kind", self.kinds.by_count(usize::MAX)),
            ("by source", self.sources.by_count(top)),
            ("by hour", self.hours.by_name()),
        ];
        for (title, rows) in tables {
            writeln!(text, "{title}").expect(WRITES);
            for (name, count) in rows {
                writeln!(text, "{count:>10}  {name}").expect(WRITES);
            }
        }
        text
    }
}

const WRITES: &str = "a `String` takes everything";

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            parsed,
            not_understood,
            ..
        } = self;
        write!(f, "{parsed} parsed, {not_understood} not understood")
    }
}

#[derive(Default)]
struct Counts {
    by_name: BTreeMap<String, u64>,
    others: u64,
}

impl Counts {
    fn add(&mut self, name: &str) {
        let end = name.char_indices().nth(LONGEST_NAME);
        let name = end.map_or(name, |(end, _)| &name[..end]);
        if let Some(count) = self.by_name.get_mut(name) {
            *count += 1;
        } else if self.by_name.len() < MOST_NAMES {
            self.by_name.insert(name.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    fn by_name(&self) -> Vec<(&str, u64)> {
        let names = self
            .by_name
            .iter()
            .map(|(name, count)| (name.as_str(), *count));
        let others = (self.others > 0).then_some(("(others)", self.others));
        names.chain(others).collect()
    }

    /// The most frequent first.
    fn by_count(&self, most: usize) -> Vec<(&str, u64)> {
        let mut rows = self.by_name();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        rows.truncate(most);
        rows
    }
}
