//! Finds what should have ended: below one root, and so in tests that run at the same time.

use alloc::vec::Vec;
use core::{cmp::Reverse, error::Error, fmt, panic::Location, time::Duration};

use super::{Entry, Inspect, NodeId, Snapshot};
use crate::{
    cancel::Phase,
    sys::unwind,
    time::{Backoff, Timer},
};

/// How many equal siblings are told one by one.
const ALIKE: usize = 3;

/// Sees to it that whatever has begun below a root since has ended when the guard is dropped.
///
/// What counts is what is below *this* root: what else the program does, and what tests run at the same
/// time, is not seen. There is no state of the process.
///
/// # Panics
///
/// Dropping it panics, with the tree of what is new and still there. If the thread is panicking already it
/// prints that instead (without `std`, nobody can tell: then a second panic aborts). So it is for
/// tests, and for the end of the root: of a guard in the body of a scope that is
/// dropped before its time, the children may well be there still.
///
/// # Examples
///
/// ```
/// # use pleach::inspect::{Inspect, Node, NodeId, NodeKind};
/// # struct Pool(std::cell::Cell<usize>);
/// # impl Inspect for Pool {
/// #     fn visit(&self, each: &mut dyn FnMut(&Node)) {
/// #         each(&Node::new(NodeId::new(0, 0), NodeKind::Scope));
/// #         for n in 1..=self.0.get() {
/// #             each(&Node::new(NodeId::new(0, n), NodeKind::Child).with_parent(NodeId::new(0, 0)));
/// #         }
/// #     }
/// #     fn live(&self) -> usize { self.0.get() }
/// # }
/// # let pool = Pool(0.into());
/// # let begin_task = || pool.0.set(1);
/// # let end_task = || pool.0.set(0);
/// use pleach::inspect::LeakGuard;
///
/// let guard = LeakGuard::new(&pool);
/// begin_task();
/// assert_eq!(guard.check().unwrap_err().count(), 1);
/// end_task();
/// drop(guard); // or it would have panicked
/// ```
#[must_use = "it looks when it is dropped"]
pub struct LeakGuard<'a, T: Inspect + ?Sized> {
    root: &'a T,
    /// Sorted: what was there when it was made.
    known: Vec<NodeId>,
    ignored: Vec<&'static str>,
    made: &'static Location<'static>,
    is_armed: bool,
}

/// What should have ended: the error of a [`LeakGuard`].
///
/// As a `Display` it is the tree of that, with all that it hangs below.
#[derive(Clone, Debug)]
pub struct Leaked {
    snapshot: Snapshot,
    count: usize,
    made: &'static Location<'static>,
}

impl<'a, T: Inspect + ?Sized> LeakGuard<'a, T> {
    /// Whatever is there now may stay. Allocates.
    #[track_caller]
    pub fn new(root: &'a T) -> Self {
        let mut known = Vec::new();
        root.visit(&mut |node| known.push(node.id()));
        known.sort_unstable();
        Self {
            root,
            known,
            ignored: Vec::new(),
            made: Location::caller(),
            is_armed: true,
        }
    }

    /// Leaves out nodes of this name, and all below them.
    pub fn ignore(mut self, name: &'static str) -> Self {
        self.ignored.push(name);
        self
    }

    /// Looks now.
    ///
    /// # Errors
    ///
    /// What is new and still there.
    pub fn check(&self) -> Result<(), Leaked> {
        let mut count = 0;
        let mut ignored_until = 0;
        let snapshot = Snapshot::of(self.root).only(|entry| {
            let node = entry.node();
            if node.name().is_some_and(|name| self.ignored.contains(&name)) {
                ignored_until = ignored_until.max(entry.end());
            }
            let is_new =
                entry.position >= ignored_until && self.known.binary_search(&node.id()).is_err();
            count += usize::from(is_new);
            is_new
        });
        if count == 0 {
            return Ok(());
        }
        Err(Leaked {
            snapshot,
            count,
            made: self.made,
        })
    }

    /// Waits until nothing new is there, for `limit` at most.
    ///
    /// From outside nobody is told when a tree gets empty, so it looks again and again, after
    /// sleeps by `timer` that grow from a millisecond to a tenth of a second. Of a token it is better to
    /// await that it has [drained](crate::cancel::Token::drained).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// What is still there when the time is over.
    pub async fn idle(&self, timer: impl Timer, limit: Duration) -> Result<(), Leaked> {
        let end = timer.now() + limit;
        let pauses = Backoff::new(Duration::from_millis(1)).longest(Duration::from_millis(100));
        for pause in pauses {
            let now = timer.now();
            let found = self.check();
            if found.is_ok() || now >= end {
                return found;
            }
            drop(found);
            timer.sleep_until((now + pause).min(end)).await;
        }
        self.check()
    }

    /// As [`idle`](Self::idle), in place of the look when it is dropped.
    ///
    /// # Panics
    ///
    /// If something new is still there when the time is over.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the guard.
    pub async fn assert_idle(mut self, timer: impl Timer, limit: Duration) {
        let found = self.idle(timer, limit).await;
        self.is_armed = false;
        if let Err(leaked) = found {
            panic!("{leaked}");
        }
    }
}

impl<T: Inspect + ?Sized> Drop for LeakGuard<'_, T> {
    #[track_caller]
    fn drop(&mut self) {
        if !self.is_armed {
            return;
        }
        match self.check() {
            Ok(()) => {}
            Err(leaked) if unwind::is_panicking() => unwind::tell(format_args!("{leaked}")),
            Err(leaked) => panic!("{leaked}"),
        }
    }
}

impl<T: Inspect + ?Sized> fmt::Debug for LeakGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeakGuard")
            .field("made", &self.made)
            .field("known", &self.known.len())
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

impl Leaked {
    /// What is new, and all that it hangs below.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// How many are new.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }
}

impl fmt::Display for Leaked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, made, .. } = self;
        let are = if *count == 1 {
            "node has"
        } else {
            "nodes have"
        };
        let tree = self.snapshot.tree().collapse(ALIKE);
        write!(f, "{count} {are} begun since {made} and not ended:\n{tree}")
    }
}

impl Error for Leaked {}

impl Snapshot {
    /// What is cancelled and has not left for longer than that, the longest first: the best sign of a leak.
    ///
    /// What is cancelled has been told to leave; a little later there should be nothing of it. How long
    /// ago that was is known only if the program [named a clock](super::set_clock); what is
    /// cancelled for an unknown time comes last, if `longer_than` is zero. Allocates.
    ///
    /// # Examples
    ///
    /// ```
    /// # use pleach::inspect::Snapshot;
    /// # use std::time::Duration;
    /// # fn look(snapshot: &Snapshot) {
    /// const GRACE: Duration = Duration::from_secs(5);
    /// for entry in snapshot.cancelled_but_alive(GRACE) {
    ///     println!("does not leave: {:?}", entry.node().name());
    /// }
    /// # }
    /// ```
    pub fn cancelled_but_alive(
        &self,
        longer_than: Duration,
    ) -> impl ExactSizeIterator<Item = Entry<'_>> {
        let is_late = |entry: &Entry<'_>| {
            entry.node().phase() == Phase::Cancelled
                && entry.node().cancelled().unwrap_or_default() >= longer_than
        };
        let mut late: Vec<_> = self.iter().filter(is_late).collect();
        // Stable: of the same age, in the order of the tree.
        late.sort_by_key(|entry| Reverse(entry.node().cancelled()));
        late.into_iter()
    }
}
