//! A spawn that waits until the child is ready to serve.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{Admits, Cancelled, Handle, Scope};
use crate::oneshot::{self, Receiver, Sender};

impl<'env, B, K> Scope<'env, B, K> {
    /// Spawns a child and waits until it says that it has started, with a value for whoever waits.
    ///
    /// For services that must be listening before others use them. `make` gets the [`Started`] by
    /// which the child says so; then the [`Start`] that is returned resolves to the value and the
    /// child's [`Handle`]. This is `nursery.start` of Trio.
    ///
    /// The child is spawned by this call, not when the result is polled, as by
    /// [`spawn`](Self::spawn). Two allocations: the child, and a [`oneshot`](crate::oneshot). A
    /// child that waits for another one to start lends it its place under a
    /// [`limit`](super::Driver::limit), as one does that waits for a handle.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::scope::Started;
    ///
    /// let sum = pleach::scope!(|s| {
    ///     let (port, server) = s
    ///         .start(|started: Started<u16>| async {
    ///             // Binds, and only then:
    ///             started.ready(8080).unwrap();
    ///             // Serves.
    ///             "done"
    ///         })
    ///         .await?;
    ///     Ok::<_, pleach::Cancelled>((port, server.await?))
    /// })
    /// .await;
    /// assert_eq!(sum, Ok((8080, "done")));
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn start<V, F>(&self, make: impl FnOnce(Started<V>) -> F) -> Start<V, F::Output>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        let (sender, receiver) = oneshot::channel();
        Start {
            receiver,
            handle: Some(self.spawn(make(Started(sender)))),
        }
    }
}

/// By which a child of [`Scope::start`] says that it has started.
///
/// If it is dropped unused, nobody waits any longer: the [`Start`] gives [`Cancelled`].
pub struct Started<V>(Sender<V>);

impl<V> Started<V> {
    /// The child has started.
    ///
    /// # Errors
    ///
    /// The value, if the [`Start`] was dropped. The child may go on all the same.
    pub fn ready(self, value: V) -> Result<(), V> {
        self.0.send(value).map_err(|refused| refused.0)
    }
}

impl<V> fmt::Debug for Started<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").finish_non_exhaustive()
    }
}

/// Waits for a child to have started: [`Scope::start`].
///
/// It is `Unpin` and fused, and `Send` if the value and the output are.
///
/// # Cancel safety
///
/// Dropping it leaves the child alone, which finds out by [`Started::ready`]; a value that was sent
/// already is dropped. Polling `&mut start` and giving that up loses nothing.
///
/// # Errors
///
/// [`Cancelled`] if the child was not started, was dropped, or ended without saying anything. The
/// cause is that of the scope if it was cancelled or is over, and else
/// [`CauseKind::Dropped`](crate::cancel::CauseKind::Dropped), for the [`Started`].
///
/// # Panics
///
/// If it is polled again after it has completed.
#[must_use = "the child was spawned, but nobody waits for it to have started"]
pub struct Start<V, T> {
    receiver: Receiver<V>,
    /// `None` once it has completed.
    handle: Option<Handle<T>>,
}

#[cfg(feature = "std")]
impl<V, T> Start<V, T> {
    /// Notes that the child is a task of a runtime.
    pub(crate) fn parallel(self) -> Self {
        Self {
            handle: self.handle.map(Handle::parallel),
            ..self
        }
    }
}

impl<V, T> Future for Start<V, T> {
    type Output = Result<(V, Handle<T>), Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(handle) = &mut this.handle else {
            panic!("`Start` was polled after it had completed");
        };
        let received = match Pin::new(&mut this.receiver).poll(cx) {
            Poll::Ready(received) => received.ok(),
            // Waits at the handle too: for a child that is over although it gave the `Started`
            // away, and so that a child that waits here lends its place.
            Poll::Pending if handle.wait(cx) => return Poll::Pending,
            Poll::Pending => this.receiver.try_recv().ok(),
        };
        let Some(handle) = this.handle.take() else {
            unreachable!("it was there just now");
        };
        Poll::Ready(match received {
            Some(value) => {
                handle.stop_waiting();
                Ok((value, handle))
            }
            None => Err(handle.why_lost().into()),
        })
    }
}

impl<V, T> FusedFuture for Start<V, T> {
    fn is_terminated(&self) -> bool {
        self.handle.is_none()
    }
}

impl<V, T> fmt::Debug for Start<V, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
