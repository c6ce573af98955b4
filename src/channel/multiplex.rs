//! Many channels received from as one.

use core::{
    fmt,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::stream::{FusedStream, Stream};

#[cfg(feature = "alloc")]
use super::Receiver;
use super::{RecvEnd, recv::Turn};
use crate::inspect::Site;

/// The messages of `N` channels as one [`Stream`], which ends when all of them have ended.
///
/// No channel is preferred: after a message of one, the next ones are looked at first. Its
/// places in the queues of receivers stay between messages, so that a message costs the
/// same for two channels as for many; a `select!` in a loop would give them up and queue
/// again in all channels for each message.
///
/// It is `Send` if the messages are, and not `Unpin`: pin it before polling. It allocates
/// nothing, and is fused.
///
/// # Cancel safety
///
/// Dropping it at any time loses no message. While it is not polled, up to one message of each
/// channel may be promised to it; then other receivers of that channel get the next one, as soon as
/// there is room for that beside it.
///
/// # Examples
///
/// ```
/// use std::pin::pin;
/// use futures_util::StreamExt;
/// use pleach::channel::{self, Multiplex};
///
/// # pleach::block_on(async {
/// let (a, from_a) = channel::bounded(2);
/// let (b, from_b) = channel::bounded(2);
/// for n in [1, 3] {
///     a.send(n).await.unwrap();
///     b.send(n + 1).await.unwrap();
/// }
/// drop((a, b));
/// let all: Vec<_> = pin!(Multiplex::new([&from_a, &from_b])).collect().await;
/// assert_eq!(all, [1, 2, 3, 4]);
/// # });
/// ```
#[must_use = "streams do nothing unless polled"]
pub struct Multiplex<T, E, const N: usize>
where
    E: Deref<Target = RecvEnd<T>>,
{
    /// Structurally pinned: no method moves them.
    turns: [Turn<T, E>; N],
    /// Whose turn it is next.
    next: usize,
}

impl<'a, T, const N: usize> Multiplex<T, &'a RecvEnd<T>, N> {
    /// Borrows the receivers.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn new(receivers: [&'a RecvEnd<T>; N]) -> Self {
        Self::of(receivers)
    }
}

#[cfg(feature = "alloc")]
impl<T, const N: usize> Multiplex<T, Receiver<T>, N> {
    /// Takes the receivers in, and drops each with itself.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn owned(receivers: [Receiver<T>; N]) -> Self {
        Self::of(receivers)
    }
}

impl<T, E: Deref<Target = RecvEnd<T>>, const N: usize> Multiplex<T, E, N> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn of(ends: [E; N]) -> Self {
        let here = Site::here();
        Self {
            turns: ends.map(|end| Turn::new(end).at(here.again())),
            next: 0,
        }
    }

    /// Waits for the next message, and tells which channel it came from, by its place in the array.
    /// `None` when all are closed and empty.
    pub fn poll_indexed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<(usize, T)>> {
        // SAFETY: nothing is moved out of it.
        let this = unsafe { self.get_unchecked_mut() };
        let mut is_left = false;
        for at in (this.next..N).chain(0..this.next) {
            // SAFETY: structurally pinned, and so is each element of an array.
            let turn = unsafe { Pin::new_unchecked(&this.turns[at]) };
            if turn.is_done() {
                continue;
            }
            match turn.poll(cx) {
                Poll::Pending => is_left = true,
                Poll::Ready(Err(_)) => {}
                Poll::Ready(Ok(message)) => {
                    turn.renew();
                    this.next = at + 1;
                    return Poll::Ready(Some((at, message)));
                }
            }
        }
        if is_left {
            Poll::Pending
        } else {
            Poll::Ready(None)
        }
    }
}

impl<T, E: Deref<Target = RecvEnd<T>>, const N: usize> Stream for Multiplex<T, E, N> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll_indexed(cx)
            .map(|next| next.map(|(_, message)| message))
    }
}

impl<T, E: Deref<Target = RecvEnd<T>>, const N: usize> FusedStream for Multiplex<T, E, N> {
    fn is_terminated(&self) -> bool {
        self.turns.iter().all(Turn::is_done)
    }
}

impl<T, E: Deref<Target = RecvEnd<T>>, const N: usize> fmt::Debug for Multiplex<T, E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multiplex")
            .field("turns", &self.turns)
            .field("next", &self.next)
            .finish()
    }
}
