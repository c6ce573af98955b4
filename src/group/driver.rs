//! A group with a body that takes the results while the children go on.

use core::{
    convert::Infallible,
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    Source,
    hub::HubRef,
    pass::{Host, Passes, Phase},
    source::Output,
};
use crate::{
    cancel::CauseKind,
    inspect::Resource,
    scope::{Plain, Progress, Settle, Try, body::Body},
    sys::unwind::{self, FirstPanic, Payload},
};

/// Owns the children of a group and, once it is given a body, polls them.
///
/// Made by [`Group::results`](super::Group::results) and
/// [`ordered_results`](super::Group::ordered_results), together with the stream of the results.
#[must_use = "a driver does nothing until it is given a body and awaited"]
pub struct Driver<S: Source> {
    passes: Passes<S::Child>,
    children: Children<S>,
}

/// Where children come from and where their outputs go.
struct Children<S: Source> {
    /// `None` at the end.
    source: Option<S>,
    hub: HubRef<S::Child>,
    limit: usize,
    /// So many may be running, or be done and not taken.
    held: usize,
    /// No more results than these are there and not taken: what the hub said, and those put since.
    untaken: usize,
}

impl<S: Source> Children<S> {
    fn next(&mut self, running: usize) -> Option<S::Child> {
        if running >= self.limit || !self.has_room(running) {
            return None;
        }
        self.source.as_mut()?.next()
    }

    /// Whether there would be a place for the output of one more.
    fn has_room(&mut self, running: usize) -> bool {
        if running.saturating_add(self.untaken) < self.held {
            return true;
        }
        let bound = self.held.saturating_sub(running);
        self.untaken = self.hub.untaken(bound).unwrap_or(0);
        self.untaken < bound
    }

    fn done(&mut self, index: usize, output: Output<S>) {
        self.untaken = self.untaken.saturating_add(1);
        // Dropped here if nobody wants it.
        let _unwanted = self.hub.put(index, output);
    }
}

impl<S: Source> Driver<S> {
    pub(super) fn new(source: S, hub: HubRef<S::Child>, limit: usize, prefetch: usize) -> Self {
        Self {
            passes: Passes::new(hub.shared().clone()),
            children: Children {
                source: Some(source),
                hub,
                limit,
                held: limit.saturating_add(prefetch),
                untaken: 0,
            },
        }
    }

    /// Gives the group a name, by which it is told of when it is looked at.
    ///
    /// Without the feature `inspect` this does nothing; with it a name is an allocation.
    pub fn named(self, name: &'static str) -> Self {
        self.passes.crew.shared().branch.set_own_name(name);
        self
    }

    /// Has `observer` told of what happens in the group and below it: as
    /// [`scope::Driver::observe`](crate::scope::Driver::observe).
    #[cfg(feature = "inspect")]
    pub fn observe(self, observer: impl crate::inspect::Observer + 'static) -> Self {
        self.passes.crew.shared().branch.observe(observer);
        self
    }

    /// Runs `body` and the children; resolves to the body's value when all are done.
    ///
    /// When the body is done the others go on, and there is no bound any more on results that are
    /// not taken: they stay with the stream, if that is still there, or else are dropped as they come.
    /// A body whose results go to another task therefore waits for that task. To end early see
    /// [`run_try`](Self::run_try).
    pub fn run<B: Future>(self, body: B) -> Run<S, B> {
        Run {
            running: Running::new(self, body),
        }
    }

    /// Runs `body` and the children; resolves to the body's value when all are done, or, at once,
    /// to its error. Then the children are dropped, and no others started.
    ///
    /// # Errors
    ///
    /// That of the body.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::group::group;
    ///
    /// let words = ["1", "x", "3"].map(|word| async move { word.parse::<u8>() });
    /// let (driver, mut results) = group(words).results();
    /// let sum = driver
    ///     .run_try(async move {
    ///         let mut sum = 0;
    ///         while let Some(number) = results.next().await {
    ///             sum += number?;
    ///         }
    ///         Ok::<_, std::num::ParseIntError>(sum)
    ///     })
    ///     .await;
    /// assert!(sum.is_err());
    /// # });
    /// ```
    pub fn run_try<B, R, E>(self, body: B) -> RunTry<S, B, R, E>
    where
        B: Future<Output = Result<R, E>>,
    {
        RunTry {
            running: Running::new(self, body),
        }
    }

    /// Drops those that were not started, then what `clear_body` does, then the running children,
    /// the newest first. Again it does what is left.
    fn tear_down(&mut self, clear_body: impl FnOnce()) -> Result<(), Payload> {
        if self.passes.crew.is_cleared() {
            return Ok(());
        }
        let mut panics = FirstPanic::default();
        panics.run(|| self.children.source = None);
        panics.run(clear_body);
        panics.note(self.passes.crew.clear());
        panics.run(|| self.children.hub.end());
        panics.into_result()
    }
}

impl<S: Source> Drop for Driver<S> {
    fn drop(&mut self) {
        if let Err(payload) = self.tear_down(|| {}) {
            unwind::resume_unless_panicking(payload);
        }
    }
}

impl<S: Source> fmt::Debug for Driver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("running", &self.passes.crew.len())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// What [`Run`] and [`RunTry`] have in common.
    struct Running<S, B, R, E>
    where
        S: Source,
    {
        #[pin]
        body: Body<B, R>,
        driver: Driver<S>,
        error: Option<E>,
        phase: Phase,
    }

    impl<S, B, R, E> PinnedDrop for Running<S, B, R, E>
    where
        S: Source,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let body = this.body;
            if let Err(payload) = this.driver.tear_down(|| body.clear()) {
                unwind::resume_unless_panicking(payload);
            }
        }
    }
}

/// A pass's view of a running group.
struct Hosted<'a, S: Source, B, R, M: Settle<B::Output>>
where
    B: Future,
{
    children: &'a mut Children<S>,
    body: Pin<&'a mut Body<B, R>>,
    error: &'a mut Option<M::Break>,
}

impl<S, B, R, M> Host<S::Child> for Hosted<'_, S, B, R, M>
where
    S: Source,
    B: Future,
    M: Settle<B::Output, Value = R>,
{
    fn next(&mut self, running: usize) -> Option<S::Child> {
        self.children.next(running)
    }

    fn done(&mut self, index: usize, output: Output<S>) -> ControlFlow<()> {
        self.children.done(index, output);
        ControlFlow::Continue(())
    }

    fn body(&mut self) -> ControlFlow<()> {
        let shared = self.children.hub.shared();
        // SAFETY: the hub holds the block for as long as the poll.
        let waker = unsafe { shared.borrowed_waker() };
        let mut cx = Context::from_waker(&waker);
        let polling = shared.branch.polling_body();
        let polled = self.body.as_mut().poll::<M>(&mut cx);
        polling.came_to(match polled {
            Poll::Pending => Progress::Pending,
            Poll::Ready(_) => Progress::Done,
        });
        match polled {
            Poll::Ready(Err(error)) => {
                *self.error = Some(error);
                ControlFlow::Break(())
            }
            Poll::Ready(Ok(())) => {
                // Nobody might take results any more, and children would wait for room for ever.
                self.children.held = usize::MAX;
                ControlFlow::Continue(())
            }
            Poll::Pending => ControlFlow::Continue(()),
        }
    }
}

impl<S: Source, B, R, E> Running<S, B, R, E> {
    fn new(driver: Driver<S>, body: B) -> Self {
        Self {
            body: Body::new(body),
            driver,
            error: None,
            phase: Phase::New,
        }
    }

    fn poll<M>(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, E>>
    where
        B: Future,
        M: Settle<B::Output, Value = R, Break = E>,
    {
        let mut this = self.project();
        this.phase.assert_alive();
        if *this.phase == Phase::New {
            this.driver.children.hub.shared().call_body();
        }
        *this.phase = Phase::Passing;
        let Driver { passes, children } = &mut *this.driver;
        passes.crew.attach(cx);
        let broke = unwind::catch(|| {
            let mut host = Hosted::<S, B, R, M> {
                children,
                body: this.body.as_mut(),
                error: this.error,
            };
            let broke = passes.pass(&mut host).is_break();
            broke || is_over(passes.crew.len(), children, this.body.as_mut())
        });
        if let Ok(false) = broke {
            passes.rest(cx);
            *this.phase = Phase::Idle;
            let shared = &**passes.crew.shared();
            shared.branch.note_wait(cx, Resource::at(shared));
            return Poll::Pending;
        }
        *this.phase = Phase::Over;
        this.driver
            .passes
            .crew
            .note_end(match (&broke, &this.error) {
                (Err(_), _) => CauseKind::Panicked,
                (Ok(_), Some(_)) => CauseKind::SiblingFailed,
                (Ok(_), None) => CauseKind::ScopeEnded,
            });
        let mut panics = FirstPanic::default();
        panics.note(broke.map(drop));
        let value = if this.error.is_none() {
            this.body.as_mut().take_value()
        } else {
            None
        };
        let body = this.body;
        panics.note(this.driver.tear_down(|| body.clear()));
        match (panics.into_result(), this.error.take(), value) {
            (Ok(()), Some(error), _) => Poll::Ready(Err(error)),
            (Ok(()), None, Some(value)) => Poll::Ready(Ok(value)),
            (Ok(()), None, None) => unreachable!("a group finishes when its body has"),
            (Err(payload), error, value) => {
                unwind::swallow(|| drop((error, value)));
                unwind::resume(payload)
            }
        }
    }
}

/// Whether nothing is left; tells whoever waits for results if no child is.
fn is_over<S: Source, B, R>(
    running: usize,
    children: &mut Children<S>,
    body: Pin<&mut Body<B, R>>,
) -> bool {
    if running > 0 {
        return false;
    }
    let Some(source) = &mut children.source else {
        return body.is_done();
    };
    if body.is_done() && source.close() {
        return true;
    }
    if source.is_idle() {
        children.hub.be_idle();
    }
    false
}

pin_project! {
    /// The future of a group with a body: [`Driver::run`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops what was not started, the body and the children, the newest first; when
    /// `drop` returns, all their destructors have run. Results that were not taken stay with their
    /// stream, if that is elsewhere.
    ///
    /// # Panics
    ///
    /// With what a child, the body, the source or a destructor panicked with, once everything else
    /// has been dropped; and if it is polled again after it has completed.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Run<S, B>
    where
        S: Source,
        B: Future,
    {
        #[pin]
        running: Running<S, B, B::Output, Infallible>,
    }
}

impl<S: Source, B: Future> Future for Run<S, B> {
    type Output = B::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<B::Output> {
        let polled = self.project().running.poll::<Plain<Infallible>>(cx);
        polled.map(|result| match result {
            Ok(value) => value,
            Err(never) => match never {},
        })
    }
}

impl<S: Source, B: Future> FusedFuture for Run<S, B> {
    fn is_terminated(&self) -> bool {
        self.running.phase == Phase::Over
    }
}

impl<S: Source, B: Future> fmt::Debug for Run<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.running.driver).finish()
    }
}

pin_project! {
    /// The future of a group whose body may fail: [`Driver::run_try`]. Otherwise as [`Run`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct RunTry<S, B, R, E>
    where
        S: Source,
    {
        #[pin]
        running: Running<S, B, R, E>,
    }
}

impl<S, B, R, E> Future for RunTry<S, B, R, E>
where
    S: Source,
    B: Future<Output = Result<R, E>>,
{
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, E>> {
        self.project().running.poll::<Try>(cx)
    }
}

impl<S, B, R, E> FusedFuture for RunTry<S, B, R, E>
where
    S: Source,
    B: Future<Output = Result<R, E>>,
{
    fn is_terminated(&self) -> bool {
        self.running.phase == Phase::Over
    }
}

impl<S: Source, B, R, E> fmt::Debug for RunTry<S, B, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunTry").field(&self.running.driver).finish()
    }
}
