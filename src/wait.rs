//! The one wait list: an intrusive FIFO of pinned nodes behind the primitive's lock.
//!
//! A primitive keeps a [`List`] inside its own [`Lock`](crate::sys::lock::Lock); each of its
//! futures owns one pinned [`Waiter`]. What wakes all who wait has both in a [`Queue`], and
//! most of that is a [`Countdown`]. The rules that every user keeps:
//!
//! * The list is touched only under the lock. Wakers are cloned before it is taken and woken
//!   or dropped after it is released ([`wake_in_batches`]), never inside: a waker's clone,
//!   wake and drop are the user's code and may come back to this very primitive.
//! * Ending a wait ([`List::pop_front`]) is all or nothing: it unlinks the node, takes its
//!   waker out, and stores the [`Outcome`] as the last touch of the node by anyone but its
//!   owner.
//! * An owner may skip the lock only because *its own node* has an outcome, never because
//!   the primitive says that it is closed: whoever closes may still be walking the list.
//! * *Wakers* leave the lock, nodes never do: a detached list of nodes could be freed by
//!   their owners while it is walked.

mod countdown;
mod list;
mod queue;
#[cfg(test)]
pub(crate) mod tests;
mod waker;

pub(crate) use countdown::Countdown;
pub use countdown::Wait;
pub use list::{List, Outcome, Stage, Swept, Waiter};
pub(crate) use queue::{Held, Queue};
pub use waker::WakerCell;
pub(crate) use waker::{WakeBatch, wake_in_batches};
