//! Who polls and who wakes: a task whose waker is instrumented, and a bell to wait for.

use alloc::{sync::Arc, vec::Vec};
use core::{
    fmt,
    future::{Future, poll_fn},
    mem::{self, ManuallyDrop},
    ops::Deref,
    sync::atomic::{AtomicBool, Ordering},
    task::{Poll, RawWaker, RawWakerVTable, Waker},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::world::{WAKER, World};

/// Who polls a future: each call of its wakers' table is a point, and each waker is counted.
///
/// A trial has two of them, which take turns. It is also for polls from outside.
pub struct Task(Arc<State>);

struct State {
    world: World,
    woken: AtomicBool,
}

impl Task {
    /// A task of that world.
    #[must_use]
    pub fn new(world: &World) -> Self {
        Self(Arc::new(State {
            world: world.clone(),
            woken: AtomicBool::new(false),
        }))
    }

    /// A waker that is not counted: it is lent by the task, and not dropped.
    ///
    /// # Examples
    ///
    /// It is there no longer than the task:
    ///
    /// ```compile_fail,E0597
    /// use pleach::testing::inject::{Task, World};
    ///
    /// let waker = {
    ///     let task = Task::new(&World::default());
    ///     task.waker()
    /// };
    /// waker.wake_by_ref();
    /// ```
    #[must_use]
    pub fn waker(&self) -> impl Deref<Target = Waker> {
        // SAFETY: the table takes its data for an `Arc`, of which this is no count: it is not
        // given up either, since nobody gets at more than a borrow of it, while the task is there.
        ManuallyDrop::new(unsafe { Waker::new(Arc::as_ptr(&self.0).cast(), &TABLE) })
    }

    /// Whether it was woken since this was last asked.
    pub fn take_woken(&self) -> bool {
        // Pairs with the store of a wake: what came before that is seen.
        self.0.woken.swap(false, Ordering::Acquire)
    }
}

impl State {
    fn wake(&self, doing: &'static str) {
        // First: a waker that panics has woken.
        // Pairs with the swap in `take_woken`.
        self.woken.store(true, Ordering::Release);
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

/// What can be waited for, and rung from outside. It keeps all wakers that it was given, also when they
/// are of no use any more.
#[derive(Clone, Default)]
pub struct Bell(Arc<Rope>);

#[derive(Default)]
struct Rope {
    state: Mutex<(bool, Vec<Waker>)>,
}

impl Rope {
    fn state(&self) -> MutexGuard<'_, (bool, Vec<Waker>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bell {
    /// Waits until it has rung.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let Self(rope) = self.clone();
        poll_fn(move |cx| {
            if rope.state().0 {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            let mut state = rope.state();
            if state.0 {
                // It has rung meanwhile. The lock goes before the waker does.
                drop(state);
                return Poll::Ready(());
            }
            state.1.push(waker);
            Poll::Pending
        })
    }

    /// Ends all waits, and wakes with every waker that was ever left here.
    pub fn ring(&self, world: &World) {
        let wakers = {
            let mut state = self.0.state();
            state.0 = true;
            mem::take(&mut state.1)
        };
        for waker in &wakers {
            world.guard(|| waker.wake_by_ref());
        }
        self.0.state().1.extend(wakers);
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").finish_non_exhaustive()
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}
