//! What observers are told of, and what is made of that: traces, spans.

#[path = "../support/golden.rs"]
mod golden;
#[path = "../support/mod.rs"]
mod support;

mod chrome;
mod example;
mod memory;
mod observers;
mod parallel;
mod recorder;
mod sequences;
#[cfg(feature = "tracing")]
mod spans;

use std::sync::{Arc, Mutex};

use pleach::inspect::{Event, Observer, Subject};

/// Writes down what it is told of: `name event`, the number of the node standing for a name that it has not.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Observer for Log {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        let what = match event {
            Event::Spawned => "+".to_owned(),
            Event::Named => "named".to_owned(),
            Event::PollBegun => "(".to_owned(),
            Event::PollEnded => ")".to_owned(),
            Event::Woken => "!".to_owned(),
            Event::Waiting(wait) => wait.kind().name().to_owned(),
            Event::Cancelled(cause) => format!("{:?}", cause.kind()),
            Event::Ended(end) => format!("- {end}"),
            _ => unreachable!("a new event"),
        };
        let who = subject
            .name()
            .map_or_else(|| subject.id().to_string(), str::to_owned);
        self.0.lock().unwrap().push(format!("{who} {what}"));
    }
}

impl Log {
    /// What was written since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The same, of one node.
    fn take_of(&self, who: &str) -> Vec<String> {
        let of = |line: String| Some(line.strip_prefix(who)?.strip_prefix(' ')?.to_owned());
        self.take().into_iter().filter_map(of).collect()
    }
}
