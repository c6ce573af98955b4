//! What workers do: take an item, make a result, send it on.

use alloc::vec::Vec;
use core::{
    future::{Future, poll_fn},
    task::Poll,
};

use crate::{
    CancelToken, Semaphore,
    channel::{OwnedPermit, Receiver, Sender},
    oneshot,
};

/// After so many items, others have their turn: a worker whose items and results are always
/// ready would never be pending.
const BUDGET: u8 = 64;

/// Where a worker gets its items from; closed when it is dropped, since then nobody is sure to
/// take any.
pub(crate) struct Feed<T> {
    receiver: Receiver<T>,
    token: CancelToken,
    budget: u8,
}

impl<T> Feed<T> {
    pub(crate) fn new(receiver: Receiver<T>, token: CancelToken) -> Self {
        Self {
            receiver,
            token,
            budget: BUDGET,
        }
    }

    /// The next item, unless there are no more or the token is cancelled.
    pub(super) async fn take(&mut self) -> Option<T> {
        self.breathe().await;
        if self.token.is_cancelled() {
            return None;
        }
        self.receiver.recv().await.ok()
    }

    /// As [`take`](Self::take), as many as are there, up to `limit`.
    pub(super) async fn take_many(&mut self, limit: usize) -> Option<Vec<T>> {
        self.breathe().await;
        if self.token.is_cancelled() {
            return None;
        }
        let mut items = Vec::new();
        self.receiver.recv_many(&mut items, limit).await.ok()?;
        Some(items)
    }

    async fn breathe(&mut self) {
        match self.budget.checked_sub(1) {
            Some(left) => self.budget = left,
            None => {
                self.budget = BUDGET;
                yield_now().await;
            }
        }
    }
}

impl<T> Clone for Feed<T> {
    fn clone(&self) -> Self {
        Self::new(self.receiver.clone(), self.token.clone())
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.receiver.close();
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

/// Makes results, each when it is done, until there is no item or nobody for the results.
pub(crate) async fn work<T, U, E, Fut>(
    mut feed: Feed<T>,
    results: Sender<U>,
    f: impl Fn(T) -> Fut,
) -> Result<(), E>
where
    Fut: Future<Output = Result<Option<U>, E>>,
{
    while let Ok(permit) = results.reserve().await {
        let result = loop {
            let Some(item) = feed.take().await else {
                return Ok(());
            };
            // Without a result the room is for the next.
            if let Some(result) = f(item).await? {
                break result;
            }
        };
        if permit.send(result).is_err() {
            break;
        }
    }
    Ok(())
}

/// A result that is not there yet, with its room.
pub(super) type Due<U> = (oneshot::Receiver<U>, OwnedPermit<U>);

/// As [`work`], but results get their place in `line` in the order of the items. Who has the
/// `turn` takes an item and that place.
pub(super) async fn work_in_order<T, U, E, Fut>(
    mut feed: Feed<T>,
    results: Sender<U>,
    line: Sender<Due<U>>,
    turn: &Semaphore,
    f: impl Fn(T) -> Fut,
) -> Result<(), E>
where
    Fut: Future<Output = Result<Option<U>, E>>,
{
    loop {
        let turn = turn.acquire().await;
        let Ok(permit) = results.reserve_owned().await else {
            return Ok(());
        };
        let Some(item) = feed.take().await else {
            return Ok(());
        };
        let (sender, due) = oneshot::channel();
        // It never fails, as the other end of the line is there as long as this one.
        let _ = line.send((due, permit)).await;
        drop(turn);
        if let Some(result) = f(item).await? {
            let _ = sender.send(result);
        }
    }
}

/// Sends results on as they come to the head of the line.
pub(super) async fn send_in_order<U>(line: Receiver<Due<U>>) {
    while let Ok((due, permit)) = line.recv().await {
        // No result: it was filtered out, or its worker failed.
        if let Ok(result) = due.await {
            // Refused if nobody wants results any more. The workers see that for themselves.
            let _ = permit.send(result);
        }
    }
}
