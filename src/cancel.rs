//! Cancellation: who is told to stop, why, and by when.
//!
//! A *token* is a node of a tree. Cancelling it cancels all below it; whoever works under a
//! token looks at it, waits at it, or is run until it is cancelled. Nothing is stopped by force:
//! cancellation is a word that is passed on, and code that polls hears it.
//!
//! ```
//! use pleach::{CancelToken, cancel::{CauseKind, Token}, scope};
//!
//! async fn serve(token: &Token) -> u32 {
//!     let mut served = 0;
//!     // Ends with the loop's own work, or when the token is cancelled.
//!     let _ = token.run(async { loop { request().await; served += 1; } }).await;
//!     served
//! }
//! # async fn request() {
//! #     let mut polled = false;
//! #     std::future::poll_fn(|cx| {
//! #         if std::mem::replace(&mut polled, true) { return std::task::Poll::Ready(()) }
//! #         cx.waker().wake_by_ref();
//! #         std::task::Poll::Pending
//! #     }).await
//! # }
//!
//! # pleach::block_on(async {
//! let server = CancelToken::new();
//! scope!(|s| {
//!     let (a, b) = (server.child(), server.child());
//!     s.spawn(async move { serve(&a).await });
//!     s.spawn(async move { serve(&b).await });
//!     server.cancel_with(CauseKind::Shutdown);
//! })
//! .await;
//! # });
//! ```
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | `CancelToken` | a counted handle to a token on the heap: clone it, make [`child`](Token::child) tokens, [islands](CancelToken::child_island), [any-of](CancelToken::any_of) and [all-of](CancelToken::all_of) |
//! | [`Token`] | what a `CancelToken`, a `Root`, a `Child` deref to or give: all questions, cancelling, waiting |
//! | [`Root`], [`Child`] | the same without a heap: a `static`, and pinned children; from interrupt handlers with `critical-section` |
//! | [`Cause`], [`Phase`], [`Cancelled`] | why, how far, and the error |
//! | [`Token::run`], [`OrCancel`], [`Shield`] | a future until a token is cancelled, but not in the middle of this |
//! | `Registration`, [`CancelGuard`], `Bound` | callbacks, guards, resources that are closed |
//! | [`Values`] | a request's id and the like, kept apart from cancelling |
//!
//! # Two phases
//!
//! [`stop`](Token::stop) asks for a good end: finish what is under way, begin nothing new.
//! [`cancel`](Token::cancel) asks to leave now. Both are told to all below, and whoever wants to
//! drain first and lose patience later does the one and then the other; see the example
//! `shutdown`.
//!
//! # Order
//!
//! When `cancel` returns, whoever called it, all below are cancelled. Waiters are woken and
//! callbacks run parents first, the newest child before the older ones, and in order of arrival
//! at one token. [Islands](CancelToken::child_island), and tokens with several parents, are told
//! when all others of the tree that they hang in have been, whatever their age: each with all that
//! is below it in the same way. Whoever must end last waits for those below by
//! [`drained`](Token::drained).
//!
//! # Go's `context`
//!
//! | Go | here |
//! |---|---|
//! | `context.Background()` | [`CancelToken::new`]: made on purpose, there is no ambient one |
//! | `WithCancel(ctx)` | [`Token::child`]; dropping the handle is enough, nothing has to be called |
//! | `WithCancelCause`, `cancel(err)`, `Cause(ctx)` | [`Token::cancel_with`], with a payload [`cancel_with_payload`](Token::cancel_with_payload); [`Token::cause`] |
//! | `ctx.Err()`: `Canceled`, `DeadlineExceeded` | [`Token::check`], [`Cause::is_deadline`] |
//! | `ctx.Done()` in a `select` | [`Token::cancelled`], or [`Token::run`] around the rest |
//! | `WithDeadline`, `WithTimeout` | [`Token::child_until`], and [`Token::run_until_deadline`] to have it pass; [`timeout`](crate::time::timeout) for a future alone |
//! | `ctx.Deadline()` | [`Token::deadline`], [`Token::remaining`] |
//! | `AfterFunc(ctx, f)`, `stop()` | [`CancelToken::on_cancel`], [`Registration::stop`] |
//! | `WithoutCancel(ctx)` | [`Token::detached`] |
//! | `WithValue(ctx, k, v)`, `ctx.Value(k)` | [`Values::with`], [`Values::get`], with a type for each key |
//! | – | [`stop`](Token::stop), [`drained`](Token::drained), [`any_of`](CancelToken::any_of), [`Shield`], [`bind`](CancelToken::bind) |
//!
//! # What it costs
//!
//! To ask is a load. A root and a child are one allocation each, a wait is none. Cancelling
//! takes time in proportion to what is below (and, for islands, the logarithm of how many they
//! are), a drop takes none of that: a token in the middle that nobody holds stays only while it
//! has two children. Nothing recurses, but what you make so yourself: see
//! [`on_cancel`](CancelToken::on_cancel).
#![cfg_attr(
    not(all(feature = "alloc", target_has_atomic = "ptr")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "of what is there with a heap"
    )
)]

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
#[cfg(feature = "inspect")]
mod meta;
#[cfg(not(feature = "inspect"))]
#[path = "cancel/no_meta.rs"]
mod meta;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod payload;
mod pinned;
mod present;
mod run;
mod token;
mod values;
#[cfg(feature = "inspect")]
mod visit;
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
