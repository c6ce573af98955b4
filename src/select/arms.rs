//! The arms of a race as a list of types: `Cons<first, Cons<second, Nil>>`. So they may be
//! futures of different types, and the compiler sees through all of it.

use core::{
    convert::Infallible,
    future::Future,
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

/// A list of arms.
pub trait Arms {
    /// The output of one of them.
    type Won;

    /// How many there are.
    const COUNT: u32;

    /// Polls those of these numbers in turn, until one is ready with something that it takes.
    fn poll_some(self: Pin<&mut Self>, cx: &mut Context<'_>, arms: Range<u32>) -> Poll<Self::Won>;

    /// Whether one of them may still become ready.
    fn is_left(&self) -> bool;

    /// Which of them gave that, from zero.
    fn number(won: &Self::Won) -> u32;
}

/// Polls all of them, from the one of that number on and around.
pub(super) fn poll_from<A: Arms>(
    mut arms: Pin<&mut A>,
    cx: &mut Context<'_>,
    start: u32,
) -> Poll<A::Won> {
    let won = arms.as_mut().poll_some(cx, start..A::COUNT);
    if won.is_ready() {
        return won;
    }
    arms.poll_some(cx, 0..start)
}

/// No arm.
#[derive(Debug)]
pub struct Nil;

pin_project! {
    /// An arm, and those behind it.
    #[derive(Debug)]
    pub struct Cons<A, R> {
        #[pin]
        arm: A,
        #[pin]
        rest: R,
    }
}

impl<A, R> Cons<A, R> {
    /// This arm before those.
    pub fn new(arm: A, rest: R) -> Self {
        Self { arm, rest }
    }
}

/// Which arm of a [`Cons`] won, with its output.
#[derive(Debug)]
pub enum Won<T, R> {
    /// The first.
    This(T),
    /// One behind it.
    Later(R),
}

impl Arms for Nil {
    type Won = Infallible;

    const COUNT: u32 = 0;

    #[inline(always)]
    fn poll_some(self: Pin<&mut Self>, _: &mut Context<'_>, _: Range<u32>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn is_left(&self) -> bool {
        false
    }

    fn number(won: &Infallible) -> u32 {
        match *won {}
    }
}

impl<A: Arm, R: Arms> Arms for Cons<A, R> {
    type Won = Won<A::Output, R::Won>;

    const COUNT: u32 = R::COUNT + 1;

    #[inline(always)]
    fn poll_some(self: Pin<&mut Self>, cx: &mut Context<'_>, arms: Range<u32>) -> Poll<Self::Won> {
        let this = self.project();
        if arms.contains(&0) {
            if let Poll::Ready(output) = this.arm.poll_arm(cx) {
                return Poll::Ready(Won::This(output));
            }
        }
        let behind = arms.start.saturating_sub(1)..arms.end.saturating_sub(1);
        this.rest.poll_some(cx, behind).map(Won::Later)
    }

    fn is_left(&self) -> bool {
        self.arm.is_left() || self.rest.is_left()
    }

    #[inline(always)]
    fn number(won: &Self::Won) -> u32 {
        match won {
            Won::This(_) => 0,
            Won::Later(won) => 1 + R::number(won),
        }
    }
}

/// One arm.
pub trait Arm {
    /// What it is ready with.
    type Output;

    /// Polls it. It is pending for ever once its future is ready with something that it does not
    /// take.
    fn poll_arm(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output>;

    /// Whether it may still become ready.
    fn is_left(&self) -> bool;
}

pin_project! {
    /// An arm of `select!`: a future, unless its guard was false, and what outputs it takes.
    #[derive(Debug)]
    pub struct Guarded<F, M> {
        #[pin]
        future: Option<F>,
        takes: M,
    }
}

impl<F: Future, M: FnMut(F::Output) -> Option<F::Output>> Guarded<F, M> {
    /// `takes` gives the output back if it is one for this arm.
    pub fn new(future: Option<F>, takes: M) -> Self {
        Self { future, takes }
    }
}

impl<F: Future, M: FnMut(F::Output) -> Option<F::Output>> Arm for Guarded<F, M> {
    type Output = F::Output;

    #[inline(always)]
    fn poll_arm(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let Poll::Ready(output) = future.poll(cx) else {
            return Poll::Pending;
        };
        let output = (this.takes)(output);
        // It has completed, and must not be polled again.
        this.future.set(None);
        output.map_or(Poll::Pending, Poll::Ready)
    }

    fn is_left(&self) -> bool {
        self.future.is_some()
    }
}

pin_project! {
    /// An arm of `race`: a future.
    #[derive(Debug)]
    pub struct Plain<F> {
        #[pin]
        pub(super) future: F,
    }
}

impl<F: Future> Arm for Plain<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll_arm(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }

    fn is_left(&self) -> bool {
        true
    }
}
