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
//! stage has workers, and the pipeline's *room* beside them. A slow stage slows down those before
//! it, up to the source.
//!
//! # How it ends
//!
//! | cause | sources | stages | items between stages | result of the scope |
//! |---|---|---|---|---|
//! | the sources have no more items | – | end one after the other | are worked on | the body's value |
//! | nobody receives from the last stage any more | find their channel closed | end when they have a result for nobody, which is dropped | to [`on_unprocessed`](Flow::on_unprocessed) | the body's value |
//! | the [token](Pipeline::token) is stopped: drain | find their channel closed | go on until all is done | are worked on | the body's value |
//! | a worker returns an error, or [`fail`](Pipeline::fail) is called | find their channel closed | finish the item that they have in hand, and take no other | are counted, and go to `on_unprocessed` | [`Failed`] |
//! | the token, or the scope, is cancelled | the same | the same | the same | [`Failed`] if there were any; otherwise the body's value |
//! | the scope itself ends: it is dropped, or the body returns an error, or somebody panics | are dropped | are dropped | are dropped | as for any scope |
//!
//! So the first error cancels what is before and behind it, and yet every item that a source gave
//! away is received at the other end, or was given to the worker that failed, or is counted as
//! [`unprocessed`](Failed::unprocessed). A worker that is in the middle of a long item can look at
//! the token to be done sooner.
//!
//! Workers are children of the scope and share its task: they wait at the same time, but compute in
//! turn. The scope should have no [limit](crate::scope::Driver::limit), or one that
//! leaves room for all workers and one child more: stages that cannot start hold up the others.
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
mod remains;
mod source;
mod state;
mod work;
mod worker_pool;

use alloc::sync::Arc;
use core::fmt;

pub use failed::Failed;
pub use flow::Flow;
use work::Feed;
pub use worker_pool::WorkerPool;

use crate::{
    CancelToken, OwnedMember, Scope, WaitGroup,
    channel::{self, Sender},
    sys::Shared,
};
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
    pub fn new(scope: &Scope<'env, Failed<E>>, room: usize) -> Self {
        let state = Shared::new(State::new(scope.token().child()));
        let open = Arc::new(WaitGroup::new());
        let pipeline = Self {
            scope: scope.clone(),
            state: Shared::clone(&state),
            room,
            open: open.add_owned(),
        };
        // Not a member of either group: it waits for both.
        scope.spawn_try(async move { state.watch(&open).await });
        pipeline
    }

    /// The token of the pipeline, a child of the scope's.
    ///
    /// [Stopping](crate::cancel::Token::stop) it closes the sources and lets the rest drain; cancelling it
    /// ends all stages after the item that they have in hand.
    #[must_use]
    pub fn token(&self) -> &CancelToken {
        &self.state.token
    }

    /// Ends the pipeline as an error of one of its workers would.
    pub fn fail(&self, error: E) {
        self.state.fail(error);
    }

    /// A channel for what `workers` workers make, and the flow that comes out of it.
    fn channel<T: Send + 'env>(
        &self,
        workers: usize,
        is_source: bool,
    ) -> (Sender<T>, Flow<'env, T, E>) {
        let (sender, receiver) = channel::bounded(self.room.saturating_add(workers));
        self.state.will_close(receiver.downgrade(), is_source);
        (sender, Flow::new(self.clone(), receiver))
    }

    /// Spawns a worker, whose error ends the pipeline.
    fn spawn<F>(&self, work: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'env,
    {
        let (state, open) = (Shared::clone(&self.state), self.open.clone());
        let working = state.workers.add_owned();
        self.scope.spawn(async move {
            // Gone after all that the worker has.
            let _members = (working, open);
            if let Err(error) = work.await {
                state.fail(error);
            }
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
            .field("phase", &self.state.token.phase())
            .finish_non_exhaustive()
    }
}
