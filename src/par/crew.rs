//! Who is still out there: the tasks of one scope, until the last destructor of each has run.

use core::task::{Context, Poll};

use crate::{
    sys::{
        Shared,
        atomic::{AtomicUsize, Ordering},
        lock::Lock,
        unwind::{self, Payload},
    },
    wait::WakerCell,
};

/// Somebody waits for the crew to be empty.
const AWAITED: usize = 1 << 0;
/// Nobody joins any more.
const CLOSED: usize = 1 << 1;
/// One task, in the bits above.
const TASK: usize = 1 << 2;

/// The tasks of one scope.
#[derive(Debug)]
pub(super) struct Crew {
    /// How many tasks there are, and the bits above.
    state: AtomicUsize,
    waiter: WakerCell,
    /// What the first of those panicked with that nobody waited for.
    panic: Lock<Option<Payload>>,
}

impl Crew {
    pub(super) fn new() -> Shared<Self> {
        Shared::new(Self {
            state: AtomicUsize::new(0),
            waiter: WakerCell::new(),
            panic: Lock::new(None),
        })
    }

    /// Lets nobody join any more.
    pub(super) fn close(&self) {
        // Relaxed: it publishes nothing. Whoever joins later finds the bit, in the same word.
        self.state.fetch_or(CLOSED, Ordering::Relaxed);
    }

    /// Ready when no task is left; then with what one of them panicked when nobody waited for it.
    pub(super) fn poll_empty(&self, cx: &Context<'_>) -> Poll<Result<(), Payload>> {
        // Acquire: pairs with the release in `Member::drop`. What tasks did is seen when they are
        // gone.
        if self.state.load(Ordering::Acquire) >= TASK {
            self.waiter.register(cx);
            // Acquire: as above. Release: pairs with the acquire in `Member::drop`, which finds the
            // waker.
            if self.state.fetch_or(AWAITED, Ordering::AcqRel) >= TASK {
                return Poll::Pending;
            }
        }
        Poll::Ready(self.panic.with(Option::take).map_or(Ok(()), Err))
    }
}

/// One task of a crew, as long as this lives.
#[derive(Debug)]
pub(super) struct Member(Shared<Crew>);

impl Member {
    /// `None` if the crew is closed.
    pub(super) fn join(crew: Shared<Crew>) -> Option<Self> {
        // Relaxed: whoever finds the crew empty has closed it before, in the same word.
        let is_closed = crew.state.fetch_add(TASK, Ordering::Relaxed) & CLOSED != 0;
        let member = Self(crew);
        (!is_closed).then_some(member)
    }

    /// Keeps a panic for whoever waits for the crew.
    pub(super) fn note(&self, result: Result<(), Payload>) {
        let Err(payload) = result else { return };
        let mut payload = Some(payload);
        self.0.panic.with(|first| {
            if first.is_none() {
                *first = payload.take();
            }
        });
        unwind::swallow(|| drop(payload));
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Release: pairs with the acquires in `poll_empty`. Acquire: pairs with the release there.
        let before = self.0.state.fetch_sub(TASK, Ordering::AcqRel);
        if before & AWAITED != 0 && before < 2 * TASK {
            self.0.waiter.wake();
        }
    }
}
