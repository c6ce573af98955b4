//! A future that is run elsewhere, for whoever wants to await it wherever.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{
    desk::{self, AtDesk, ToDesk},
    job::{Job, RunFuture},
};
use crate::{
    cancel::{Cancelled, Cause, CauseKind},
    inspect::{self, Site, WaitKind},
    runtime::Spawn,
    scope::Crew,
    sys::{Shared, unwind},
};

/// A future that the runtime runs from its first poll on: [`ParScope::parallel`].
///
/// [`ParScope::parallel`]: super::ParScope::parallel
#[must_use = "futures do nothing unless awaited or polled"]
pub struct Parallel<S, F: Future> {
    state: State<S, F>,
    site: Site,
}

enum State<S, F: Future> {
    Unstarted {
        job: RunFuture<S, F>,
        crew: Shared<Crew>,
        begin: Begin<S, F>,
    },
    Started(AtDesk<F::Output>),
    Over,
}

/// How the job is begun. By pointer, so that it is a future without the bounds of that: whether a task
/// with one in a group is `Send` the compiler asks where it cannot see that anything is `'static`.
type Begin<S, F> = fn(RunFuture<S, F>, ToDesk<<F as Future>::Output>);

// Nothing is pinned: the job is moved to the runtime before it is begun.
impl<S, F: Future> Unpin for Parallel<S, F> {}

impl<S, F> Parallel<S, F>
where
    S: Spawn,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(super) fn new(job: RunFuture<S, F>, crew: Shared<Crew>) -> Self {
        let begin: Begin<S, F> = RunFuture::start;
        Self {
            state: State::Unstarted { job, crew, begin },
            site: Site::here(),
        }
    }
}

impl<S, F: Future> Future for Parallel<S, F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let State::Started(desk) = &mut this.state {
            if desk.poll_done(cx).is_pending() {
                note(desk, &this.site, cx);
                return Poll::Pending;
            }
        }
        match core::mem::replace(&mut this.state, State::Over) {
            State::Unstarted { job, crew, begin } => {
                let waker = cx.waker().clone();
                if !crew.join() {
                    drop((job, waker));
                    return lost(CauseKind::ScopeEnded);
                }
                let (desk, task) = desk::open(waker, crew);
                note(&desk, &this.site, cx);
                this.state = State::Started(desk);
                begin(job, task);
                Poll::Pending
            }
            // SAFETY: it is done.
            State::Started(desk) => match unsafe { desk.finish() } {
                Some(Ok(output)) => Poll::Ready(Ok(output)),
                Some(Err(payload)) => unwind::resume(payload),
                None => lost(CauseKind::Lost),
            },
            State::Over => panic!("`Parallel` was polled after it had completed"),
        }
    }
}

/// Notes that the task of `cx` waits for the other one.
fn note<T>(desk: &AtDesk<T>, site: &Site, cx: &Context<'_>) {
    inspect::note(cx, WaitKind::Join, site, desk.resource());
}

fn lost<T>(why: CauseKind) -> Poll<Result<T, Cancelled>> {
    Poll::Ready(Err(Cause::new(why).into()))
}

impl<S, F: Future> FusedFuture for Parallel<S, F> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

impl<S, F: Future> fmt::Debug for Parallel<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Unstarted { .. } => "unstarted",
            State::Started(_) => "started",
            State::Over => "over",
        };
        f.debug_struct("Parallel").field("state", &state).finish()
    }
}
