//! Room that keeps its sender: permits that borrow nothing.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{ReserveError, SendError, Sender, TryReserveError, reserve::Claim};
use crate::sys::debug_fields;

impl<T> Sender<T> {
    /// As [`reserve`](super::SendEnd::reserve), of a permit that keeps a sender of its own: for
    /// tasks that may not borrow.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a place that it got is given back.
    ///
    /// # Errors
    ///
    /// [`ReserveError::Closed`].
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(1);
    /// let permit = sender.reserve_owned().await.unwrap();
    /// drop(sender);
    /// let worker = std::thread::spawn(move || permit.send(7));
    /// assert_eq!(receiver.recv().await, Ok(7));
    /// # worker.join().unwrap().unwrap();
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn reserve_owned(&self) -> ReserveOwned<T> {
        ReserveOwned {
            claim: Claim::new(self.clone(), 1),
        }
    }

    /// As [`try_reserve`](super::SendEnd::try_reserve), of a permit that keeps a sender of its own.
    ///
    /// # Errors
    ///
    /// [`TryReserveError`].
    pub fn try_reserve_owned(&self) -> Result<OwnedPermit<T>, TryReserveError> {
        let sender = self.clone();
        sender.try_hold(1)?;
        Ok(OwnedPermit::of(sender))
    }
}

/// Room for one message in a channel, with a sender of its own; from [`Sender::reserve_owned`].
///
/// Dropping it gives the room back. It stays good when the channel is closed, as long as there is a
/// receiver.
#[must_use = "dropping it gives the room back"]
pub struct OwnedPermit<T> {
    // `None` once it has sent.
    sender: Option<Sender<T>>,
}

impl<T> OwnedPermit<T> {
    /// A place that is held already.
    fn of(sender: Sender<T>) -> Self {
        Self {
            sender: Some(sender),
        }
    }

    /// Sends a message, without waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message, if there is no receiver any more.
    pub fn send(mut self, message: T) -> Result<(), SendError<T>> {
        match self.sender.take() {
            Some(sender) => sender.fulfil(message),
            None => unreachable!("sending consumes the permit"),
        }
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.give_back(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Sender::reserve_owned`].
    ///
    /// It is `Send` if the message is, not `Unpin`, and fused in the sense of [`FusedFuture`];
    /// polling it after it has completed panics. It never allocates.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct ReserveOwned<T> {
        #[pin]
        claim: Claim<T, Sender<T>>,
    }
}

debug_fields!([T] ReserveOwned<T>: claim);

impl<T> Future for ReserveOwned<T> {
    type Output = Result<OwnedPermit<T>, ReserveError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let claim = self.project().claim.into_ref();
        assert!(
            !claim.is_done(),
            "`ReserveOwned` was polled after it had completed"
        );
        claim
            .poll(cx)
            .map_ok(|()| OwnedPermit::of(claim.end.clone()))
    }
}

impl<T> FusedFuture for ReserveOwned<T> {
    fn is_terminated(&self) -> bool {
        self.claim.is_done()
    }
}
