//! Stages: from one flow to the next.

use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt,
    future::{Future, ready},
    iter,
};

use super::{
    Feed, Pipeline,
    remains::{AtTheEnd, Between, OnUnprocessed},
    work::{send_in_order, work, work_in_order},
};
use crate::{
    Semaphore,
    channel::{self, Receiver},
    sys::Shared,
};

/// Items on their way from one stage of a [`Pipeline`] to the next.
///
/// Each method is a stage: it spawns its workers at once, and gives the flow of their results. To
/// receive items by hand, [`into_receiver`](Self::into_receiver).
///
/// Dropping a flow is like dropping the receiver of a channel: the stages before it end.
#[must_use = "dropping a flow ends what is before it"]
pub struct Flow<'env, T, E> {
    pipeline: Pipeline<'env, E>,
    receiver: Receiver<T>,
    on_unprocessed: OnUnprocessed<'env, T>,
}

impl<'env, T: Send + 'env, E: Send + 'env> Flow<'env, T, E> {
    pub(super) fn new(pipeline: Pipeline<'env, E>, receiver: Receiver<T>) -> Self {
        Self {
            pipeline,
            receiver,
            on_unprocessed: None,
        }
    }

    /// Sets the room behind each stage that follows, in place of the pipeline's: for so many items
    /// beside those that are being worked on.
    pub fn bounded(mut self, room: usize) -> Self {
        self.pipeline.room = room;
        self
    }

    /// Has `wants` called for each item of this very flow that was not taken by the stage that
    /// follows, when the pipeline ends: to write it down, or to put it back where it came from.
    ///
    /// It is called after all workers have ended, oldest item first, in the scope's task.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{pipeline::Pipeline, try_scope};
    ///
    /// # pleach::block_on(async {
    /// let mut left = Vec::new();
    /// let result = try_scope!(|s| {
    ///     Pipeline::new(&s, 8)
    ///         .iter(1..=5)
    ///         .on_unprocessed(|n| left.push(n))
    ///         .for_each(1, async |n| if n == 3 { Err("no third") } else { Ok(()) });
    ///     Ok(())
    /// })
    /// .await;
    /// let failed = result.unwrap_err();
    /// assert_eq!(failed.error(), Some(&"no third"));
    /// assert_eq!((left, failed.unprocessed()), (vec![4, 5], 2));
    /// # });
    /// ```
    pub fn on_unprocessed(mut self, wants: impl FnMut(T) + Send + 'env) -> Self {
        self.on_unprocessed = Some(Box::new(wants));
        self
    }

    /// The results of `f`, in the order in which they are done; up to `workers` at a time.
    ///
    /// # Panics
    ///
    /// If there are no workers.
    #[track_caller]
    pub fn map<U, F, Fut>(self, workers: usize, f: F) -> Flow<'env, U, E>
    where
        F: Fn(T) -> Fut + Send + Sync + 'env,
        Fut: Future<Output = Result<U, E>> + Send + 'env,
        U: Send + 'env,
    {
        self.filter_map(workers, move |item| {
            let result = f(item);
            async { result.await.map(Some) }
        })
    }

    /// The results of `f`, in the order of the items they were made of; up to `workers` at a time.
    ///
    /// An item that takes long holds up the results of those after it, and with them, sooner or
    /// later, the workers.
    ///
    /// # Panics
    ///
    /// If there are no workers.
    #[track_caller]
    pub fn map_ordered<U, F, Fut>(self, workers: usize, f: F) -> Flow<'env, U, E>
    where
        F: Fn(T) -> Fut + Send + Sync + 'env,
        Fut: Future<Output = Result<U, E>> + Send + 'env,
        U: Send + 'env,
    {
        self.filter_map_ordered(workers, move |item| {
            let result = f(item);
            async { result.await.map(Some) }
        })
    }

    /// As [`map`](Self::map), without the items for which the result is `None`.
    ///
    /// # Panics
    ///
    /// If there are no workers.
    #[track_caller]
    pub fn filter_map<U, F, Fut>(self, workers: usize, f: F) -> Flow<'env, U, E>
    where
        F: Fn(T) -> Fut + Send + Sync + 'env,
        Fut: Future<Output = Result<Option<U>, E>> + Send + 'env,
        U: Send + 'env,
    {
        let (pipeline, feeds) = self.feeds(workers);
        let (results, flow) = pipeline.channel(workers, false);
        let f = Shared::new(f);
        for feed in feeds {
            let (results, f) = (results.clone(), Shared::clone(&f));
            pipeline.spawn(async move { work(feed, results, &*f).await });
        }
        flow
    }

    /// As [`map_ordered`](Self::map_ordered), without the items for which the result is `None`.
    ///
    /// # Panics
    ///
    /// If there are no workers.
    #[track_caller]
    pub fn filter_map_ordered<U, F, Fut>(self, workers: usize, f: F) -> Flow<'env, U, E>
    where
        F: Fn(T) -> Fut + Send + Sync + 'env,
        Fut: Future<Output = Result<Option<U>, E>> + Send + 'env,
        U: Send + 'env,
    {
        let (pipeline, feeds) = self.feeds(workers);
        let (results, flow) = pipeline.channel(workers, false);
        let (line, head) = channel::bounded(results.capacity());
        pipeline.spawn(async move {
            send_in_order(head).await;
            Ok(())
        });
        let shared = Shared::new((f, Semaphore::new(1)));
        for feed in feeds {
            let (results, line, shared) = (results.clone(), line.clone(), Shared::clone(&shared));
            pipeline.spawn(async move {
                let (f, turn) = &*shared;
                work_in_order(feed, results, line, turn, f).await
            });
        }
        flow
    }

    /// The items that `keep` is true for, in order.
    pub fn filter<F>(self, mut keep: F) -> Self
    where
        F: FnMut(&T) -> bool + Send + 'env,
    {
        let (pipeline, mut feed) = self.feed();
        let (results, flow) = pipeline.channel(1, false);
        pipeline.spawn(async move {
            while let Ok(permit) = results.reserve().await {
                let item = loop {
                    match feed.take().await {
                        Some(item) if keep(&item) => break item,
                        Some(_) => {}
                        None => return Ok(()),
                    }
                };
                let _ = permit.send(item);
            }
            Ok(())
        });
        flow
    }

    /// The items as batches of up to `most`: what there is at a time, without waiting for more.
    ///
    /// For work that costs much for each call and little for each item. One allocation for each
    /// batch. A batch is one item of the flow behind, in its room and in what is counted.
    ///
    /// # Panics
    ///
    /// If `most` is zero.
    #[track_caller]
    pub fn chunks(self, most: usize) -> Flow<'env, Vec<T>, E> {
        assert!(most > 0, "a chunk of no items would never end");
        let (pipeline, mut feed) = self.feed();
        let (results, flow) = pipeline.channel(1, false);
        pipeline.spawn(async move {
            while let Ok(permit) = results.reserve().await {
                let Some(items) = feed.take_many(most).await else {
                    break;
                };
                let _ = permit.send(items);
            }
            Ok(())
        });
        flow
    }

    /// The items of this flow and those of another of the same pipeline, as they come.
    ///
    /// # Panics
    ///
    /// If `other` is of another pipeline.
    #[track_caller]
    pub fn merge(self, other: Self) -> Self {
        assert!(
            Shared::ptr_eq(&self.pipeline.state, &other.pipeline.state),
            "flows of two pipelines do not end together"
        );
        let (pipeline, feed) = self.feed();
        let (_, other) = other.feed();
        let (results, flow) = pipeline.channel(2, false);
        for feed in [feed, other] {
            let results = results.clone();
            pipeline.spawn(work(feed, results, |item| ready(Ok(Some(item)))));
        }
        flow
    }

    /// Calls `f` with each item, in order: the last stage.
    pub fn each(self, mut f: impl FnMut(T) + Send + 'env) {
        let (pipeline, mut feed) = self.feed();
        pipeline.spawn(async move {
            while let Some(item) = feed.take().await {
                f(item);
            }
            Ok(())
        });
    }

    /// Runs `f` for each item, up to `workers` at a time: the last stage.
    ///
    /// The scope waits for it as for all children.
    ///
    /// # Panics
    ///
    /// If there are no workers.
    #[track_caller]
    pub fn for_each<F, Fut>(self, workers: usize, f: F)
    where
        F: Fn(T) -> Fut + Send + Sync + 'env,
        Fut: Future<Output = Result<(), E>> + Send + 'env,
    {
        let (pipeline, feeds) = self.feeds(workers);
        let f = Shared::new(f);
        for mut feed in feeds {
            let f = Shared::clone(&f);
            pipeline.spawn(async move {
                while let Some(item) = feed.take().await {
                    f(item).await?;
                }
                Ok(())
            });
        }
    }

    /// The items, to be received by hand; it ends when the pipeline does.
    ///
    /// It can be cloned: each item goes to one of the receivers.
    #[must_use = "dropping the receiver ends what is before it"]
    pub fn into_receiver(self) -> Receiver<T> {
        self.pipeline.state.keep_at_the_end(AtTheEnd {
            receiver: self.receiver.downgrade(),
            on_unprocessed: self.on_unprocessed,
        });
        self.receiver
    }

    /// Gives the items to a worker.
    fn feed(self) -> (Pipeline<'env, E>, Feed<T>) {
        let Self {
            pipeline,
            receiver,
            on_unprocessed,
        } = self;
        pipeline.state.keep_between(Between {
            receiver: receiver.clone(),
            on_unprocessed,
        });
        let feed = Feed::new(receiver, pipeline.token().clone());
        (pipeline, feed)
    }

    /// Gives the items to `workers` workers.
    #[track_caller]
    fn feeds(self, workers: usize) -> (Pipeline<'env, E>, impl Iterator<Item = Feed<T>>) {
        assert!(workers > 0, "a stage without workers would never end");
        let (pipeline, feed) = self.feed();
        (pipeline, iter::repeat_n(feed, workers))
    }
}

impl<T, E> fmt::Debug for Flow<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("items", &self.receiver)
            .finish_non_exhaustive()
    }
}
