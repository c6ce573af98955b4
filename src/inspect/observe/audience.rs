//! Who is told: the observers of a branch, kept by each branch that tells them.

use alloc::boxed::Box;
use core::{
    fmt,
    mem::{self, ManuallyDrop},
    ptr::{self, NonNull},
};

use super::{Event, Observer, Subject};
use crate::{
    group::counted::Counted,
    sys::{
        atomic::{AtomicPtr, Ordering},
        cell::UnsafeCell,
        unwind::{self, OnUnwind},
    },
};

/// Observers, one or several, by a count.
#[derive(Clone)]
pub(crate) struct ObserverRef(Counted<Heard>);

/// An observer. Never written: it is in a cell so that the models see who looks at it when.
struct Heard(UnsafeCell<Box<dyn Observer>>);

// SAFETY: it is only looked at, and observers may be used from any thread.
unsafe impl Sync for Heard {}

impl Heard {
    fn get(&self) -> &dyn Observer {
        // SAFETY: it is never written.
        &**self.0.with(|observer| unsafe { &*observer })
    }
}

impl ObserverRef {
    pub(crate) fn new(observer: impl Observer + 'static) -> Self {
        Self(Counted::new(Heard(UnsafeCell::new(Box::new(observer)))))
    }
}

impl Observer for ObserverRef {
    fn event(&self, subject: &Subject<'_>, event: Event) {
        self.0.get().event(subject, event);
    }
}

/// Tells an observer, whose panics go no further. Without `std` they abort: a second one, while the first is on
/// its way, does that.
pub(crate) fn tell(observer: &dyn Observer, subject: &Subject<'_>, event: Event) {
    let abort =
        OnUnwind(|| panic!("an observer panicked, and without `std` nothing can catch that"));
    unwind::swallow(|| observer.event(subject, event));
    mem::forget(abort);
}

/// A place for observers, empty at first. It has a count of them.
///
/// # Invariants
///
/// 1. What was put in stays until the place is dropped. So whoever has seen it may use it as long as the place is
///    there.
/// 2. It is put in before it can be seen, by the driver: under the lock of the list of children, or before its first poll. Whoever
///    looks has had that lock since, or has come by a waker or a task that there was not before that poll. So
///    loads need no order of their own.
pub(crate) struct Audience(AtomicPtr<Heard>);

impl Audience {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Whoever is to be told, if anybody is: one load.
    #[inline]
    pub(crate) fn get(&self) -> Option<&dyn Observer> {
        // Relaxed: invariant 2.
        let heard = self.0.load(Ordering::Relaxed);
        // SAFETY: null, or there until the place is dropped (invariant 1).
        unsafe { heard.as_ref() }.map(Heard::get)
    }

    /// The count of what is there, which is still the place's.
    fn borrow(&self) -> Option<ManuallyDrop<ObserverRef>> {
        // Relaxed: invariant 2.
        let heard = NonNull::new(self.0.load(Ordering::Relaxed))?;
        // SAFETY: it came from a count that the place has. It is not dropped.
        let own = unsafe { Counted::from_ptr(heard) };
        Some(ManuallyDrop::new(ObserverRef(own)))
    }

    /// The same, by a count of its own.
    pub(crate) fn share(&self) -> Option<ObserverRef> {
        self.borrow().map(|own| ObserverRef::clone(&own))
    }

    /// Adds another one. Nobody else does meanwhile.
    pub(crate) fn add(&self, observer: ObserverRef) {
        let all = match self.borrow() {
            // The pair takes the place's count of those that are there, and so they stay.
            Some(before) => ObserverRef::new((ManuallyDrop::into_inner(before), observer)),
            None => observer,
        };
        // Relaxed: invariant 2.
        self.0.store(all.0.into_ptr().as_ptr(), Ordering::Relaxed);
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        if let Some(own) = self.borrow() {
            unwind::run_in_drop(|| drop(ManuallyDrop::into_inner(own)));
        }
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_empty = self.get().is_none();
        f.debug_struct("Audience")
            .field("is_empty", &is_empty)
            .finish_non_exhaustive()
    }
}
