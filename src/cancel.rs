//! Cancellation.

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod bind;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod callback;
mod cause;
#[cfg(feature = "alloc")]
mod counted;
mod deadline;
mod domain;
mod ends;
mod guard;
#[cfg(feature = "alloc")]
mod link;
#[cfg(not(feature = "alloc"))]
#[path = "cancel/no_link.rs"]
mod link;
mod memory;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod payload;
mod pinned;
mod run;
mod token;
mod values;
mod wait;
mod walk;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use bind::{Bound, Close};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use callback::Registration;
pub use cause::{Cancelled, Cause, CauseKind, Phase};
#[cfg(feature = "alloc")]
pub use counted::{CancelToken, WeakToken};
pub use deadline::RunUntilDeadline;
pub use guard::CancelGuard;
pub use pinned::{Child, Root};
pub use run::{Bias, OrCancel, Run, Shield, Shielded};
pub use token::Token;
pub use values::{Key, Values};
#[cfg(feature = "alloc")]
pub use wait::WaitCancelledOwned;
pub(crate) use wait::{Wait, Want};
pub use wait::{WaitCancelled, WaitDrained, WaitStopping};
#[cfg(loom)]
pub use walk::STEPS;
