//! The progress bar, where standard error is a terminal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{DecimalBytes, ProgressBar, ProgressState, ProgressStyle};

const TEMPLATE: &str = "{spinner} {wide_bar} {pos}/{len} files, {read} in {elapsed}";

/// A bar of the files done out of those found so far.
pub(crate) struct Progress {
    bar: ProgressBar,
    bytes: Arc<AtomicU64>,
}

impl Progress {
    pub(crate) fn start() -> Self {
        let bytes = Arc::new(AtomicU64::new(0));
        let read = Arc::clone(&bytes);
        let style = ProgressStyle::with_template(TEMPLATE)
            .expect("the template is right")
            .with_key(
                "read",
                move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                    // There is nobody to tell that a number could not be drawn.
                    let _ = write!(out, "{}", DecimalBytes(read.load(Ordering::Relaxed)));
                },
            );
        // Hides itself unless standard error is a terminal.
        let bar = ProgressBar::new(0).with_style(style);
        if !bar.is_hidden() {
            // Something moves even while one big file is hashed.
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar, bytes }
    }

    pub(crate) fn file_found(&self) {
        self.bar.inc_length(1);
    }

    pub(crate) fn file_done(&self) {
        self.bar.inc(1);
    }

    /// The counter of bytes read, for whoever reads.
    pub(crate) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    /// Takes the bar off the terminal; what comes next is printed in its place. Returns the
    /// number of bytes that were read.
    pub(crate) fn finish(self) -> u64 {
        self.bar.finish_and_clear();
        self.bytes.load(Ordering::Relaxed)
    }
}
