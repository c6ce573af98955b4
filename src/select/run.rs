//! What `select!` becomes: a future for all arms, or two passes over them.

use core::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use pin_project_lite::pin_project;

use super::{
    arms::{Arms, poll_from},
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

/// Waits for one of the arms: `None` when none is left. Without a rotation it begins with the
/// first.
pub fn select<A: Arms>(rotation: Option<&Rotation>, arms: A) -> Select<A> {
    let start = start::<A>(rotation);
    Select { arms, start }
}

fn start<A: Arms>(rotation: Option<&Rotation>) -> u32 {
    rotation.map_or(0, |rotation| rotation.draw(A::COUNT))
}

impl<A: Arms> Future for Select<A> {
    type Output = Option<A::Won>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match poll_from(this.arms.as_mut(), cx, *this.start) {
            Poll::Ready(won) => Poll::Ready(Some(won)),
            Poll::Pending if this.arms.is_left() => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
        }
    }
}

/// What is ready now, if anything is.
///
/// The first pass registers every arm; what becomes ready during it is seen by the second. So an
/// answer "nothing" was true of all arms at one moment, between the passes. With a single pass
/// it is not: two channels of which at any time one has a message could both be found empty.
pub fn select_now<A: Arms>(rotation: Option<&Rotation>, arms: A) -> Option<A::Won> {
    let start = start::<A>(rotation);
    let mut arms = pin!(arms);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..2 {
        if let Poll::Ready(won) = poll_from(arms.as_mut(), &mut cx, start) {
            return Some(won);
        }
    }
    None
}

/// The place in the program where no arm was left.
#[cold]
#[track_caller]
pub fn none_left() -> ! {
    panic!("no arm of this `select!` is left, and it has no `else`");
}
