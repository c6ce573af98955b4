//! The first of any number of futures of one type.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::race::ROTATION;
use crate::inspect;

/// Waits for the first of any number of futures of one type, and says which it was.
///
/// `arms` is an array, a vector or a slice of them. With `&mut futures` they live on, and can be
/// used again but for the one that is done. Where polling begins is drawn anew each time. For many
/// channels [`Multiplex`](crate::channel::Multiplex) does less work.
///
/// # Cancel safety
///
/// Dropping the future loses what is dropped with it, and no more.
///
/// # Panics
///
/// If there is no future at all; and the future panics if it is polled again after it has
/// completed.
///
/// # Examples
///
/// ```
/// use std::pin::pin;
/// use pleach::{channel, select::select_all};
///
/// # pleach::block_on(async {
/// let channels = [(); 3].map(|()| channel::bounded(1));
/// channels[1].0.send("b").await.unwrap();
/// let received = channels.each_ref().map(|(_, receiver)| Box::pin(receiver.recv()));
/// assert_eq!(select_all(received).await, (1, Ok("b")));
/// # });
/// ```
pub fn select_all<S, F>(mut arms: S) -> SelectAll<S, F>
where
    S: AsMut<[F]>,
    F: Future + Unpin,
{
    let count = arms.as_mut().len();
    assert!(count > 0, "`select_all` of nothing would never be ready");
    SelectAll {
        start: ROTATION.draw(u32::try_from(count).unwrap_or(u32::MAX)) as usize,
        arms: Some(arms),
        _future: PhantomData,
    }
}

/// The future of [`select_all`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited or polled"]
pub struct SelectAll<S, F> {
    /// `None` once one of them has won: the others are gone by then.
    arms: Option<S>,
    start: usize,
    _future: PhantomData<fn() -> F>,
}

// The futures are `Unpin`, and nothing else in here is pinned.
impl<S, F> Unpin for SelectAll<S, F> {}

impl<S: AsMut<[F]>, F: Future + Unpin> Future for SelectAll<S, F> {
    type Output = (usize, F::Output);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let start = self.start;
        let Some(arms) = &mut self.arms else {
            panic!("`SelectAll` was polled after it had completed");
        };
        let arms = arms.as_mut();
        let start = start.min(arms.len());
        let won = inspect::within(cx, |cx| {
            let mut order = (start..arms.len()).chain(0..start);
            let won = order.find_map(|at| match Pin::new(&mut arms[at]).poll(cx) {
                Poll::Ready(output) => Some((at, output)),
                Poll::Pending => None,
            });
            won.map_or(Poll::Pending, Poll::Ready)
        });
        if won.is_ready() {
            self.arms = None;
        }
        won
    }
}

impl<S: AsMut<[F]>, F: Future + Unpin> FusedFuture for SelectAll<S, F> {
    fn is_terminated(&self) -> bool {
        self.arms.is_none()
    }
}
