//! What is counted as it happens, and not when somebody looks: a node that comes and goes between two
//! snapshots is in neither.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use pleach::inspect::{Event, Observer, Subject};

/// How often something has happened so far. (Nobody is told of tokens.)
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) spawned: u64,
    pub(crate) ended: u64,
    pub(crate) polls: u64,
}

/// Is told, by whatever thread.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    spawned: AtomicU64,
    ended: AtomicU64,
    polls: AtomicU64,
}

impl Counter {
    /// The counts are not of one moment.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            spawned: self.spawned.load(Relaxed),
            ended: self.ended.load(Relaxed),
            polls: self.polls.load(Relaxed),
        }
    }
}

impl Observer for Counter {
    fn event(&self, _: &Subject<'_>, event: Event) {
        let count = match event {
            Event::Spawned => &self.spawned,
            Event::Ended(_) => &self.ended,
            Event::PollEnded => &self.polls,
            _ => return,
        };
        count.fetch_add(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Counter;

    #[test]
    fn it_counts_whoever_comes_and_goes_below_what_it_observes() {
        let counter = Arc::new(Counter::default());
        let seen = pleach::block_on(pleach::scope!(observe = counter.clone(), |s| {
            for _ in 0..3 {
                s.spawn(async {}).await.expect("nobody cancels it");
            }
            // It is there until the scope goes on.
            s.spawn(std::future::pending::<()>()).abort();
            counter.counts()
        }));
        assert_eq!((seen.spawned, seen.ended), (5, 3));
        let all = counter.counts();
        assert_eq!((all.spawned, all.ended), (5, 5));
        assert!(all.polls >= 3 + 2, "{all:?}");
    }
}
