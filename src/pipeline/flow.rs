//! Stages: from one flow to the next.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    fmt,
    future::{Future, pending, ready},
    iter,
    pin::pin,
};

use super::{
    Pipeline,
    link::Input,
    work::{Feed, Output as _, send_in_order, work, work_in_order},
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
    input: Input<'env, T>,
}

/// Keeps the input of a stage for as long as it has a worker.
type Workers<'env, T> = Arc<Input<'env, T>>;

impl<'env, T: Send + 'env, E: Send + 'env> Flow<'env, T, E> {
    pub(super) fn new(pipeline: Pipeline<'env, E>, input: Input<'env, T>) -> Self {
        Self { pipeline, input }
    }

    /// Sets the room behind each stage that follows, in place of the pipeline's: for so many items
    /// beside those that are being worked on.
    pub fn bounded(mut self, room: usize) -> Self {
        self.pipeline.room = room;
        self
    }

    /// Has `wants` called for each item of this very flow that the stage which follows has not
    /// taken, when that has ended: to write it down, or to put it back where it came from.
    ///
    /// It is called in order, oldest item first, mostly when the last worker of that stage is
    /// dropped. It lives until then, and so does what it holds: if that is a sender into the pipeline's
    /// source, the source does not end; make it a [weak one](crate::channel::Sender::downgrade).
    /// Behind the last stage there is no other: what is left in the
    /// [receiver](Self::into_receiver) is yours.
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
    pub fn on_unprocessed(self, wants: impl FnMut(T) + Send + 'env) -> Self {
        self.input.link.set_wants(Box::new(wants));
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
        let (outlet, flow) = pipeline.channel(workers, false);
        let f = Shared::new(f);
        for feed in feeds {
            let (outlet, f) = (outlet.clone(), Shared::clone(&f));
            pipeline.spawn(async move { work(feed, &outlet, &*f).await });
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
        let (outlet, flow) = pipeline.channel(workers, false);
        let (line, head) = channel::bounded(outlet.results().capacity());
        let shared = Shared::new((f, Semaphore::new(1)));
        for feed in feeds {
            let (outlet, line) = (outlet.clone(), line.clone());
            let shared = Shared::clone(&shared);
            pipeline.spawn(async move {
                let (f, turn) = &*shared;
                work_in_order(feed, &outlet, line, turn, f).await
            });
        }
        pipeline.spawn(async move { send_in_order(head, &outlet).await });
        flow
    }

    /// The items that `keep` is true for, in order.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn filter<F>(self, mut keep: F) -> Self
    where
        F: FnMut(&T) -> bool + Send + 'env,
    {
        let (pipeline, feed) = self.feed();
        let (outlet, flow) = pipeline.channel(1, false);
        pipeline.spawn(async move {
            let f = |item| ready(Ok(Some(item).filter(&mut keep)));
            work(feed, &outlet, f).await
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
        let (outlet, flow) = pipeline.channel(1, false);
        pipeline.spawn(async move {
            let mut end = pin!(outlet.end());
            while let Ok(permit) = outlet.reserve().await {
                let Some(items) = feed.take_many(most, end.as_mut()).await else {
                    break;
                };
                outlet.sent(permit.send(items));
            }
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
        let (outlet, flow) = pipeline.channel(2, false);
        for feed in [feed, other] {
            let outlet = outlet.clone();
            pipeline.spawn(async move {
                let f = |item| ready(Ok(Some(item)));
                work(feed, &outlet, f).await
            });
        }
        flow
    }

    /// Calls `f` with each item, in order: the last stage.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn each(self, mut f: impl FnMut(T) + Send + 'env) {
        let (pipeline, mut feed) = self.feed();
        pipeline.spawn(async move {
            let mut never = pin!(pending::<()>());
            while let Some(item) = feed.take(never.as_mut()).await {
                f(item);
            }
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
            let (f, state) = (Shared::clone(&f), Shared::clone(&pipeline.state));
            pipeline.spawn(async move {
                let mut never = pin!(pending::<()>());
                while let Some(item) = feed.take(never.as_mut()).await {
                    if let Err(error) = f(item).await {
                        return state.fail(error);
                    }
                }
            });
        }
    }

    /// The items, to be received by hand; it ends when the pipeline does.
    ///
    /// It can be cloned: each item goes to one of the receivers. When the pipeline has failed, what
    /// lies in it is counted as [unprocessed](super::Failed::unprocessed), and can still be taken by a
    /// receiver that is kept outside of the scope.
    #[must_use = "dropping the receiver ends what is before it"]
    pub fn into_receiver(self) -> Receiver<T> {
        self.input.into_receiver()
    }

    /// Gives the items to a worker.
    #[cfg_attr(feature = "inspect", track_caller)]
    fn feed(self) -> (Pipeline<'env, E>, Feed<T, Workers<'env, T>>) {
        let Self { pipeline, input } = self;
        let (receiver, token) = (input.receiver().clone(), pipeline.token().clone());
        (pipeline, Feed::new(receiver, token, Arc::new(input)))
    }

    /// Gives the items to `workers` workers.
    #[track_caller]
    fn feeds(
        self,
        workers: usize,
    ) -> (
        Pipeline<'env, E>,
        impl Iterator<Item = Feed<T, Workers<'env, T>>>,
    ) {
        assert!(workers > 0, "a stage without workers would never end");
        let (pipeline, feed) = self.feed();
        (pipeline, iter::repeat_n(feed, workers))
    }
}

impl<T, E> fmt::Debug for Flow<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("items", self.input.receiver())
            .finish_non_exhaustive()
    }
}
