//! How a model is run: without a bound, more than once, and against the exact set of outcomes.

#![allow(dead_code, reason = "each model file uses its own part")]

pub(crate) mod guarded;
pub(crate) mod permits;
pub(crate) mod shelf;
pub(crate) mod task;
pub(crate) mod token;

use std::{
    collections::BTreeSet,
    env,
    fmt::Debug,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
};

/// Runs every interleaving of `model` and asserts that what they return is `expected`: nothing
/// that is not listed, and each that is.
///
/// Returning `()` asserts only that the model interleaves at all and that no execution panics.
#[track_caller]
pub(crate) fn explore<T>(expected: &[T], model: impl Fn() -> T + Send + Sync + 'static)
where
    T: Ord + Clone + Debug + Send + 'static,
{
    Explore::new().run(expected, model);
}

/// Every outcome of `model` over all its interleavings, and how many executions that took.
///
/// Asserts nothing: for checks of the checker.
pub(crate) fn outcomes<T>(model: impl Fn() -> T + Send + Sync + 'static) -> (BTreeSet<T>, usize)
where
    T: Ord + Send + 'static,
{
    Explore::new().collect(model)
}

/// Polls once, outside any runtime.
pub(crate) fn poll_now<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Whether it is ready, now that nothing has woken it.
pub(crate) fn is_ready<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> bool {
    poll_now(future.as_mut(), Waker::noop()).is_ready()
}

/// Pins a future that is pending when it is first polled.
pub(crate) fn pending<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(!is_ready(&mut future));
    future
}

/// [`explore`], with what a rare model has to say first.
#[derive(Debug)]
pub(crate) struct Explore {
    preemption_bound: Option<usize>,
}

impl Explore {
    pub(crate) fn new() -> Self {
        Self {
            preemption_bound: None,
        }
    }

    /// Leaves out executions with more than `bound` preemptions: only for a model of three
    /// threads that does not finish otherwise.
    pub(crate) fn preemption_bound(self, bound: usize, reason: &str) -> Self {
        println!("{}: at most {bound} preemptions: {reason}", name());
        Self {
            preemption_bound: Some(bound),
        }
    }

    /// Leaves out executions with more than `bound` preemptions, but in a deep run (`ci/loom --deep`),
    /// which has all that the model has: only for one that takes more than a quarter of a minute. So
    /// many preemptions must be enough to see every outcome.
    pub(crate) fn shallow(self, bound: usize) -> Self {
        if env::var_os("PLEACH_DEEP").is_some() {
            return self;
        }
        self.preemption_bound(bound, "a deep run has them all")
    }

    /// See [`explore`].
    #[track_caller]
    pub(crate) fn run<T>(self, expected: &[T], model: impl Fn() -> T + Send + Sync + 'static)
    where
        T: Ord + Clone + Debug + Send + 'static,
    {
        let (seen, executions) = self.collect(model);
        println!("{}: {executions} executions", name());
        assert!(
            executions > 1,
            "one execution only: nothing was interleaved"
        );

        let expected = BTreeSet::from_iter(expected.iter().cloned());
        let missing = Vec::from_iter(expected.difference(&seen));
        let impossible = Vec::from_iter(seen.difference(&expected));
        assert!(
            missing.is_empty() && impossible.is_empty(),
            "outcomes never seen: {missing:?}; outcomes that should be impossible: {impossible:?}",
        );
    }

    fn collect<T>(self, model: impl Fn() -> T + Send + Sync + 'static) -> (BTreeSet<T>, usize)
    where
        T: Ord + Send + 'static,
    {
        refuse_limits();
        let _turn = turn();
        let executions = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        self.builder().check({
            let executions = Arc::clone(&executions);
            let seen = Arc::clone(&seen);
            move || {
                // Atomics and locks of `std`: the checker must not see its own bookkeeping.
                executions.fetch_add(1, Ordering::Relaxed);
                let outcome = model();
                seen.lock().unwrap().insert(outcome);
            }
        });
        let seen = mem::take(&mut *seen.lock().unwrap());
        (seen, executions.load(Ordering::Relaxed))
    }

    fn builder(&self) -> loom::model::Builder {
        let mut builder = loom::model::Builder::new();
        // Only a model that spins without end comes this far.
        builder.max_branches = 10_000;
        builder.preemption_bound = self.preemption_bound;
        builder
    }
}

/// Loom takes limits from the environment, and reaching one of them ends the search as if it
/// had succeeded. So does starting half-way, from a checkpoint.
fn refuse_limits() {
    let limit = env::vars_os().find_map(|(name, _)| {
        let name = name.into_string().ok()?;
        (name.starts_with("LOOM_MAX_") || name == "LOOM_CHECKPOINT_FILE").then_some(name)
    });
    assert_eq!(
        limit, None,
        "this variable would cut the search short: unset it"
    );
}

/// One model at a time, if the environment has `PLEACH_IN_TURN`: where other work has the other
/// processors. Loom maps and unmaps a stack for every thread of every execution, and in a virtual machine
/// with two processors two models at a time take longer than one after the other.
fn turn() -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::new(());
    env::var_os("PLEACH_IN_TURN").map(|_| TURN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The test that is running: libtest names its threads so.
fn name() -> String {
    thread::current().name().unwrap_or("model").to_owned()
}
