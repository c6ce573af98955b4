//! Who polls and who wakes: a task whose waker is instrumented, and a bell to wait for.

use std::{
    future::{Future, poll_fn},
    mem::ManuallyDrop,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Poll, RawWaker, RawWakerVTable, Waker},
};

use crate::{
    support::poll_now,
    world::{WAKER, World},
};

/// A task. Each call of its wakers' vtable is a point, and each waker is counted.
pub(crate) struct Task(Arc<State>);

struct State {
    world: World,
    woken: AtomicBool,
}

impl Task {
    pub(crate) fn new(world: &World) -> Self {
        Self(Arc::new(State {
            world: world.clone(),
            woken: AtomicBool::new(false),
        }))
    }

    /// A waker that is not counted: it is not dropped.
    pub(crate) fn waker(&self) -> ManuallyDrop<Waker> {
        // SAFETY: the table takes its data for an `Arc`, of which this is no count: it is not
        // given up either.
        ManuallyDrop::new(unsafe { Waker::new(Arc::as_ptr(&self.0).cast(), &TABLE) })
    }

    /// Whether it was woken since this was last asked.
    pub(crate) fn take_woken(&self) -> bool {
        self.0.woken.swap(false, SeqCst)
    }
}

impl State {
    fn wake(&self, doing: &'static str) {
        // First: a waker that panics has woken.
        self.woken.store(true, SeqCst);
        self.world.point(WAKER, doing);
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        // SAFETY: the data is that of an `Arc` which the caller keeps.
        let state = unsafe { &*data.cast::<State>() };
        // First: what panics here has made no waker.
        state.world.point(WAKER, "clone");
        state.world.count_waker(1);
        // SAFETY: as above.
        unsafe { Arc::increment_strong_count(data.cast::<State>()) };
        RawWaker::new(data, &TABLE)
    },
    |data| {
        // SAFETY: the caller gives a count up.
        let state = unsafe { Arc::from_raw(data.cast::<State>()) };
        state.world.count_waker(-1);
        state.wake("wake");
    },
    |data| {
        // SAFETY: the data is that of an `Arc` which the caller keeps.
        unsafe { &*data.cast::<State>() }.wake("wake by reference");
    },
    |data| {
        // SAFETY: the caller gives a count up.
        let state = unsafe { Arc::from_raw(data.cast::<State>()) };
        state.world.count_waker(-1);
        state.world.point(WAKER, "drop");
    },
);

/// What can be waited for. It keeps all wakers that it was given, also when they are of no use
/// any more.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Rope>);

#[derive(Default)]
struct Rope {
    has_rung: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Bell {
    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let Self(rope) = self.clone();
        poll_fn(move |cx| {
            if rope.has_rung.load(SeqCst) {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            rope.wakers.lock().unwrap().push(waker);
            Poll::Pending
        })
    }

    /// Ends all waits, and wakes with every waker that was ever left here.
    pub(crate) fn ring(&self, world: &World) {
        self.0.has_rung.store(true, SeqCst);
        let wakers = std::mem::take(&mut *self.0.wakers.lock().unwrap());
        for waker in &wakers {
            world.guard(|| waker.wake_by_ref());
        }
        self.0.wakers.lock().unwrap().extend(wakers);
    }
}

/// The output of a future that has to be ready, whatever became of its scope.
pub(crate) fn resolved<F: Future + Unpin>(world: &World, mut future: F) -> Option<F::Output> {
    match poll_now(std::pin::Pin::new(&mut future)) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => {
            world.fail("a handle hangs");
            None
        }
    }
}
