//! The futures of a scope: a driver with a body.

use core::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    Driver, Threaded,
    body::Body,
    ending::{Ending, Failure},
    node::{Plain, Settle, Try},
};
use crate::{cancel::CauseKind, inspect::Resource, sys::unwind};

pin_project! {
    /// What [`Run`] and [`RunTry`] have in common.
    struct Running<'env, F, T, B, K> {
        #[pin]
        body: Body<F, T>,
        // While shielded children finish.
        ending: Option<Ending<B>>,
        driver: Driver<'env, B, K>,
    }

    impl<'env, F, T, B, K> PinnedDrop for Running<'env, F, T, B, K> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.driver.engine.is_gone() {
                return;
            }
            let body = this.body;
            if let Err(payload) = this.driver.engine.tear_down(CauseKind::ScopeEnded, || body.clear()) {
                unwind::resume_unless_panicking(payload);
            }
        }
    }
}

impl<'env, F, T, B, K> Running<'env, F, T, B, K> {
    fn new(driver: Driver<'env, B, K>, body: F) -> Self {
        Self {
            body: Body::new(body),
            ending: None,
            driver,
        }
    }

    fn poll<S>(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, B>>
    where
        F: Future,
        S: Settle<F::Output, Value = T, Break = B>,
    {
        let mut this = self.project();
        let engine = &mut this.driver.engine;
        let end = match engine.poll::<F, T, S>(this.body.as_mut(), this.ending, cx) {
            Poll::Ready(end) => end,
            Poll::Pending => {
                let shared = &*engine.shared;
                shared.branch.note_wait(cx, Resource::at(shared));
                return Poll::Pending;
            }
        };
        match end {
            Ok(()) => match this.body.take_value() {
                Some(value) => Poll::Ready(Ok(value)),
                None => unreachable!("a scope finishes when its body has"),
            },
            Err(Failure::Broke(error)) => Poll::Ready(Err(error)),
            Err(Failure::Panicked(payload)) => unwind::resume(payload),
        }
    }
}

pin_project! {
    /// The future of a scope: [`Driver::run`].
    ///
    /// Resolves to the value of the body when the body and all children are done. It is
    /// `Send` if the body and its output are (and the scope is not a [`local`](super::local)
    /// one), and `Unpin` only if the body is.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the body and all children; when `drop` returns, all their
    /// destructors have run. It may be moved between tasks while it is running (boxed).
    ///
    /// # Panics
    ///
    /// With what a child, the body or a destructor panicked with, once everything else has
    /// been taken down; and if it is polled again after it has completed.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Run<'env, F, K = Threaded>
    where
        F: Future,
    {
        #[pin]
        running: Running<'env, F, F::Output, Infallible, K>,
    }
}

impl<'env, F: Future, K> Run<'env, F, K> {
    pub(super) fn new(driver: Driver<'env, Infallible, K>, body: F) -> Self {
        Self {
            running: Running::new(driver, body),
        }
    }
}

impl<F: Future, K> Future for Run<'_, F, K> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project()
            .running
            .poll::<Plain<Infallible>>(cx)
            .map(|result| match result {
                Ok(value) => value,
                Err(never) => match never {},
            })
    }
}

impl<F: Future, K> FusedFuture for Run<'_, F, K> {
    fn is_terminated(&self) -> bool {
        self.running.driver.engine.is_over()
    }
}

impl<F: Future, K> fmt::Debug for Run<'_, F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.running.driver).finish()
    }
}

pin_project! {
    /// The future of a scope that an error ends: [`Driver::run_try`].
    ///
    /// Resolves to `Ok` with the value of the body when the body and all children are done,
    /// or to the first error, of the body or of a child spawned with
    /// [`spawn_try`](super::Scope::spawn_try), as soon as it is there and everything else
    /// has been dropped. Otherwise as [`Run`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct RunTry<'env, F, R, B, K = Threaded> {
        #[pin]
        running: Running<'env, F, R, B, K>,
    }
}

impl<'env, F, R, B, K> RunTry<'env, F, R, B, K> {
    pub(super) fn new(driver: Driver<'env, B, K>, body: F) -> Self {
        Self {
            running: Running::new(driver, body),
        }
    }
}

impl<F, R, B, K> Future for RunTry<'_, F, R, B, K>
where
    F: Future<Output = Result<R, B>>,
{
    type Output = Result<R, B>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, B>> {
        self.project().running.poll::<Try>(cx)
    }
}

impl<F, R, B, K> FusedFuture for RunTry<'_, F, R, B, K>
where
    F: Future<Output = Result<R, B>>,
{
    fn is_terminated(&self) -> bool {
        self.running.driver.engine.is_over()
    }
}

impl<F, R, B, K> fmt::Debug for RunTry<'_, F, R, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunTry").field(&self.running.driver).finish()
    }
}
