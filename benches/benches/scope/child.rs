//! The children that the contenders run: as small as a future with a result can be.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

thread_local! {
    static POLLS: Cell<u64> = const { Cell::new(0) };
}

/// How often children were polled on this thread.
pub fn polls() -> u64 {
    POLLS.get()
}

pub fn note_poll() {
    POLLS.set(POLLS.get() + 1);
}

/// Sixteen bytes: lets others run a few times, then gives its number.
pub struct Child {
    number: u64,
    yields: u64,
}

impl Future for Child {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        note_poll();
        if self.yields == 0 {
            return Poll::Ready(self.number);
        }
        self.yields -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Children that are spawned all at once, and the sum of whose numbers is to come out.
#[derive(Clone, Copy)]
pub struct Burst {
    pub size: usize,
    pub yields: u64,
}

impl Burst {
    pub fn children(self) -> impl ExactSizeIterator<Item = Child> + Send + 'static {
        (0..self.size).map(move |number| Child {
            number: number as u64,
            yields: self.yields,
        })
    }

    pub fn sum(self) -> u64 {
        (0..self.size as u64).sum()
    }

    /// Bursts of so many children in all; of empty ones as many bursts.
    pub fn repeat(self, mut operations: u64) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let size = self.size.min(operations as usize);
            operations = operations.checked_sub(size.max(1) as u64)?;
            Some(Self { size, ..self })
        })
    }
}
