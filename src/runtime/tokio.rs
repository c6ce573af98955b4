//! tokio's executors, threads and clock.

use core::{
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::{sync::OnceLock, time::Instant as StdInstant};

use futures_core::future::FusedFuture;
use pin_project_lite::pin_project;
use tokio::{
    runtime::Handle,
    task::{self, LocalSet},
    time,
};

use super::{Spawn, SpawnBlocking, SpawnLocal};
use crate::{
    inspect::{self, Resource, Site, WaitKind},
    time::{Clock, Instant, Timer},
};

/// The tokio runtime that the caller is in, and its threads for what blocks.
///
/// As a [`SpawnLocal`] it is the [`LocalSet`] that the caller is in. From elsewhere there are
/// [`TokioHandle`] and [`TokioLocalSet`].
///
/// When a runtime is shut down, or a `LocalSet` dropped, so are its tasks. A task that panics is
/// dropped and the panic goes no further.
///
/// # Panics
///
/// `spawn` and `spawn_blocking` outside of a runtime, and `spawn_local` outside of a `LocalSet`.
///
/// # Examples
///
/// ```
/// use pleach::{oneshot, runtime::{Spawn, SpawnBlocking, Tokio}};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let answer = runtime.block_on(async {
///     let (answer, asked) = oneshot::channel();
///     Tokio.spawn(async move {
///         Tokio.spawn_blocking(move || answer.send(6 * 7).unwrap());
///     });
///     asked.await
/// });
/// assert_eq!(answer, Ok(42));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Spawn for Tokio {
    #[track_caller]
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(task::spawn(future));
    }
}

impl SpawnLocal for Tokio {
    #[track_caller]
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        drop(task::spawn_local(future));
    }
}

impl SpawnBlocking for Tokio {
    #[track_caller]
    fn spawn_blocking<F>(&self, work: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(task::spawn_blocking(work));
    }
}

/// A tokio runtime, by a handle, and its threads for what blocks.
///
/// What is spawned when the runtime has been shut down is dropped, and so is work that has not begun
/// by then. Otherwise as [`Tokio`].
///
/// # Examples
///
/// ```
/// use pleach::{oneshot, runtime::{Spawn, TokioHandle}};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let (answer, asked) = oneshot::channel();
/// TokioHandle(runtime.handle().clone()).spawn(async { answer.send(6 * 7).unwrap() });
/// assert_eq!(runtime.block_on(asked), Ok(42));
/// ```
#[derive(Clone, Debug)]
pub struct TokioHandle(pub Handle);

impl Spawn for TokioHandle {
    #[track_caller]
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        drop(self.0.spawn(future));
    }
}

impl SpawnBlocking for TokioHandle {
    #[track_caller]
    fn spawn_blocking<F>(&self, work: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(self.0.spawn_blocking(work));
    }
}

/// A set of tokio's tasks on one thread: a [`LocalSet`] in an `Rc`, or borrowed.
///
/// Whoever awaits the set runs the futures; when it is dropped they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioLocalSet<S>(pub S);

impl<S: Deref<Target = LocalSet>> SpawnLocal for TokioLocalSet<S> {
    #[track_caller]
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        drop(self.0.spawn_local(future));
    }
}

/// tokio's clock, and its timer.
///
/// It obeys `tokio::time::pause` and `advance`. The clock works everywhere and is the system's
/// outside of a runtime. A sleep belongs to the runtime that it is first polled in.
///
/// # Panics
///
/// A sleep that is not over panics if it is first polled outside of a runtime, or in one without
/// a timer (see `tokio::runtime::Builder::enable_time`), and if it is polled when that runtime
/// has been shut down.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use pleach::{runtime::TokioTimer, time::sleep};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// runtime.block_on(sleep(TokioTimer, Duration::from_millis(1)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

/// How long before `base` the timer's epoch is: a runtime's paused clock can be behind that.
const LEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// The first moment that was asked for.
fn base() -> StdInstant {
    static BASE: OnceLock<StdInstant> = OnceLock::new();
    *BASE.get_or_init(StdInstant::now)
}

impl TokioTimer {
    /// The same moment by this timer; its epoch, which is a day before its first use, if it was
    /// before that.
    #[must_use]
    pub fn from_tokio(moment: time::Instant) -> Instant {
        let (base, moment) = (base(), moment.into_std());
        // One of the two is zero.
        let after = moment.saturating_duration_since(base);
        let before = base.saturating_duration_since(moment);
        Instant::EPOCH + (LEAD + after) - before
    }

    /// The same moment by tokio; `None` if that cannot tell it.
    #[must_use]
    pub fn to_tokio(moment: Instant) -> Option<time::Instant> {
        let latest = base().checked_add(moment - Instant::EPOCH)?;
        latest.checked_sub(LEAD).map(time::Instant::from_std)
    }
}

impl Clock for TokioTimer {
    fn now(&self) -> Instant {
        // The base first, or it would be the later of the two.
        base();
        Self::from_tokio(time::Instant::now())
    }
}

impl Timer for TokioTimer {
    type Sleep = TokioSleep;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> TokioSleep {
        TokioSleep {
            at,
            is_over: false,
            sleep: None,
            site: Site::here(),
        }
    }
}

pin_project! {
    /// A sleep by a [`TokioTimer`].
    #[must_use = "futures do nothing unless awaited or polled"]
    pub struct TokioSleep {
        at: Instant,
        is_over: bool,
        // From the first poll on that finds nothing else to do: until then no runtime is needed.
        #[pin]
        sleep: Option<time::Sleep>,
        site: Site,
    }
}

impl Future for TokioSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        // By the clock, and not by tokio's timer, which may be late, or have a task yield.
        if *this.is_over || TokioTimer.now() >= *this.at {
            *this.is_over = true;
            this.sleep.set(None);
            return Poll::Ready(());
        }
        if this.sleep.is_none() {
            this.sleep
                .set(TokioTimer::to_tokio(*this.at).map(time::sleep_until));
        }
        // What tokio cannot tell is never.
        let sleep = this.sleep.as_mut().as_pin_mut();
        *this.is_over = sleep.is_some_and(|sleep| sleep.poll(cx).is_ready());
        if *this.is_over {
            return Poll::Ready(());
        }
        inspect::note(cx, WaitKind::Sleep, this.site, Resource::UNKNOWN);
        Poll::Pending
    }
}

impl FusedFuture for TokioSleep {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for TokioSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioSleep")
            .field("at", &self.at)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
