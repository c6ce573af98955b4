//! Nodes made by hand: for an [`Inspect`](super::Inspect) of one's own, and for tests.

use core::{panic::Location, time::Duration};

use super::{Node, NodeId, NodeKind, Resource, State, Tie, TieKind, Ties, Wait, WaitKind, Waits};
use crate::cancel::{Cause, Phase};

impl NodeId {
    /// The node of this number in this group; 0 is the group itself.
    ///
    /// Who makes ids sees to it that no two nodes of one root have the same, ever.
    #[must_use]
    pub const fn new(group: usize, number: usize) -> Self {
        Self { group, number }
    }
}

impl Resource {
    /// What is at this address, and was made there.
    ///
    /// The address only tells one from another: nothing is read from it.
    #[must_use]
    pub const fn new(address: usize, site: Option<&'static Location<'static>>) -> Self {
        Self { address, site }
    }
}

impl Wait {
    /// A wait of this kind that was begun at `site`.
    #[must_use]
    pub const fn new(kind: WaitKind, site: &'static Location<'static>, resource: Resource) -> Self {
        Self {
            kind,
            name: None,
            site,
            resource,
            age: None,
        }
    }

    /// The same, which the program calls so: with [`WaitKind::Other`] as [`waiting`](super::waiting) does.
    #[must_use]
    pub const fn with_name(self, name: &'static str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// The same, that goes on for so long.
    #[must_use]
    pub const fn with_age(self, age: Duration) -> Self {
        Self {
            age: Some(age),
            ..self
        }
    }
}

/// Nodes made by hand, for an [`Inspect`](super::Inspect) of one's own: an executor, a pool, a test.
///
/// # Examples
///
/// ```
/// use std::panic::Location;
/// use pleach::inspect::{Inspect, Node, NodeId, NodeKind, Snapshot};
///
/// /// An executor that knows the names of its tasks.
/// struct Executor(Vec<&'static str>);
///
/// impl Inspect for Executor {
///     fn visit(&self, each: &mut dyn FnMut(&Node)) {
///         let root = NodeId::new(0, 0);
///         each(&Node::new(root, NodeKind::Scope).with_name("executor"));
///         for (i, name) in self.0.iter().enumerate() {
///             let task = Node::new(NodeId::new(0, i + 1), NodeKind::Child);
///             each(&task.with_parent(root).with_name(name).with_polls(1));
///         }
///     }
///
///     fn live(&self) -> usize {
///         self.0.len()
///     }
/// }
///
/// let snapshot = Snapshot::of(&Executor(vec!["listen", "flush"]));
/// assert_eq!(
///     snapshot.to_string(),
///     "executor (scope) waiting
/// ├── listen waiting
/// └── flush waiting
/// "
/// );
/// ```
impl Node {
    /// A node that waits, for nothing that is known: a root without name, site, age and polls.
    #[must_use]
    pub const fn new(id: NodeId, kind: NodeKind) -> Self {
        Self {
            id,
            address: 0,
            parent: None,
            kind,
            name: None,
            site: None,
            state: State::Waiting,
            polls: 0,
            age: None,
            waits: Waits {
                known: [None; Waits::MOST],
                more: 0,
            },
            ties: Ties {
                known: [None; Ties::MOST],
            },
            phase: Phase::Running,
            cause: None,
            cancelled: None,
            handles: 0,
            waiters: 0,
            tasks: 0,
            token: None,
        }
    }

    /// The same at this address, by which those who wait for it name it as their resource.
    #[must_use]
    pub const fn with_address(self, address: usize) -> Self {
        Self { address, ..self }
    }

    /// The same, that is tied to the resource at this address. Beyond [`Ties::MOST`] they are left out.
    #[must_use]
    pub const fn with_tie(mut self, kind: TieKind, address: usize) -> Self {
        let mut at = 0;
        while at < Ties::MOST {
            if self.ties.known[at].is_none() {
                self.ties.known[at] = Some(Tie { kind, address });
                break;
            }
            at += 1;
        }
        self
    }

    /// The same below this one.
    #[must_use]
    pub const fn with_parent(self, parent: NodeId) -> Self {
        Self {
            parent: Some(parent),
            ..self
        }
    }

    /// The same of this name.
    #[must_use]
    pub const fn with_name(self, name: &'static str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// The same made there.
    #[must_use]
    pub const fn with_site(self, site: &'static Location<'static>) -> Self {
        Self {
            site: Some(site),
            ..self
        }
    }

    /// The same, whose token is told as this.
    #[must_use]
    pub const fn with_token(self, token: NodeId) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    /// The same with so many tasks.
    #[must_use]
    pub const fn with_tasks(self, tasks: usize) -> Self {
        Self { tasks, ..self }
    }

    /// The same doing this.
    #[must_use]
    pub const fn with_state(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// The same polled so often.
    #[must_use]
    pub const fn with_polls(self, polls: usize) -> Self {
        Self { polls, ..self }
    }

    /// The same of this age.
    #[must_use]
    pub const fn with_age(self, age: Duration) -> Self {
        Self {
            age: Some(age),
            ..self
        }
    }

    /// The same with one wait more; those beyond [`Waits::MOST`] are only counted.
    #[must_use]
    pub const fn with_wait(mut self, wait: Wait) -> Self {
        let mut slot = 0;
        while slot < Waits::MOST {
            if self.waits.known[slot].is_none() {
                self.waits.known[slot] = Some(wait);
                return self;
            }
            slot += 1;
        }
        self.waits.more += 1;
        self
    }

    /// The same in this phase, for this cause.
    #[must_use]
    pub const fn with_phase(self, phase: Phase, cause: Option<Cause>) -> Self {
        Self {
            phase,
            cause,
            ..self
        }
    }

    /// The same cancelled so long ago.
    #[must_use]
    pub const fn with_cancelled(self, cancelled: Duration) -> Self {
        Self {
            cancelled: Some(cancelled),
            ..self
        }
    }
}
