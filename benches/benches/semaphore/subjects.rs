//! Every semaphore behind one interface, which costs nothing: the futures are the crates'
//! own, and everything is known at compile time.

use std::{
    fmt::Debug,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use embassy_sync::{
    blocking_mutex::raw::CriticalSectionRawMutex,
    semaphore::{self as embassy, FairSemaphore},
};
use event_listener::{Event, listener};
use futures_intrusive::sync::SemaphoreReleaser;
use pleach_benches::block_on;

pub trait Semaphore: Sync + Sized + 'static {
    fn new(permits: usize) -> Self;

    fn acquire(&self) -> impl Future<Output: Answer>;

    /// The crate's own blocking form, if it has one.
    fn acquire_blocking(&self) -> impl Sized {
        block_on(self.acquire()).permit()
    }
}

pub trait Weighted: Semaphore {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer>;
}

/// What an acquire resolves to: a permit, or perhaps an error, which is none here.
pub trait Answer {
    type Permit;

    fn permit(self) -> Self::Permit;
}

impl<P, E: Debug> Answer for Result<P, E> {
    type Permit = P;

    fn permit(self) -> P {
        self.unwrap()
    }
}

impl Semaphore for pleach::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.acquire()
    }

    fn acquire_blocking(&self) -> impl Sized {
        self.acquire_blocking().unwrap()
    }
}

impl Weighted for pleach::Semaphore {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        self.acquire_many(permits)
    }
}

/// The same with newcomers let past, a few times.
pub struct Bypass(pleach::Semaphore);

impl Semaphore for Bypass {
    fn new(permits: usize) -> Self {
        Self(pleach::Semaphore::with_bypass(permits))
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.0.acquire()
    }

    fn acquire_blocking(&self) -> impl Sized {
        self.0.acquire_blocking().unwrap()
    }
}

impl Weighted for Bypass {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        self.0.acquire_many(permits)
    }
}

impl Semaphore for tokio::sync::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.acquire()
    }

    fn acquire_blocking(&self) -> impl Sized {
        self.blocking_acquire().unwrap()
    }
}

impl Weighted for tokio::sync::Semaphore {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        self.acquire_many(permits as u32)
    }
}

impl Semaphore for async_lock::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.acquire()
    }

    fn acquire_blocking(&self) -> impl Sized {
        self.acquire_blocking()
    }
}

impl Answer for async_lock::SemaphoreGuard<'_> {
    type Permit = Self;

    fn permit(self) -> Self {
        self
    }
}

impl Semaphore for maitake_sync::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.acquire(1)
    }
}

impl Weighted for maitake_sync::Semaphore {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        self.acquire(permits)
    }
}

impl Semaphore for futures_intrusive::sync::Semaphore {
    fn new(permits: usize) -> Self {
        Self::new(true, permits)
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.acquire(1)
    }
}

impl Weighted for futures_intrusive::sync::Semaphore {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        self.acquire(permits)
    }
}

impl Answer for SemaphoreReleaser<'_> {
    type Permit = Self;

    fn permit(self) -> Self {
        self
    }
}

/// Places for as many waiters as any workload has.
pub type Embassy = FairSemaphore<CriticalSectionRawMutex, 256>;

impl Semaphore for Embassy {
    fn new(permits: usize) -> Self {
        Self::new(permits)
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        embassy::Semaphore::acquire(self, 1)
    }
}

impl Weighted for Embassy {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        embassy::Semaphore::acquire(self, permits)
    }
}

/// What one builds on an `Event`: a count, and a listener on the stack for whoever finds too
/// little in it. A release wakes up to `WAKE`: one if all ask for one permit, else all.
pub struct EventSemaphore<const WAKE: usize> {
    permits: AtomicUsize,
    released: Event,
}

pub struct EventPermit<'a, const WAKE: usize> {
    semaphore: &'a EventSemaphore<WAKE>,
    permits: usize,
}

impl<const WAKE: usize> EventSemaphore<WAKE> {
    fn take(&self, wanted: usize) -> Option<EventPermit<'_, WAKE>> {
        self.permits
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |permits| {
                permits.checked_sub(wanted)
            })
            .ok()?;
        Some(EventPermit {
            semaphore: self,
            permits: wanted,
        })
    }

    async fn wait(&self, wanted: usize) -> EventPermit<'_, WAKE> {
        loop {
            if let Some(permit) = self.take(wanted) {
                return permit;
            }
            listener!(self.released => released);
            if let Some(permit) = self.take(wanted) {
                return permit;
            }
            released.await;
        }
    }
}

impl<const WAKE: usize> Drop for EventPermit<'_, WAKE> {
    fn drop(&mut self) {
        self.semaphore
            .permits
            .fetch_add(self.permits, Ordering::AcqRel);
        self.semaphore.released.notify(WAKE);
    }
}

impl<const WAKE: usize> Semaphore for EventSemaphore<WAKE> {
    fn new(permits: usize) -> Self {
        Self {
            permits: AtomicUsize::new(permits),
            released: Event::new(),
        }
    }

    fn acquire(&self) -> impl Future<Output: Answer> {
        self.wait(1)
    }
}

impl<const WAKE: usize> Weighted for EventSemaphore<WAKE> {
    fn acquire_many(&self, permits: usize) -> impl Future<Output: Answer> {
        self.wait(permits)
    }
}

impl<const WAKE: usize> Answer for EventPermit<'_, WAKE> {
    type Permit = Self;

    fn permit(self) -> Self {
        self
    }
}
