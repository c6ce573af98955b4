//! The timer of [`block_on`](crate::block_on): a thread that sleeps anyway sleeps until the next
//! deadline.
//!
//! Each thread has a list of those who sleep by it (`sleepers.rs`). A sleep enters it if the thread
//! is in a `block_on`; when the thread wakes up it wakes those who are due. When it leaves its
//! `block_on` it wakes those who are left, so that they are polled elsewhere and move.

use alloc::sync::Arc;
use core::{
    cell::Cell,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::{sync::OnceLock, thread_local, time::Instant as StdInstant};

use futures_core::future::FusedFuture;

use super::sleepers::{Entry, Sleepers};
use crate::{
    inspect::{self, Resource, Site, WaitKind},
    time::{Clock, Instant, Timer},
};

/// The timer of [`block_on`](crate::block_on), and the system's monotonic clock.
///
/// There is no thread behind it: a thread in `block_on` sleeps until the next deadline. Its sleeps
/// are `Send`, and must be polled within a `block_on`, on whatever thread.
///
/// # Panics
///
/// A sleep that is polled outside of `block_on` panics: nobody would wake it. Use the timer of
/// the runtime there.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{block_on, runtime::StdTimer, time::{Clock, sleep}};
///
/// let start = StdTimer.now();
/// block_on(sleep(StdTimer, Duration::from_millis(2)));
/// assert!(StdTimer.now() - start >= Duration::from_millis(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StdTimer;

/// The first moment that was asked for.
fn epoch() -> StdInstant {
    static EPOCH: OnceLock<StdInstant> = OnceLock::new();
    *EPOCH.get_or_init(StdInstant::now)
}

impl StdTimer {
    /// The same moment by this timer; its epoch if it was before.
    #[must_use]
    pub fn from_std(moment: StdInstant) -> Instant {
        Instant::EPOCH + moment.saturating_duration_since(epoch())
    }

    /// The same moment by the standard library; `None` if that cannot tell it.
    #[must_use]
    pub fn to_std(moment: Instant) -> Option<StdInstant> {
        epoch().checked_add(moment - Instant::EPOCH)
    }
}

impl Clock for StdTimer {
    fn now(&self) -> Instant {
        // The epoch first, or it would be the later of the two.
        let epoch = epoch();
        Instant::EPOCH + StdInstant::now().saturating_duration_since(epoch)
    }
}

impl Timer for StdTimer {
    type Sleep = StdSleep;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> StdSleep {
        StdSleep {
            at,
            entry: None,
            is_over: false,
            site: Site::here(),
        }
    }
}

/// A sleep by a [`StdTimer`].
#[must_use = "futures do nothing unless awaited or polled"]
pub struct StdSleep {
    at: Instant,
    entry: Option<Entry>,
    is_over: bool,
    site: Site,
}

thread_local! {
    /// The calls of `block_on` on this thread, one within the other.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static SLEEPERS: Arc<Sleepers> = Arc::default();
    /// Whether `SLEEPERS` was ever used.
    static IN_USE: Cell<bool> = const { Cell::new(false) };
}

/// A call of `block_on` on this thread, for as long as it lives.
pub(super) struct Blocking(());

impl Blocking {
    pub(super) fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self(())
    }

    /// Wakes those of this thread who are due, and tells when the next one is.
    #[inline]
    pub(super) fn wake_due(&self) -> Option<StdInstant> {
        if !IN_USE.with(Cell::get) {
            return None;
        }
        let next = SLEEPERS.with(|sleepers| sleepers.wake_due(StdTimer))?;
        StdTimer::to_std(next)
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        let depth = DEPTH.with(Cell::get) - 1;
        DEPTH.with(|cell| cell.set(depth));
        if depth == 0 && IN_USE.with(Cell::get) {
            // Nobody looks at the list any more.
            SLEEPERS.with(|sleepers| sleepers.wake_all());
        }
    }
}

impl StdSleep {
    /// Sees to it that the thread's list has this waker.
    fn register(&mut self, waker: &Waker) {
        assert!(
            DEPTH.with(Cell::get) > 0,
            "`StdTimer` works within `pleach::block_on` only: use the timer of the runtime"
        );
        IN_USE.with(|in_use| in_use.set(true));
        let sleepers = SLEEPERS.with(Arc::clone);
        Entry::renew(&mut self.entry, sleepers, self.at, waker);
    }
}

impl Future for StdSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_over && self.at > StdTimer.now() {
            self.register(cx.waker());
            inspect::note(cx, WaitKind::Sleep, &self.site, Resource::UNKNOWN);
            return Poll::Pending;
        }
        self.entry = None;
        self.is_over = true;
        Poll::Ready(())
    }
}

impl FusedFuture for StdSleep {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for StdSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdSleep")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
