//! Wakers that tell what was done to them.

use std::{
    boxed::Box,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{RawWaker, RawWakerVTable, Wake, Waker},
};

/// Counts the calls of its waker.
///
/// # Examples
///
/// ```
/// use std::{pin::pin, task::Context};
/// use pleach::{Event, testing::Wakes};
/// # use std::future::Future;
///
/// let event = Event::new();
/// let (wakes, waker) = Wakes::new();
/// let mut wait = pin!(event.wait());
/// assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
/// event.set();
/// assert_eq!(wakes.count(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Wakes(AtomicUsize);

impl Wakes {
    /// A counter, and its waker. Those who hold a clone of that hold a count of the counter.
    #[must_use]
    pub fn new() -> (Arc<Self>, Waker) {
        let wakes = Arc::new(Self::default());
        (Arc::clone(&wakes), Waker::from(wakes))
    }

    /// How often it was woken.
    #[must_use]
    pub fn count(&self) -> usize {
        // Pairs with the addition: what came before the wakes is seen.
        self.0.load(Ordering::Acquire)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Pairs with the load in `count`.
        self.0.fetch_add(1, Ordering::Release);
    }
}

type Hook = Option<Box<dyn Fn() + Send + Sync>>;

/// A waker that runs code of yours when it is cloned, woken or dropped: code that panics, or that comes back
/// to what is under test. Whoever calls wakers under a lock stands still then.
///
/// # Examples
///
/// ```
/// use std::{pin::pin, sync::Arc, task::Context};
/// use pleach::{Event, testing::HookedWaker};
/// # use std::future::Future;
///
/// let event = Arc::new(Event::new());
/// let again = event.clone();
/// let resets = HookedWaker::default().on_wake(move || {
///     again.reset();
/// });
/// let waker = resets.waker();
/// let mut wait = pin!(event.wait());
/// assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
/// event.set();
/// assert!(!event.is_set());
/// ```
#[derive(Default)]
pub struct HookedWaker {
    on_clone: Hook,
    on_wake: Hook,
    on_drop: Hook,
}

impl HookedWaker {
    /// Runs `f` when the waker, or a clone of it, is cloned: before there is another one.
    #[must_use]
    pub fn on_clone(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_clone = Some(Box::new(f));
        self
    }

    /// Runs `f` when it is woken.
    #[must_use]
    pub fn on_wake(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_wake = Some(Box::new(f));
        self
    }

    /// Runs `f` when it is dropped without being woken.
    #[must_use]
    pub fn on_drop(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Box::new(f));
        self
    }

    /// The waker.
    #[must_use]
    pub fn waker(self) -> Waker {
        let data = Arc::into_raw(Arc::new(self));
        // SAFETY: the table treats the data as one count of an `Arc<HookedWaker>`.
        unsafe { Waker::new(data.cast(), &TABLE) }
    }

    fn call(hook: &Hook) {
        if let Some(hook) = hook {
            hook();
        }
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // First, since it may panic, and a count taken before would never be given back.
        // SAFETY: the data is a count of an `Arc<HookedWaker>` that the caller keeps.
        HookedWaker::call(&unsafe { &*data.cast::<HookedWaker>() }.on_clone);
        // SAFETY: as above.
        unsafe { Arc::increment_strong_count(data.cast::<HookedWaker>()) };
        RawWaker::new(data, &TABLE)
    },
    |data| {
        // SAFETY: the data is a count that the caller gives up.
        let hooked = unsafe { Arc::from_raw(data.cast::<HookedWaker>()) };
        HookedWaker::call(&hooked.on_wake);
    },
    |data| {
        // SAFETY: the data is a count of an `Arc<HookedWaker>` that the caller keeps.
        HookedWaker::call(&unsafe { &*data.cast::<HookedWaker>() }.on_wake);
    },
    |data| {
        // SAFETY: the data is a count that the caller gives up.
        let hooked = unsafe { Arc::from_raw(data.cast::<HookedWaker>()) };
        HookedWaker::call(&hooked.on_drop);
    },
);

impl fmt::Debug for HookedWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookedWaker").finish_non_exhaustive()
    }
}
