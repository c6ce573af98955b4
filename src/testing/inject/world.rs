//! The world of one run: which parts there are, and at which points to panic.
//!
//! Everything instrumented belongs to a [`World`]. It says [`World::point`] wherever user code
//! runs; the run may have asked that the n-th of these points panics.

use alloc::{boxed::Box, collections::VecDeque, format, string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    future::{Future, poll_fn},
    marker::PhantomPinned,
    mem,
    pin::Pin,
    ptr,
    task::{Context, Poll},
};
use std::{panic::resume_unwind, sync::Mutex, thread};

use pin_project_lite::pin_project;

use crate::{sys::unwind, testing::payload::message};

/// What an injected panic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Injected {
    /// Which of the injected ones it is: 0 is the first.
    pub number: usize,
    /// Where it was raised.
    pub at: Point,
}

/// Where code of yours runs: in which part, and doing what.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Point {
    /// The name of the part.
    pub part: &'static str,
    /// What it does: "poll", "drop".
    pub doing: &'static str,
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.part, self.doing)
    }
}

/// The name of the part that the wakers of tasks are.
pub(super) const WAKER: &str = "waker";

/// What the parts of one run belong to, and what tells when to panic.
///
/// A clone is the same world.
#[derive(Clone, Default)]
pub struct World(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How many points come before the next panic, and how many between that and the one after.
    fuses: VecDeque<usize>,
    injected: Vec<Injected>,
    /// Those of the injected panics that came out somewhere, in the order in which they did.
    surfaced: Vec<usize>,
    parts: Vec<Known>,
    wakers: isize,
    is_over: bool,
    failures: Vec<String>,
}

struct Known {
    name: &'static str,
    is_inside: bool,
    is_alive: bool,
}

impl World {
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.0.lock().expect("nothing panics under this lock"))
    }

    /// A point: code runs that may panic.
    ///
    /// # Panics
    ///
    /// With an [`Injected`], if this is the point that was asked for, and no panic is on its way: the
    /// language aborts at a second one.
    pub fn point(&self, part: &'static str, doing: &'static str) {
        if thread::panicking() {
            return;
        }
        let injected = self.with(|state| {
            match state.fuses.front_mut()? {
                0 => drop(state.fuses.pop_front()),
                left => {
                    *left -= 1;
                    return None;
                }
            }
            let at = Point { part, doing };
            let number = state.injected.len();
            state.injected.push(Injected { number, at });
            Some(Injected { number, at })
        });
        if let Some(injected) = injected {
            resume_unwind(Box::new(injected));
        }
    }

    /// From now on: so many points, then a panic; then so many more, then another; and so on.
    pub(super) fn light(&self, fuses: &[usize]) {
        self.with(|state| state.fuses = fuses.iter().copied().collect());
    }

    /// Runs what may panic as planned; `None` if it did.
    ///
    /// What is done to the future of a trial from outside runs in this already; it is for what must not be
    /// cut short there.
    pub fn guard<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        let payload = match unwind::catch(f) {
            Ok(value) => return Some(value),
            Err(payload) => payload,
        };
        match payload.downcast_ref::<Injected>() {
            Some(injected) => self.with(|state| state.surfaced.push(injected.number)),
            None => self.fail(format!("an unplanned panic: {}", message(&*payload))),
        }
        None
    }

    /// Notes down what should not be. The run goes on, and has failed.
    pub fn fail(&self, failure: impl Into<String>) {
        self.with(|state| state.failures.push(failure.into()));
    }

    /// The future is gone: nothing may be polled any more.
    pub(super) fn is_over(&self) {
        self.with(|state| state.is_over = true);
    }

    pub(super) fn injected(&self) -> Vec<Injected> {
        self.with(|state| state.injected.clone())
    }

    /// How often the injected panic of that number came out somewhere.
    pub(super) fn surfaced(&self, number: usize) -> usize {
        self.with(|state| state.surfaced.iter().filter(|n| **n == number).count())
    }

    pub(super) fn count_waker(&self, change: isize) {
        self.with(|state| state.wakers += change);
    }

    /// Fails unless everything that must be gone with the future is gone.
    pub(super) fn expect_empty(&self, when: &str) {
        self.expect_gone(when, |part| part.is_inside);
    }

    /// Fails unless everything is gone.
    pub(super) fn expect_all_gone(&self) {
        self.expect_gone("at the end", |_| true);
        let wakers = self.with(|state| state.wakers);
        if wakers != 0 {
            self.fail(format!("{wakers} wakers too many at the end"));
        }
    }

    fn expect_gone(&self, when: &str, which: impl Fn(&Known) -> bool) {
        let alive: Vec<_> = self.with(|state| {
            let alive = state.parts.iter().filter(|part| part.is_alive);
            alive
                .filter(|part| which(part))
                .map(|part| part.name)
                .collect()
        });
        if !alive.is_empty() {
            self.fail(format!("alive {when}: {alive:?}"));
        }
    }

    pub(super) fn failures(&self) -> Vec<String> {
        self.with(|state| mem::take(&mut state.failures))
    }

    /// A part that has to be gone when the future is.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Part {
        self.add(name, true)
    }

    /// An output or an error, which may outlive the future.
    #[must_use]
    pub fn output<T>(&self, value: T) -> Output<T> {
        Output {
            value,
            _part: self.add("output", false),
        }
    }

    fn add(&self, name: &'static str, is_inside: bool) -> Part {
        let id = self.with(|state| {
            state.parts.push(Known {
                name,
                is_inside,
                is_alive: true,
            });
            state.parts.len() - 1
        });
        Part {
            world: self.clone(),
            id,
            name,
        }
    }

    /// A future whose polls and drop are points.
    pub fn child<F: Future>(&self, name: &'static str, future: F) -> Probe<F> {
        Probe::new(self.part(name), future)
    }

    /// As `child`, for one that may outlive the future of the trial.
    pub fn free_child<F: Future>(&self, name: &'static str, future: F) -> Probe<F> {
        Probe::new(self.add(name, false), future)
    }
}

/// Awaits a future that may panic when it is dropped, and drops it before its output is there.
///
/// The compiler forgets what a block, or an await, gives if a destructor panics at the end of it
/// (rust-lang/rust#47949): that looks like a leak of yours. So await children and probes by this within an
/// `async` block that gives their output on.
pub async fn settled<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let output = poll_fn(|cx| future.as_mut().poll(cx)).await;
    drop(future);
    output
}

/// Something instrumented. Its drop is a point, and must come once, before the future is over.
pub struct Part {
    world: World,
    id: usize,
    name: &'static str,
}

impl Part {
    /// Something is done with the part: it must be alive, and so must the future.
    pub fn used(&self, doing: &'static str) {
        let (is_alive, is_over) =
            (self.world).with(|state| (state.parts[self.id].is_alive, state.is_over));
        if !is_alive || is_over {
            let name = self.name;
            self.world.fail(format!("{name}: {doing} after the end"));
        }
        self.world.point(self.name, doing);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let was_alive = (self.world).with(|state| mem::take(&mut state.parts[self.id].is_alive));
        if !was_alive {
            self.world.fail(format!("{} was dropped twice", self.name));
        }
        self.world.point(self.name, "drop");
    }
}

/// What futures give: a value with a destructor, which is a point. It may outlive the future.
pub struct Output<T> {
    /// The value.
    pub value: T,
    _part: Part,
}

impl<T: fmt::Debug> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

pin_project! {
    /// A future whose polls and drop are points, and which must be dropped where it was polled.
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct Probe<F> {
        part: Part,
        address: Option<usize>,
        #[pin]
        future: F,
        #[pin]
        _pinned: PhantomPinned,
    }

    impl<F> PinnedDrop for Probe<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let here = ptr::from_ref(&*this.part).addr();
            if this.address.is_some_and(|address| address != here) {
                this.part.world.fail(format!("{} was moved", this.part.name));
            }
        }
    }
}

impl<F> Probe<F> {
    fn new(part: Part, future: F) -> Self {
        Self {
            part,
            address: None,
            future,
            _pinned: PhantomPinned,
        }
    }
}

impl<F: Future> Future for Probe<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        *this.address = Some(ptr::from_ref(&*this.part).addr());
        this.part.used("poll");
        this.future.poll(cx)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&self.name).finish()
    }
}

impl<F> fmt::Debug for Probe<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Probe").field(&self.part.name).finish()
    }
}
