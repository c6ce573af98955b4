//! The future of a parallel scope: that of the scope, and then the wait for the last destructor.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use crate::{
    scope::OpenCrew,
    sys::unwind::{self, Payload},
};

pin_project! {
    /// The future of a parallel scope: [`ParDriver::run`](super::ParDriver::run) and
    /// [`run_try`](super::ParDriver::run_try).
    ///
    /// It resolves to what the scope resolves to, when the last task of the scope is gone: its future
    /// has been dropped, on whatever thread, and its output too if nobody wants it. Tasks that are to
    /// end early are dropped when their executor polls them next: one that computes without awaiting
    /// holds up the end for so long.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the body and the children of this task, and asks the runtime's tasks to end;
    /// it cannot wait for them. They are dropped by the runtime, each when it is polled next.
    ///
    /// # Panics
    ///
    /// With what a child, the body or a destructor panicked with first, when everything else is gone;
    /// and if it is polled again after it has completed.
    #[must_use = "futures do nothing unless awaited or polled"]
    // The output is a parameter: as one of `R` it would have to be seen to be that where nothing is
    // known of lifetimes, which is where the compiler asks whether a task is `Send`.
    pub struct ParRun<R, T> {
        crew: OpenCrew,
        // `None` at its end.
        #[pin]
        scope: Option<R>,
        stage: Stage<T>,
    }
}

/// How far it has got.
enum Stage<T> {
    Running,
    /// The scope has ended with this, and its tasks are waited for.
    Ending(Result<T, Payload>),
    Over,
}

impl<R, T> ParRun<R, T> {
    pub(super) fn new(scope: R, crew: OpenCrew) -> Self {
        Self {
            crew,
            scope: Some(scope),
            stage: Stage::Running,
        }
    }
}

impl<R: Future<Output = T>, T> Future for ParRun<R, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        if let Some(scope) = this.scope.as_mut().as_pin_mut() {
            *this.stage = Stage::Ending(match unwind::catch(|| scope.poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(output)) => Ok(output),
                Err(payload) => Err(payload),
            });
            // One that was left by a panic of this task's waker has children still.
            unwind::swallow(|| this.scope.set(None));
            this.crew.close();
        }
        if let Stage::Over = this.stage {
            panic!("a parallel scope was polled after it had completed");
        }
        let Poll::Ready(left) = this.crew.poll_empty(cx) else {
            return Poll::Pending;
        };
        let Stage::Ending(end) = core::mem::replace(this.stage, Stage::Over) else {
            unreachable!("the scope has ended")
        };
        match (end, left) {
            (Ok(output), Ok(())) => Poll::Ready(output),
            (Err(first), then) => {
                unwind::swallow(|| drop(then));
                unwind::resume(first)
            }
            (Ok(output), Err(payload)) => {
                unwind::swallow(|| drop(output));
                unwind::resume(payload)
            }
        }
    }
}

impl<R: Future<Output = T>, T> FusedFuture for ParRun<R, T> {
    fn is_terminated(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }
}

impl<R: fmt::Debug, T> fmt::Debug for ParRun<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("ParRun");
        if let Some(scope) = &self.scope {
            tuple.field(scope);
        }
        tuple.finish()
    }
}
