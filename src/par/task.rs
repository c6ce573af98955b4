//! The part of a parallel child that the runtime has: its future, until that is gone.
//!
//! A task goes through these steps and no others, whatever happens to it: its future is polled until
//! it is ready, panics, is aborted, or is dropped by the runtime; the future is dropped; what came of
//! it is [delivered](Post::deliver). So whoever hears of its end finds its destructors done. Where nobody
//! wants to hear of it the task is in the scope's [crew](crate::scope::Crew): whoever finds that empty
//! finds the destructor of its output done, too.

use core::{
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    Origin,
    slot::{Outcome, Slot},
};
use crate::sys::unwind::{self, Payload};

/// Where a task is waited for.
pub(super) trait Post: Send + Sized {
    type Output;

    fn slot(&self) -> &Slot<Self::Output>;

    /// Runs a poll of the task's future.
    fn polling<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R>;

    /// Runs its call.
    fn calling<R>(&self, work: impl FnOnce() -> R) -> R;

    /// A panic that nobody waits for: it ends the scope.
    fn fail(&self, payload: Payload);

    /// Tells what the task came to, which is nothing if it was aborted or lost, and leaves the crew.
    ///
    /// # Safety
    ///
    /// The caller is the task, and has stopped listening. There is an outcome only if the place in the
    /// slot is the task's.
    unsafe fn deliver(self, outcome: Option<Outcome<Self::Output>>);
}

/// How a task ends, when its future is gone.
#[inline]
fn end<P: Post>(post: P, outcome: Option<Outcome<P::Output>>) {
    // A waker may be dropped.
    // SAFETY: this is the task, and its end.
    let outcome = match unwind::catch(|| unsafe { post.slot().stop_listening() }) {
        Ok(true) => outcome,
        Ok(false) => {
            if let Err(payload) = unclaimed(outcome) {
                post.fail(payload);
            }
            None
        }
        Err(payload) => followed_by(outcome, Err(payload)),
    };
    // SAFETY: this is the task; without the place there is no outcome.
    unsafe { post.deliver(outcome) };
}

/// The panic in an outcome that nobody waits for. An output is dropped, and may panic itself.
pub(super) fn unclaimed<T>(outcome: Option<Outcome<T>>) -> Result<(), Payload> {
    match outcome {
        Some(Err(payload)) => Err(payload),
        output => unwind::catch(|| drop(output)),
    }
}

pin_project! {
    /// A future in the hands of a runtime.
    // What a runtime makes of it is to be small: so nothing but the post says whether the future is there.
    pub(super) struct Task<F, P: Post> {
        #[pin]
        future: ManuallyDrop<F>,
        // `None` when the future is gone, or about to be.
        post: Option<P>,
    }

    impl<F, P: Post> PinnedDrop for Task<F, P> {
        fn drop(this: Pin<&mut Self>) {
            if this.post.is_some() {
                let _hidden = Origin::hide();
                this.lose();
            }
        }
    }
}

impl<F, P: Post> Task<F, P> {
    /// One that is waited for at `post`.
    pub(super) fn new(future: F, post: P) -> Self {
        Self {
            future: ManuallyDrop::new(future),
            post: Some(post),
        }
    }

    /// Ends one that the runtime drops.
    #[cold]
    fn lose(self: Pin<&mut Self>) {
        self.end(None);
    }

    /// Drops the future where it stands, and what it panics with then is what came of it, unless
    /// `outcome` is a panic already. Does nothing if it is gone.
    #[inline(always)] // into a poll: it is a child's hot path, and the other caller is cold.
    fn end(self: Pin<&mut Self>, outcome: Option<Outcome<P::Output>>) {
        let this = self.project();
        let Some(post) = this.post.take() else { return };
        let dropped = unwind::catch(|| {
            // SAFETY: it is not moved.
            let future = unsafe { this.future.get_unchecked_mut() };
            // SAFETY: dropped once, and not used any more: there was a post, and is none now.
            unsafe { ManuallyDrop::drop(future) };
        });
        end(post, followed_by(outcome, dropped));
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
        let this = self.as_mut().project();
        let Some(post) = this.post else {
            return Poll::Ready(());
        };
        let _hidden = Origin::hide();
        let outcome = if post.slot().is_aborted() {
            None
        } else {
            // SAFETY: as pinned as what it is in.
            let future = unsafe { this.future.map_unchecked_mut(|future| &mut **future) };
            let poll = || {
                let poll = post.polling(cx, |cx| future.poll(cx));
                // SAFETY: this is the task.
                let goes_on = poll.is_pending() && unsafe { post.slot().listen(cx) };
                (poll, goes_on)
            };
            match unwind::catch(poll) {
                Ok((Poll::Pending, true)) => return Poll::Pending,
                Ok((Poll::Pending, false)) => None,
                Ok((Poll::Ready(output), _)) => Some(Ok(output)),
                Err(payload) => Some(Err(payload)),
            }
        };
        self.end(outcome);
        Poll::Ready(())
    }
}

/// A call on a thread where it may block.
pub(super) struct Call<W, P: Post> {
    /// `None` when it was called, or dropped for that it is not to be.
    work: Option<W>,
    /// `None` at the end.
    post: Option<P>,
}

impl<W, P> Call<W, P>
where
    W: FnOnce() -> P::Output,
    P: Post,
{
    /// One that is waited for at `post`.
    pub(super) fn new(work: W, post: P) -> Self {
        Self {
            work: Some(work),
            post: Some(post),
        }
    }

    /// Calls it, unless it is aborted. What it owns is gone when its end is told.
    pub(super) fn run(mut self) {
        let is_wanted = |post: &mut P| !post.slot().is_aborted();
        let Some(post) = self.post.take_if(is_wanted) else {
            return;
        };
        if let Some(work) = self.work.take() {
            let outcome = unwind::catch(|| post.calling(work));
            end(post, Some(outcome));
        }
    }
}

/// What was not called is dropped, and what it panics with then is what came of it.
impl<W, P: Post> Drop for Call<W, P> {
    fn drop(&mut self) {
        let Some(post) = self.post.take() else { return };
        let dropped = unwind::catch(|| self.work = None);
        end(post, dropped.err().map(Err));
    }
}
