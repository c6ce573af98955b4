//! The body of a scope: child number 0, kept in the scope's own future.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::node::Settle;

pin_project! {
    /// The body's future while it runs, then its value.
    ///
    /// Whether it is done has a field of its own: a shared borrow of a future, be it only to
    /// look at the `Option` around it, claims that nothing in it is borrowed mutably, and a
    /// future may so borrow from itself.
    #[derive(Debug)]
    pub(crate) struct Body<F, T> {
        #[pin]
        future: Option<F>,
        done: bool,
        value: Option<T>,
    }
}

impl<F, T> Body<F, T> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future: Some(future),
            done: false,
            value: None,
        }
    }

    /// Whether there is no future left to poll.
    pub(crate) fn is_done(self: Pin<&mut Self>) -> bool {
        *self.project().done
    }

    /// Polls the future, unless it is done. When it is, it is dropped where it stands and
    /// its value kept, or its error returned.
    pub(crate) fn poll<S>(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Break>>
    where
        F: Future,
        S: Settle<F::Output, Value = T>,
    {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(()));
        };
        let Poll::Ready(out) = future.poll(cx) else {
            return Poll::Pending;
        };
        this.future.set(None);
        *this.done = true;
        Poll::Ready(S::settle(out).map(|value| *this.value = Some(value)))
    }

    /// Drops the future or the value, whichever is there.
    pub(crate) fn clear(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.future.set(None);
        *this.done = true;
        *this.value = None;
    }

    pub(crate) fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}
