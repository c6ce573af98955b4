//! Children that wait to be woken from outside, in an order that looks random.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use pleach_benches::Untimed;

use crate::child::note_poll;

thread_local! {
    /// Of each child that waits on this thread. Here, and not in the children, so that those are
    /// small, `Send` and `'static`.
    static WAKERS: RefCell<Vec<Option<Waker>>> = const { RefCell::new(Vec::new()) };
}

/// Waits once, then gives its number.
pub struct Sleeper {
    number: usize,
    slept: bool,
}

impl Future for Sleeper {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        note_poll();
        if self.slept {
            return Poll::Ready(self.number as u64);
        }
        self.slept = true;
        let waker = cx.waker().clone();
        WAKERS.with_borrow_mut(|wakers| wakers[self.number] = Some(waker));
        Poll::Pending
    }
}

fn wake(number: usize) {
    let waker = WAKERS.with_borrow_mut(|wakers| wakers[number].take());
    waker.expect("the child waits").wake();
}

/// Wakes all children that wait, in the order of their numbers. There have to be some: if not, the
/// contender waits for nothing.
pub fn wake_all() {
    let wakers = WAKERS.with_borrow_mut(|wakers| {
        let waiting = wakers.iter_mut().filter_map(Option::take);
        waiting.collect::<Vec<Waker>>()
    });
    assert!(!wakers.is_empty(), "a wake was lost");
    wakers.into_iter().for_each(Waker::wake);
}

/// Who wakes the children.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The contender's own task, so many of them one by one; only these are timed.
    Task { timed: usize },
    /// Somebody else, all of them when the contender has nothing to do.
    Other,
}

/// A number of children, and the order in which they end.
pub struct Parked {
    order: Vec<usize>,
    next: usize,
    by: By,
    untimed: Option<Untimed>,
}

impl Parked {
    /// `timed` of `size` children are woken one by one.
    pub fn woken_by_task(size: usize, timed: usize) -> Self {
        Self::new(size, By::Task { timed })
    }

    /// Somebody else calls [`wake_all`].
    pub fn woken_by_other(size: usize) -> Self {
        Self::new(size, By::Other)
    }

    fn new(size: usize, by: By) -> Self {
        let untimed = Some(Untimed::begin());
        WAKERS.with_borrow_mut(|wakers| {
            wakers.clear();
            wakers.resize(size, None);
        });
        Self {
            order: shuffled(size),
            next: 0,
            by,
            untimed,
        }
    }

    pub fn children(&self) -> impl ExactSizeIterator<Item = Sleeper> + use<> {
        (0..self.order.len()).map(|number| Sleeper {
            number,
            slept: false,
        })
    }

    /// Waits until all children do, if it is this task that will wake them; `run` is called to
    /// let them run if they do not by themselves.
    pub async fn settled(&mut self, mut run: impl FnMut(&mut Context<'_>)) {
        if self.by == By::Other {
            return;
        }
        poll_fn(|cx| {
            run(cx);
            if WAKERS.with_borrow(|wakers| wakers.iter().all(Option::is_some)) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        self.untimed = None;
    }

    /// Wakes the next child, if it is this task that does, and says which; `None` when all have
    /// been taken.
    pub fn wake_next(&mut self) -> Option<usize> {
        let number = *self.order.get(self.next)?;
        if let By::Task { timed } = self.by {
            if self.next < timed {
                wake(number);
            } else if self.next == timed {
                self.untimed = Some(Untimed::begin());
                self.order[self.next..].iter().copied().for_each(wake);
            }
        }
        self.next += 1;
        Some(number)
    }

    pub fn sum(&self) -> u64 {
        (0..self.order.len() as u64).sum()
    }
}

/// The numbers below `size`, the same way for all contenders.
fn shuffled(size: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..size).collect();
    let mut random = 1_u64;
    for at in (1..size).rev() {
        random = random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        numbers.swap(at, (random >> 33) as usize % (at + 1));
    }
    numbers
}
