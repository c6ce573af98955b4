//! Running a future until a token is cancelled, or its deadline comes.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    cause::{Cancelled, CauseKind},
    run::Run,
    token::Token,
};
use crate::{
    inspect::{self, Site, WaitKind},
    time::Timer,
};

impl Token {
    /// Runs `future` until it completes, the token is cancelled, or its deadline has come, which
    /// cancels the token.
    ///
    /// The deadline is a time of `timer`. There is a sleep for whatever [deadline](Self::deadline)
    /// the token has, also for one that it has from a token above: nobody can know whether somebody
    /// sleeps for that one there, and for how long. Otherwise as [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// [`Cancelled`], with the token's cause: [`CauseKind::Deadline`] if that came first.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::pending, time::Duration};
    /// use pleach::{CancelToken, time::{Clock, ManualClock}};
    ///
    /// let clock = ManualClock::new();
    /// let request = CancelToken::with_deadline(clock.now() + Duration::from_secs(5));
    /// let query = request.child();
    /// let result = clock.run(request.run_until_deadline(&clock, pending::<()>()));
    /// assert!(result.unwrap_err().cause().is_deadline());
    /// assert!(query.is_cancelled());
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn run_until_deadline<T, F>(&self, timer: T, future: F) -> RunUntilDeadline<'_, F, T::Sleep>
    where
        T: Timer,
        F: Future,
    {
        RunUntilDeadline {
            token: self,
            run: self.run(future),
            sleep: self.deadline().map(|at| timer.sleep_until(at)),
            site: Site::here(),
        }
    }
}

pin_project! {
    /// The future of [`Token::run_until_deadline`].
    ///
    /// Polling it after it has completed panics.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct RunUntilDeadline<'a, F, S> {
        token: &'a Token,
        #[pin]
        run: Run<'a, F>,
        #[pin]
        sleep: Option<S>,
        site: Site,
    }
}

impl<'a, F, S> RunUntilDeadline<'a, F, S> {
    /// Changes how the future is run: its [bias](Run::bias), its [shield](Run::shielded_by).
    pub fn with(self, change: impl FnOnce(Run<'a, F>) -> Run<'a, F>) -> Self {
        Self {
            run: change(self.run),
            ..self
        }
    }
}

impl<F: Future, S: Future<Output = ()>> Future for RunUntilDeadline<'_, F, S> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let ready @ Poll::Ready(_) = this.run.as_mut().poll(cx) {
            return ready;
        }
        let site = this.site;
        let has_come = this.sleep.as_mut().as_pin_mut().is_some_and(|sleep| {
            inspect::as_one(cx, WaitKind::Sleep, site, |cx| sleep.poll(cx)).is_ready()
        });
        if !has_come {
            return Poll::Pending;
        }
        this.sleep.set(None);
        this.token.cancel_with(CauseKind::Deadline);
        this.run.poll(cx)
    }
}

impl<F: Future, S: Future<Output = ()>> FusedFuture for RunUntilDeadline<'_, F, S> {
    fn is_terminated(&self) -> bool {
        self.run.is_terminated()
    }
}

impl<F, S> fmt::Debug for RunUntilDeadline<'_, F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunUntilDeadline")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
