//! What `select!` becomes: a future for all arms, or two passes over them.

use core::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use pin_project_lite::pin_project;

use crate::{channel::Permit, inspect};

use super::{
    arms::{Arms, Won, poll_from},
    turn::Rotation,
};

pin_project! {
    /// The future of a `select!` without `default`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Select<A> {
        #[pin]
        arms: A,
        start: u32,
    }
}

/// Which arm won, and what with; neither when none is left. The number stands beside it so that the
/// second can be moved as it is, unseen.
type Outcome<W> = (Option<u32>, Option<W>);

fn outcome<A: Arms>(won: Option<A::Won>) -> Outcome<A::Won> {
    (won.as_ref().map(A::number), won)
}

/// Waits for one of the arms. Without a rotation it begins with the first.
pub fn select<A: Arms>(rotation: Option<&Rotation>, arms: A) -> Select<A> {
    let start = start::<A>(rotation);
    Select { arms, start }
}

fn start<A: Arms>(rotation: Option<&Rotation>) -> u32 {
    rotation.map_or(0, |rotation| rotation.draw(A::COUNT))
}

impl<A: Arms> Future for Select<A> {
    type Output = Outcome<A::Won>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let start = *this.start;
        match inspect::within(cx, |cx| poll_from(this.arms.as_mut(), cx, start)) {
            Poll::Ready(won) => Poll::Ready(outcome::<A>(Some(won))),
            Poll::Pending if this.arms.is_left() => Poll::Pending,
            Poll::Pending => Poll::Ready(outcome::<A>(None)),
        }
    }
}

/// What is ready now, if anything is.
///
/// The first pass registers every arm; what becomes ready during it is seen by the second. So an
/// answer "nothing" was true of all arms at one moment, between the passes. With a single pass
/// it is not: two channels of which at any time one has a message could both be found empty.
pub fn select_now<A: Arms>(rotation: Option<&Rotation>, arms: A) -> Outcome<A::Won> {
    let start = start::<A>(rotation);
    let mut arms = pin!(arms);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..2 {
        if let Poll::Ready(won) = poll_from(arms.as_mut(), &mut cx, start) {
            return outcome::<A>(Some(won));
        }
    }
    outcome::<A>(None)
}

/// What is there: some arm has won.
pub fn some<W>(won: Option<W>) -> W {
    match won {
        Some(won) => won,
        None => unreachable!("an arm has won"),
    }
}

/// Nothing is there: no arm has won.
pub fn none<W>(won: Option<W>) {
    debug_assert!(won.is_none());
}

impl<T, R> Won<T, R> {
    /// The output of the first arm, which has won.
    pub fn this(self) -> T {
        match self {
            Self::This(output) => output,
            Self::Later(_) => unreachable!("the first arm has won"),
        }
    }

    /// What won behind the first arm.
    pub fn later(self) -> R {
        match self {
            Self::Later(won) => won,
            Self::This(_) => unreachable!("an arm behind the first has won"),
        }
    }
}

/// Takes what a `send` arm waits for.
pub fn has_room<P, E>(permit: Result<P, E>) -> Option<Result<P, E>> {
    permit.is_ok().then_some(permit)
}

/// What a `send` arm does.
pub fn send<T, E>(permit: Result<Permit<'_, T>, E>, message: T) {
    match permit {
        // Should the receivers have gone since, the message is dropped, as those in the channel were.
        Ok(permit) => drop(permit.send(message)),
        Err(_) => unreachable!("there was room"),
    }
}

/// The place in the program where no arm was left.
#[cold]
#[track_caller]
pub fn none_left() -> ! {
    panic!("no arm of this `select!` is left, and it has no `else`");
}
