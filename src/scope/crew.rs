//! Who is still out there: the tasks that a runtime runs for one scope, of which no child of it is left,
//! until the last destructor of each has run. (The task of a child is in it from when the child goes
//! before it.)

use core::{
    ops::Deref,
    task::{Context, Poll},
};

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
pub(crate) struct Crew {
    /// How many tasks there are, and the bits above.
    state: AtomicUsize,
    waiter: WakerCell,
    /// What the first of those panicked with that nobody waited for.
    panic: Lock<Option<Payload>>,
}

impl Crew {
    pub(crate) fn new() -> Shared<Self> {
        Shared::new(Self {
            state: AtomicUsize::new(0),
            waiter: WakerCell::new(),
            panic: Lock::new(None),
        })
    }

    /// Lets nobody join any more. For the scope's driver.
    pub(crate) fn close(&self) {
        // Relaxed: it publishes nothing. Whoever joins later finds the bit, in the same word.
        self.state.fetch_or(CLOSED, Ordering::Relaxed);
    }

    /// Ready when no task is left, after it was closed, with what one of them panicked with when nobody
    /// waited for it.
    pub(crate) fn poll_empty(&self, cx: &Context<'_>) -> Poll<Result<(), Payload>> {
        // Acquire: pairs with the release in `leave`. What tasks did is seen when they are gone.
        if self.state.load(Ordering::Acquire) >= TASK {
            self.waiter.register(cx);
            // Acquire: as above. Who finds the bit finds the waker too, without a release: it was
            // registered before, under the lock that is taken to wake it; had that lock been taken
            // earlier, the bit could not have been read earlier still.
            if self.state.fetch_or(AWAITED, Ordering::Acquire) >= TASK {
                return Poll::Pending;
            }
        }
        Poll::Ready(self.panic.with(Option::take).map_or(Ok(()), Err))
    }

    /// Counts the task of a child that goes before it. For the scope's driver: when that waits for the
    /// crew, all its children are gone, and if it never does it may have closed this before.
    pub(crate) fn join_late(&self) {
        // Relaxed: the driver itself finds it counted.
        self.state.fetch_add(TASK, Ordering::Relaxed);
    }

    /// Counts a task, unless the crew is closed. It must [leave](Self::leave).
    pub(crate) fn join(&self) -> bool {
        // Relaxed: whoever finds the crew empty has closed it before, in the same word.
        let is_open = self.state.fetch_add(TASK, Ordering::Relaxed) & CLOSED == 0;
        if !is_open {
            self.leave();
        }
        is_open
    }

    /// How many have joined and not left.
    #[cfg(feature = "inspect")]
    pub(crate) fn tasks(&self) -> usize {
        // Relaxed: a number for people.
        self.state.load(Ordering::Relaxed) / TASK
    }

    /// A task is gone.
    pub(crate) fn leave(&self) {
        // Release: pairs with the acquires in `poll_empty`.
        let before = self.state.fetch_sub(TASK, Ordering::Release);
        if before & AWAITED != 0 && before < 2 * TASK {
            unwind::run_in_drop(|| self.waiter.wake());
        }
    }

    /// Keeps a panic for whoever waits for the crew.
    pub(crate) fn note(&self, payload: Payload) {
        let mut payload = Some(payload);
        self.panic.with(|first| {
            if first.is_none() {
                *first = payload.take();
            }
        });
        unwind::swallow(|| drop(payload));
    }
}

/// A panic that nobody has waited for.
impl Drop for Crew {
    fn drop(&mut self) {
        unwind::swallow(|| drop(self.panic.with(Option::take)));
    }
}

/// A crew that can be joined, as long as its scope's driver has this.
#[derive(Debug)]
pub(crate) struct OpenCrew(Shared<Crew>);

impl OpenCrew {
    /// To be made once.
    pub(crate) fn new(crew: Shared<Crew>) -> Self {
        Self(crew)
    }
}

impl Deref for OpenCrew {
    type Target = Crew;

    fn deref(&self) -> &Crew {
        &self.0
    }
}

impl Drop for OpenCrew {
    fn drop(&mut self) {
        self.close();
        unwind::run_in_drop(|| self.waiter.clear());
    }
}
