//! The handle that spawns.

use core::{fmt, future::Future, marker::PhantomData, mem};

use super::{
    Admits, Invariant, Refused, Threaded,
    child::{Child, Kind},
    handle::Handle,
    node::{Node, Plain, Settle, Try},
    shared::SharedRef,
};

/// Spawns children into a scope. Cheap to clone; may be given to children.
///
/// It is `Send` and `Sync` (for [`Threaded`] scopes), so children can be spawned from any
/// thread; they run where the scope is polled. Holding a clone does not keep the scope
/// going: a scope ends when its body and its children are done.
///
/// `'env` is what children may borrow from: everything that is alive before the scope is
/// opened and until it has ended. `B` is the type of error that ends the scope (none for
/// [`scope!`](crate::scope!)).
pub struct Scope<'env, B = core::convert::Infallible, K = Threaded> {
    pub(super) shared: SharedRef,
    _env: Invariant<'env>,
    // Invariant in `B` too, and neither `Send` nor `Sync` hang on it.
    _break: PhantomData<fn(B) -> B>,
    _kind: PhantomData<K>,
}

impl<'env, B, K> Scope<'env, B, K> {
    pub(super) fn new(shared: SharedRef) -> Self {
        Self {
            shared,
            _env: PhantomData,
            _break: PhantomData,
            _kind: PhantomData,
        }
    }

    /// Spawns a child. Never waits: it is started in the next pass of the scope, or when
    /// the [`limit`](super::Driver::limit) allows.
    ///
    /// One allocation, the handle and the output included. Dropping the handle leaves the
    /// child alone. If the scope has ended or is cancelled, `future` is dropped here and
    /// the handle gives [`Cancelled`](super::Cancelled): that is a race, not a mistake.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let data = vec![3, 1, 2];
    /// let max = pleach::scope!(|s| {
    ///     s.spawn(async { data.iter().copied().max() }).await
    /// })
    /// .await;
    /// assert_eq!(max, Ok(Some(3)));
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        self.spawn_settled::<F, Plain<B>>(future, Kind::Regular)
    }

    /// Spawns a child whose error ends the scope and becomes its result.
    ///
    /// The handle gives the value of an `Ok`. After an `Err` the scope drops everything
    /// else (see [how it ends](super#how-it-ends)) and nobody in it is polled again.
    /// Otherwise as [`spawn`](Self::spawn).
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let result = pleach::try_scope!(|s| {
    ///     let h = s.spawn_try(async { "12".parse::<i32>() });
    ///     s.spawn_try(async { "twelve".parse::<i32>() });
    ///     Ok(h.await)
    /// })
    /// .await;
    /// assert!(result.is_err());
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn_try<F, T>(&self, future: F) -> Handle<T>
    where
        F: Future<Output = Result<T, B>> + 'env,
        K: Admits<F>,
    {
        self.spawn_settled::<F, Try>(future, Kind::Regular)
    }

    /// Spawns a child unless the scope is at its limit, cancelled or over; then the future
    /// comes back.
    ///
    /// A scope is at its limit when as many children as the limit allows are running or
    /// waiting to be started, and when somebody waits for a [`slot`](Self::slot). Without a limit
    /// a live scope never refuses.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the future inside.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::num::NonZeroUsize;
    ///
    /// pleach::scope!(limit = NonZeroUsize::MIN, |s| {
    ///     s.spawn(async {});
    ///     let refused = s.try_spawn(async {}).unwrap_err();
    ///     assert!(refused.is_full());
    ///     refused.into_inner().await;
    /// })
    /// .await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn try_spawn<F>(&self, future: F) -> Result<Handle<F::Output>, Refused<F>>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        let full = !self.starts_nothing();
        let Some(counted) = self.shared.limits.try_count() else {
            return Err(Refused { future, full });
        };
        self.add::<F, Plain<B>>(future, Kind::Regular, counted)
            .map_err(|future| Refused {
                future,
                full: false,
            })
    }

    /// Spawns a child that gets a handle of its own, to spawn with.
    ///
    /// Short for `s.spawn(make(s.clone()))`. A child may borrow the handle where the scope is
    /// opened, in the body of a macro; a handle that was passed on has to be cloned.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let words = ["a", "bc"];
    /// let total = pleach::scope!(|s| {
    ///     let words = &words;
    ///     s.spawn_with(|s| async move {
    ///         let lengths = words.map(|word| s.spawn(async move { word.len() }));
    ///         let mut total = 0;
    ///         for length in lengths {
    ///             total += length.await?;
    ///         }
    ///         Ok::<_, pleach::Cancelled>(total)
    ///     })
    ///     .await
    /// })
    /// .await;
    /// assert_eq!(total, Ok(Ok(3)));
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn_with<G, F>(&self, make: G) -> Handle<F::Output>
    where
        G: FnOnce(Self) -> F,
        F: Future + 'env,
        K: Admits<F>,
    {
        self.spawn(make(self.clone()))
    }

    /// Spawns a child that the scope does not wait for: it is dropped when the body and all other
    /// children are done.
    ///
    /// For what serves the others while they run: a heartbeat, a logger, a cache that is refilled.
    /// So it goes on while the scope is [cancelled](Self::cancel), through the
    /// [grace](super::Driver::grace), and while [shielded](Self::spawn_shielded) children finish,
    /// and daemons are the last to be dropped, newest first. It takes no place of the
    /// [`limit`](super::Driver::limit), and a scope may end before it was ever polled.
    ///
    /// One that ends early is no matter, and one that panics ends the scope as any child does. What
    /// a daemon [`spawn`](Self::spawn)s is waited for. Otherwise as `spawn`.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// let beats = AtomicU32::new(0);
    /// pleach::scope!(|s| {
    ///     s.spawn_daemon(async {
    ///         loop {
    ///             beats.fetch_add(1, Ordering::Relaxed);
    ///             std::future::pending::<()>().await; // a timer, say
    ///         }
    ///     });
    ///     s.spawn(async { /* work */ });
    /// })
    /// .await;
    /// assert_eq!(beats.into_inner(), 1);
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn_daemon<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        self.spawn_counted::<F, Plain<B>>(future, Kind::Daemon, false)
    }

    /// Spawns a child that is not dropped when the scope ends early: it is polled to its end, and
    /// only then does the scope resolve.
    ///
    /// For what must not be left half done: a commit, a reply, a rename. An error or a panic of
    /// others and [`break_with`](Self::break_with) drop everything else, but for daemons, at once;
    /// the scope's result waits for the shielded children. So do [`cancel`](Self::cancel) and the
    /// [grace](super::Driver::grace), which they outlast, also if they were not started yet; the
    /// [`limit`](super::Driver::limit) counts them like others. What fails meanwhile does not stop
    /// them: the first error counts, and a panic beats it.
    ///
    /// There are three things that they do not outlast: a drop of the scope's future,
    /// [`abort`](Handle::abort), and, without `std`, a panic. Spawning one into a scope that is
    /// cancelled or ends is refused. Otherwise as [`spawn`](Self::spawn).
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let mut committed = false;
    /// let result: Result<(), _> = pleach::try_scope!(|s| {
    ///     s.spawn_shielded(async {
    ///         // Goes on though the body fails meanwhile.
    /// #       yield_now().await;
    ///         committed = true;
    ///     });
    ///     Err("no more")
    /// })
    /// .await;
    /// assert_eq!((result, committed), (Err("no more"), true));
    /// # });
    /// # async fn yield_now() {
    /// #     let mut yielded = false;
    /// #     std::future::poll_fn(|cx| {
    /// #         if std::mem::replace(&mut yielded, true) { return std::task::Poll::Ready(()) }
    /// #         cx.waker().wake_by_ref();
    /// #         std::task::Poll::Pending
    /// #     }).await
    /// # }
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn spawn_shielded<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        self.spawn_settled::<F, Plain<B>>(future, Kind::Shielded)
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    fn spawn_settled<F, S>(&self, future: F, kind: Kind) -> Handle<S::Value>
    where
        F: Future + 'env,
        S: Settle<F::Output, Break = B>,
        K: Admits<F>,
    {
        let counted = self.shared.limits.count();
        self.spawn_counted::<F, S>(future, kind, counted)
    }

    /// Spawns a child that has been counted, if there is a limit.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn spawn_counted<F, S>(
        &self,
        future: F,
        kind: Kind,
        counted: bool,
    ) -> Handle<S::Value>
    where
        F: Future + 'env,
        S: Settle<F::Output, Break = B>,
        K: Admits<F>,
    {
        self.add::<F, S>(future, kind, counted)
            .unwrap_or_else(|_refused| self.refused())
    }

    fn refused<T>(&self) -> Handle<T> {
        let id = self.shared.tally.number(self.shared.is_local);
        self.shared.tally.set_aside();
        Handle::refused(self.shared.stop.cause(), id)
    }

    /// Whether the scope has ended or is cancelled.
    pub(super) fn starts_nothing(&self) -> bool {
        self.shared.ready.is_closed() || !self.shared.starts_children()
    }

    /// Queues a new child, or gives its future back if the scope starts nothing any more.
    #[cfg_attr(feature = "inspect", track_caller)]
    fn add<F, S>(&self, future: F, kind: Kind, counted: bool) -> Result<Handle<S::Value>, F>
    where
        F: Future + 'env,
        S: Settle<F::Output, Break = B>,
        K: Admits<F>,
    {
        let added = if self.starts_nothing() {
            Err(future)
        } else {
            self.push::<F, S>(future, kind, counted)
        };
        if added.is_err() && counted {
            self.shared.limits.uncount();
        }
        added
    }

    /// Queues a new child, or gives its future back if the scope is over.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn push<F, S>(
        &self,
        future: F,
        kind: Kind,
        counted: bool,
    ) -> Result<Handle<S::Value>, F>
    where
        F: Future,
        S: Settle<F::Output, Break = B>,
    {
        let id = self.shared.tally.number(self.shared.is_local);
        if !kind.is_waited_for() {
            self.shared.tally.set_aside();
        }
        // SAFETY: this is a `Scope`, and of the kind with which the block was made.
        let shared = unsafe { self.shared.for_child() };
        let child = Child::new::<F, S>(shared, id, future, kind, counted);
        // SAFETY: new, so alive.
        let card = unsafe { child.card() };
        // What breaks a scope is no child of the user's.
        let is_listed = kind != Kind::Breaker;
        if is_listed {
            // SAFETY: it is new, and unlinked when it is retired, or below.
            unsafe { self.shared.branch.link(card) };
        }
        // Made before the child is known: the parent's waker may panic.
        // SAFETY: the second count of a new child is the handle's.
        let handle = unsafe { Handle::attached(child, id) };
        // SAFETY: made with its bit set; the driver's count keeps it alive. This is a `Scope`, and of
        // the kind with which the block was made.
        if unsafe { self.shared.push_new(child.as_link()) } {
            return Ok(handle);
        }
        if is_listed {
            // SAFETY: linked above, and still alive.
            unsafe { self.shared.branch.unlink(card) };
        }
        mem::forget(handle);
        if kind.is_waited_for() {
            self.shared.tally.set_aside();
        }
        // SAFETY: the types are those of `new`, and the refusal left it unknown.
        Err(unsafe { Node::<F, S>::into_future(child) })
    }
}

impl<B, K> Clone for Scope<'_, B, K> {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl<B, K> fmt::Debug for Scope<'_, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("cancelled", &self.is_cancelled())
            .field("ended", &self.shared.ready.is_closed())
            .finish()
    }
}
