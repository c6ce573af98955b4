//! The handle that spawns.

use core::{error::Error, fmt, future::Future, marker::PhantomData, mem};

use crate::{
    CancelToken,
    cancel::{Cause, CauseKind},
};

use super::{
    Invariant,
    child::Child,
    handle::Handle,
    node::{Node, Plain, Settle, Try},
    shared::SharedRef,
};

/// Kind of a scope whose children are `Send`: the scope's future may be, too.
#[derive(Clone, Copy, Debug)]
pub enum Threaded {}

/// Kind of a scope whose children need not be `Send`; see [`local`](super::local).
#[derive(Clone, Copy, Debug)]
pub struct Local {
    _not_send: PhantomData<*mut ()>,
}

mod sealed {
    /// Names the future too: nobody else can admit one of their own.
    pub trait Sealed<F> {}
    impl<F> Sealed<F> for super::Threaded where F: Future<Output: Send> + Send {}
    impl<F: Future> Sealed<F> for super::Local {}
}

/// Which futures a kind of scope admits: [`Threaded`] those that are `Send` with an output
/// that is, [`Local`] all. Sealed.
#[diagnostic::on_unimplemented(
    message = "this future cannot be spawned into a scope that may move between threads",
    note = "children and their outputs must be `Send`; for those that are not see `pleach::local_scope!`"
)]
pub trait Admits<F: Future>: sealed::Sealed<F> {}

impl<F> Admits<F> for Threaded
where
    // Not `Send`, and need not be? `pleach::local_scope!` takes it.
    F: Future + Send,
    F::Output: Send,
{
}

impl<F: Future> Admits<F> for Local {}

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
    shared: SharedRef,
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
    pub fn spawn<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        self.spawn_settled::<F, Plain<B>>(future)
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
    pub fn spawn_try<F, T>(&self, future: F) -> Handle<T>
    where
        F: Future<Output = Result<T, B>> + 'env,
        K: Admits<F>,
    {
        self.spawn_settled::<F, Try>(future)
    }

    /// Spawns a child unless the scope is at its limit, cancelled or over; then the future
    /// comes back.
    ///
    /// A scope is at its limit when as many children as the limit allows are running or
    /// waiting to be started. Without a limit a live scope never refuses.
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
    pub fn try_spawn<F>(&self, future: F) -> Result<Handle<F::Output>, Refused<F>>
    where
        F: Future + 'env,
        K: Admits<F>,
    {
        let full = !self.starts_nothing();
        let Some(counted) = self.shared.limits.try_count() else {
            return Err(Refused { future, full });
        };
        self.add::<F, Plain<B>>(future, counted)
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
    pub fn spawn_with<G, F>(&self, make: G) -> Handle<F::Output>
    where
        G: FnOnce(Self) -> F,
        F: Future + 'env,
        K: Admits<F>,
    {
        self.spawn(make(self.clone()))
    }

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
    pub fn token(&self) -> CancelToken {
        self.shared.token()
    }

    /// Whether the scope was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled()
    }

    fn spawn_settled<F, S>(&self, future: F) -> Handle<S::Value>
    where
        F: Future + 'env,
        S: Settle<F::Output, Break = B>,
        K: Admits<F>,
    {
        let counted = self.shared.limits.count();
        self.add::<F, S>(future, counted)
            .unwrap_or_else(|_refused| Handle::refused(self.shared.stop.cause()))
    }

    /// Whether the scope has ended or is cancelled.
    fn starts_nothing(&self) -> bool {
        self.shared.ready.is_closed() || self.shared.is_cancelled()
    }

    /// Queues a new child, or gives its future back if the scope starts nothing any more.
    fn add<F, S>(&self, future: F, counted: bool) -> Result<Handle<S::Value>, F>
    where
        F: Future + 'env,
        S: Settle<F::Output, Break = B>,
        K: Admits<F>,
    {
        let refused = if self.starts_nothing() {
            future
        } else {
            let child = Child::new::<F, S>(self.shared.clone(), future, counted);
            // Made before the child is known: the parent's waker may panic.
            // SAFETY: the second count of a new child is the handle's.
            let handle = unsafe { Handle::attached(child) };
            // SAFETY: made with its bit set; the driver's count keeps it alive.
            if unsafe { self.shared.ready.push(child.as_link()) } {
                return Ok(handle);
            }
            mem::forget(handle);
            // SAFETY: the types are those of `new`, and the refusal left it unknown.
            unsafe { Node::<F, S>::into_future(child) }
        };
        if counted {
            self.shared.limits.uncount();
        }
        Err(refused)
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

/// A future that was not spawned, and why.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused<F> {
    future: F,
    full: bool,
}

impl<F> Refused<F> {
    /// Of a group that is over.
    pub(crate) fn over(future: F) -> Self {
        Self {
            future,
            full: false,
        }
    }

    /// The future that was refused.
    pub fn into_inner(self) -> F {
        self.future
    }

    /// Whether the scope was at its limit; if not, it was cancelled or over, and will not
    /// start anything any more.
    pub fn is_full(&self) -> bool {
        self.full
    }
}

impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("full", &self.full)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.full {
            "the scope is at its limit: use `spawn` to queue the child, or try again later"
        } else {
            "the scope was cancelled or is over, and starts nothing any more"
        })
    }
}

impl<F> Error for Refused<F> {}
