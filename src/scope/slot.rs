//! Places of the limit, to be had before there is something to spawn.

use core::{
    fmt,
    future::Future,
    mem,
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{
    Admits, Cancelled, Handle, Scope, Threaded,
    child::Kind,
    node::{Plain, Settle, Try},
};
use crate::{
    inspect::{self, Resource, WaitKind},
    sys::unwind,
    wait::{Outcome, Stage, Waiter},
};

impl<'env, B, K> Scope<'env, B, K> {
    /// Waits for a place of the [`limit`](super::Driver::limit), and keeps it for a child.
    ///
    /// For back-pressure: who reads requests, say, and spawns a child for each reads no more of them
    /// than there are children for. A place is free while fewer children than the limit allows were
    /// [`spawn`](Self::spawn)ed and are not over, and fewer [`Slot`]s are kept; who waits comes first,
    /// in the order of their first polls, also before [`try_spawn`](Self::try_spawn). Without a limit
    /// it is ready at once.
    ///
    /// A child that waits for a place keeps its own: under a limit of one it would wait for itself.
    /// It is the body's part, or that of a [daemon](Self::spawn_daemon) or another task. No
    /// allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::{num::NonZeroUsize, sync::atomic::{AtomicUsize, Ordering}};
    ///
    /// let (mut requests, served) = (0..100, AtomicUsize::new(0));
    /// let limit = NonZeroUsize::new(4).unwrap();
    /// pleach::scope!(limit = limit, |s| {
    ///     while let Ok(slot) = s.slot().await {
    ///         let Some(request) = requests.next() else { break };
    ///         let read = request + 1;
    ///         slot.spawn(async { served.fetch_add(1, Ordering::Relaxed) });
    ///         assert!(read - served.load(Ordering::Relaxed) <= 4);
    ///     }
    /// })
    /// .await;
    /// assert_eq!(served.into_inner(), 100);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn slot(&self) -> WaitSlot<'env, B, K> {
        WaitSlot {
            scope: self.clone(),
            waiter: Waiter::new(()),
        }
    }
}

/// A place of the limit that is kept for a child: from [`Scope::slot`].
///
/// Dropping it gives the place to the next who waits for one.
pub struct Slot<'env, B = core::convert::Infallible, K = Threaded> {
    scope: Scope<'env, B, K>,
    /// Not if there is no limit.
    has_place: bool,
}

impl<'env, B, K> Slot<'env, B, K> {
    /// Spawns a child in this place, as [`Scope::spawn`] does.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn<F>(self, future: F) -> Handle<F::Output>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        self.fill::<F, Plain<B>>(future)
    }

    /// Spawns a child in this place, as [`Scope::spawn_try`] does.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn_try<F, T>(self, future: F) -> Handle<T>
    where
        F: Future<Output = Result<T, B>> + 'env,
        K: Admits<F>,
    {
        self.fill::<F, Try>(future)
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    fn fill<F, S>(mut self, future: F) -> Handle<S::Value>
    where
        F: Future + 'env,
        S: Settle<F::Output, Break = B>,
        K: Admits<F>,
    {
        let counted = mem::take(&mut self.has_place);
        self.scope
            .spawn_counted::<F, S>(future, Kind::Regular, counted)
    }
}

impl<B, K> Drop for Slot<'_, B, K> {
    fn drop(&mut self) {
        if self.has_place {
            self.scope.shared.limits.uncount();
        }
    }
}

impl<B, K> fmt::Debug for Slot<'_, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

/// Waits for a place: [`Scope::slot`].
///
/// It is fused and, once polled, must not move; it is `Send` and `Sync` (for [`Threaded`] scopes).
/// It may outlive the scope.
///
/// # Cancel safety
///
/// Dropping it leaves the queue. A place that it was given already goes to the next.
///
/// # Errors
///
/// [`Cancelled`] if the scope is cancelled, ends, or is over.
///
/// # Panics
///
/// If it is polled again after it has completed.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct WaitSlot<'env, B = core::convert::Infallible, K = Threaded> {
    scope: Scope<'env, B, K>,
    waiter: Waiter<()>,
}

impl<'env, B, K> Future for WaitSlot<'env, B, K> {
    type Output = Result<Slot<'env, B, K>, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.into_ref();
        let outcome = match this.waiter.stage() {
            Stage::Idle => this.enter(cx),
            Stage::Queued => {
                // SAFETY: the future's own, queued there.
                let looked = unsafe { this.scope.shared.limits.places.look(&this.waiter, cx) };
                looked.map(|()| match this.waiter.stage() {
                    Stage::Ended(Outcome::Granted) => Ok(true),
                    _ => Err(()),
                })
            }
            Stage::Ended(outcome) => Poll::Ready(match outcome {
                Outcome::Granted => Ok(true),
                Outcome::Closed | Outcome::Refused => Err(()),
            }),
            Stage::Done => panic!("`WaitSlot` was polled after it had completed"),
        };
        if outcome.is_pending() {
            let resource = Resource::at(&*this.scope.shared);
            inspect::note(cx, WaitKind::Slot, this.waiter.site(), resource);
        }
        outcome.map(|place| {
            this.waiter.finish();
            match place {
                Ok(has_place) => Ok(Slot {
                    scope: this.scope.clone(),
                    has_place,
                }),
                Err(()) => Err(this.scope.shared.stop.cause().into()),
            }
        })
    }
}

impl<B, K> WaitSlot<'_, B, K> {
    /// The first poll: whether there is a place to keep, if there may be a child at all.
    fn enter(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Result<bool, ()>> {
        let limits = &self.scope.shared.limits;
        if self.scope.starts_nothing() {
            return Poll::Ready(Err(()));
        }
        if let Some(counted) = limits.try_count() {
            return Poll::Ready(Ok(counted));
        }
        // SAFETY: a part of what is pinned.
        let waiter = unsafe { self.map_unchecked(|this| &this.waiter) };
        let limit = limits.get().map_or(usize::MAX, NonZeroUsize::get);
        // SAFETY: idle, used there alone, and `Drop` leaves.
        let entered = unsafe { limits.places.enter(waiter, limit, cx) };
        entered.map(|outcome| match outcome {
            Outcome::Granted => Ok(true),
            Outcome::Closed | Outcome::Refused => Err(()),
        })
    }
}

impl<B, K> Drop for WaitSlot<'_, B, K> {
    fn drop(&mut self) {
        if matches!(self.waiter.stage(), Stage::Idle | Stage::Done) {
            return;
        }
        let limits = &self.scope.shared.limits;
        // SAFETY: the future's own, used there alone.
        unsafe { limits.places.leave(&self.waiter) };
        if self.waiter.is_granted() {
            unwind::run_in_drop(|| limits.uncount());
        }
    }
}

impl<B, K> FusedFuture for WaitSlot<'_, B, K> {
    fn is_terminated(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }
}

impl<B, K> fmt::Debug for WaitSlot<'_, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitSlot")
            .field("stage", &self.waiter.stage())
            .finish_non_exhaustive()
    }
}
