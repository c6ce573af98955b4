//! What a spawn gives back: the child's output, when it is there.

use core::{
    fmt,
    future::Future,
    marker::PhantomData,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{
    child::{
        ABORTED, COMPLETE, Child, EMPTIED, EMPTY, Header, JOINED, JOINER, Joiner, LOST, OF_HANDLE,
        UNSTARTED,
    },
    limit::Loan,
    tally::ChildId,
};
use crate::{
    cancel::{Cancelled, Cause, CauseKind},
    inspect::{self, Resource, Site, WaitKind},
    sys::{
        atomic::Ordering,
        unwind::{self, FirstPanic},
    },
};

/// The output of a child, as a future.
///
/// Awaiting it gives `Ok` with what the child returned, or [`Cancelled`] if the child was
/// never started (the scope was cancelled or had ended) or was dropped before it finished
/// (the scope ended early, or the child was [aborted](Self::abort)). It never hangs on a child that is gone.
///
/// Dropping the handle does not touch the child: it goes on within its scope, and its
/// output is dropped when it comes. A handle may outlive the scope and may be awaited in
/// any task; it is `Send` if the output is. It is `Unpin` and fused, and holds no
/// allocation beyond the child's own.
///
/// # Cancel safety
///
/// The output stays with the child until a poll returns it, so polling `&mut handle` in a
/// `select` and dropping that loses nothing.
///
/// # Panics
///
/// If it is polled again after it has completed.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// let sum = pleach::scope!(|s| {
///     let (a, b) = (s.spawn(async { 2 }), s.spawn(async { 3 }));
///     Ok::<_, pleach::Cancelled>(a.await? + b.await?)
/// })
/// .await;
/// assert_eq!(sum, Ok(5));
/// # });
/// ```
pub struct Handle<T> {
    state: State,
    id: ChildId,
    site: Site,
    // Owns a `T` that may be inside the child. No `'env`: a handle never touches the future,
    // so what siblings and the child itself borrowed need not be alive while it is.
    _output: PhantomData<T>,
}

enum State {
    /// The spawn was refused, for this reason.
    Refused(Cause),
    /// Holds one count of the child, and its `HANDLE` bit.
    Attached(Child),
    /// The output has been taken.
    Taken,
}

// SAFETY: the handle gives access to the output alone, by value; the rest of the child that
// it touches (state, joiner) may be used from any thread.
unsafe impl<T: Send> Send for Handle<T> {}
// SAFETY: through `&Handle` the child can be aborted and no more, and that may be done from any
// thread.
unsafe impl<T: Send> Sync for Handle<T> {}

impl<T> Unpin for Handle<T> {}

impl<T> Handle<T> {
    /// # Safety
    ///
    /// The caller hands over the handle's count of `child`, whose output is a `T`.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) unsafe fn attached(child: Child, id: ChildId) -> Self {
        Self::new(State::Attached(child), id)
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn refused(why: Cause, id: ChildId) -> Self {
        Self::new(State::Refused(why), id)
    }

    /// Which child of its scope it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(pleach::scope!(|s| {
    /// let (first, second) = (s.spawn(async {}), s.spawn(async {}));
    /// assert!(first.id() < second.id());
    /// assert_eq!(second.id().to_string(), "#2");
    /// # }));
    /// ```
    #[must_use]
    pub fn id(&self) -> ChildId {
        self.id
    }

    /// Gives the child a name, by which it is told of when its scope is looked at.
    ///
    /// Without the feature `inspect` this does nothing; with it a name is an allocation.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(pleach::scope!(|s| {
    /// s.spawn(async {}).named("accepts connections").await.unwrap();
    /// # }));
    /// ```
    pub fn named(self, name: &'static str) -> Self {
        if let State::Attached(child) = self.state {
            // SAFETY: the handle holds a count.
            let header = unsafe { child.header() };
            // SAFETY: as above.
            let card = unsafe { child.card() };
            // SAFETY: as above.
            unsafe { header.scope.branch.set_name(card, name) };
        }
        self
    }

    /// Notes that the child is a task of a runtime.
    #[cfg(feature = "std")]
    pub(crate) fn parallel(self) -> Self {
        if let State::Attached(child) = self.state {
            // SAFETY: the handle holds a count.
            let header = unsafe { child.header() };
            header.scope.branch.set_parallel(&header.card);
        }
        self
    }

    #[cfg_attr(feature = "inspect", track_caller)]
    fn new(state: State, id: ChildId) -> Self {
        Self {
            state,
            id,
            site: Site::here(),
            _output: PhantomData,
        }
    }

    /// Has the child dropped, wherever it stands; the handle then gives [`Cancelled`] with
    /// [`CauseKind::Aborted`], or the output if the child is done before that.
    ///
    /// A child that was not started is dropped unpolled. The scope drops the child in its next
    /// pass, or, if the child is being polled, right after that poll: a child may abort itself. It
    /// may be called from any thread, and does nothing to a child that is done or was refused.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::cancel::CauseKind;
    ///
    /// let result = pleach::scope!(|s| {
    ///     let endless = s.spawn(std::future::pending::<()>());
    ///     endless.abort();
    ///     endless.await
    /// })
    /// .await;
    /// assert_eq!(result.unwrap_err().cause().kind(), CauseKind::Aborted);
    /// # });
    /// ```
    pub fn abort(&self) {
        if let State::Attached(child) = self.state {
            // SAFETY: the handle holds a count.
            unsafe { child.abort() };
        }
    }

    /// Leaves word where the driver finds it, of whom to wake and who lends a place; `false`
    /// if the child completed meanwhile. `state` is one of the child, seen by this handle.
    fn register(child: Child, state: usize, cx: &Context<'_>) -> bool {
        // SAFETY: the handle holds a count.
        let header = unsafe { child.header() };
        // The handle alone sets `JOINER`.
        let before = match state & JOINER {
            0 => Some(state),
            _ => Self::take_back_joiner(child),
        };
        let Some(before) = before else {
            return false;
        };
        // SAFETY: `JOINER` is clear, so the slot is the handle's (invariant 2).
        let (mut loan, is_known) = unsafe {
            with_joiner(header, |joiner| {
                let waker = joiner.waker.as_ref();
                let is_known =
                    waker.is_some_and(|waker| waker.will_wake(inspect::inner(cx.waker())));
                (joiner.loan.take(), is_known)
            })
        };
        // SAFETY: the handle holds a count of the child.
        unsafe { Loan::renew(&mut loan, child, before & UNSTARTED != 0) };
        let fresh = (!is_known).then(|| cx.waker().clone());
        // SAFETY: as above.
        let old = unsafe {
            with_joiner(header, |joiner| {
                joiner.loan = loan;
                fresh.and_then(|fresh| joiner.waker.replace(fresh))
            })
        };
        drop(old);
        // Release: pairs with the driver's setting of `COMPLETE`, which sees the joiner.
        // Acquire: if that came first, the output is there.
        if header.link.state.fetch_or(JOINER, Ordering::AcqRel) & COMPLETE == 0 {
            return true;
        }
        // SAFETY: the driver found the bit clear, so the slot is still the handle's.
        drop(unsafe { with_joiner(header, mem::take) });
        false
    }

    /// Makes the joiner's slot the handle's again; the state before. `None` if the child has
    /// completed, and the slot is whose it was.
    fn take_back_joiner(child: Child) -> Option<usize> {
        // SAFETY: the handle holds a count.
        let state = unsafe { &child.header().link.state };
        // Acquire: pairs with the driver's setting of `COMPLETE`. It publishes nothing: a
        // driver that finds `JOINER` clear keeps away from the slot.
        let before = state.fetch_and(!JOINER, Ordering::Acquire);
        if before & COMPLETE == 0 {
            return Some(before);
        }
        // The driver has the slot if it found the bit set: so that the handle's drop knows.
        // Relaxed: the handle tells itself.
        state.fetch_or(before & JOINER, Ordering::Relaxed);
        None
    }

    /// Waits as a poll does, and takes no output: `false` if the child is over or was refused.
    pub(super) fn wait(&mut self, cx: &Context<'_>) -> bool {
        let State::Attached(child) = self.state else {
            return false;
        };
        // SAFETY: the handle holds a count.
        let state = unsafe { &child.header().link.state };
        // Relaxed: it is not the output that is looked for.
        let state = state.load(Ordering::Relaxed);
        let waits = state & COMPLETE == 0 && Self::register(child, state, cx);
        if waits {
            self.note(child, cx);
        }
        waits
    }

    /// Notes that the task of `cx` waits for the child.
    fn note(&self, child: Child, cx: &Context<'_>) {
        // SAFETY: the handle holds a count.
        let resource = Resource::at(unsafe { child.header() });
        inspect::note(cx, WaitKind::Join, &self.site, resource);
    }

    /// Takes back what [`wait`](Self::wait) has left with the child.
    pub(super) fn stop_waiting(&self) {
        if let State::Attached(child) = self.state {
            if Self::take_back_joiner(child).is_some() {
                // SAFETY: the handle holds a count.
                let header = unsafe { child.header() };
                // SAFETY: `JOINER` is clear, so the slot is the handle's (invariant 2).
                drop(unsafe { with_joiner(header, mem::take) });
            }
        }
    }

    /// Why the child is not what it was spawned for, as far as that is known.
    pub(super) fn why_lost(&self) -> Cause {
        match self.state {
            State::Refused(why) => why,
            State::Attached(child) => {
                // SAFETY: the handle holds a count.
                let header = unsafe { child.header() };
                // Relaxed: a child that is lost for an abort is so after that.
                let state = header.link.state.load(Ordering::Relaxed);
                if let Some(why) = why_aborted(state) {
                    return why;
                }
                let cause = header.scope.stop.known_cause();
                cause.unwrap_or(CauseKind::Dropped.into())
            }
            State::Taken => unreachable!("an output was taken"),
        }
    }

    /// The child has completed: takes what there is and lets go of the child.
    fn take(&mut self, child: Child) -> Result<T, Cancelled> {
        self.state = State::Taken;
        // SAFETY: the count is still held.
        let state = unsafe { child.header() }.link.state.load(Ordering::Relaxed);
        let result = if state & EMPTY == 0 {
            // SAFETY: complete with `HANDLE` set: the output is the handle's (`child.rs`,
            // invariant 1), and `Taken` keeps it from being taken twice.
            Ok(unsafe { child.take_output() })
        } else if let Some(why) = why_aborted(state) {
            Err(why.into())
        } else {
            // SAFETY: the count is still held.
            Err(unsafe { child.header() }.scope.stop.cause().into())
        };
        // SAFETY: `Attached` held the count and is gone.
        unsafe { child.release_as_handle(state) };
        result
    }
}

/// Why a child with this state was aborted, if it was.
fn why_aborted(state: usize) -> Option<Cause> {
    let kind = match state & (ABORTED | LOST) {
        0 => return None,
        ABORTED => CauseKind::Aborted,
        _ => CauseKind::Lost,
    };
    Some(kind.into())
}

/// # Safety
///
/// The joiner's slot is the caller's.
unsafe fn with_joiner<R>(header: &Header, f: impl FnOnce(&mut Joiner) -> R) -> R {
    // SAFETY: the caller's word.
    header.joiner.with_mut(|joiner| f(unsafe { &mut *joiner }))
}

impl<T> Future for Handle<T> {
    type Output = Result<T, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let child = match self.state {
            State::Attached(child) => child,
            State::Refused(why) => {
                self.state = State::Taken;
                return Poll::Ready(Err(why.into()));
            }
            State::Taken => panic!("`Handle` was polled after it had completed"),
        };
        // SAFETY: the handle holds a count.
        let header = unsafe { child.header() };
        // Acquire: pairs with the driver's setting of `COMPLETE`.
        let state = header.link.state.load(Ordering::Acquire);
        if state & COMPLETE != 0 || !Self::register(child, state, cx) {
            return Poll::Ready(self.take(child));
        }
        self.note(child, cx);
        Poll::Pending
    }
}

impl<T> FusedFuture for Handle<T> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Taken)
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        let State::Attached(child) = self.state else {
            return;
        };
        // SAFETY: the handle holds a count.
        let header = unsafe { child.header() };
        // Acquire: pairs with the driver's setting of `COMPLETE`: if that came first, the
        // output is seen here. It publishes nothing: a driver that finds the bits clear
        // drops an output of its own making, and the memory goes by the count.
        let before = header.link.state.fetch_and(!OF_HANDLE, Ordering::Acquire);
        let mut panics = FirstPanic::default();
        if before & JOINED != JOINED {
            // SAFETY: no driver saw `JOINER` set, so the slot is the handle's (invariant 2).
            let joiner = unsafe { with_joiner(header, mem::take) };
            panics.run(|| drop(joiner));
        }
        if before & EMPTIED == COMPLETE {
            // SAFETY: complete while `HANDLE` was set: the output is the handle's.
            panics.run(|| unsafe { child.drop_output() });
        }
        // SAFETY: the handle's counts, and the state since it has been complete, or without the bit.
        unsafe { child.release_as_handle(before) };
        if let Err(payload) = panics.into_result() {
            unwind::resume_unless_panicking(payload);
        }
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Refused(_) => "refused",
            State::Attached(_) => "attached",
            State::Taken => "taken",
        };
        f.debug_struct("Handle")
            .field("id", &self.id)
            .field("state", &state)
            .finish()
    }
}
