//! Attempts, until one succeeds.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{Backoff, Timer, sleep};
use crate::inspect::{self, Site, WaitKind};

/// Attempts something until it succeeds: gives the first `Ok`, or the last error.
///
/// `attempt` makes the future of each attempt. The first one begins with the first poll, each
/// further one when the next delay of `backoff` is over; that begins when the attempt before has
/// failed and has been dropped. When there are no more delays, or the error is none
/// [to be tried again for](Retry::when), that error is the result.
///
/// A poll begins one attempt at most and then gives way, so that attempts that fail at once do not
/// hold up the task, whatever the delays are. It allocates nothing: attempts and sleeps live inside
/// of it, one at a time.
///
/// An attempt has as much time as it takes. Where that may be too much it gets a
/// [`timeout`](super::timeout()) of its own, as in the second example; one around all of it bounds
/// attempts and delays together. Run under a token
/// ([`or_cancel`](crate::cancel::OrCancel::or_cancel)) it ends wherever it is, sleeping or not.
///
/// # Cancel safety
///
/// Dropping it drops the attempt that is under way.
///
/// # Panics
///
/// Those of an attempt, and of the closures, pass through.
///
/// # Errors
///
/// That of the last attempt.
///
/// # Examples
///
/// ```
/// use std::{cell::Cell, time::Duration};
/// use pleach::time::{Backoff, Clock, ManualClock, retry};
///
/// let (clock, calls) = (ManualClock::new(), Cell::new(0));
/// let backoff = Backoff::new(Duration::from_secs(1)).attempts(5);
/// let connect = || async {
///     calls.set(calls.get() + 1);
///     if calls.get() < 3 { Err("refused") } else { Ok("connected") }
/// };
/// assert_eq!(clock.run(retry(&clock, backoff, connect)), Ok("connected"));
/// assert_eq!(clock.now().as_nanos(), 3_000_000_000, "1 s and 2 s");
/// ```
///
/// A second for each attempt, a token for all of them, and no second try for what is not there:
///
/// ```
/// # use pleach::time::ManualClock;
/// use std::{io::{self, ErrorKind}, time::Duration};
/// use pleach::{CancelToken, cancel::OrCancel, time::{Backoff, retry, timeout}};
///
/// # async fn fetch() -> io::Result<&'static str> { std::future::pending().await }
/// # let clock = ManualClock::new();
/// let second = Duration::from_secs(1);
/// let token = CancelToken::new();
/// let backoff = Backoff::new(second / 10).attempts(3);
/// let fetched = retry(&clock, backoff, || async {
///     let in_time = timeout(&clock, second, fetch()).await;
///     in_time.unwrap_or_else(|late| Err(io::Error::new(ErrorKind::TimedOut, late)))
/// })
/// .when(|error| error.kind() != ErrorKind::NotFound)
/// .or_cancel(&token);
/// let error = clock.run(fetched).unwrap().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::TimedOut);
/// ```
#[cfg_attr(feature = "inspect", track_caller)]
pub fn retry<T, A, F, R, E>(
    timer: T,
    backoff: Backoff,
    attempt: A,
) -> Retry<T, A, F, fn(&E) -> bool>
where
    T: Timer,
    A: FnMut() -> F,
    F: Future<Output = Result<R, E>>,
{
    Retry {
        timer,
        backoff,
        attempt,
        is_worth_it: |_| true,
        attempts: 0,
        stage: Stage::Idle,
        site: Site::here(),
    }
}

pin_project! {
    /// The future of [`retry`].
    ///
    /// It is `Send` if its parts are. Polling it after it has completed panics.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Retry<T: Timer, A, F, W> {
        timer: T,
        backoff: Backoff,
        attempt: A,
        is_worth_it: W,
        attempts: u32,
        #[pin]
        stage: Stage<F, T::Sleep>,
        site: Site,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, S> {
        // An attempt is to begin.
        Idle,
        Attempting { #[pin] future: F },
        Sleeping { #[pin] sleep: S },
        // There is a result, or the user's code panicked when it was asked for its opinion.
        Done,
    }
}

impl<T: Timer, A, F, W> Retry<T, A, F, W> {
    /// Chooses for which errors another attempt is made: those of which `is_worth_it` says `true`.
    ///
    /// Without it that is all of them. It is asked once for each attempt that has failed, also for
    /// the last one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use pleach::time::{Backoff, ManualClock, retry};
    ///
    /// let clock = ManualClock::new();
    /// let ask = || async { Err::<(), _>(404) };
    /// let asked = retry(&clock, Backoff::new(Duration::from_secs(1)), ask);
    /// assert_eq!(clock.run(asked.when(|status| *status >= 500)), Err(404));
    /// ```
    pub fn when<R, E, P>(self, is_worth_it: P) -> Retry<T, A, F, P>
    where
        F: Future<Output = Result<R, E>>,
        P: FnMut(&E) -> bool,
    {
        Retry {
            timer: self.timer,
            backoff: self.backoff,
            attempt: self.attempt,
            is_worth_it,
            attempts: self.attempts,
            stage: self.stage,
            site: self.site,
        }
    }

    /// How many attempts were begun, the one under way included.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{pin::pin, time::Duration};
    /// use pleach::time::{Backoff, ManualClock, retry};
    ///
    /// let clock = ManualClock::new();
    /// let backoff = Backoff::new(Duration::from_secs(1)).attempts(3);
    /// let mut hopeless = pin!(retry(&clock, backoff, || async { Err::<(), _>("no") }));
    /// assert_eq!(clock.run(hopeless.as_mut()), Err("no"));
    /// assert_eq!(hopeless.attempts(), 3);
    /// ```
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl<T, A, F, W, R, E> Future for Retry<T, A, F, W>
where
    T: Timer,
    A: FnMut() -> F,
    F: Future<Output = Result<R, E>>,
    W: FnMut(&E) -> bool,
{
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut has_begun = false;
        loop {
            match this.stage.as_mut().project() {
                StageProjection::Idle if has_begun => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                StageProjection::Idle => {
                    has_begun = true;
                    *this.attempts = this.attempts.saturating_add(1);
                    let future = (this.attempt)();
                    this.stage.set(Stage::Attempting { future });
                }
                StageProjection::Attempting { future } => {
                    let result = ready!(future.poll(cx));
                    this.stage.set(Stage::Done);
                    let Err(error) = result else {
                        return Poll::Ready(result);
                    };
                    let is_worth_it = (this.is_worth_it)(&error);
                    let Some(delay) = this.backoff.next().filter(|_| is_worth_it) else {
                        return Poll::Ready(Err(error));
                    };
                    let sleep = sleep(&*this.timer, delay);
                    this.stage.set(Stage::Sleeping { sleep });
                }
                StageProjection::Sleeping { sleep } => {
                    ready!(inspect::as_one(cx, WaitKind::Sleep, this.site, |cx| sleep.poll(cx)));
                    this.site.renew();
                    this.stage.set(Stage::Idle);
                }
                StageProjection::Done => panic!("`Retry` was polled after it had completed"),
            }
        }
    }
}

impl<T, A, F, W, R, E> FusedFuture for Retry<T, A, F, W>
where
    T: Timer,
    A: FnMut() -> F,
    F: Future<Output = Result<R, E>>,
    W: FnMut(&E) -> bool,
{
    fn is_terminated(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }
}

impl<T: Timer, A, F, W> fmt::Debug for Retry<T, A, F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
