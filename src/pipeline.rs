//! Pipelines: stages that work on a flow of items, each beside the others, within a scope.
//!
//! A [`Pipeline`] belongs to a scope. It has sources, which begin a [`Flow`] of items; each
//! stage takes a flow, spawns its workers into the scope, and gives the flow of their results.
//! All of it is children and [channels](crate::channel): what a stage does can be done by hand,
//! and what it gives can be received by hand.
//!
//! ```
//! use pleach::{pipeline::Pipeline, try_scope};
//!
//! # pleach::block_on(async {
//! let text = "17 4\n8 x\n23 42";
//! let result = try_scope!(|s| {
//!     let numbers = Pipeline::new(&s, 16)
//!         .iter(text.split_whitespace())
//!         // Up to four at a time, and in order.
//!         .map_ordered(4, async |word: &str| word.parse::<u32>())
//!         .filter(|number| number % 2 == 0)
//!         .into_receiver();
//!     let mut sum = 0;
//!     while let Ok(number) = numbers.recv().await {
//!         sum += number;
//!     }
//!     Ok(sum)
//! })
//! .await;
//! // "x" is no number; what was under way is accounted for.
//! let failed = result.unwrap_err();
//! assert_eq!(failed.errors().len(), 1);
//! # });
//! ```
//!
//! # Back-pressure
//!
//! A stage reserves the room for a result before it takes an item. So a result never waits, and
//! between one stage and the next there are at most as many items, done or being worked on, as the
//! stage has workers (a source counts as one), and the pipeline's *room* beside them. A slow stage
//! slows down those before it, up to the source.
//!
//! # How it ends
//!
//! | cause | sources | stages | items between stages | result of the scope |
//! |---|---|---|---|---|
//! | the sources have no more items | – | end one after the other | are worked on | the body's value |
//! | nobody receives from the last stage any more | find their channel closed | end; a result that was in hand is for nobody | to [`on_unprocessed`](Flow::on_unprocessed) | the body's value |
//! | the [token](Pipeline::token) is stopped: drain | find their channel closed | go on until all is done | are worked on | the body's value |
//! | a worker returns an error, or [`fail`](Pipeline::fail) is called | find their channel closed | finish the item that they have in hand, and take no other | are counted, and go to `on_unprocessed` | [`Failed`] |
//! | the token, or the scope, is cancelled | the same | the same | the same | [`Failed`] if there were any between the stages; otherwise the body's value |
//! | the scope itself ends: it is dropped, or the body returns an error, or somebody panics | are dropped | are dropped | to `on_unprocessed` | as for any scope |
//!
//! So the first error cancels what is before and behind it, and yet every item that a source gave
//! away is received at the other end, or was given to a worker that failed, or is counted as
//! [`unprocessed`](Failed::unprocessed). A worker that is in the middle of a long item can look at
//! the token to be done sooner. With [`Failed`] the body is dropped, like that of any `try_scope!`:
//! what it was doing with an item that it had received is its own affair. (A last stage,
//! [`for_each`](Flow::for_each), finishes.)
//!
//! The scope waits until the last [`Pipeline`] and [`Flow`] is dropped, since there may come
//! more. Keep none beyond the body.
//!
//! Workers are children of the scope and share its task: they wait at the same time, but compute in
//! turn. The scope should have no [limit](crate::scope::Driver::limit), or one that
//! leaves room for all workers and one child more: stages that cannot start hold up the others.
//!
//! # State of a stage
//!
//! A stage calls its closure for each item, perhaps several times at once. So what the closure
//! works with is borrowed from outside of the scope, or shared:
//!
//! ```
//! # use pleach::{pipeline::Pipeline, try_scope};
//! # use std::{convert::Infallible, sync::Arc};
//! # pleach::block_on(async {
//! let table = [10, 20, 30];
//! let shared = Arc::new(String::from("-"));
//! let result = try_scope!(|s| {
//!     let names = Pipeline::<Infallible>::new(&s, 1)
//!         .iter([0, 2])
//!         // Borrows.
//!         .map(2, async |n: usize| Ok(table[n]))
//!         // Takes a part in it each time. (`async move |n| ..` could be called only once.)
//!         .map(2, move |n| {
//!             let shared = Arc::clone(&shared);
//!             async move { Ok(format!("{shared}{n}")) }
//!         })
//!         .into_receiver();
//!     Ok((names.recv().await, names.recv().await))
//! })
//! .await;
//! assert_eq!(result, Ok((Ok("-10".into()), Ok("-30".into()))));
//! # });
//! ```
//!
//! # Cost
//!
//! A handful of allocations for each stage and worker, when it is set up. Per item nothing
//! is allocated, except that [`map_ordered`](Flow::map_ordered) and its kin allocate once for each
//! item, and [`chunks`](Flow::chunks) once for each chunk.
//!
//! For jobs that come from here and there there is the [`WorkerPool`].

mod failed;
mod flow;
mod link;
mod source;
mod state;
mod work;
mod worker_pool;

use alloc::sync::Arc;
use core::{fmt, future::Future};

pub use failed::Failed;
pub use flow::Flow;
pub use worker_pool::WorkerPool;

use crate::{CancelToken, OwnedMember, Scope, WaitGroup, channel, inspect::Site, sys::Shared};
use link::{Input, Link, Outlet};
use state::State;

/// A pipeline within a scope: where flows begin, and what ends them together.
///
/// Clones are the same pipeline.
///
/// # Examples
///
/// ```
/// use pleach::{pipeline::Pipeline, try_scope};
///
/// # pleach::block_on(async {
/// let mut written = String::new();
/// let result = try_scope!(|s| -> _ {
///     let out = &mut written;
///     let p = Pipeline::<std::num::ParseIntError>::new(&s, 4);
///     let (odd, even) = (p.iter([1, 3, 5]), p.iter([2, 4]));
///     let all = odd.merge(even).map(2, async |n: u32| Ok(n * 10)).into_receiver();
///     while let Ok(n) = all.recv().await {
///         out.push_str(&format!("{n} "));
///     }
///     Ok(())
/// })
/// .await;
/// assert_eq!((result, written.len()), (Ok(()), 15));
/// # });
/// ```
pub struct Pipeline<'env, E> {
    scope: Scope<'env, Failed<E>>,
    state: Shared<State<'env, E>>,
    /// How many items may lie between two stages beside those that are being worked on.
    room: usize,
    /// As long as there is one, flows can be added.
    open: OwnedMember,
}

impl<'env, E: Send + 'env> Pipeline<'env, E> {
    /// A pipeline of `scope`, with room for `room` items between one stage and the next, beside
    /// those that are being worked on.
    ///
    /// [`Flow::bounded`] changes the room for the stages that follow.
    ///
    /// # Panics
    ///
    /// Its sources and stages panic if there is not the memory for so many items, or the number is
    /// close to `i32::MAX`.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn new(scope: &Scope<'env, Failed<E>>, room: usize) -> Self {
        let state = Shared::new(State::new(scope.token().child()));
        let open = Arc::new(WaitGroup::new());
        let pipeline = Self {
            scope: scope.clone(),
            state: Shared::clone(&state),
            room,
            open: open.add_owned(),
        };
        let site = Site::here();
        // Not a member of either group: it waits for both.
        scope.spawn_try(async move { state.watch(site, &open).await });
        pipeline
    }

    /// The token of the pipeline, a child of the scope's.
    ///
    /// [Stopping](crate::cancel::Token::stop) it closes the sources and lets the rest drain;
    /// cancelling it ends all stages after the item that they have in hand.
    #[must_use]
    pub fn token(&self) -> &CancelToken {
        &self.state.ledger.token
    }

    /// Ends the pipeline as an error of one of its workers would.
    pub fn fail(&self, error: E) {
        self.state.fail(error);
    }

    /// A channel for what `workers` workers make, and the flow that comes out of it.
    #[cfg_attr(feature = "inspect", track_caller)]
    fn channel<T: Send + 'env>(
        &self,
        workers: usize,
        is_source: bool,
    ) -> (Outlet<'env, T, E>, Flow<'env, T, E>) {
        let (sender, receiver) = channel::strict(self.room.saturating_add(workers));
        self.state.know(receiver.downgrade(), is_source);
        let link = Link::new(Arc::clone(&self.state.ledger));
        let input = Input::new(receiver, Shared::clone(&link));
        let outlet = Outlet::new(sender, link, Shared::clone(&self.state));
        (outlet, Flow::new(self.clone(), input))
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'env) {
        let members = (self.state.workers.add_owned(), self.open.clone());
        self.scope.spawn(async move {
            work.await;
            // After all that the worker had.
            drop(members);
        });
    }
}

impl<E> Clone for Pipeline<'_, E> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            state: Shared::clone(&self.state),
            room: self.room,
            open: self.open.clone(),
        }
    }
}

impl<E> fmt::Debug for Pipeline<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("room", &self.room)
            .field("workers", &self.state.workers.count())
            .field("phase", &self.state.ledger.token.phase())
            .finish_non_exhaustive()
    }
}
