//! Futures that wait for a token: to be cancelled, to stop, to have nothing alive below.
//!
//! The states of each are those of its node (`wait/list.rs`); dropping one unlinks the node if
//! it is queued, and that is all.

use core::{
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{
    cause::{Cause, Phase},
    domain::Node,
    token::{CANCELLED, STOPPING, TRIP, TRIPPED, Token, WAITERS},
};
use crate::{
    inspect::WaitKind,
    sys::atomic::Ordering,
    wait::{Held, Stage, Waiter},
};

/// What a waiter of a token waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Stopping,
    Cancelled,
    /// That there is no child.
    Drained,
    /// Nothing: it divides the list for a sweep.
    Mark,
}

impl Want {
    /// Whether the wait is over when the token gets into this phase.
    pub(super) fn ends_in(self, phase: Phase) -> bool {
        match self {
            Self::Stopping => phase >= Phase::Stopping,
            Self::Cancelled => phase >= Phase::Cancelled,
            Self::Drained | Self::Mark => false,
        }
    }

    /// The bits of a state that say so.
    const fn bits(self) -> usize {
        match self {
            Self::Stopping => STOPPING | TRIPPED,
            Self::Cancelled => CANCELLED | TRIPPED,
            Self::Drained | Self::Mark => 0,
        }
    }
}

impl Token {
    /// Under the token's lock: raises `WAITERS` for a waiter that the caller links before it
    /// lets go of the lock, or says that there is nothing to wait for.
    pub(super) fn announce(&self, want: Want) -> Option<()> {
        // Relaxed, here and below: it only decides. Whoever is told that the wait is over asks for
        // the cause, and that acquires.
        let mut state = self.state.load(Ordering::Relaxed);
        if state & WAITERS == 0 {
            // An RMW: either it sees the phase, or who sets the phase sees the bit
            // (`token.rs`, invariant 2).
            state = self.state.fetch_or(WAITERS, Ordering::Relaxed);
        }
        (state & want.bits() != 0).then_some(())
    }

    /// Waits until the token is cancelled; gives its cause.
    ///
    /// Whoever has found the token cancelled finds this ready when it is polled next, even if the
    /// call that cancels is still busy with waking others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{CancelToken, block_on};
    ///
    /// let token = CancelToken::new();
    /// let child = token.child();
    /// let other = std::thread::spawn(move || token.cancel());
    /// block_on(child.cancelled());
    /// # other.join().unwrap();
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn cancelled(&self) -> WaitCancelled<'_> {
        WaitCancelled {
            wait: Wait::new(self, Want::Cancelled),
        }
    }

    /// Waits until the token is asked to stop, or is cancelled; gives its cause.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn stopping(&self) -> WaitStopping<'_> {
        WaitStopping {
            wait: Wait::new(self, Want::Stopping),
        }
    }

    /// Waits until nothing is alive below the token: no descendant has a handle left.
    ///
    /// It does not cancel. It looks at a moment: whoever still holds this token can make
    /// children later. An [island](super::CancelToken::child_island) below counts until all of
    /// it is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use pleach::{CancelToken, block_on, scope};
    ///
    /// # block_on(async {
    /// let token = CancelToken::new();
    /// let worker = token.child();
    /// scope!(|s| {
    ///     s.spawn(async move {
    ///         worker.cancelled().await;
    ///         // ... clean up; `worker` is dropped at the end.
    ///     });
    ///     token.cancel();
    ///     token.drained().await;
    /// })
    /// .await;
    /// # });
    /// ```
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn drained(&self) -> WaitDrained<'_> {
        WaitDrained {
            wait: Wait::new(self, Want::Drained),
        }
    }
}

/// A wait, of a token that is borrowed or owned.
pub(crate) struct Wait<T: Deref<Target = Token>> {
    token: T,
    waiter: Waiter<Want>,
}

impl<T: Deref<Target = Token>> Wait<T> {
    #[cfg_attr(feature = "inspect", track_caller)]
    pub(crate) fn new(token: T, want: Want) -> Self {
        Self {
            token,
            waiter: Waiter::new(want),
        }
    }

    pub(crate) fn token(&self) -> &T {
        &self.token
    }

    fn waiter(self: Pin<&Self>) -> Pin<&Waiter<Want>> {
        // SAFETY: `waiter` is structurally pinned: no method moves it, and `Drop` does not
        // end before it is unlinked.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    /// First poll: sees that there is nothing to wait for, or queues.
    fn start(self: Pin<&Self>, cx: &Context<'_>) -> Poll<()> {
        let want = *self.waiter.request();
        if want == Want::Drained {
            return self.start_drained(cx);
        }
        let decide = |_: &mut Held<Want, ()>| self.token.announce(want);
        // SAFETY: the node is idle (only the first poll comes here), is used with this queue
        // alone, and `Drop` leaves it.
        unsafe { self.token.queue.enter(self.waiter(), cx, decide) }.map(drop)
    }

    /// The same for the wait for no children, which is decided under the domain's lock.
    fn start_drained(self: Pin<&Self>, cx: &Context<'_>) -> Poll<()> {
        let mut waker = Some(cx.waker().clone());
        self.token.domain().with(|shape| {
            // SAFETY: the token is linked for as long as it is borrowed.
            let node = unsafe { Node::of(&self.token) };
            if shape.links(node, |links| links.first).is_none() {
                return Poll::Ready(());
            }
            let waiter = self.waiter();
            self.token.queue.with(|held| {
                self.token.announce(Want::Drained);
                if let Some(waker) = waker.take() {
                    // SAFETY: as in `start`.
                    unsafe { held.waiters.push_back(waiter, waker) };
                }
            });
            Poll::Pending
        })
    }

    /// A poll that may be repeated when it was ready.
    #[inline]
    pub(crate) fn poll(self: Pin<&Self>, cx: &Context<'_>) -> Poll<()> {
        if self.is_done() {
            return Poll::Ready(());
        }
        if self.is_over() {
            self.leave();
            self.waiter.finish();
            return Poll::Ready(());
        }
        // SAFETY: the node is this future's own, used with this queue alone.
        unsafe {
            self.token
                .queue
                .poll(&self.waiter, cx, WaitKind::Token, || self.start(cx))
        }
    }

    #[inline]
    fn poll_cause(self: Pin<&Self>, cx: &Context<'_>) -> Poll<Cause> {
        self.poll(cx).map(|()| self.token.cause().unwrap_or(TRIP))
    }

    fn is_done(&self) -> bool {
        self.waiter.stage() == Stage::Done
    }

    /// Whether the token says so, though nobody may have said it to this waiter yet: who has found
    /// the token cancelled does not find a wait for that pending.
    #[inline]
    fn is_over(&self) -> bool {
        // Relaxed: as in `announce`.
        self.token.state.load(Ordering::Relaxed) & self.waiter.request().bits() != 0
    }

    #[inline]
    fn leave(&self) {
        // SAFETY: the node is this future's own, used with this queue alone.
        unsafe { self.token.queue.leave(&self.waiter, |_| ()) };
    }
}

impl<T: Deref<Target = Token>> Drop for Wait<T> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T: Deref<Target = Token>> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt(f)
    }
}

macro_rules! wait_future {
    ($(#[$meta:meta])* $name:ident $(<$life:lifetime>)?($token:ty): $output:ty, $poll:ident) => {
        pin_project! {
            $(#[$meta])*
            ///
            /// It begins to wait when it is first polled. It is `Send`, not `Unpin`, and fused:
            /// once ready it is ready at every poll, so it can be polled along in a future that
            /// is written by hand. It never allocates.
            #[must_use = "futures do nothing unless awaited or polled"]
            #[derive(Debug)]
            pub struct $name$(<$life>)? {
                #[pin]
                wait: Wait<$token>,
            }
        }

        impl$(<$life>)? Future for $name$(<$life>)? {
            type Output = $output;

            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<$output> {
                self.project().wait.as_ref().$poll(cx)
            }
        }

        impl$(<$life>)? FusedFuture for $name$(<$life>)? {
            fn is_terminated(&self) -> bool {
                self.wait.is_done()
            }
        }
    };
}

wait_future! {
    /// The future of [`Token::cancelled`].
    WaitCancelled<'a>(&'a Token): Cause, poll_cause
}
wait_future! {
    /// The future of [`Token::stopping`].
    WaitStopping<'a>(&'a Token): Cause, poll_cause
}
wait_future! {
    /// The future of [`Token::drained`].
    WaitDrained<'a>(&'a Token): (), poll
}

#[cfg(feature = "alloc")]
mod owned {
    use core::{
        future::Future,
        pin::Pin,
        task::{Context, Poll},
    };

    use futures_core::future::FusedFuture;
    use pin_project_lite::pin_project;

    use super::{Wait, Want};
    use crate::{CancelToken, cancel::Cause};

    impl CancelToken {
        /// As [`cancelled`](super::Token::cancelled), for a future that owns its handle.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub fn cancelled_owned(self) -> WaitCancelledOwned {
            WaitCancelledOwned {
                wait: Wait::new(self, Want::Cancelled),
            }
        }
    }

    wait_future! {
        /// The future of [`CancelToken::cancelled_owned`].
        WaitCancelledOwned(CancelToken): Cause, poll_cause
    }
}
#[cfg(feature = "alloc")]
pub use owned::WaitCancelledOwned;
