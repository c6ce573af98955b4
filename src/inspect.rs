//! What runs, who waits for what, and since when: feature `inspect`.
//!
//! The tree of scopes and their children, and that of tokens, *are* the registry: there is no other,
//! no global lock and no variable of the thread, and it works without `std`. Whoever has a
//! [`Scope`](crate::Scope) or a token looks at all that is below it.
//!
//! # How it hangs together
//!
//! * A [`Node`] is a scope (with its body, which is child 0), a child, or a token: values, copied
//!   out in short holds of one lock. Its [`NodeId`] and that of its parent make the tree.
//! * A child notes what it waits for ([`Wait`]) by its waker: a future of this crate that is about to
//!   return `Pending` sees by the waker's table which child polls it, and writes down the kind of
//!   wait, where it was begun and at what. A note is of one poll, and the child's next poll makes it void;
//!   so no note is ever out of date, whatever becomes of the future that has left it.

#[allow(dead_code, reason = "until nodes note when they began")]
pub(crate) mod clock;
mod kind;
mod node;
mod note;
mod serial;
mod site;
mod ties;
mod waits;

pub use clock::set_clock;
pub use kind::WaitKind;
pub use node::{Node, NodeId, NodeKind, Resource, State, Wait, Waits};
pub(crate) use note::{Hold, as_one, inner, note, tie, within};
pub(crate) use serial::Serial;
pub(crate) use site::{Made, Site};
pub use ties::{Tie, TieKind, Ties};
pub(crate) use waits::{Running, WaitNotes};

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
