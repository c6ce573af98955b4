//! The part of a parallel child that the runtime has: its future, until that is gone.
//!
//! A task goes through these steps and no others, whatever happens to it: its future is polled until
//! it is ready, panics, is aborted, or is dropped by the runtime; the future is dropped; what came of
//! it is [delivered](Post::deliver); the task leaves its [crew](Crew). So whoever hears of
//! its end finds its destructors done, and whoever finds the crew empty those of its output too.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::slot::Outcome;
use crate::{
    scope::Crew,
    sys::unwind::{self, Payload},
};

/// Where a task is waited for.
pub(super) trait Post: Send {
    type Output;

    /// Which the task has joined.
    fn crew(&self) -> &Crew;

    fn is_aborted(&self) -> bool;

    /// Has the task of `cx` woken when it is aborted; `false` if it is already.
    ///
    /// # Safety
    ///
    /// The caller is the task.
    unsafe fn listen(&self, cx: &Context<'_>) -> bool;

    /// Runs a poll of the task's future.
    fn polling<R>(&self, cx: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> R) -> R;

    /// Runs its call.
    fn calling<R>(&self, work: impl FnOnce() -> R) -> R;

    /// Tells what the task came to, which is nothing if it was aborted or lost. A panic that nobody
    /// waits for comes back.
    ///
    /// # Safety
    ///
    /// It is called once, and nothing else but `crew` after it.
    unsafe fn deliver(&self, outcome: Option<Outcome<Self::Output>>) -> Result<(), Payload>;
}

/// How a task ends: once, and at the latest when it is dropped.
struct End<P: Post> {
    /// `None` at the end.
    post: Option<P>,
}

impl<P: Post> End<P> {
    /// Of one that has joined its crew.
    fn new(post: P) -> Self {
        Self { post: Some(post) }
    }

    fn deliver(&mut self, outcome: Option<Outcome<P::Output>>) {
        let Some(post) = self.post.take() else { return };
        // An output that nobody wants is dropped there, or a waker called.
        // SAFETY: there is no post any more.
        let delivered = unwind::catch(|| unsafe { post.deliver(outcome) });
        if let Err(payload) = delivered.and_then(|claimed| claimed) {
            post.crew().note(payload);
        }
        post.crew().leave();
    }
}

impl<P: Post> Drop for End<P> {
    fn drop(&mut self) {
        self.deliver(None);
    }
}

pin_project! {
    /// A future in the hands of a runtime.
    pub(super) struct Task<F: Future, P: Post> {
        #[pin]
        future: Option<F>,
        end: End<P>,
    }

    impl<F: Future, P: Post> PinnedDrop for Task<F, P> {
        fn drop(this: Pin<&mut Self>) {
            if this.end.post.is_some() {
                this.vacate(None);
            }
        }
    }
}

impl<F, P> Task<F, P>
where
    F: Future<Output = P::Output>,
    P: Post,
{
    /// One that has joined its crew.
    pub(super) fn new(future: F, post: P) -> Self {
        Self {
            future: Some(future),
            end: End::new(post),
        }
    }
}

impl<F: Future, P: Post> Task<F, P> {
    /// Drops the future where it stands, and what it panics with then is what came of it, unless
    /// `outcome` is a panic already.
    fn vacate(self: Pin<&mut Self>, outcome: Option<Outcome<P::Output>>) {
        let mut this = self.project();
        let dropped = unwind::catch(|| this.future.set(None));
        this.end.deliver(followed_by(outcome, dropped));
    }
}

/// What an outcome comes to with how a destructor after it has ended: of two panics the first goes on.
pub(super) fn followed_by<T>(
    outcome: Option<Outcome<T>>,
    dropped: Result<(), Payload>,
) -> Option<Outcome<T>> {
    match (outcome, dropped) {
        (outcome, Ok(())) => outcome,
        (Some(Err(payload)), then) => {
            unwind::swallow(|| drop(then));
            Some(Err(payload))
        }
        (output, Err(payload)) => {
            unwind::swallow(|| drop(output));
            Some(Err(payload))
        }
    }
}

impl<F, P> Future for Task<F, P>
where
    F: Future<Output = P::Output>,
    P: Post,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.as_mut().project();
        let (Some(post), Some(future)) = (&this.end.post, this.future.as_mut().as_pin_mut()) else {
            return Poll::Ready(());
        };
        let outcome = if post.is_aborted() {
            None
        } else {
            let poll = || {
                let poll = post.polling(cx, |cx| future.poll(cx));
                // SAFETY: this is the task.
                let goes_on = poll.is_pending() && unsafe { post.listen(cx) };
                (poll, goes_on)
            };
            match unwind::catch(poll) {
                Ok((Poll::Pending, true)) => return Poll::Pending,
                Ok((Poll::Pending, false)) => None,
                Ok((Poll::Ready(output), _)) => Some(Ok(output)),
                Err(payload) => Some(Err(payload)),
            }
        };
        self.vacate(outcome);
        Poll::Ready(())
    }
}

/// A call on a thread where it may block.
pub(super) struct Call<W, P: Post> {
    /// `None` when it was called, or dropped for that it is not to be.
    work: Option<W>,
    end: End<P>,
}

impl<W, P> Call<W, P>
where
    W: FnOnce() -> P::Output,
    P: Post,
{
    /// One that has joined its crew.
    pub(super) fn new(work: W, post: P) -> Self {
        Self {
            work: Some(work),
            end: End::new(post),
        }
    }

    /// Calls it, unless it is aborted. What it owns is gone when its end is told.
    pub(super) fn run(mut self) {
        let Some(post) = self.end.post.as_ref().filter(|post| !post.is_aborted()) else {
            return;
        };
        if let Some(work) = self.work.take() {
            let outcome = unwind::catch(|| post.calling(work));
            self.end.deliver(Some(outcome));
        }
    }
}

/// What was not called is dropped, and what it panics with then is what came of it.
impl<W, P: Post> Drop for Call<W, P> {
    fn drop(&mut self) {
        let dropped = unwind::catch(|| self.work = None);
        self.end.deliver(dropped.err().map(Err));
    }
}
