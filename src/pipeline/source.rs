//! Sources: where flows begin.

use core::future::{Future, poll_fn};

use futures_core::Stream;

use super::{Flow, Pipeline};
use crate::channel::{Receiver, Sender};

impl<'env, E: Send + 'env> Pipeline<'env, E> {
    /// A flow of what `produce` sends into the channel it is given.
    ///
    /// When a send fails nobody wants more (the pipeline drains or is cut short, or what comes
    /// behind has ended), and `produce` should return. The error has the item.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{channel::SendError, pipeline::Pipeline, try_scope};
    ///
    /// # pleach::block_on(async {
    /// let mut next = 0;
    /// let first = try_scope!(|s| -> _ {
    ///     let next = &mut next;
    ///     let naturals = Pipeline::<std::convert::Infallible>::new(&s, 1)
    ///         .produce(async move |out| {
    ///             while let Ok(()) = out.send(*next).await {
    ///                 *next += 1;
    ///             }
    ///             Ok(())
    ///         })
    ///         .into_receiver();
    ///     Ok([naturals.recv().await, naturals.recv().await])
    /// })
    /// .await;
    /// assert_eq!(first, Ok([Ok(0), Ok(1)]));
    /// # });
    /// ```
    pub fn produce<T, F, Fut>(&self, produce: F) -> Flow<'env, T, E>
    where
        F: FnOnce(Sender<T>) -> Fut,
        Fut: Future<Output = Result<(), E>> + Send + 'env,
        T: Send + 'env,
    {
        let (sender, flow) = self.channel(0, true);
        self.spawn(produce(sender));
        flow
    }

    /// A flow of the items of an iterator, each of which is asked for when there is room for it.
    pub fn iter<I>(&self, items: I) -> Flow<'env, I::Item, E>
    where
        I: IntoIterator<IntoIter: Send + 'env, Item: Send + 'env>,
    {
        let mut items = items.into_iter();
        self.produce(async move |out| {
            while let Ok(permit) = out.reserve().await {
                let Some(item) = items.next() else { break };
                // Refused if nobody receives any more.
                let _ = permit.send(item);
            }
            Ok(())
        })
    }

    /// A flow of the items of a stream, each of which is asked for when there is room for it. The
    /// first error is one of the pipeline.
    pub fn stream<S, T>(&self, items: S) -> Flow<'env, T, E>
    where
        S: Stream<Item = Result<T, E>> + Send + 'env,
        T: Send + 'env,
    {
        self.produce(async move |out| {
            let mut items = core::pin::pin!(items);
            while let Ok(permit) = out.reserve().await {
                let Some(item) = poll_fn(|cx| items.as_mut().poll_next(cx)).await else {
                    break;
                };
                let _ = permit.send(item?);
            }
            Ok(())
        })
    }

    /// A flow of what is sent to `receiver`, from wherever: a thread, another task.
    ///
    /// The channel is the pipeline's from now on: it is closed when the pipeline is to drain or is
    /// cut short, and what is left in it then is unprocessed.
    pub fn receive<T: Send + 'env>(&self, receiver: Receiver<T>) -> Flow<'env, T, E> {
        self.state.will_close(receiver.downgrade(), true);
        Flow::new(self.clone(), receiver)
    }
}
