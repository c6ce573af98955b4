//! A group that is joined: its future, with and without an end that may come early.

use core::{
    fmt,
    future::Future,
    mem,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    Joiner, Source,
    counted::Counted,
    pass::{Host, Passes, Phase},
    shared::Shared,
    source::Output,
};
use crate::{
    cancel::{CancelToken, Cancelled, Cause, CauseKind, WaitCancelledOwned},
    inspect::Resource,
    sys::unwind::{self, FirstPanic, Payload},
    time::{Instant, Timer},
};

/// The future of a group that is joined: [`Group::join`](super::Group::join).
///
/// It allocates once for the group, and now and then for room that is used again and again, so
/// that it comes to nothing for each child; what the joiner keeps is its own.
///
/// # Cancel safety
///
/// Dropping it drops the children, the newest first; when `drop` returns, all their destructors
/// have run. It may be moved, and between tasks, while it is running.
///
/// # Panics
///
/// With what a child, the source, the joiner or a destructor (or what may cut the group short)
/// panicked with, once the children have been dropped; and if it is polled again after it has
/// completed.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct Join<S: Source, J> {
    passes: Passes<S::Child>,
    host: Joining<S, J>,
    phase: Phase,
}

/// Where children come from and where their outputs go.
struct Joining<S, J> {
    /// `None` at the end.
    source: Option<S>,
    joiner: Option<J>,
    limit: usize,
}

impl<S, J> Host<S::Child> for Joining<S, J>
where
    S: Source,
    J: Joiner<Output<S>>,
{
    fn next(&mut self, running: usize) -> Option<S::Child> {
        if running < self.limit {
            self.source.as_mut()?.next()
        } else {
            None
        }
    }

    fn done(&mut self, index: usize, output: Output<S>) -> ControlFlow<()> {
        match &mut self.joiner {
            Some(joiner) => joiner.on_done(index, output),
            None => unreachable!("there is a joiner until the end"),
        }
    }

    fn body(&mut self) -> ControlFlow<()> {
        unreachable!("there is no body")
    }
}

// What may be in the middle of being used is on the heap, and pinned there.
impl<S: Source, J> Unpin for Join<S, J> {}

impl<S, J> Join<S, J>
where
    S: Source,
    J: Joiner<Output<S>>,
{
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(source: S, limit: usize, joiner: J) -> Self {
        let shared = source.hub().map(|hub| hub.shared().clone());
        Self {
            passes: Passes::new(match shared {
                Some(shared) => shared,
                None => Counted::new(Shared::new()),
            }),
            host: Joining {
                source: Some(source),
                joiner: Some(joiner),
                limit,
            },
            phase: Phase::New,
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

    /// Ends the group when `at` has come by the clock of the timer: the children are dropped, and
    /// the joiner makes of it what it [can](Joiner::cut_short).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::{group::{Collect, group}, time::{Clock, ManualClock, sleep}};
    ///
    /// let clock = ManualClock::new();
    /// let ask = |seconds| {
    ///     let clock = &clock;
    ///     async move {
    ///         sleep(clock, Duration::from_secs(seconds)).await;
    ///         Ok::<_, ()>(seconds)
    ///     }
    /// };
    /// let at = clock.now() + Duration::from_secs(5);
    /// let answers = clock.run(group([9, 2, 4].map(ask)).join(Collect::new()).deadline((&clock, at)));
    /// assert_eq!(answers.unwrap().values, [(1, 2), (2, 4)]);
    /// ```
    pub fn deadline<T: Timer>(self, (timer, at): (T, Instant)) -> JoinUntil<S, J, Alarm<T::Sleep>> {
        let sleep = timer.sleep_until(at);
        self.until(Alarm { sleep })
    }

    /// Ends the group when `token` is cancelled, as [`deadline`](Self::deadline) does.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// use pleach::{CancelToken, group::{Until, group}};
    ///
    /// let token = CancelToken::new();
    /// let children = (0..).map(|n| {
    ///     if n == 3 {
    ///         token.cancel();
    ///     }
    ///     std::future::ready(n)
    /// });
    /// let numbers = group(children).join(Until::new(|_| false)).token(&token).await.unwrap();
    /// assert!(numbers.len() > 3); // and no more than one poll starts
    /// # });
    /// ```
    pub fn token(self, token: &CancelToken) -> JoinUntil<S, J, WaitCancelledOwned> {
        self.until(token.clone().cancelled_owned())
    }

    /// Ends the group when `end` is done, with the cause that it gives, as
    /// [`deadline`](Self::deadline) does. Nothing is started once it is; children that are ready
    /// by then are polled once more, and count if they are done.
    pub fn until<W>(self, end: W) -> JoinUntil<S, J, W>
    where
        W: Future,
        W::Output: Into<Cause>,
    {
        JoinUntil { join: self, end }
    }

    /// One pass; whether the group has ended.
    fn pass(&mut self) -> bool {
        if mem::replace(&mut self.phase, Phase::Passing) == Phase::New {
            let expected = self.host.source.as_ref().map_or((0, Some(0)), S::size_hint);
            if let Some(joiner) = &mut self.host.joiner {
                joiner.expect(expected);
            }
            self.passes.crew.reserve(expected.0.min(self.host.limit));
        }
        self.passes.pass(&mut self.host).is_break()
            || (self.passes.crew.len() == 0 && self.host.source.as_mut().is_none_or(S::close))
    }

    /// To be called before anything is polled.
    fn check(&self) {
        self.phase.assert_alive();
    }

    /// Goes on with the children; ready when there are none left and none to come.
    fn poll_children(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.check();
        self.passes.crew.attach(cx);
        match unwind::catch(|| self.pass()) {
            Ok(false) => {
                self.passes.rest(cx);
                self.phase = Phase::Idle;
                let shared = &**self.passes.crew.shared();
                shared.branch.note_wait(cx, Resource::at(shared));
                Poll::Pending
            }
            Ok(true) => {
                self.passes.crew.note_end(CauseKind::ScopeEnded);
                Poll::Ready(())
            }
            Err(payload) => self.fail(payload),
        }
    }

    /// Goes on with a panic, when everything is gone.
    fn fail(&mut self, payload: Payload) -> ! {
        self.phase = Phase::Over;
        self.passes.crew.note_end(CauseKind::Panicked);
        let mut panics = FirstPanic::default();
        panics.note(Err(payload));
        panics.note(self.tear_down());
        panics.run(|| self.host.joiner = None);
        panics.resume()
    }

    /// Polls what may cut the group short.
    fn poll_end<W>(&mut self, end: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<Cause>
    where
        W: Future,
        W::Output: Into<Cause>,
    {
        self.check();
        let between = mem::replace(&mut self.phase, Phase::Passing);
        match unwind::catch(|| end.poll(cx).map(Into::into)) {
            Ok(polled) => {
                self.phase = between;
                polled
            }
            Err(payload) => self.fail(payload),
        }
    }

    /// The joiner, when everything else is gone.
    fn end(&mut self) -> J {
        self.phase = Phase::Over;
        let torn_down = self.tear_down();
        match (torn_down, self.host.joiner.take()) {
            (Ok(()), Some(joiner)) => joiner,
            (Ok(()), None) => unreachable!("there is a joiner until the end"),
            (Err(payload), joiner) => {
                unwind::swallow(|| drop(joiner));
                unwind::resume(payload)
            }
        }
    }
}

impl<S: Source, J> Join<S, J> {
    /// Drops those that were not started, then the children. Again it does what is left.
    fn tear_down(&mut self) -> Result<(), Payload> {
        let mut panics = FirstPanic::default();
        panics.run(|| self.host.source = None);
        panics.note(self.passes.crew.clear());
        panics.into_result()
    }
}

impl<S: Source, J> Drop for Join<S, J> {
    fn drop(&mut self) {
        if let Err(payload) = self.tear_down() {
            unwind::resume_unless_panicking(payload);
        }
    }
}

impl<S, J> Future for Join<S, J>
where
    S: Source,
    J: Joiner<Output<S>>,
{
    type Output = J::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        self.poll_children(cx).map(|()| self.end().finish())
    }
}

impl<S, J> FusedFuture for Join<S, J>
where
    S: Source,
    J: Joiner<Output<S>>,
{
    fn is_terminated(&self) -> bool {
        self.phase == Phase::Over
    }
}

impl<S: Source, J> fmt::Debug for Join<S, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("running", &self.passes.crew.len())
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of a joined group that may be cut short: [`Join::deadline`], [`Join::token`],
    /// [`Join::until`].
    ///
    /// Otherwise as [`Join`].
    ///
    /// # Errors
    ///
    /// [`Cancelled`], if it was cut short and the joiner gives no partial result.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct JoinUntil<S, J, W>
    where
        S: Source,
    {
        join: Join<S, J>,
        #[pin]
        end: W,
    }
}

impl<S, J, W> Future for JoinUntil<S, J, W>
where
    S: Source,
    J: Joiner<Output<S>>,
    W: Future,
    W::Output: Into<Cause>,
{
    type Output = Result<J::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let join = this.join;
        let is_new = join.phase == Phase::New;
        let end = join.poll_end(this.end, cx);
        if end.is_ready() {
            // Nothing is started for nothing; who is ready may still be done.
            join.host.limit = 0;
        }
        match end {
            Poll::Ready(cause) if is_new || join.poll_children(cx).is_pending() => {
                Poll::Ready(join.end().cut_short(cause))
            }
            Poll::Pending if join.poll_children(cx).is_pending() => Poll::Pending,
            _ => Poll::Ready(Ok(join.end().finish())),
        }
    }
}

impl<S, J, W> FusedFuture for JoinUntil<S, J, W>
where
    S: Source,
    J: Joiner<Output<S>>,
    W: Future,
    W::Output: Into<Cause>,
{
    fn is_terminated(&self) -> bool {
        self.join.is_terminated()
    }
}

impl<S: Source, J, W> fmt::Debug for JoinUntil<S, J, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinUntil").field(&self.join).finish()
    }
}

pin_project! {
    /// A sleep at whose end a deadline has passed: what [`Join::deadline`] waits for.
    #[derive(Debug)]
    pub struct Alarm<S> {
        #[pin]
        sleep: S,
    }
}

impl<S: Future<Output = ()>> Future for Alarm<S> {
    type Output = Cause;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Cause> {
        let sleep = self.project().sleep;
        sleep.poll(cx).map(|()| CauseKind::Deadline.into())
    }
}
