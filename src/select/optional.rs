//! A future that there may be.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

/// An arm that there may be: `Some` of the output, or `None` at once if there is no future.
///
/// With the pattern `Some(..)` an arm without a future is switched off: Go's `select` on a channel
/// that is `nil`.
///
/// # Examples
///
/// ```
/// use pleach::{channel::{self, Receiver}, select, select::optional};
///
/// async fn next(one: &Receiver<u8>, other: Option<&Receiver<u8>>) -> Option<u8> {
///     select! {
///         Ok(n) = one.recv() => Some(n),
///         Some(Ok(n)) = optional(other.map(|other| other.recv())) => Some(n),
///         else => None,
///     }
/// }
///
/// # pleach::block_on(async {
/// let (sender, receiver) = channel::bounded(1);
/// sender.send(1).await.unwrap();
/// assert_eq!(next(&receiver, None).await, Some(1));
/// drop(sender);
/// assert_eq!(next(&receiver, None).await, None);
/// # });
/// ```
pub fn optional<F: Future>(future: Option<F>) -> Optional<F> {
    Optional { future }
}

pin_project! {
    /// The future of [`optional`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Optional<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future> Future for Optional<F> {
    type Output = Option<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().future.as_pin_mut() {
            Some(future) => future.poll(cx).map(Some),
            None => Poll::Ready(None),
        }
    }
}
