//! Running a future until a token is cancelled.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    cause::Cancelled,
    token::Token,
    wait::{Wait, Want},
};
use crate::{
    inspect,
    sys::atomic::{AtomicUsize, Ordering},
};

/// What is looked at first in a poll of a [`Run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// The future: what it has completed is given out although the token is cancelled. (A future
    /// that was not polled yet is not begun when the token is cancelled.)
    Completion,
    /// The token: once it is cancelled the future is not polled any more.
    Cancellation,
}

impl Token {
    /// Runs `future` until it completes or the token is cancelled, whichever comes first.
    ///
    /// If the token is cancelled, the future is dropped before the error is returned; if it is
    /// cancelled from the beginning, the future is never polled. After that completion comes
    /// first: no output is lost. For the other way see [`Run::bias`]; for parts that must not be
    /// dropped midway see [`Shield`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the future.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], with the token's cause.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::pending;
    /// use pleach::{CancelToken, block_on};
    ///
    /// # block_on(async {
    /// let token = CancelToken::new();
    /// assert_eq!(token.run(async { 1 }).await, Ok(1));
    /// token.cancel();
    /// assert!(token.run(pending::<()>()).await.is_err());
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn run<F: Future>(&self, future: F) -> Run<'_, F> {
        Run {
            wait: Wait::new(self, Want::Cancelled),
            future: Some(future),
            bias: Bias::Completion,
            shield: None,
            begun: false,
        }
    }
}

/// [`Token::run`] as a method of every future.
///
/// # Examples
///
/// ```
/// use pleach::{CancelToken, Event, block_on, cancel::OrCancel};
///
/// # block_on(async {
/// let (ready, token) = (Event::new(), CancelToken::new());
/// token.cancel();
/// assert!(ready.wait().or_cancel(&token).await.is_err());
/// # });
/// ```
pub trait OrCancel: Future + Sized {
    /// Runs this future until it completes or `token` is cancelled. Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], with the token's cause.
    #[cfg_attr(feature = "inspect", track_caller)]
    fn or_cancel(self, token: &Token) -> Run<'_, Self> {
        token.run(self)
    }
}

impl<F: Future> OrCancel for F {}

pin_project! {
    /// The future of [`Token::run`].
    ///
    /// It is `Send` if the future is. It never allocates. Polling it after it has completed
    /// panics.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Run<'a, F> {
        #[pin]
        wait: Wait<&'a Token>,
        #[pin]
        future: Option<F>,
        bias: Bias,
        shield: Option<&'a Shield>,
        begun: bool,
    }
}

impl<'a, F: Future> Run<'a, F> {
    /// Chooses what comes first when both are ready.
    pub fn bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
    }

    /// Lets parts of the future be shielded: while one of `shield` is under way, the future is
    /// polled on, although the token is cancelled.
    ///
    /// See [`Shield`].
    pub fn shielded_by(self, shield: &'a Shield) -> Self {
        Self {
            shield: Some(shield),
            ..self
        }
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        inspect::within(cx, |cx| self.poll_either(cx))
    }
}

impl<F: Future> Run<'_, F> {
    fn poll_either(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Cancelled>> {
        let mut this = self.project();
        let token = *this.wait.token();
        let is_shielded = || this.shield.is_some_and(Shield::is_up);
        let skip = match this.bias {
            Bias::Completion => !*this.begun,
            Bias::Cancellation => !is_shielded(),
        };
        *this.begun = true;
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`Run` was polled after it had completed");
        };
        if !(skip && token.is_cancelled()) {
            if let Poll::Ready(output) = future.poll(cx) {
                this.future.set(None);
                return Poll::Ready(Ok(output));
            }
            if this.wait.as_ref().poll(cx).is_pending() || is_shielded() {
                return Poll::Pending;
            }
        }
        this.future.set(None);
        Poll::Ready(Err(token.cancelled_error()))
    }
}

impl<F: Future> FusedFuture for Run<'_, F> {
    fn is_terminated(&self) -> bool {
        self.begun && self.future.is_none()
    }
}

impl<F> fmt::Debug for Run<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("token", self.wait.token())
            .field("bias", &self.bias)
            .finish_non_exhaustive()
    }
}

/// Parts of a future that are not dropped midway when the token is cancelled.
///
/// It is Trio's `shield` and Kotlin's `NonCancellable`: for a commit, or for cleaning up. What
/// is shielded must end by itself, for nothing cuts it short but the drop of the whole future.
///
/// It belongs to the task that runs the future: what is shielded is polled within it.
///
/// # Examples
///
/// ```
/// use pleach::{CancelToken, block_on, cancel::Shield};
/// # async fn write(_: &str) {}
///
/// # block_on(async {
/// let (token, shield) = (CancelToken::new(), Shield::new());
/// let work = async {
///     loop {
///         let commit = async {
///             write("begin").await; // may be cancelled in here: goes on nevertheless
///             token.cancel();
///             write("end").await;
///         };
///         shield.run(commit).await;
///         # pending_once().await;
///     }
/// };
/// let result: Result<(), _> = token.run(work).shielded_by(&shield).await;
/// assert!(result.is_err());
/// # });
/// # async fn pending_once() {
/// #     let mut polled = false;
/// #     std::future::poll_fn(|cx| {
/// #         if std::mem::replace(&mut polled, true) { return std::task::Poll::Ready(()) }
/// #         cx.waker().wake_by_ref();
/// #         std::task::Poll::Pending
/// #     }).await
/// # }
/// ```
#[derive(Debug)]
pub struct Shield {
    /// Shielded futures that were polled and are not done.
    under_way: AtomicUsize,
}

impl Shield {
    crate::sys::const_new! {
        /// A shield that is not up.
        pub const fn new() -> Self {
            Self { under_way: AtomicUsize::new(0) }
        }
    }

    /// Runs `future` shielded, from its first poll until it completes or is dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the future; the shield does not keep one from being dropped by hand.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn run<F: Future>(&self, future: F) -> Shielded<'_, F> {
        Shielded {
            future: Some(future),
            up: Up {
                shield: self,
                is_up: false,
            },
        }
    }

    /// Whether anything is shielded just now.
    #[must_use]
    pub fn is_up(&self) -> bool {
        // Relaxed: it is the task's own.
        self.under_way.load(Ordering::Relaxed) > 0
    }
}

impl Default for Shield {
    fn default() -> Self {
        Self::new()
    }
}

pin_project! {
    /// The future of [`Shield::run`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Shielded<'a, F> {
        #[pin]
        future: Option<F>,
        up: Up<'a>,
    }
}

/// One count of a shield, if it is up.
struct Up<'a> {
    shield: &'a Shield,
    is_up: bool,
}

impl Up<'_> {
    fn raise(&mut self) {
        if !self.is_up {
            self.is_up = true;
            // Relaxed: as in `is_up`.
            self.shield.under_way.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lower(&mut self) {
        if core::mem::replace(&mut self.is_up, false) {
            // Relaxed: as in `is_up`.
            self.shield.under_way.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        self.lower();
    }
}

impl<F: Future> Future for Shielded<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("`Shielded` was polled after it had completed");
        };
        this.up.raise();
        let Poll::Ready(output) = future.poll(cx) else {
            return Poll::Pending;
        };
        this.future.set(None);
        this.up.lower();
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for Shielded<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shielded")
            .field("is_up", &self.up.is_up)
            .finish_non_exhaustive()
    }
}
