//! What runs, who waits for what, and since when: feature `inspect`.
//!
//! The tree of scopes and their children, and that of tokens, *are* the registry: there is no other,
//! no global lock and no variable of the thread, and it works without `std`. Whoever has a
//! [`Scope`](crate::Scope) or a token looks at all that is below it.
//!
//! # Looking
//!
//! Whatever can be looked at, a scope or something of yours, is [`Inspect`]: it calls a closure with each of
//! its [`Node`]s, each of which is a line of text. With an allocator there is a [`Snapshot`], all of them in the order of
//! the tree:
//!
//! * to read: as text, the way `tree` draws folders ([`Snapshot::tree`]), for graphviz
//!   ([`dot`](Snapshot::dot)), for programs ([`json_lines`](Snapshot::json_lines)), and as a picture
//!   ([`svg`](Snapshot::svg));
//! * to compare: what is new, gone, or [stuck](Diff::stuck) [since](Snapshot::since) the last one, or one of
//!   long ago; and as a [`Timeline`] of many;
//! * to find what does not end: a [`LeakGuard`] in tests, a [`LeakWatch`] in what runs for long, and
//!   [`cancelled_but_alive`](Snapshot::cancelled_but_alive), the best sign of all; and what is
//!   [blocked for](Snapshot::blocked_for) long;
//! * to find why nothing goes on: a [`StallReport`] tells who waits for whom, and names the rings.
//!
//! ```
//! # use pleach::inspect::{Node, NodeId, NodeKind, Snapshot, State};
//! # let node = |number, kind| Node::new(NodeId::new(0, number), kind);
//! # let root = node(0, NodeKind::Scope).with_name("server");
//! # let below = |number, name| {
//! #     node(number, NodeKind::Child).with_name(name).with_parent(root.id())
//! # };
//! # let snapshot: Snapshot = [
//! #     root, below(1, "accept"), below(2, "worker"), below(3, "worker"),
//! #     below(4, "flush").with_state(State::Ready),
//! # ].into_iter().collect();
//! assert_eq!(
//!     snapshot.tree().collapse(2).to_string(),
//!     "server (scope) waiting
//! ├── accept waiting
//! ├── 2*[worker waiting]
//! └── flush ready
//! "
//! );
//! ```
//!
//! # How it hangs together
//!
//! * A [`Node`] is a scope (with its body, which is child 0), a child, or a token: values, copied
//!   out in short holds of one lock. Its [`NodeId`] and that of its parent make the tree.
//! * A child notes what it waits for ([`Wait`]) by its waker: a future of this crate that is about to
//!   return `Pending` sees by the waker's table which child polls it, and writes down the kind of
//!   wait, where it was begun and at what. A note is of one poll, and the child's next poll makes it void;
//!   so no note is ever out of date, whatever becomes of the future that has left it.
//!
//! # What others' futures wait for
//!
//! A socket, a process, a channel of another crate: such a future knows nothing of notes, and who awaits it seems to
//! wait for nothing. So say what it is, with [`waiting`]:
//!
//! ```
//! use pleach::{inspect::{Snapshot, waiting}, scope};
//! # use std::future::{pending as read, poll_fn};
//!
//! # pleach::block_on(async {
//! # let mut polls = 0;
//! # let yield_now = || poll_fn(move |cx| {
//! #     cx.waker().wake_by_ref();
//! #     polls += 1;
//! #     if polls > 1 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
//! # });
//! scope!(|s| {
//!     let client = s.spawn_daemon(async { waiting(&"the client's bytes", read::<()>()).await });
//!     let _named = client.named("client");
//!     yield_now().await;
//!     let tree = Snapshot::of(&s).tree().sites(false).ages(false).to_string();
//!     assert!(tree.contains("client (daemon) waiting: the client's bytes"), "{tree}");
//! })
//! .await;
//! # });
//! ```
//!
//! [`WaitMark`] is for those who write `poll` themselves. Both are there without the feature too, and do nothing then.
//!
//! # Being told, and traces
//!
//! To look at a tree tells what is so at the moment. An [`Observer`] is told of what happens: spawns, polls, wakes, waits,
//! cancels, ends. It is given to a scope or group before its first poll, and told of all that hangs below.
//! Without one an event costs a load.
//!
//! A [`Recorder`] is one that keeps the last events, in memory of a fixed size. What it makes of them:
//!
//! * [`write_chrome`](Recorder::write_chrome): a trace. Save it in a file and open that with <https://ui.perfetto.dev>
//!   ("Open trace file") or `chrome://tracing` ("Load"). Threads are rows with the polls in them, and each node is a row
//!   with its waits; click on one to see what it waited for, where, and how the node ended. With "flow events"
//!   arrows lead from who spawned or woke to the poll that came of it.
//! * [`timeline`](Recorder::timeline): rows of spans, to be made [an SVG picture](Timeline::svg) of. The example `trace` of
//!   the repository makes both of a small program; `docs/inspect/trace.svg` is its picture.
//!
//! With the feature `tracing`, `Tracing` makes spans and events of that crate.

mod build;
#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
pub(crate) mod clock;
mod diff;
mod kind;
mod leak;
mod node;
mod note;
mod observe;
mod recorder;
mod render;
mod serial;
#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
mod site;
mod snapshot;
#[cfg(feature = "tracing")]
#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
#[cfg_attr(
    loom,
    allow(
        clippy::new_without_default,
        missing_docs,
        reason = "public to the models only"
    )
)]
pub(crate) mod span_slot;
#[cfg(all(feature = "tracing", not(loom)))]
mod spans;
#[cfg(not(all(feature = "tracing", not(loom))))]
#[path = "inspect/no_spans.rs"]
mod spans;
mod stall;
mod ties;
mod waiting;
#[cfg_attr(
    not(loom),
    allow(unreachable_pub, reason = "models reach it by `internals`")
)]
mod waits;
mod watch;

pub use clock::set_clock;
pub use diff::{Diff, Stuck};
pub use kind::WaitKind;
pub use leak::{LeakGuard, Leaked};
pub use node::{Node, NodeId, NodeKind, Resource, State, Wait, Waits};
pub(crate) use note::{Hold, as_named, as_one, inner, note, note_named, tie, within};
pub(crate) use observe::{Audience, ObserverRef, tell};
pub use observe::{End, Event, Observer, Subject};
pub use recorder::{Record, Recorder};
pub use render::{Activity, Dot, JsonLines, Row, Svg, Timeline, TimelineSvg, Tree};
pub(crate) use serial::Serial;
#[cfg(target_has_atomic = "ptr")]
pub(crate) use site::Stage;
#[cfg(not(loom))]
pub(crate) use site::{Made, Name, Site};
pub use snapshot::{Ancestors, Children, Entry, Iter, Snapshot};
#[cfg(all(feature = "tracing", not(loom)))]
pub(crate) use span_slot::SpanSlot;
#[cfg(not(all(feature = "tracing", not(loom))))]
pub(crate) use spans::SpanSlot;
#[cfg(all(feature = "tracing", not(loom)))]
pub use spans::Tracing;
pub(crate) use spans::spans_of;
pub use stall::StallReport;
pub use ties::{Tie, TieKind, Ties};
pub use waiting::{WaitMark, Waiting, waiting};
pub(crate) use waits::Running;
#[cfg(not(loom))]
pub(crate) use waits::WaitNotes;
pub use watch::{Counts, LeakEvent, LeakWatch};

#[cfg(loom)]
#[doc(hidden)]
pub use {
    clock::Stamp,
    site::{Made, Name, Site},
    waits::WaitNotes,
};

/// What can be looked at: a scope, a group, a token.
pub trait Inspect {
    /// Calls `each` with every node from this one down, parents before what is below them.
    ///
    /// It may be called from anywhere, while others work: it polls nothing and waits for nobody, and
    /// allocates nothing. `each` may do whatever it likes, since no lock is held meanwhile. What is there from the
    /// beginning of the call to its end is told once; what comes or goes meanwhile, once or not at all.
    fn visit(&self, each: &mut dyn FnMut(&Node));

    /// How many nodes are alive below this one. Of scopes and groups the children are not gone through:
    /// each of these takes a lock for a moment. Tokens are counted.
    fn live(&self) -> usize;
}
