//! The part of a parallel child that the runtime has: its future, until that is gone.
//!
//! A task goes through these steps and no others, whatever happens to it: its future is polled until
//! it is ready, panics, is aborted, or is dropped by the runtime; the future is dropped; what came of
//! it is [delivered](Post::deliver); the task leaves its [crew](super::crew). So whoever hears of
//! its end finds its destructors done, and whoever finds the crew empty those of its output too.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{crew::Member, slot::Outcome};
use crate::sys::unwind::{self, Payload};

/// Where a task is waited for.
pub(super) trait Post: Send {
    type Output;

    fn is_aborted(&self) -> bool;

    /// Has the task of `cx` woken when it is aborted; `false` if it is already.
    fn listen(&self, cx: &Context<'_>) -> bool;

    /// Runs a poll of the task's future.
    fn working<R>(&self, poll: impl FnOnce() -> R) -> R;

    /// Tells what the task came to, which is nothing if it was aborted or lost. A panic that nobody
    /// waits for comes back.
    fn deliver(self, outcome: Option<Outcome<Self::Output>>) -> Result<(), Payload>;
}

/// How a task ends: once, and at the latest when it is dropped.
pub(super) struct End<P: Post> {
    /// `None` at the end.
    rest: Option<(P, Member)>,
}

impl<P: Post> End<P> {
    pub(super) fn new(post: P, member: Member) -> Self {
        Self {
            rest: Some((post, member)),
        }
    }

    fn post(&self) -> Option<&P> {
        self.rest.as_ref().map(|(post, _)| post)
    }

    /// Whether the task is to end without having come to anything.
    fn is_aborted(&self) -> bool {
        self.post().is_none_or(P::is_aborted)
    }

    fn deliver(&mut self, outcome: Option<Outcome<P::Output>>) {
        if let Some((post, member)) = self.rest.take() {
            // An output that nobody wants is dropped there, or a waker called.
            member.note(unwind::catch(|| post.deliver(outcome)).and_then(|result| result));
        }
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
            this.vacate(None);
        }
    }
}

impl<F, P> Task<F, P>
where
    F: Future<Output = P::Output>,
    P: Post,
{
    pub(super) fn new(future: F, post: P, member: Member) -> Self {
        Self {
            future: Some(future),
            end: End::new(post, member),
        }
    }
}

impl<F: Future, P: Post> Task<F, P> {
    /// Drops the future where it stands, and what it panics with then is what came of it, unless
    /// `outcome` is a panic already.
    fn vacate(self: Pin<&mut Self>, outcome: Option<Outcome<P::Output>>) {
        let mut this = self.project();
        let dropped = unwind::catch(|| this.future.set(None));
        this.end.deliver(match (outcome, dropped) {
            (outcome, Ok(())) => outcome,
            (outcome, Err(payload)) => Some(Err(first(outcome, payload))),
        });
    }
}

/// The panic that goes on, of an outcome and a destructor after it.
fn first<T>(outcome: Option<Outcome<T>>, then: Payload) -> Payload {
    match outcome {
        Some(Err(payload)) => {
            unwind::swallow(|| drop(then));
            payload
        }
        output => {
            unwind::swallow(|| drop(output));
            then
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
        let (Some(post), Some(future)) = (this.end.post(), this.future.as_mut().as_pin_mut())
        else {
            return Poll::Ready(());
        };
        let outcome = if post.is_aborted() {
            None
        } else {
            match post.working(|| unwind::catch(|| future.poll(cx))) {
                Ok(Poll::Pending) if post.listen(cx) => return Poll::Pending,
                Ok(Poll::Pending) => None,
                Ok(Poll::Ready(output)) => Some(Ok(output)),
                Err(payload) => Some(Err(payload)),
            }
        };
        self.vacate(outcome);
        Poll::Ready(())
    }
}

/// A call on a thread where it may block.
pub(super) struct Call<W, P: Post> {
    work: W,
    end: End<P>,
}

impl<W, P> Call<W, P>
where
    W: FnOnce() -> P::Output,
    P: Post,
{
    pub(super) fn new(work: W, post: P, member: Member) -> Self {
        Self {
            work,
            end: End::new(post, member),
        }
    }

    /// Calls it, unless it is aborted. What it owns is gone when its end is told.
    pub(super) fn run(self) {
        let Self { work, mut end } = self;
        let outcome = if end.is_aborted() {
            unwind::catch(|| drop(work)).err().map(Err)
        } else {
            Some(unwind::catch(work))
        };
        end.deliver(outcome);
    }
}
