//! What workers do: take an item, make a result, send it on.

use alloc::vec::Vec;
use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    CancelToken, Semaphore,
    channel::{OwnedPermit, Receiver, Reserve, ReserveOwned, SendError, Sender},
    inspect::{Made, Site, Stage, WaitKind},
    oneshot,
};

pin_project! {
    /// A wait of a worker, which the program has begun where it made the stage, whatever it is made of.
    pub(super) struct Staged<F> {
        stage: Stage,
        #[pin]
        wait: F,
    }
}

impl<F> Staged<F> {
    pub(super) fn new(site: &Site, kind: WaitKind, wait: F) -> Self {
        let stage = Stage::new(kind, site);
        Self { stage, wait }
    }
}

impl<F: Future> Future for Staged<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.stage.poll(cx, |cx| this.wait.poll(cx))
    }
}

/// Gives others their turn after so many items: who always has an item, and room for its result,
/// would never be pending.
pub(super) struct Breath {
    left: u8,
}

impl Breath {
    const ITEMS: u8 = 64;

    pub(super) fn new() -> Self {
        Self { left: Self::ITEMS }
    }

    pub(super) async fn take(&mut self) {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                self.left = Self::ITEMS;
                yield_now().await;
            }
        }
    }
}

/// Lets all others of the scope that are ready have their turn.
pub(super) async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The output of `future`, unless `end` is ready and it is not.
pub(super) async fn unless<F: Future>(
    mut end: Pin<&mut impl Future>,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(cx).map(|_| None),
    })
    .await
}

/// Where a worker gets its items from; closed when it is dropped, since then nobody is sure to
/// take any.
pub(super) struct Feed<T, K> {
    receiver: Receiver<T>,
    token: CancelToken,
    breath: Breath,
    site: Site,
    /// What lives as long as somebody takes items.
    keeps: K,
}

impl<T, K> Feed<T, K> {
    /// Of a stage that is made here.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(receiver: Receiver<T>, token: CancelToken, keeps: K) -> Self {
        Self {
            receiver,
            token,
            breath: Breath::new(),
            site: Site::here(),
            keeps,
        }
    }

    /// The next item, unless there are no more, or the token is cancelled, or it is the `end`.
    pub(super) async fn take(&mut self, end: Pin<&mut impl Future>) -> Option<T> {
        self.breath.take().await;
        let received = self.unless_over(end, self.receiver.recv());
        self.waits(received).await?.ok()
    }

    /// As [`take`](Self::take), as many as are there, up to `limit`.
    pub(super) async fn take_many(
        &mut self,
        limit: usize,
        end: Pin<&mut impl Future>,
    ) -> Option<Vec<T>> {
        self.breath.take().await;
        let mut items = Vec::new();
        let received = self.receiver.recv_many(&mut items, limit);
        let received = self.unless_over(end, received);
        self.waits(received).await?.ok()?;
        Some(items)
    }

    fn waits<F>(&self, receive: F) -> Staged<F> {
        Staged::new(&self.site, WaitKind::Recv, receive)
    }

    /// What is promised to somebody who waits stays in the channel if it is over.
    async fn unless_over<F: Future>(
        &self,
        end: Pin<&mut impl Future>,
        receive: F,
    ) -> Option<F::Output> {
        let mut receive = pin!(receive);
        let receive = poll_fn(|cx| match self.token.is_cancelled() {
            true => Poll::Ready(None),
            false => receive.as_mut().poll(cx).map(Some),
        });
        unless(end, receive).await?
    }
}

impl<T, K: Clone> Clone for Feed<T, K> {
    fn clone(&self) -> Self {
        Self {
            receiver: self.receiver.clone(),
            token: self.token.clone(),
            breath: Breath::new(),
            site: self.site.again(),
            keeps: self.keeps.clone(),
        }
    }
}

impl<T, K> Drop for Feed<T, K> {
    fn drop(&mut self) {
        self.receiver.close();
    }
}

/// Where a worker's results go, and who hears of what goes wrong.
pub(super) trait Output<U, E> {
    fn results(&self) -> &Sender<U>;

    /// Where the stage was made.
    fn site(&self) -> &Site;

    /// Ready when there is no use in waiting for items.
    fn end(&self) -> impl Future<Output = ()> + Send;

    /// A result was made for nobody.
    fn refused(&self, result: U);

    /// An item had no result. Called while the worker still has its feed.
    fn failed(&self, error: E);

    /// Room for a result.
    fn reserve(&self) -> Staged<Reserve<'_, U>> {
        self.waits(WaitKind::Send, self.results().reserve())
    }

    /// The same, for longer than this is there.
    fn reserve_owned(&self) -> Staged<ReserveOwned<U>> {
        self.waits(WaitKind::Send, self.results().reserve_owned())
    }

    fn waits<F>(&self, kind: WaitKind, wait: F) -> Staged<F> {
        Staged::new(self.site(), kind, wait)
    }

    fn sent(&self, sent: Result<(), SendError<U>>) {
        if let Err(SendError(result)) = sent {
            self.refused(result);
        }
    }
}

/// Makes results, each when it is done, until there is no item or nobody for the results.
pub(super) async fn work<T, U, E, K, Fut>(
    mut feed: Feed<T, K>,
    output: &impl Output<U, E>,
    mut f: impl FnMut(T) -> Fut,
) where
    Fut: Future<Output = Result<Option<U>, E>>,
{
    let mut end = pin!(output.end());
    while let Ok(permit) = output.reserve().await {
        let result = loop {
            let Some(item) = feed.take(end.as_mut()).await else {
                return;
            };
            match f(item).await {
                Ok(Some(result)) => break result,
                // The room is for the next.
                Ok(None) => {}
                Err(error) => return output.failed(error),
            }
        };
        output.sent(permit.send(result));
    }
}

/// A result that is not there yet, with its room.
pub(super) type Due<U> = (oneshot::Receiver<U>, OwnedPermit<U>);

/// As [`work`], but results get their place in `line` in the order of the items. Who has the
/// `turn` takes an item and that place.
pub(super) async fn work_in_order<T, U, E, K, Fut>(
    mut feed: Feed<T, K>,
    output: &impl Output<U, E>,
    line: Sender<Due<U>>,
    turn: &Semaphore,
    f: impl Fn(T) -> Fut,
) where
    Fut: Future<Output = Result<Option<U>, E>>,
{
    let mut end = pin!(output.end());
    loop {
        let turn = output.waits(WaitKind::Acquire, turn.acquire()).await;
        let Ok(permit) = output.reserve_owned().await else {
            return;
        };
        let Some(item) = feed.take(end.as_mut()).await else {
            return;
        };
        let (sender, due) = oneshot::channel_made(Made::at(output.site()));
        // It never fails, as the other end of the line is there as long as this one.
        let _ = line.send((due, permit)).await;
        drop(turn);
        match f(item).await {
            Ok(Some(result)) => drop(sender.send(result)),
            Ok(None) => {}
            Err(error) => return output.failed(error),
        }
    }
}

/// Sends results on as they come to the head of the line.
pub(super) async fn send_in_order<U, E>(line: Receiver<Due<U>>, output: &impl Output<U, E>) {
    while let Ok((due, permit)) = output.waits(WaitKind::Recv, line.recv()).await {
        // No result: it was filtered out, or its worker failed.
        if let Ok(result) = output.waits(WaitKind::Recv, due).await {
            output.sent(permit.send(result));
        }
    }
}
