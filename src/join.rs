//! Joins: a fixed number of children, without a heap.
//!
//! | | gives | ends early |
//! |---|---|---|
//! | [`join`] | all outputs | – |
//! | [`try_join`] | all values | at the first error |
//! | [`race`](crate::select::race) | the first output | always |
//!
//! They are scopes whose children are known from the beginning: a tuple of up to eight futures of
//! any types, or an array of futures of one type. What holds for a [`scope!`](macro@crate::scope)
//! holds here: children may borrow, all are gone when the future has resolved or is dropped, the
//! newest, that is the last, first; of errors the one that was polled first decides; a panic
//! beats an error, and goes on when the others are gone (with `std`; without, it goes through at
//! once).
//!
//! (`race` is simpler: it drops its futures from the first to the last, and lets a panic through at
//! once.)
//!
//! There is one difference. Without an allocation there is no waker for each child, so all that are
//! not done are polled when one of them is woken. Beyond a handful use a scope.

mod children;
mod tuple;

use core::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use crate::{
    inspect,
    sys::unwind::{self, FirstPanic},
};
use children::Children;

/// Runs all of them at the same time, and gives their outputs when all are done.
///
/// They are given as a tuple or an array, and so are the outputs. It never allocates.
///
/// # Cancel safety
///
/// Dropping the future drops all of them, and the outputs that there were.
///
/// # Panics
///
/// The future panics if it is polled again after it has completed.
///
/// # Examples
///
/// ```
/// use pleach::{Semaphore, join::join};
///
/// # pleach::block_on(async {
/// let door = Semaphore::new(1);
/// let name = String::from("hedge");
/// let (length, is_open) = join((
///     async { name.len() },
///     async { door.acquire().await.is_ok() },
/// ))
/// .await;
/// assert_eq!((length, is_open), (5, true));
///
/// let squares = [1, 2, 3].map(|n| async move { n * n });
/// assert_eq!(join(squares).await, [1, 4, 9]);
/// # });
/// ```
pub fn join<J: Joinable>(children: J) -> Join<J> {
    Join {
        all: All::new(children.into_children()),
    }
}

/// Runs all of them at the same time, and gives their values when all are done; or the first error,
/// when all others have been dropped.
///
/// Otherwise as [`join`].
///
/// # Errors
///
/// That of the child which was the first to give one.
///
/// # Examples
///
/// ```
/// use std::future::pending;
/// use pleach::join::try_join;
///
/// # pleach::block_on(async {
/// let result = try_join((
///     async { "17".parse::<u32>() },
///     async { "x".parse::<u32>() },
///     // Dropped when "x" turns out to be no number.
///     pending::<Result<(), _>>(),
/// ))
/// .await;
/// assert!(result.is_err());
/// # });
/// ```
pub fn try_join<J: TryJoinable>(children: J) -> TryJoin<J> {
    TryJoin {
        all: All::new(children.into_children()),
    }
}

/// What can be [joined](join): tuples of one to eight futures, and arrays of them.
pub trait Joinable: sealed::Joinable {}

/// What can be [joined](try_join) where each gives a `Result` with one type of error: tuples of one to
/// eight futures, and arrays of them.
pub trait TryJoinable: sealed::TryJoinable {}

mod sealed {
    use core::convert::Infallible;

    use super::Children;

    pub trait Joinable {
        type Output;
        type Children: Children<Break = Infallible>;

        fn into_children(self) -> Self::Children;

        fn output(values: <Self::Children as Children>::Values) -> Self::Output;
    }

    pub trait TryJoinable {
        type Output;
        type Error;
        type Children: Children<Break = Self::Error>;

        fn into_children(self) -> Self::Children;

        fn output(values: <Self::Children as Children>::Values) -> Self::Output;
    }
}

pin_project! {
    /// Children until all are done, or one of them ends it for all.
    struct All<C: Children> {
        #[pin]
        children: C,
        is_over: bool,
    }

    impl<C: Children> PinnedDrop for All<C> {
        fn drop(this: Pin<&mut Self>) {
            let mut panic = FirstPanic::default();
            this.project().children.clear(&mut panic);
            panic.resume_in_drop();
        }
    }
}

impl<C: Children> All<C> {
    fn new(children: C) -> Self {
        Self {
            children,
            is_over: false,
        }
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<C::Values, C::Break>> {
        let this = self.project();
        let mut children = this.children;
        assert!(!*this.is_over, "a join was polled after it had completed");
        let mut panic = FirstPanic::default();
        let polled = unwind::catch(|| {
            inspect::within(cx, |cx| match children.as_mut().poll_all(cx) {
                Ok(false) => Poll::Pending,
                over => Poll::Ready(over),
            })
        });
        let broke = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(_))) => {
                *this.is_over = true;
                return Poll::Ready(Ok(children.values()));
            }
            Ok(Poll::Ready(Err(broke))) => Some(broke),
            Err(payload) => {
                panic.note(Err(payload));
                None
            }
        };
        *this.is_over = true;
        children.clear(&mut panic);
        match (panic.into_result(), broke) {
            (Ok(()), Some(broke)) => Poll::Ready(Err(broke)),
            (Ok(()), None) => unreachable!("it broke or panicked"),
            (Err(payload), broke) => {
                unwind::swallow(|| drop(broke));
                unwind::resume(payload)
            }
        }
    }
}

pin_project! {
    /// The future of [`join`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Join<J: Joinable> {
        #[pin]
        all: All<J::Children>,
    }
}

impl<J: Joinable> Future for Join<J> {
    type Output = J::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<J::Output> {
        let values: Result<_, Infallible> = ready!(self.project().all.poll(cx));
        let Ok(values) = values;
        Poll::Ready(J::output(values))
    }
}

impl<J: Joinable> FusedFuture for Join<J> {
    fn is_terminated(&self) -> bool {
        self.all.is_over
    }
}

impl<J: Joinable> fmt::Debug for Join<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("is_over", &self.all.is_over)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`try_join`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct TryJoin<J: TryJoinable> {
        #[pin]
        all: All<J::Children>,
    }
}

impl<J: TryJoinable> Future for TryJoin<J> {
    type Output = Result<J::Output, J::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().all.poll(cx).map_ok(J::output)
    }
}

impl<J: TryJoinable> FusedFuture for TryJoin<J> {
    fn is_terminated(&self) -> bool {
        self.all.is_over
    }
}

impl<J: TryJoinable> fmt::Debug for TryJoin<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryJoin")
            .field("is_over", &self.all.is_over)
            .finish_non_exhaustive()
    }
}
