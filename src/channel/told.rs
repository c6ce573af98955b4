//! Futures that wait to be told of something, and take nothing.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;

use super::{
    RecvEnd, SendEnd,
    held::Held,
    ring::{Closing, Raw, Request, Watching},
};
use crate::{
    sys::{debug_fields, unwind},
    wait::{Stage, Waiter},
};

impl<T> SendEnd<T> {
    /// Waits until the channel is closed: by hand, or because there is no receiver any more.
    ///
    /// For senders that would do work for nothing otherwise.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded::<u8>(1);
    /// drop(receiver);
    /// sender.closed().await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn closed(&self) -> WaitClosed<'_, T> {
        WaitClosed {
            told: Told::new(self.raw(), Closing, |held| held.is_closed()),
        }
    }
}

impl<T> RecvEnd<T> {
    /// Waits until there is something to receive, or nothing will come any more, and receives
    /// nothing.
    ///
    /// It promises nothing: others may be quicker. All who wait so are told, and they do not count
    /// as receivers that wait. At a capacity of zero they are told of a [`send`](SendEnd::send) that
    /// waits, but not of a [`reserve`](SendEnd::reserve), a [`send_from`](SendEnd::send_from) or the
    /// `send` arm of a `select!`, which in turn wait for a receiver that waits.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # pleach::block_on(async {
    /// let (sender, receiver) = pleach::channel::bounded(1);
    /// sender.send(1).await.unwrap();
    /// receiver.ready().await;
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn ready(&self) -> Ready<'_, T> {
        Ready {
            told: Told::new(self.raw(), Watching, |held| {
                held.has_message() || held.is_finished()
            }),
        }
    }
}

/// A wait for something to be so.
struct Told<'a, T, R: Request<T>> {
    raw: &'a Raw<T>,
    waiter: Waiter<R>,
    is_so: fn(&Held<'_, T>) -> bool,
}

impl<'a, T, R: Request<T>> Told<'a, T, R> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn new(raw: &'a Raw<T>, request: R, is_so: fn(&Held<'_, T>) -> bool) -> Self {
        Self {
            raw,
            waiter: Waiter::new(request),
            is_so,
        }
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<R>> {
        // SAFETY: structurally pinned: no method moves it, and `Drop` does not end before it is
        // unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    fn is_done(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }

    fn poll(self: Pin<&Self>, cx: &Context<'_>) -> Poll<()> {
        let waits = if self.waiter.is_idle() {
            self.enter(cx)
        } else {
            // SAFETY: the future's own node, used with this channel alone.
            unsafe { self.raw.keeps_waiting(&self.waiter, cx) }
        };
        if waits {
            self.raw.note(&self.waiter, cx);
            return Poll::Pending;
        }
        self.waiter.finish();
        Poll::Ready(())
    }

    /// Queues, unless it is so already.
    fn enter(self: Pin<&Self>, cx: &Context<'_>) -> bool {
        let mut waker = Some(cx.waker().clone());
        self.raw.with(|held| {
            if (self.is_so)(held) {
                return false;
            }
            if let Some(waker) = waker.take() {
                // SAFETY: idle, used with this list alone, and `Drop` takes it out.
                unsafe { held.enqueue(self.waiter(), waker) };
            }
            true
        })
    }
}

impl<T, R: Request<T>> Drop for Told<'_, T, R> {
    fn drop(&mut self) {
        if self.waiter.stage() == Stage::Queued {
            // SAFETY: the future's own node, used with this list alone.
            let removed = self.raw.with(|held| unsafe { held.dequeue(&self.waiter) });
            unwind::run_in_drop(|| drop(removed));
        }
    }
}

impl<T, R: Request<T> + fmt::Debug> fmt::Debug for Told<'_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt(f)
    }
}

macro_rules! told_future {
    ($(#[$meta:meta])* $name:ident, $request:ty) => {
        pin_project_lite::pin_project! {
            $(#[$meta])*
            ///
            /// It is `Send` if the messages are, not `Unpin`, and fused in the sense of
            /// [`FusedFuture`]; polling it after it has completed panics. It never allocates.
            #[must_use = "futures do nothing unless awaited or polled"]
            pub struct $name<'a, T> {
                #[pin]
                told: Told<'a, T, $request>,
            }
        }

        impl<T> Future for $name<'_, T> {
            type Output = ();

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let told = self.project().told.into_ref();
                assert!(
                    !told.is_done(),
                    concat!("`", stringify!($name), "` was polled after it had completed")
                );
                told.poll(cx)
            }
        }

        impl<T> FusedFuture for $name<'_, T> {
            fn is_terminated(&self) -> bool {
                self.told.is_done()
            }
        }

        debug_fields!([T] $name<'_, T>: told);
    };
}

told_future! {
    /// The future of [`SendEnd::closed`].
    WaitClosed, Closing
}
told_future! {
    /// The future of [`RecvEnd::ready`].
    Ready, Watching
}
