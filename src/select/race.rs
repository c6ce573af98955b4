//! The first of a few futures, as a combinator.

use core::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use crate::inspect;

use super::{
    arms::{Arms, Cons, Nil, Plain, Won, poll_from},
    turn::Rotation,
};

/// Where races begin: they have no place in the program of their own, as a `select!` has.
pub(super) static ROTATION: Rotation = Rotation::new();

/// Waits for the first of two to eight futures with one type of output.
///
/// They are given as a tuple. When one is ready all are dropped. Where polling begins is drawn anew
/// each time, so that none is preferred.
///
/// # Cancel safety
///
/// Dropping the future drops all of them.
///
/// # Panics
///
/// The future panics if it is polled again after it has completed.
///
/// # Examples
///
/// ```
/// use pleach::{channel, select::race};
///
/// # pleach::block_on(async {
/// let (_a, from_a) = channel::bounded::<u32>(1);
/// let (b, from_b) = channel::bounded(1);
/// b.send(2).await.unwrap();
/// assert_eq!(race((from_a.recv(), from_b.recv())).await, Ok(2));
/// # });
/// ```
pub fn race<R: Racers>(racers: R) -> Race<R> {
    Race {
        arms: Some(racers.into_arms()),
        start: ROTATION.draw(<R::Arms as Arms>::COUNT),
    }
}

pin_project! {
    /// The future of [`race`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Race<R: Racers> {
        #[pin]
        arms: Option<R::Arms>,
        start: u32,
    }
}

impl<R: Racers> Future for Race<R> {
    type Output = R::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R::Output> {
        let mut this = self.project();
        let Some(arms) = this.arms.as_mut().as_pin_mut() else {
            panic!("`Race` was polled after it had completed");
        };
        let start = *this.start;
        let won = inspect::within(cx, |cx| poll_from(arms, cx, start));
        if won.is_ready() {
            this.arms.set(None);
        }
        won.map(R::output)
    }
}

impl<R: Racers> FusedFuture for Race<R> {
    fn is_terminated(&self) -> bool {
        self.arms.is_none()
    }
}

impl<R: Racers> fmt::Debug for Race<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race")
            .field("is_over", &self.is_terminated())
            .finish_non_exhaustive()
    }
}

/// What can be [raced](race): tuples of two to eight futures with the same output.
pub trait Racers: sealed::Racers {}

pub(super) mod sealed {
    use super::Arms;

    pub trait Racers {
        type Output;
        type Arms: Arms;

        fn into_arms(self) -> Self::Arms;

        fn output(won: <Self::Arms as Arms>::Won) -> Self::Output;
    }
}

/// The output of whichever arm won, where they are all alike.
pub(super) trait Alike<T> {
    fn unify(self) -> T;
}

impl<T> Alike<T> for Infallible {
    fn unify(self) -> T {
        match self {}
    }
}

impl<T, R: Alike<T>> Alike<T> for Won<T, R> {
    #[inline]
    fn unify(self) -> T {
        match self {
            Self::This(output) => output,
            Self::Later(later) => later.unify(),
        }
    }
}

macro_rules! racers {
    ($($future:ident)+) => {
        impl<T, $($future: Future<Output = T>),+> Racers for ($($future,)+) {}

        impl<T, $($future: Future<Output = T>),+> sealed::Racers for ($($future,)+) {
            type Output = T;
            type Arms = racers!(@type $($future)+);

            fn into_arms(self) -> Self::Arms {
                #[allow(non_snake_case, reason = "named as their types")]
                let ($($future,)+) = self;
                racers!(@value $($future)+)
            }

            #[inline]
            fn output(won: <Self::Arms as Arms>::Won) -> T {
                won.unify()
            }
        }
    };
    (@type $first:ident $($rest:ident)*) => { Cons<Plain<$first>, racers!(@type $($rest)*)> };
    (@type) => { Nil };
    (@value $first:ident $($rest:ident)*) => {
        Cons::new(Plain { future: $first }, racers!(@value $($rest)*))
    };
    (@value) => { Nil };
}

racers!(A B);
racers!(A B C);
racers!(A B C D);
racers!(A B C D E);
racers!(A B C D E F);
racers!(A B C D E F G);
racers!(A B C D E F G H);
