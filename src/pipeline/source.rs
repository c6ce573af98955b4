//! Sources: where flows begin.

use alloc::sync::Arc;
use core::{
    future::{Future, poll_fn},
    pin::pin,
};

use futures_core::Stream;

use super::{
    Flow, Pipeline,
    link::{Input, Link},
    work::{Breath, Output as _, unless},
};
use crate::{
    channel::{Receiver, Sender},
    inspect::WaitKind,
    sys::Shared,
};

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
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn produce<T, F, Fut>(&self, produce: F) -> Flow<'env, T, E>
    where
        F: FnOnce(Sender<T>) -> Fut,
        Fut: Future<Output = Result<(), E>> + Send + 'env,
        T: Send + 'env,
    {
        let (outlet, flow) = self.channel(1, true);
        let (state, produced) = (Shared::clone(&self.state), produce(outlet.into_sender()));
        self.spawn(async move {
            if let Err(error) = produced.await {
                state.fail(error);
            }
        });
        flow
    }

    /// A flow of the items of an iterator, each of which is asked for when there is room for it.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn iter<I>(&self, items: I) -> Flow<'env, I::Item, E>
    where
        I: IntoIterator<IntoIter: Send + 'env, Item: Send + 'env>,
    {
        let mut items = items.into_iter();
        let (outlet, flow) = self.channel(1, true);
        self.spawn(async move {
            let mut breath = Breath::new();
            while let Ok(permit) = outlet.reserve().await {
                breath.take().await;
                let Some(item) = items.next() else { break };
                outlet.sent(permit.send(item));
            }
        });
        flow
    }

    /// A flow of the items of a stream, each of which is asked for when there is room for it. The
    /// first error is one of the pipeline.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn stream<S, T>(&self, items: S) -> Flow<'env, T, E>
    where
        S: Stream<Item = Result<T, E>> + Send + 'env,
        T: Send + 'env,
    {
        let (outlet, flow) = self.channel(1, true);
        self.spawn(async move {
            let end = outlet.waits(WaitKind::Event, outlet.end());
            let (mut items, mut end) = (pin!(items), pin!(end));
            let mut breath = Breath::new();
            while let Ok(permit) = outlet.reserve().await {
                breath.take().await;
                let next = poll_fn(|cx| items.as_mut().poll_next(cx));
                let Some(Some(item)) = unless(end.as_mut(), next).await else {
                    break;
                };
                match item {
                    Ok(item) => outlet.sent(permit.send(item)),
                    Err(error) => return outlet.failed(error),
                }
            }
        });
        flow
    }

    /// A flow of what is sent to `receiver`, from wherever: a thread, another task.
    ///
    /// The channel is the pipeline's from now on: it is closed when the pipeline is to drain or is
    /// cut short, and what is left in it then is unprocessed.
    pub fn receive<T: Send + 'env>(&self, receiver: Receiver<T>) -> Flow<'env, T, E> {
        self.state.know(receiver.downgrade(), true);
        let link = Link::new(Arc::clone(&self.state.ledger));
        Flow::new(self.clone(), Input::new(receiver, link))
    }
}
