//! JavaScript's event loop: its timers, and tasks on it.
//!
//! Each thread has a list of those who sleep by it (`sleepers.rs`), and one timeout of JavaScript's
//! for the earliest of them. When that rings, those who are due are woken and the next timeout is
//! set. It is taken back when nobody sleeps: a program whose event loop is empty may end.

use alloc::sync::Arc;
use core::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use std::thread_local;

use futures_core::future::FusedFuture;
use wasm_bindgen::prelude::*;

use super::{
    Spawn, SpawnLocal,
    sleepers::{Entry, Sleepers},
};
use crate::{
    inspect::{self, Resource, Site, WaitKind},
    time::{Clock, Instant, Timer},
};

#[wasm_bindgen]
extern "C" {
    type Performance;

    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Option<Performance>;

    #[wasm_bindgen(method, getter, js_name = timeOrigin)]
    fn time_origin(this: &Performance) -> f64;

    #[wasm_bindgen(method)]
    fn now(this: &Performance) -> f64;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    // What comes back is a number in browsers and an object under Node.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(ring: &Closure<dyn FnMut()>, millis: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timeout: &JsValue);
}

/// The timer of JavaScript's event loop, by `setTimeout`: in browsers, in their workers, under Node.
///
/// The clock is `performance.now()` from `performance.timeOrigin` on, so that threads of one
/// program, which are workers, agree on it; where there is no `performance` it is `Date.now()`, kept
/// from going back. Both may be coarse, and an event loop may be late: browsers see to a page in the
/// background once a second or less often. A sleep never ends early.
///
/// A sleep is `Send`, so it may be in a child of [`scope!`](crate::scope!). It must be polled on a
/// thread that goes back to its event loop. To begin one takes an allocation, and time in proportion
/// to the logarithm of the number of those who sleep. A thread sets one timeout for all its sleeps.
///
/// # Panics
///
/// On other targets than WebAssembly in a JavaScript engine.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use pleach::{runtime::{SpawnLocal, Wasm, WasmTimer}, time::sleep};
///
/// Wasm.spawn_local(async {
///     sleep(WasmTimer, Duration::from_millis(100)).await;
///     // ..
/// });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WasmTimer;

/// JavaScript's event loop, as an executor: by `wasm_bindgen_futures::spawn_local`.
///
/// What is spawned is polled on the thread that spawned it, in microtasks. That goes for [`Spawn`]
/// too, which thus takes what asks for an executor but brings no parallelism. There is no
/// [`SpawnBlocking`](super::SpawnBlocking): an event loop must not be blocked.
///
/// It allocates for each future. A panic in one ends it where panics unwind; elsewhere, which is the
/// default of the target, it ends the program.
///
/// # Panics
///
/// On other targets than WebAssembly in a JavaScript engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wasm;

impl SpawnLocal for Wasm {
    fn spawn_local<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'static,
    {
        wasm_bindgen_futures::spawn_local(future);
    }
}

impl Spawn for Wasm {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_local(future);
    }
}

/// What a thread reads the time from.
enum Source {
    Performance {
        performance: Performance,
        /// Nanoseconds of the Unix epoch: where `performance.now()` is zero.
        origin: u64,
    },
    /// The clock of the system, which may be set back, and the latest time that was told.
    Date { latest: Cell<u64> },
}

thread_local! {
    static SOURCE: Source = Source::find();
    static EVENT_LOOP: EventLoop = EventLoop::new();
}

impl Source {
    fn find() -> Self {
        PERFORMANCE.with(|found| {
            let Some(found) = found else {
                return Self::Date {
                    latest: Cell::new(0),
                };
            };
            let performance = Performance::from(JsValue::from(found));
            let origin = nanos(performance.time_origin());
            Self::Performance {
                performance,
                origin,
            }
        })
    }

    fn now(&self) -> u64 {
        match self {
            Self::Performance {
                performance,
                origin,
            } => origin + nanos(performance.now()),
            Self::Date { latest } => {
                latest.set(latest.get().max(nanos(date_now())));
                latest.get()
            }
        }
    }
}

/// Milliseconds in nanoseconds; none if they are not a number, as where there is no `timeOrigin`.
fn nanos(millis: f64) -> u64 {
    (millis * 1e6) as u64
}

impl Clock for WasmTimer {
    fn now(&self) -> Instant {
        Instant::from_nanos(SOURCE.with(Source::now))
    }
}

impl Timer for WasmTimer {
    type Sleep = WasmSleep;

    #[cfg_attr(feature = "inspect", track_caller)]
    fn sleep_until(&self, at: Instant) -> WasmSleep {
        WasmSleep {
            at,
            entry: None,
            is_over: false,
            site: Site::here(),
        }
    }
}

/// Those who sleep by this thread, and what wakes them.
struct EventLoop {
    sleepers: Arc<Sleepers>,
    timeout: RefCell<Option<Timeout>>,
    ring: Closure<dyn FnMut()>,
}

/// A timeout that has been set: taken back when it is dropped.
struct Timeout {
    at: Instant,
    id: JsValue,
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

impl EventLoop {
    fn new() -> Self {
        Self {
            sleepers: Arc::default(),
            timeout: RefCell::new(None),
            ring: Closure::new(|| EVENT_LOOP.with(Self::ring)),
        }
    }

    /// The timeout is over: wakes those who are due.
    fn ring(&self) {
        drop(self.timeout.take());
        if let Some(next) = self.sleepers.wake_due(WasmTimer) {
            self.ring_at(next);
        }
    }

    /// Sees to it that there is a timeout at that moment, or before.
    fn ring_at(&self, at: Instant) {
        let mut timeout = self.timeout.borrow_mut();
        if timeout.as_ref().is_some_and(|timeout| timeout.at <= at) {
            return;
        }
        let millis = (at - WasmTimer.now()).as_nanos().div_ceil(1_000_000);
        // Of what is too far away for a timeout there is more when that rings.
        let millis = i32::try_from(millis).unwrap_or(i32::MAX);
        let id = set_timeout(&self.ring, millis);
        *timeout = Some(Timeout { at, id });
    }

    /// Takes the timeout back if nobody sleeps.
    fn rest(&self) {
        if self.sleepers.is_empty() {
            drop(self.timeout.take());
        }
    }
}

/// A sleep by a [`WasmTimer`].
///
/// It is `Send`, and fused: once ready it is ready at every poll. A sleep until [`Instant::MAX`]
/// does not end, and keeps no event loop going.
///
/// # Cancel safety
///
/// Dropping it loses nothing.
#[must_use = "futures do nothing unless awaited or polled"]
pub struct WasmSleep {
    at: Instant,
    entry: Option<Entry>,
    is_over: bool,
    site: Site,
}

impl WasmSleep {
    /// Leaves the list, if it is in one.
    fn leave(&mut self) {
        if self.entry.take().is_some() {
            EVENT_LOOP.with(EventLoop::rest);
        }
    }
}

impl Future for WasmSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let at = self.at;
        if !self.is_over && at > WasmTimer.now() {
            inspect::note(cx, WaitKind::Sleep, &self.site, Resource::UNKNOWN);
            if at == Instant::MAX {
                return Poll::Pending;
            }
            EVENT_LOOP.with(|here| {
                Entry::renew(&mut self.entry, Arc::clone(&here.sleepers), at, cx.waker());
                here.ring_at(at);
            });
            return Poll::Pending;
        }
        self.is_over = true;
        self.leave();
        Poll::Ready(())
    }
}

impl FusedFuture for WasmSleep {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl Drop for WasmSleep {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for WasmSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmSleep")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
