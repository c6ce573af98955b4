//! What several test files need: wakers that misbehave, counters, polling by hand.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod programs;
pub(crate) mod rng;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker},
};

type Hook = Option<Box<dyn Fn() + Send + Sync>>;

/// A waker whose vtable calls back into whatever is under test.
#[derive(Default)]
pub(crate) struct Hostile {
    on_clone: Hook,
    on_wake: Hook,
    on_drop: Hook,
}

impl Hostile {
    pub(crate) fn on_clone(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_clone = Some(Box::new(f));
        self
    }

    pub(crate) fn on_wake(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_wake = Some(Box::new(f));
        self
    }

    pub(crate) fn on_drop(mut self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Box::new(f));
        self
    }

    pub(crate) fn waker(self) -> Waker {
        let data = Arc::into_raw(Arc::new(self));
        // SAFETY: the table treats the data as one count of an `Arc<Hostile>`.
        unsafe { Waker::new(data.cast(), &VTABLE) }
    }

    fn call(hook: &Hook) {
        if let Some(hook) = hook {
            hook();
        }
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // First, since it may panic, and a count taken before would never be given back.
        // SAFETY: the data is a count of an `Arc<Hostile>` that the caller keeps.
        Hostile::call(&unsafe { &*data.cast::<Hostile>() }.on_clone);
        // SAFETY: as above.
        unsafe { Arc::increment_strong_count(data.cast::<Hostile>()) };
        RawWaker::new(data, &VTABLE)
    },
    |data| {
        // SAFETY: the data is a count that the caller gives up.
        let hostile = unsafe { Arc::from_raw(data.cast::<Hostile>()) };
        Hostile::call(&hostile.on_wake);
    },
    |data| {
        // SAFETY: the data is a count of an `Arc<Hostile>` that the caller keeps.
        Hostile::call(&unsafe { &*data.cast::<Hostile>() }.on_wake);
    },
    |data| {
        // SAFETY: the data is a count that the caller gives up.
        let hostile = unsafe { Arc::from_raw(data.cast::<Hostile>()) };
        Hostile::call(&hostile.on_drop);
    },
);

/// Counts its wakes.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let wakes = Arc::new(Self::default());
        (Arc::clone(&wakes), Waker::from(wakes))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Runs a future on this thread, also in builds where the crate's own `block_on` is left out.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = poll_with(future.as_mut(), &waker) {
            return output;
        }
        std::thread::park();
    }
}

/// Polls once with `waker`.
pub(crate) fn poll_with<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Polls once with a waker that does nothing.
pub(crate) fn poll_now<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Is pending once, having woken itself.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Forgets `value`, but keeps a pointer to it, so that a leak checker knows of it.
pub(crate) fn forget<T>(value: T) {
    leak(std::mem::ManuallyDrop::new(value));
}

/// A reference for good, which a leak checker knows of.
pub(crate) fn leak<'a, T>(value: T) -> &'a T {
    static LEAKED: std::sync::Mutex<Vec<usize>> = std::sync::Mutex::new(Vec::new());
    let leaked: &T = Box::leak(Box::new(value));
    let address = std::ptr::from_ref(leaked).expose_provenance();
    LEAKED.lock().unwrap().push(address);
    leaked
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("not a text")
}
