//! What is counted, and what is said of it at the end.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: AtomicUsize,
    pub(crate) answered: AtomicUsize,
    /// Requests that took longer than they may.
    pub(crate) late: AtomicUsize,
    /// Requests and connections that were cut off by the end.
    pub(crate) cut_off: AtomicUsize,
    /// Connections that broke.
    pub(crate) broken: AtomicUsize,
}

impl Counts {
    pub(crate) fn add(counter: &AtomicUsize) {
        counter.fetch_add(1, Relaxed);
    }

    /// Whether everybody was let finish.
    pub(crate) fn is_clean(&self) -> bool {
        self.cut_off.load(Relaxed) == 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} connections; {} requests answered, {} late, {} cut off; {} connections broke",
            self.connections.load(Relaxed),
            self.answered.load(Relaxed),
            self.late.load(Relaxed),
            self.cut_off.load(Relaxed),
            self.broken.load(Relaxed),
        )
    }
}
