//! A child whose panic is its own.

use core::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use crate::sys::unwind::{self, FirstPanic, Payload};

/// Runs `future`; its panic, in a poll or in its destructor, becomes an error.
///
/// A scope takes a child's panic for its own: what the child was doing may be half done, and others
/// may look at it. Where that is not so, as with requests that have nothing in common, this keeps a
/// failure where it is. With [`retry`](crate::time::retry()) around it, it is what is elsewhere called a
/// supervisor.
///
/// The panic hook prints the panic before it is caught. Where panics abort there is nothing to
/// catch. It does not allocate.
///
/// # Cancel safety
///
/// Dropping it drops the future; a panic of that goes on.
///
/// # Panics
///
/// If it is polled again after it has completed.
///
/// # Errors
///
/// [`Panicked`] with the payload, when the future has been dropped.
///
/// # Examples
///
/// ```
/// # pleach::block_on(async {
/// use pleach::scope::isolate;
///
/// async fn parse(text: &str) -> u32 {
///     text.parse().expect("a number")
/// }
///
/// let (good, bad) = pleach::scope!(|s| {
///     let bad = s.spawn(isolate(parse("twelve")));
///     let good = s.spawn(isolate(parse("12")));
///     (good.await.unwrap(), bad.await.unwrap())
/// })
/// .await;
/// assert_eq!(good.unwrap(), 12);
/// assert!(bad.unwrap_err().message().unwrap().starts_with("a number"));
/// # });
/// ```
pub fn isolate<F: Future>(future: F) -> Isolate<F> {
    Isolate {
        future: Some(future),
    }
}

pin_project! {
    /// The future of [`isolate`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Isolate<F> {
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future> Future for Isolate<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.project().future;
        let Some(future) = slot.as_mut().as_pin_mut() else {
            panic!("`Isolate` was polled after it had completed");
        };
        let (mut panics, mut output) = (FirstPanic::default(), None);
        match unwind::catch(|| future.poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => output = Some(value),
            Err(payload) => panics.note(Err(payload)),
        }
        panics.run(|| slot.set(None));
        let result = panics.into_result();
        Poll::Ready(match (result, output) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => unreachable!("there is an output or a panic"),
            (Err(payload), value) => {
                unwind::swallow(|| drop(value));
                Err(Panicked { payload })
            }
        })
    }
}

impl<F: Future> FusedFuture for Isolate<F> {
    fn is_terminated(&self) -> bool {
        self.future.is_none()
    }
}

/// A future that was [isolated](isolate) panicked.
pub struct Panicked {
    payload: Payload,
}

impl Panicked {
    /// What it panicked with, if that is a text, as it is by `panic!`.
    pub fn message(&self) -> Option<&str> {
        let text = self.payload.downcast_ref::<&str>().copied();
        text.or_else(|| {
            self.payload
                .downcast_ref()
                .map(alloc::string::String::as_str)
        })
    }

    /// What it panicked with, to be looked at, or to
    /// [go on](https://doc.rust-lang.org/std/panic/fn.resume_unwind.html) with.
    pub fn into_payload(self) -> Payload {
        self.payload
    }
}

impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panicked").field(&self.message()).finish()
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "it panicked: {message}"),
            None => f.write_str("it panicked with what is not a text"),
        }
    }
}

impl Error for Panicked {}
