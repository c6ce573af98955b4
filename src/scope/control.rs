//! What a [`Scope`] does beside spawning: it ends the scope, early or at once.

use core::{convert::Infallible, future};

use super::{Admits, Scope, child::Kind, node::Try};
use crate::{
    CancelToken,
    cancel::{Cause, CauseKind},
};

impl<B, K> Scope<'_, B, K> {
    /// Stops the scope gracefully: nothing more is started.
    ///
    /// Children that were not started are dropped, and so are those that are spawned from
    /// now on; their handles give [`Cancelled`](super::Cancelled). Running children and the
    /// body go on until they are done: they look at [`is_cancelled`](Self::is_cancelled), or
    /// find out by their handles. Cancelling twice is harmless.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let late = pleach::scope!(|s| {
    ///     s.cancel();
    ///     s.spawn(async { "too late" }).await
    /// })
    /// .await;
    /// assert!(late.is_err());
    /// # });
    /// ```
    pub fn cancel(&self) {
        self.cancel_with(CauseKind::Requested);
    }

    /// As [`cancel`](Self::cancel), with a cause: for the handles of what is not started, and for
    /// the scope's [`token`](Self::token), which is cancelled with it.
    pub fn cancel_with(&self, cause: impl Into<Cause>) {
        self.shared.cancel_with(cause.into());
    }

    /// The scope's token, by which children learn that the scope is cancelled, and others cancel
    /// it: whatever cancels the one cancels the other. When the scope ends it is cancelled.
    ///
    /// It is below the token that the scope was [given](super::Driver::token), or else one of its
    /// own. It is made when it is first asked for: two allocations.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::cancel::{CauseKind, OrCancel};
    ///
    /// pleach::scope!(|s| {
    ///     let token = s.token();
    ///     s.spawn(async move {
    ///         let event = pleach::Event::new(); // never set
    ///         let cancelled = event.wait().or_cancel(&token).await.unwrap_err();
    ///         assert_eq!(cancelled.cause().kind(), CauseKind::Shutdown);
    ///     });
    ///     s.spawn(async { s.cancel_with(CauseKind::Shutdown) });
    /// })
    /// .await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn token(&self) -> CancelToken {
        self.shared.token()
    }

    /// Whether the scope was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled()
    }

    /// How many children were spawned and are not over, whether started or not. The body and
    /// [daemons](Self::spawn_daemon) do not count.
    ///
    /// A child is over when its future is dropped and its handle is ready. From elsewhere than the
    /// scope's own children and body the number may be out of date when it is looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(pleach::scope!(|s| {
    /// assert!(s.is_empty());
    /// let child = s.spawn(async {});
    /// assert_eq!(s.len(), 1);
    /// child.await.unwrap();
    /// assert_eq!(s.len(), 0);
    /// # }));
    /// ```
    pub fn len(&self) -> usize {
        self.shared.tally.live()
    }

    /// Whether [`len`](Self::len) is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the scope at once, from anywhere, with an error that becomes its result.
    ///
    /// It is as if a child that was spawned just now had failed: what is queued in front of it is
    /// polled first, and if one of these fails, or the body, that error is the result and this one
    /// is dropped. A scope that was [cancelled](Self::cancel) can still be broken. One allocation.
    ///
    /// # Errors
    ///
    /// The error itself, if somebody has broken the scope before, or it ends or is over.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let result: Result<(), _> = pleach::try_scope!(|s| {
    ///     s.spawn(async {
    ///         assert_eq!(s.break_with("enough"), Ok(()));
    ///         assert_eq!(s.break_with("again"), Err("again"));
    ///     });
    ///     std::future::pending().await
    /// })
    /// .await;
    /// assert_eq!(result, Err("enough"));
    /// # });
    /// ```
    pub fn break_with(&self, error: B) -> Result<(), B>
    where
        K: Admits<future::Ready<B>>,
    {
        if !self.shared.claim_break() {
            return Err(error);
        }
        let failed = future::ready(Err::<Infallible, B>(error));
        match self.push::<_, Try>(failed, Kind::Breaker, false) {
            Ok(_handle) => Ok(()),
            Err(refused) => match refused.into_inner() {
                Err(error) => Err(error),
                Ok(never) => match never {},
            },
        }
    }
}
