//! Loom's atomics, made complete.
//!
//! # What loom misses
//!
//! Loom tries both orders of two operations only where it sees that they conflict. Loads do
//! not conflict with each other, and of all the accesses to an atomic loom 0.7 remembers just
//! the last: a write that finds a load there which is ordered before it (its own thread's, or
//! one it has synchronised with) looks no further, and an earlier load by a third party is
//! never tried after that write. "Load, then store" beside one other load runs once and
//! passes. Known upstream since 2020 (loom issues 166 and 392).
//!
//! # What is added
//!
//! Each atomic lists the loads since its last write, one [`Point`] per thread. A load touches
//! its own thread's point; a write touches the points of all other threads and empties the
//! list. A touch is an operation that conflicts with every other touch of the same point, so
//! loom compares each write with the last load of *each* thread. Loads before an earlier write
//! need no point: that write conflicts with them and with every later one.
//!
//! The touches follow their access at once: loom is told not to explore in between, so that a
//! conflict between two touches is traced back to the accesses they belong to, and access and
//! touches are one step to it. No execution is spent on orders that differ in touches alone.
//! A model must therefore not call `loom::stop_exploring` or `loom::explore` itself.
//!
//! # Why no ordering is added
//!
//! A touch is `Condvar::notify_one` on a condition variable that nobody waits on. It is a
//! scheduling point and reads or joins no thread's causality. `Notify::notify` does: it hands
//! the caller's causality to any thread that is about to notify the same object. A relaxed
//! atomic would be synchronised through by fences. The list lies behind a mutex of `std`, which
//! loom does not see; it is never held across a call to loom.
//!
//! What guards all this, there being no proof: the models in `loom-tests/tests/primitives/litmus.rs`, and
//! `differential.rs` beside them, which compares random programs with all their sequential
//! interleavings. The day bare loom sees the smallest lost case, a litmus model fails; then
//! this file can go.

use std::{
    mem,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError},
    vec::Vec,
};

pub use loom::sync::atomic::Ordering;
use loom::{
    sync::{Condvar, atomic},
    thread::{self, ThreadId},
};

/// A complete `AtomicU8`.
pub type AtomicU8 = Complete<atomic::AtomicU8>;

/// A complete `AtomicU32`.
pub type AtomicU32 = Complete<atomic::AtomicU32>;

/// A complete `AtomicUsize`.
pub type AtomicUsize = Complete<atomic::AtomicUsize>;

/// A complete `AtomicPtr`.
pub type AtomicPtr<T> = Complete<atomic::AtomicPtr<T>>;

/// One of loom's atomics, and who has loaded it since it was last written.
#[derive(Debug)]
pub struct Complete<A> {
    inner: A,
    loads: Loads,
}

/// What a load by one thread and a later write by another have in common.
type Point = Arc<Condvar>;

#[derive(Debug, Default)]
struct Loads(Mutex<Vec<(ThreadId, Point)>>);

impl Loads {
    /// Right after a load by this thread.
    fn loaded(&self) {
        let me = thread::current().id();
        let known = self.with(|loads| {
            let mine = loads.iter().find(|(thread, _)| *thread == me);
            mine.map(|(_, point)| Arc::clone(point))
        });
        let mine = known.unwrap_or_else(|| {
            let point = Point::default();
            self.with(|loads| loads.push((me, Arc::clone(&point))));
            point
        });
        touch([mine]);
    }

    /// Right after a store or a read-modify-write by this thread, one that failed included:
    /// to loom it is a write.
    fn written(&self) {
        let me = thread::current().id();
        let loads = self.with(mem::take).into_iter();
        touch(loads.filter_map(|(thread, point)| (thread != me).then_some(point)));
    }

    fn with<R>(&self, f: impl FnOnce(&mut Vec<(ThreadId, Point)>) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn touch(points: impl IntoIterator<Item = Point>) {
    let touch = || {
        loom::stop_exploring();
        for point in points {
            point.notify_one();
        }
        loom::explore();
    };
    if std::thread::panicking() {
        // A destructor that a panic runs is explored like any other. But a model that loom is
        // taking down must not have a second panic leave one.
        let _ = panic::catch_unwind(AssertUnwindSafe(touch));
    } else {
        touch();
    }
}

macro_rules! complete {
    ([$($generics:tt)*] $inner:ty, $value:ty, $($fetch:ident)*) => {
        impl<$($generics)*> Complete<$inner> {
            /// An atomic that holds `value`.
            #[track_caller]
            pub fn new(value: $value) -> Self {
                Self { inner: <$inner>::new(value), loads: Loads::default() }
            }

            /// As in `core`.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let value = self.inner.load(order);
                self.loads.loaded();
                value
            }

            /// As in `core`.
            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                self.inner.store(value, order);
                self.loads.written();
            }

            /// As in `core`.
            #[track_caller]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                let before = self.inner.swap(value, order);
                self.loads.written();
                before
            }

            /// As in `core`.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let result = self.inner.compare_exchange(current, new, success, failure);
                self.loads.written();
                result
            }

            /// As in `core`, except that loom lets it fail for no other reason than the strong
            /// one.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            $(
                /// As in `core`.
                #[track_caller]
                pub fn $fetch(&self, operand: $value, order: Ordering) -> $value {
                    let before = self.inner.$fetch(operand, order);
                    self.loads.written();
                    before
                }
            )*
        }
    };
}

complete!([] atomic::AtomicU8, u8, fetch_add fetch_sub fetch_or fetch_and);
complete!([] atomic::AtomicU32, u32, fetch_add fetch_sub fetch_or fetch_and);
complete!([] atomic::AtomicUsize, usize, fetch_add fetch_sub fetch_or fetch_and);
complete!([T] atomic::AtomicPtr<T>, *mut T,);
