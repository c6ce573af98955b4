//! One node of the tree, as it was at some moment: values and nothing else.

use core::{fmt, panic::Location, time::Duration};

use super::{kind::WaitKind, ties::Ties};
use crate::cancel::{Cause, Phase};

/// Which node it is, among those of one root. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Of the scope, or of the tree of tokens.
    pub(crate) group: usize,
    /// Of the child in it; 0 for the scope itself, and for the root of the tokens.
    pub(crate) number: usize,
}

/// What kind of node it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// A scope with its body.
    Scope,
    /// A group with its body.
    Group,
    /// A child that the scope waits for.
    Child,
    /// One that it does not wait for.
    Daemon,
    /// One that it waits for whatever happens.
    Shielded,
    /// A child that is a task of a runtime.
    Parallel,
    /// A token of a cancellation tree.
    Token,
}

/// What it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It was not polled yet: it is new, or a limit holds it back.
    Unstarted,
    /// It was woken, and is polled in the next pass.
    Ready,
    /// It is being polled.
    Running,
    /// It waits to be woken. For a token: nothing, it is there.
    Waiting,
}

/// What is waited at: which one, and where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its address: tells one from another while both are there.
    pub(crate) address: usize,
    /// Where it was made, if it knows.
    pub(crate) site: Option<&'static Location<'static>>,
}

/// One wait of a child.
///
/// As a `Display` it says what for, for how long if that is known, where it was begun, and where that was made
/// which is waited at: in a line, as a [`Tree`](super::Tree) does.
///
/// # Examples
///
/// ```
/// use std::{panic::Location, time::Duration};
/// use pleach::inspect::{Resource, Wait, WaitKind};
///
/// let made = Location::caller();
/// let begun = Location::caller();
/// let wait = Wait::new(WaitKind::Recv, begun, Resource::new(0x40, Some(made)));
/// # let at = |place: &Location<'_>| format!("{}:{}", place.file(), place.line());
/// # let (begun, made) = (at(begun), at(made));
/// assert_eq!(wait.to_string(), format!("recv at {begun}, of {made}"));
/// let wait = wait.with_age(Duration::from_secs(5));
/// assert_eq!(wait.to_string(), format!("recv 5s at {begun}, of {made}"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub(crate) kind: WaitKind,
    /// What the program calls it.
    pub(crate) name: Option<&'static str>,
    /// Where it was begun.
    pub(crate) site: &'static Location<'static>,
    pub(crate) resource: Resource,
    /// For how long, if there is a clock.
    pub(crate) age: Option<Duration>,
}

/// The waits of a child: those of its last poll, or for a place of the limit if it was not started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    pub(crate) known: [Option<Wait>; Self::MOST],
    /// How many there were beyond these.
    pub(crate) more: usize,
}

/// A scope, a child or a token, as it was when it was looked at.
///
/// As a `Display` it is its line in a [`Tree`](super::Tree): what it is called, where it was spawned, what it is doing,
/// and what it waits for. It has no end of the line, and whatever would be one in a name is escaped.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::inspect::{Node, NodeId, NodeKind, State};
///
/// let node = Node::new(NodeId::new(0, 1), NodeKind::Daemon).with_name("flush");
/// assert_eq!(node.to_string(), "flush (daemon) waiting");
/// let node = node.with_state(State::Ready).with_age(Duration::from_secs(5));
/// assert_eq!(node.to_string(), "flush (daemon) ready, 5s old");
/// assert_eq!(format!("{} {} {}", node.id(), node.kind(), node.state()), "0#1 daemon ready");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    pub(crate) id: NodeId,
    pub(crate) parent: Option<NodeId>,
    /// That of the resource which it is to those who wait for it.
    pub(crate) address: usize,
    pub(crate) kind: NodeKind,
    pub(crate) name: Option<&'static str>,
    pub(crate) site: Option<&'static Location<'static>>,
    pub(crate) state: State,
    pub(crate) polls: usize,
    pub(crate) age: Option<Duration>,
    pub(crate) waits: Waits,
    pub(crate) ties: Ties,
    /// Of the scope's token, or of the token.
    pub(crate) phase: Phase,
    pub(crate) cause: Option<Cause>,
    /// How long ago that was cancelled.
    pub(crate) cancelled: Option<Duration>,
    /// Of a token.
    pub(crate) handles: usize,
    pub(crate) waiters: usize,
    /// Of a parallel scope.
    pub(crate) tasks: usize,
    /// Of a scope.
    pub(crate) token: Option<NodeId>,
}

impl NodeId {
    /// The group of the node: the number of its scope among those of the root.
    #[must_use]
    pub const fn group(self) -> usize {
        self.group
    }

    /// The number of the child in its scope, as [`ChildId`](crate::scope::ChildId) has it; 0 for a
    /// scope.
    #[must_use]
    pub const fn number(self) -> usize {
        self.number
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.group, self.number)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl NodeKind {
    /// Its name: `scope`, `child`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Group => "group",
            Self::Child => "child",
            Self::Daemon => "daemon",
            Self::Shielded => "shielded",
            Self::Parallel => "parallel",
            Self::Token => "token",
        }
    }
}

impl State {
    /// Its name: `waiting`, `ready`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unstarted => "unstarted",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Waiting => "waiting",
        }
    }
}

impl WaitKind {
    /// Its name, as people call it: `recv`, `acquire`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Acquire => "acquire",
            Self::Send => "send",
            Self::Recv => "recv",
            Self::Changed => "changed",
            Self::Join => "join",
            Self::Scope => "scope",
            Self::Slot => "slot",
            Self::Token => "token",
            Self::Event => "event",
            Self::Sleep => "sleep",
            Self::Result => "result",
            Self::Lock => "lock",
            Self::Other => "other",
        }
    }
}

impl Resource {
    /// Nobody knows which.
    pub(crate) const UNKNOWN: Self = Self {
        address: 0,
        site: None,
    };

    /// What has the address of `this`, which is aligned to four bytes at least.
    pub(crate) fn at<T: ?Sized>(this: &T) -> Self {
        Self {
            address: core::ptr::from_ref(this).addr(),
            site: None,
        }
    }

    /// Its address: tells one from another while both are there.
    #[must_use]
    pub const fn address(&self) -> usize {
        self.address
    }

    /// Where it was made, if it knows.
    #[must_use]
    pub const fn site(&self) -> Option<&'static Location<'static>> {
        self.site
    }
}

impl Wait {
    /// What for.
    #[must_use]
    pub const fn kind(&self) -> WaitKind {
        self.kind
    }

    /// What for, in a few words: what the program [calls it](super::waiting), or else the name of its kind.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self.name {
            Some(name) => name,
            None => self.kind.name(),
        }
    }

    /// What the program [calls it](super::waiting), if it does.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Where it was begun: the call that made the future.
    #[must_use]
    pub const fn site(&self) -> &'static Location<'static> {
        self.site
    }

    /// What is waited at.
    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// For how long, if there is a clock.
    #[must_use]
    pub const fn age(&self) -> Option<Duration> {
        self.age
    }
}

impl Waits {
    /// Of a child that a limit may keep back: for a place in the scope at this address.
    pub(crate) fn for_place(
        site: &'static Location<'static>,
        scope: usize,
        age: Option<Duration>,
    ) -> Self {
        let wait = Wait {
            kind: WaitKind::Slot,
            name: None,
            site,
            resource: Resource {
                address: scope,
                site: None,
            },
            age,
        };
        Self {
            known: [Some(wait), None, None],
            more: 0,
        }
    }

    /// How many are noted of one poll.
    pub const MOST: usize = 3;

    /// Those that are noted.
    pub fn iter(&self) -> impl Iterator<Item = &Wait> {
        self.known.iter().flatten()
    }

    /// How many there were beyond these.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }
}

impl Node {
    /// Which node it is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }

    /// The one it hangs below; `None` for the root of what was looked at.
    #[must_use]
    pub const fn parent(&self) -> Option<NodeId> {
        self.parent
    }

    /// Its address, which the [`Resource`] has of those who wait for it: for the child's output, for
    /// the scope's end, at the token.
    #[must_use]
    pub const fn address(&self) -> usize {
        self.address
    }

    /// What kind of node it is.
    #[must_use]
    pub const fn kind(&self) -> NodeKind {
        self.kind
    }

    /// What it was named.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Where it was spawned or made.
    #[must_use]
    pub const fn site(&self) -> Option<&'static Location<'static>> {
        self.site
    }

    /// What it was doing.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How often it was polled.
    #[must_use]
    pub const fn polls(&self) -> usize {
        self.polls
    }

    /// How long it was there, if there is a clock.
    #[must_use]
    pub const fn age(&self) -> Option<Duration> {
        self.age
    }

    /// What it waited for.
    #[must_use]
    pub const fn waits(&self) -> &Waits {
        &self.waits
    }

    /// What it holds, and where it has sent and received: those who wait at these wait for it.
    #[must_use]
    pub const fn ties(&self) -> &Ties {
        &self.ties
    }

    /// The phase of a token, or of a scope.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it stops or is cancelled, if it is a token or a scope and does.
    #[must_use]
    pub const fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// How long ago that was, if there is a clock: what is still there has not left since.
    #[must_use]
    pub const fn cancelled(&self) -> Option<Duration> {
        self.cancelled
    }

    /// How many tasks of runtimes a parallel scope has that are not gone, and no running children of it:
    /// those whose child was dropped before them, which is told of as long, and those of
    /// `ParScope::parallel` futures, of which nothing else is told but that somebody
    /// [joins](WaitKind::Join) one.
    #[must_use]
    pub const fn tasks(&self) -> usize {
        self.tasks
    }

    /// Which token is the scope's, if it has one: what that is told as where tokens are looked at.
    #[must_use]
    pub const fn token(&self) -> Option<NodeId> {
        self.token
    }

    /// How many handles of a token there are: none of one that is there for those below it.
    #[must_use]
    pub const fn handles(&self) -> usize {
        self.handles
    }

    /// How many wait at a token, or have left something there for its end.
    #[must_use]
    pub const fn waiters(&self) -> usize {
        self.waiters
    }
}
