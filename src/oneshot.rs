//! One value from one side to the other, once.
//!
//! [`channel`] makes the two sides on the heap, in one allocation. [`Oneshot`] is the same in a
//! `static` or on the stack, without any, and can be used again.
//!
//! ```
//! use pleach::{oneshot, scope};
//!
//! # pleach::block_on(async {
//! let (sender, receiver) = oneshot::channel();
//! scope!(|s| {
//!     s.spawn(async { sender.send(6 * 7) });
//!     assert_eq!(receiver.await, Ok(42));
//! })
//! .await;
//! # });
//! ```
//!
//! Sending never waits. The receiver is the future of the value; it is `Unpin`, so `&mut receiver`
//! can be awaited, or be an arm of a [`select!`](crate::select!), again and again. To wait no
//! longer than until a token is cancelled, give it to [`run`](crate::cancel::Token::run).
//!
//! # When a side is gone
//!
//! | | sends | the receiver | the sender's `closed` |
//! |---|---|---|---|
//! | the sender is dropped | – | gets an error | – |
//! | the receiver is dropped | fails, and gives the value back | – | is ready |
//! | the receiver calls `close` | fails, and gives the value back | gets what was sent before, or an error | is ready |
//! | sent, then the receiver is dropped | – | – | –; the value is dropped |
//!
//! Nothing is lost: a value either is given back to the sender, or reaches the receiver, or is
//! dropped with it.

mod handles;

use core::{
    fmt, mem,
    task::{Context, Poll, Waker},
};

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub(crate) use handles::channel_made;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use handles::{Receiver, Sender, channel};
pub use handles::{ReceiverRef, SenderRef, WaitClosed};

pub use crate::channel::{RecvError, SendError, TryRecvError};

use crate::{
    inspect::{self, Made, Site, WaitKind},
    sys::{
        const_new,
        lock::BriefLock,
        unwind::{self, FirstPanic},
    },
};

/// A place for one value that is handed over once at a time, without allocation.
///
/// Its constructor is `const`: it can be a `static`.
///
/// # Examples
///
/// ```
/// use pleach::oneshot::Oneshot;
///
/// static ANSWER: Oneshot<u32> = Oneshot::new();
///
/// # pleach::block_on(async {
/// for n in 0..2 {
///     let (sender, receiver) = ANSWER.split().unwrap();
///     assert!(ANSWER.split().is_none(), "it is in use");
///     sender.send(n).unwrap();
///     assert_eq!(receiver.await, Ok(n));
/// }
/// # });
/// ```
pub struct Oneshot<T> {
    lock: BriefLock<State<T>>,
    made: Made,
}

struct State<T> {
    value: Option<T>,
    /// No value will come: one was sent, or one of the sides does not want to any more.
    is_closed: bool,
    /// How many sides there are.
    sides: u8,
    /// Wakes who waits for the value.
    receiver: Option<Waker>,
    /// Wakes who waits for the receiver to be gone.
    sender: Option<Waker>,
}

/// A waker's place.
type Place<T> = fn(&mut State<T>) -> &mut Option<Waker>;

impl<T> Oneshot<T> {
    const_new! {
        /// Nobody uses it yet.
        #[cfg_attr(feature = "inspect", track_caller)]
        pub const fn new() -> Self {
            Self {
                lock: BriefLock::new(State {
                    value: None,
                    is_closed: false,
                    sides: 0,
                    receiver: None,
                    sender: None,
                }),
                made: Made::here(),
            }
        }
    }

    /// Two sides to use it by, unless there is one from the last time.
    #[cfg_attr(feature = "inspect", track_caller)]
    pub fn split(&self) -> Option<(SenderRef<'_, T>, ReceiverRef<'_, T>)> {
        if !self.open() {
            return None;
        }
        Some((SenderRef::of(self), ReceiverRef::of(self)))
    }

    /// Makes it ready for two sides, if there is none.
    fn open(&self) -> bool {
        self.lock.with(|state| {
            let is_free = state.sides == 0;
            if is_free {
                state.is_closed = false;
                state.sides = 2;
            }
            is_free
        })
    }

    /// Sends, and leaves.
    fn send(&self, value: T) -> Result<(), SendError<T>> {
        let (refused, receiver, sender) = self.lock.with(|state| {
            let refused = if state.is_closed {
                Some(value)
            } else {
                state.value = Some(value);
                None
            };
            let (receiver, sender) = state.leave();
            (refused, receiver, sender)
        });
        // The waker of a wait for `closed`, which nobody goes on with: dropped behind the other.
        wake(receiver);
        drop(sender);
        refused.map_or(Ok(()), |value| Err(SendError(value)))
    }

    /// The sender is dropped.
    fn leave_sender(&self) {
        let (receiver, sender) = self.lock.with(State::leave);
        let mut panic = FirstPanic::default();
        panic.run(|| wake(receiver));
        panic.run(|| drop(sender));
        panic.resume_in_drop();
    }

    /// The receiver is dropped.
    fn leave_receiver(&self) {
        let (value, (receiver, sender)) =
            self.lock.with(|state| (state.value.take(), state.leave()));
        let mut panic = FirstPanic::default();
        panic.run(|| wake(sender));
        panic.run(|| drop(receiver));
        panic.run(|| drop(value));
        panic.resume_in_drop();
    }

    /// The receiver does not want anything that was not sent yet. Its own waker goes: nobody wakes
    /// it for what it has done itself.
    fn close(&self) {
        let (receiver, sender) = self.lock.with(State::close);
        wake(sender);
        drop(receiver);
    }

    fn is_closed(&self) -> bool {
        self.lock.with(|state| state.is_closed)
    }

    fn try_recv(&self) -> Result<T, TryRecvError> {
        self.lock.with(|state| match state.value.take() {
            Some(value) => Ok(value),
            None if state.is_closed => Err(TryRecvError::Closed),
            None => Err(TryRecvError::Empty),
        })
    }

    fn poll_recv(&self, cx: &Context<'_>, site: &Site) -> Poll<Result<T, RecvError>> {
        let receive = |state: &mut State<T>| match state.value.take() {
            Some(value) => Some(Ok(value)),
            None => state.is_closed.then_some(Err(RecvError)),
        };
        let polled = self.poll(cx, |state| &mut state.receiver, receive);
        if polled.is_pending() {
            inspect::note(cx, WaitKind::Recv, site, self.made.resource());
        }
        polled
    }

    fn poll_closed(&self, cx: &Context<'_>, site: &Site) -> Poll<()> {
        let is_over = |state: &mut State<T>| state.is_closed.then_some(());
        let polled = self.poll(cx, |state| &mut state.sender, is_over);
        if polled.is_pending() {
            inspect::note(cx, WaitKind::Event, site, self.made.resource());
        }
        polled
    }

    /// Forgets who waits for it.
    fn stop_waiting_for_close(&self) {
        let sender = self.lock.with(|state| state.sender.take());
        unwind::run_in_drop(|| drop(sender));
    }

    /// Takes what there is, or leaves a waker for when it is closed.
    #[inline]
    fn poll<R>(
        &self,
        cx: &Context<'_>,
        place: Place<T>,
        take: impl Fn(&mut State<T>) -> Option<R>,
    ) -> Poll<R> {
        loop {
            let taken = self.lock.with(|state| {
                let taken = take(state);
                let left = place(state).as_ref();
                let is_left = taken.is_none()
                    && left.is_some_and(|it| it.will_wake(inspect::inner(cx.waker())));
                (taken, is_left)
            });
            match taken {
                (Some(taken), _) => return Poll::Ready(taken),
                (None, true) => return Poll::Pending,
                (None, false) => {}
            }
            if self.leave_waker(cx, place) {
                return Poll::Pending;
            }
            // It was closed meanwhile. What there is now is taken only when the waker has been
            // dropped, since that may panic.
        }
    }

    /// Stores the waker, unless there is nothing to wait for any more. The one that was there, or
    /// the new one, is dropped outside of the lock.
    fn leave_waker(&self, cx: &Context<'_>, place: Place<T>) -> bool {
        let mut waker = Some(cx.waker().clone());
        self.lock.with(|state| {
            if state.is_closed {
                return false;
            }
            mem::swap(place(state), &mut waker);
            true
        })
    }
}

impl<T> State<T> {
    /// Nothing will be sent any more. Returns the wakers of the receiver and of the sender.
    fn close(&mut self) -> (Option<Waker>, Option<Waker>) {
        self.is_closed = true;
        (self.receiver.take(), self.sender.take())
    }

    /// A side less. Returns what [`close`](Self::close) does.
    fn leave(&mut self) -> (Option<Waker>, Option<Waker>) {
        self.sides -= 1;
        self.close()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<T> Default for Oneshot<T> {
    #[cfg_attr(feature = "inspect", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Oneshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_closed, has_value) = self
            .lock
            .with(|state| (state.is_closed, state.value.is_some()));
        f.debug_struct("Oneshot")
            .field("is_closed", &is_closed)
            .field("has_value", &has_value)
            .finish_non_exhaustive()
    }
}
