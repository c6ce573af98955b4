//! What comes out: the links that are broken, and a summary.

use std::{
    fmt,
    io::{self, Write},
    time::Duration,
};

use crate::site::Tally;

pub(crate) struct Report {
    pub(crate) broken: Vec<Broken>,
    /// URLs that were met.
    pub(crate) known: usize,
    pub(crate) tally: Tally,
}

/// A link that is broken, and the pages that have it. None has the URL that was begun with.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Broken {
    pub(crate) target: String,
    pub(crate) fault: String,
    pub(crate) pages: Vec<String>,
}

impl Report {
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        self.broken
            .iter()
            .try_for_each(|broken| write!(out, "{broken}"))
    }

    pub(crate) fn summary(&self, time: Duration) -> String {
        let Self {
            broken,
            known,
            tally,
        } = self;
        let Tally {
            answered, pages, ..
        } = tally;
        let mut text = format!(
            "{answered} of {known} URLs checked in {:.1} s; pages read: {pages}; broken links: {}",
            time.as_secs_f64(),
            broken.len(),
        );
        let more = [
            (tally.not_http, "not checked, as the scheme is another"),
            (tally.beyond, "not checked, as there are too many URLs"),
            (tally.cut, "pages longer than what is read of one"),
        ];
        for (count, what) in more.iter().filter(|(count, _)| *count > 0) {
            text += &format!("; {what}: {count}");
        }
        text
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.target, self.fault)?;
        self.pages
            .iter()
            .try_for_each(|page| writeln!(f, "\t{page}"))
    }
}
