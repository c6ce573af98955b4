//! A future that is run elsewhere, for whoever wants to await it wherever.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{
    job::{Job, RunFuture},
    slot::{Outcome, Slot},
    task::{Post, followed_by, unclaimed},
};
use crate::{
    cancel::{Cancelled, Cause, CauseKind},
    inspect::{self, Resource, Site, WaitKind},
    runtime::Spawn,
    scope::Crew,
    sys::{
        Shared,
        unwind::{self, Payload},
    },
    wait::WakerCell,
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
    Started(Shared<Desk<F::Output>>),
    Over,
}

/// How the job is begun. By pointer, so that it is a future without the bounds of that: whether a task
/// with one in a group is `Send` the compiler asks where it cannot see that anything is `'static`.
type Begin<S, F> = fn(RunFuture<S, F>, Shared<Desk<<F as Future>::Output>>);

/// What a task and its [`Parallel`] share.
struct Desk<T> {
    slot: Slot<T>,
    waiter: WakerCell,
    crew: Shared<Crew>,
}

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
        if let State::Started(desk) = &self.state {
            if !desk.slot.is_done() {
                desk.waiter.register(cx);
                // It may be done since, and have found the task of an earlier poll.
                if !desk.slot.is_done() {
                    self.note(desk, cx);
                    return Poll::Pending;
                }
            }
            // SAFETY: it is done.
            let outcome = unsafe { desk.slot.take() };
            // Wakers may be dropped with it.
            let dropped = unwind::catch(|| self.state = State::Over);
            return match followed_by(outcome, dropped) {
                Some(Ok(output)) => Poll::Ready(Ok(output)),
                Some(Err(payload)) => unwind::resume(payload),
                None => lost(CauseKind::Lost),
            };
        }
        match core::mem::replace(&mut self.state, State::Over) {
            State::Unstarted { job, crew, begin } => {
                let desk = Shared::new(Desk {
                    slot: Slot::new(),
                    waiter: WakerCell::of(cx),
                    crew,
                });
                if !desk.crew.join() {
                    drop(job);
                    return lost(CauseKind::ScopeEnded);
                }
                self.note(&desk, cx);
                self.state = State::Started(desk.clone());
                begin(job, desk);
                Poll::Pending
            }
            _ => panic!("`Parallel` was polled after it had completed"),
        }
    }
}

impl<S, F: Future> Parallel<S, F> {
    /// Notes that the task of `cx` waits for the other one.
    fn note(&self, desk: &Shared<Desk<F::Output>>, cx: &Context<'_>) {
        let resource = Resource::at(&**desk);
        inspect::note(cx, WaitKind::Join, &self.site, resource);
    }
}

fn lost<T>(why: CauseKind) -> Poll<Result<T, Cancelled>> {
    Poll::Ready(Err(Cause::new(why).into()))
}

impl<S, F: Future> FusedFuture for Parallel<S, F> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

impl<S, F: Future> Drop for Parallel<S, F> {
    fn drop(&mut self) {
        let State::Started(desk) = &self.state else {
            return;
        };
        let mut panics = unwind::FirstPanic::default();
        // SAFETY: this is who waits, and it is the end.
        panics.run(|| unsafe { desk.slot.abort() });
        panics.run(|| desk.waiter.clear());
        if desk.slot.leave() {
            // SAFETY: it is done, and this is who waits.
            panics.note(unclaimed(unsafe { desk.slot.take() }));
        }
        panics.resume_in_drop();
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

impl<T: Send> Post for Shared<Desk<T>> {
    type Output = T;

    fn slot(&self) -> &Slot<T> {
        &self.slot
    }

    fn polling<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        poll(cx)
    }

    fn calling<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    fn fail(&self, payload: Payload) {
        self.crew.note(payload);
    }

    unsafe fn deliver(self, outcome: Option<Outcome<T>>) {
        // SAFETY: the task does this once, by the caller's word.
        let told = match unsafe { Slot::put(NonNull::from(&self.slot), outcome) } {
            Ok(()) => unwind::catch(|| self.waiter.wake()),
            Err(unwanted) => unclaimed(unwanted),
        };
        if let Err(payload) = told {
            self.fail(payload);
        }
        self.crew.leave();
    }
}
