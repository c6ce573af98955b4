//! What the executor wakes: sleeps, pauses, and futures whose wakes it passes on.

use alloc::{sync::Arc, task::Wake};
use core::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;

use super::{alarms::Key, shared::Shared, simulation::current};
use crate::time::Instant;

/// An entry among those who wait. Dropping it takes it out.
struct Entry {
    shared: Arc<Shared>,
    key: Key,
    at: Option<Instant>,
}

impl Entry {
    /// `None` if the simulation is over.
    fn enter(shared: Arc<Shared>, at: Option<Instant>, waker: &Waker) -> Option<Self> {
        let key = shared.wait(at, waker)?;
        Some(Self { shared, key, at })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.cancel(self.key, self.at);
    }
}

/// A sleep by the clock of a simulation.
///
/// It is `Send`, `Unpin`, and fused: once ready it is ready at every poll. A sleep until
/// [`Instant::MAX`] does not end, nor does one of a simulation that is over.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct SimSleep {
    shared: Arc<Shared>,
    at: Instant,
    entry: Option<Entry>,
    is_over: bool,
}

impl SimSleep {
    pub(super) const fn new(shared: Arc<Shared>, at: Instant) -> Self {
        Self {
            shared,
            at,
            entry: None,
            is_over: false,
        }
    }
}

impl Future for SimSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over || (self.at < Instant::MAX && self.shared.now() >= self.at) {
            self.is_over = true;
            self.entry = None;
            return Poll::Ready(());
        }
        if self.at == Instant::MAX {
            return Poll::Pending;
        }
        match &self.entry {
            // The clock is not there yet, so it waits.
            Some(entry) => {
                let _is_waiting = self.shared.renew(entry.key, cx.waker());
            }
            None => {
                let shared = Arc::clone(&self.shared);
                self.entry = Entry::enter(shared, Some(self.at), cx.waker());
            }
        }
        Poll::Pending
    }
}

impl FusedFuture for SimSleep {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

/// As [`Sim::pause`](super::Sim::pause), in the simulation that this thread runs; if it runs none, ready at
/// once.
///
/// For code that has no handle at hand.
///
/// # Examples
///
/// ```
/// pleach::block_on(pleach::testing::pause());
/// ```
pub fn pause() -> Pause {
    Pause::new(current())
}

/// The future of [`pause`] and [`Sim::pause`](super::Sim::pause).
///
/// It is `Send`, `Unpin`, and fused.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct Pause(Stage);

enum Stage {
    New(Arc<Shared>),
    Waiting(Entry),
    Done,
}

impl Pause {
    pub(super) fn new(shared: Option<Arc<Shared>>) -> Self {
        Self(shared.map_or(Stage::Done, Stage::New))
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Stage::New(shared) => {
                match Entry::enter(Arc::clone(shared), None, cx.waker()) {
                    Some(entry) => {
                        self.0 = Stage::Waiting(entry);
                        return Poll::Pending;
                    }
                    None => self.0 = Stage::Done,
                };
            }
            Stage::Waiting(entry) if entry.shared.renew(entry.key, cx.waker()) => {
                return Poll::Pending;
            }
            Stage::Waiting(_) => self.0 = Stage::Done,
            Stage::Done => {}
        }
        Poll::Ready(())
    }
}

impl FusedFuture for Pause {
    fn is_terminated(&self) -> bool {
        matches!(self.0, Stage::Done)
    }
}

/// Lets a future be polled when the simulation has passed a wake of it on, and not before.
struct Gate {
    shared: Arc<Shared>,
    state: Mutex<GateState>,
}

#[derive(Default)]
struct GateState {
    /// A wake is on its way through the simulation.
    is_called: bool,
    is_open: bool,
    /// Of whoever polls the gate.
    waker: Option<Waker>,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The future was woken.
    fn call(self: &Arc<Self>) {
        if mem::replace(&mut self.state().is_called, true) {
            return;
        }
        let opens = Waker::from(Arc::new(Opens(Arc::clone(self))));
        if self.shared.wait(None, &opens).is_none() {
            self.open();
        }
    }

    /// The wake was passed on.
    fn open(&self) {
        let mut state = self.state();
        state.is_called = false;
        state.is_open = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Nobody polls it any more.
    fn leave(&self) {
        let waker = self.state().waker.take();
        drop(waker);
    }

    /// Whether it was open; it is closed then, and will wake this waker.
    fn pass(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let mut state = self.state();
        let old = state.waker.replace(waker);
        let was_open = mem::take(&mut state.is_open);
        drop(state);
        drop(old);
        was_open
    }
}

/// The waker of the future.
struct Calls(Arc<Gate>);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.call();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.call();
    }
}

/// The waker that the simulation has.
struct Opens(Arc<Gate>);

impl Wake for Opens {
    fn wake(self: Arc<Self>) {
        self.0.open();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.open();
    }
}

pin_project! {
    /// The future of [`Sim::shuffled`](super::Sim::shuffled).
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Shuffled<F> {
        gate: Arc<Gate>,
        // There is one once it has been polled.
        waker: Option<Waker>,
        #[pin]
        future: F,
    }

    impl<F> PinnedDrop for Shuffled<F> {
        fn drop(this: Pin<&mut Self>) {
            // A wake that is on its way is for nobody.
            this.project().gate.leave();
        }
    }
}

impl<F> Shuffled<F> {
    pub(super) fn new(shared: Arc<Shared>, future: F) -> Self {
        let state = Mutex::default();
        Self {
            gate: Arc::new(Gate { shared, state }),
            waker: None,
            future,
        }
    }
}

impl<F: Future> Future for Shuffled<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let is_new = this.waker.is_none();
        let waker = this
            .waker
            .get_or_insert_with(|| Waker::from(Arc::new(Calls(Arc::clone(this.gate)))));
        if is_new {
            waker.wake_by_ref();
        }
        if this.gate.pass(cx.waker()) {
            this.future.poll(&mut Context::from_waker(waker))
        } else {
            Poll::Pending
        }
    }
}

impl fmt::Debug for SimSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSleep")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for Shuffled<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shuffled").finish_non_exhaustive()
    }
}
