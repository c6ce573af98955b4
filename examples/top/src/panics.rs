//! Panics of other threads, while this one draws on the terminal.
//!
//! A panic is told of at once, on the terminal as it was. This thread would go on to draw over that, until
//! it sees that the program is over. So it is kept, and told of when nothing is drawn any more.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Write,
    mem, panic,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// What they have said so far.
#[derive(Clone)]
pub(crate) struct Panics(Arc<Mutex<String>>);

impl Panics {
    /// From now on those of other threads are kept. This thread's are told of as before.
    pub(crate) fn keep() -> Self {
        let panics = Self(Arc::default());
        let (kept, here, as_before) = (panics.clone(), thread::current().id(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == here {
                as_before(panic);
            } else {
                let trace = Backtrace::capture();
                let mut text = kept.text();
                let _ = writeln!(text, "top: {panic}");
                if trace.status() == BacktraceStatus::Captured {
                    let _ = writeln!(text, "{trace}");
                }
            }
        }));
        panics
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// What those that were kept have to say. From now on all are told of at once.
    pub(crate) fn take(self) -> String {
        drop(panic::take_hook());
        mem::take(&mut self.text())
    }

    fn text(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
