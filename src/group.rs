//! Groups: many children of one type, and what becomes of their outputs.
//!
//! A [`scope!`](macro@crate::scope) takes children of any types, one allocation each, and gives a
//! handle for each. A group takes futures of one type, from an iterator or a [`Spawner`], keeps
//! them in memory that it uses again, so that it allocates next to nothing for each, and hands
//! their outputs over in one of two ways:
//!
//! * to a [`Joiner`], which decides when the group ends and what it gives:
//!
//! ```
//! # pleach::block_on(async {
//! use std::num::NonZeroUsize;
//! use pleach::group::{TryAll, group};
//!
//! let words = ["3", "1", "2"];
//! let parse = |word: &'static str| async move { word.parse::<u32>() };
//! let two = NonZeroUsize::new(2).unwrap();
//! let numbers = group(words.map(parse)).limit(two).join(TryAll::new()).await;
//! assert_eq!(numbers, Ok(vec![3, 1, 2]));
//! # });
//! ```
//!
//! * as a stream to a *body*, beside which the children go on, whatever the body awaits:
//!
//! ```
//! # pleach::block_on(async {
//! use pleach::group::group;
//!
//! let (driver, mut results) = group((1..=3).map(|n| async move { n * n })).results();
//! let sum = driver
//!     .run(async move {
//!         let mut sum = 0;
//!         while let Some(square) = results.next().await {
//!             sum += square;
//!         }
//!         sum
//!     })
//!     .await;
//! assert_eq!(sum, 14);
//! # });
//! ```
//!
//! | joiner | gives | ends early |
//! |---|---|---|
//! | [`All`] | all outputs, in order of submission or of completion | – |
//! | [`TryAll`] | all values, likewise, or the first error | at the first error |
//! | [`Collect`] | all values and all errors, numbered | – |
//! | [`AnyOk`] | the first value, or all errors | at the first value |
//! | [`First`] | the first output | at the first output |
//! | [`Quorum`] | so many values, or why not | when there are, or cannot be, so many |
//! | [`Until`] | all outputs until one that is asked for | at that one |
//! | [`Discard`] | nothing | – |
//! | [`TryDiscard`] | the first error | at the first error |
//!
//! [`for_each_limit`], [`map_ordered`], [`map_unordered`] and those with `try_` are short for the
//! most common of them. [`Join::deadline`], [`Join::token`] and [`Join::until`] cut a group short,
//! and let the joiner give what there is; to be without it put the future into a
//! [`timeout`](crate::time::timeout) or
//! [`or_cancel`](crate::cancel::OrCancel::or_cancel), as any other.
//!
//! # What a group promises
//!
//! What a [scope](mod@crate::scope) does: nothing outlives it; a panic goes on when all children are
//! gone; a child is polled once for its start and once for each burst of wakes; whoever is ready is
//! polled in turn; the task is woken once for a burst. Children are dropped where they stand, the
//! newest first, before the result is there.
//!
//! The source is asked for a child when there is room for it. Children that need not wait are
//! started and done one after another, so a group over an endless source takes no more memory than
//! its limit asks for; it yields now and then, whatever is ready.

#[cfg(feature = "inspect")]
mod branch;
pub(crate) mod counted;
mod crew;
mod driver;
mod hub;
mod join;
mod joiner;
mod map;
mod pass;
mod results;
mod shared;
mod slot;
mod source;
#[cfg(test)]
mod tests;

use core::{future::Future, num::NonZeroUsize};

#[cfg(feature = "inspect")]
pub(crate) use branch::whose;
pub use driver::{Driver, Run, RunTry};
pub use join::{Alarm, Join, JoinUntil};
pub use joiner::{
    All, AnyOk, Collect, Collected, Discard, First, Joiner, NoQuorum, Quorum, TryAll, TryDiscard,
    Until,
};
pub use map::{
    for_each_limit, map_ordered, map_unordered, try_for_each_limit, try_map_ordered,
    try_map_unordered,
};
pub use results::Results;
pub use source::{Iter, Newcomers, Source, Spawner};

use counted::Counted;
use hub::Hub;
use shared::Shared;
use source::Output;

/// Children to be run, and how many of them at a time.
///
/// Made by [`group`](group()) or [`open`]; it does nothing until it is
/// [joined](Self::join), or [given a body](Self::results).
#[derive(Debug)]
#[must_use = "a group does nothing until it is joined or given a body"]
pub struct Group<S> {
    source: S,
    limit: usize,
    prefetch: usize,
}

/// A group of the futures that an iterator gives.
///
/// They are taken from it one by one, when there is room, and started at once.
pub fn group<I>(children: I) -> Group<Iter<I::IntoIter>>
where
    I: IntoIterator,
    I::Item: Future,
{
    Group::new(Iter::new(children.into_iter()))
}

/// A group whose children are spawned while it runs, by its body, its children, or others.
///
/// It ends when its body is done (if it has one), no child is running, and none was spawned
/// meanwhile; after that a [`Spawner`] gives futures back. All children are of one type: make them by
/// one function, or box them. Two allocations.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use pleach::group::open;
///
/// let (group, spawner) = open();
/// let (driver, mut results) = group.results();
/// let sum = driver
///     .run(async move {
///         let double = |n| async move { n * 2 }; // one type for all
///         spawner.spawn(double(1)).unwrap();
///         spawner.spawn(double(4)).unwrap();
///         results.next().await.unwrap() + results.next().await.unwrap()
///     })
///     .await;
/// assert_eq!(sum, 10);
/// # });
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn open<F: Future>() -> (Group<Newcomers<F>>, Spawner<F>) {
    let hub = Hub::new(Counted::new(Shared::new()));
    let spawner = Spawner::new(hub.clone());
    (Group::new(Newcomers::new(hub)), spawner)
}

impl<S: Source> Group<S> {
    fn new(source: S) -> Self {
        Self {
            source,
            limit: usize::MAX,
            prefetch: 0,
        }
    }

    /// Lets at most `limit` children run at a time; the others are not asked for until then.
    pub fn limit(self, limit: NonZeroUsize) -> Self {
        Self {
            limit: limit.get(),
            ..self
        }
    }

    /// Lets the children be ahead of who takes their [results](Self::results) by so many more.
    ///
    /// Without it (and with a [limit](Self::limit)) a child keeps its place until its result is
    /// taken. With it, `prefetch` more may be done and not taken: no more than `limit + prefetch`
    /// are running or waiting to be taken. In order of submission, results behind one that is not
    /// there yet count as well. Without a limit there is no bound, and none when the body is done.
    pub fn prefetch(self, prefetch: usize) -> Self {
        Self { prefetch, ..self }
    }

    /// Runs the children; their outputs go to `joiner`, which says when it ends and makes the
    /// result.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn join<J>(self, joiner: J) -> Join<S, J>
    where
        J: Joiner<Output<S>>,
    {
        Join::new(self.source, self.limit, joiner)
    }

    /// A driver, to be given a body, and the results of the children as they come.
    ///
    /// Two allocations, and for results that are not taken a queue that grows as it is needed.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn results(self) -> (Driver<S>, Results<S::Child>) {
        self.drive(false)
    }

    /// As [`results`](Self::results), in the order in which the children were started.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn ordered_results(self) -> (Driver<S>, Results<S::Child>) {
        self.drive(true)
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    fn drive(self, in_order: bool) -> (Driver<S>, Results<S::Child>) {
        let hub = self.source.hub();
        let hub = match hub {
            Some(hub) => hub,
            // Not in a closure, which would be its own caller.
            None => Hub::new(Counted::new(Shared::new())),
        };
        let results = Results::new(hub.clone(), in_order);
        let driver = Driver::new(self.source, hub, self.limit, self.prefetch);
        (driver, results)
    }
}
