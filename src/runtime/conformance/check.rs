//! One claim under test: what its futures have seen, and whether they are alive.
//!
//! A [`Log`] is shared by all that a check makes. The first *fault* wins, is kept, and ends whatever the
//! check waits for; so does the alarm, a thread that finds a fault when the time is over. A [`Seat`] is
//! in every future that is given away: it sees what becomes of it.

use alloc::{string::String, sync::Arc};
use core::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use std::{
    format,
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, ThreadId},
    thread_local,
};

use pin_project_lite::pin_project;

use super::Suite;
use crate::{Event, OwnedMember, WaitGroup};

/// A claim under test.
pub(super) struct Check {
    claim: &'static str,
    limit: Duration,
    log: Arc<Log>,
}

/// What the parts of a check share.
#[derive(Default)]
pub(super) struct Log {
    seats: Arc<WaitGroup>,
    fault: OnceLock<String>,
    has_fault: Event,
}

impl Log {
    /// Notes down what should not be.
    pub(super) fn fault(&self, fault: impl Into<String>) {
        // Only the first of them.
        let _ = self.fault.set(fault.into());
        self.has_fault.set();
    }
}

impl Check {
    pub(super) fn new(suite: Suite, claim: &'static str) -> Self {
        Self {
            claim,
            limit: suite.limit,
            log: Arc::default(),
        }
    }

    /// How long those may wait who have a better fault to tell than the alarm.
    pub(super) fn patience(&self) -> Duration {
        self.limit / 2
    }

    pub(super) fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }

    /// A seat in what may be used by `thread` only, if there is one.
    pub(super) fn seat(&self, thread: Option<ThreadId>) -> Seat {
        Seat {
            log: self.log(),
            thread,
            must_end: true,
            is_over: false,
            _member: self.log.seats.add_owned(),
        }
    }

    /// Waits for `future`, which is `what` the claim says will happen.
    pub(super) async fn until<F: Future>(&self, what: &'static str, future: F) -> F::Output {
        let alarm = Alarm::set(self, what);
        let mut future = pin!(future);
        let mut fault = pin!(self.log.has_fault.wait());
        let output = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => fault.as_mut().poll(cx).map(|()| None),
        });
        let output = output.await;
        drop(alarm);
        output.unwrap_or_else(|| self.fail())
    }

    /// Waits until all that was given away is dropped; then there must not be a fault.
    pub(super) async fn end(&self) {
        let gone = self.log.seats.wait();
        self.until("all futures to be dropped", gone).await;
        if self.log.has_fault.is_set() {
            self.fail();
        }
    }

    fn fail(&self) -> ! {
        let fault = self.log.fault.get().map_or("", String::as_str);
        panic!("not so: {}; {fault}", self.claim);
    }
}

/// A thread that waits for the time to be over, unless it is dropped before.
struct Alarm {
    _quiet: mpsc::Sender<()>,
}

impl Alarm {
    fn set(check: &Check, what: &'static str) -> Self {
        let (quiet, is_quiet) = mpsc::channel();
        let (log, limit) = (check.log(), check.limit);
        thread::spawn(move || {
            if is_quiet.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                log.fault(format!("waited {limit:?} in vain for {what}"));
            }
        });
        Self { _quiet: quiet }
    }
}

thread_local! {
    /// Whether this thread is in a call that spawns.
    static IS_SPAWNING: Cell<bool> = const { Cell::new(false) };
}

/// Calls what spawns, in which nothing must be polled.
pub(super) fn while_spawning(spawn: impl FnOnce()) {
    let outer = IS_SPAWNING.replace(true);
    spawn();
    IS_SPAWNING.set(outer);
}

/// What sees the fate of a future, or of work.
pub(super) struct Seat {
    log: Arc<Log>,
    thread: Option<ThreadId>,
    /// Whether it must not be dropped before it is over.
    must_end: bool,
    is_over: bool,
    _member: OwnedMember,
}

impl Seat {
    /// Of what will be dropped although it is not over.
    pub(super) fn without_end(self) -> Self {
        let mut seat = self;
        seat.must_end = false;
        seat
    }

    /// It has done what it was to do.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// A future in this seat.
    pub(super) const fn probe<F: Future<Output = ()>>(self, future: F) -> Probe<F> {
        Probe { future, seat: self }
    }

    fn is_elsewhere(&self) -> bool {
        self.thread.is_some_and(|own| own != thread::current().id())
    }

    fn see_poll(&self) {
        if self.is_over {
            self.log.fault("it was polled after it was ready");
        }
        if IS_SPAWNING.get() {
            self.log.fault("it was polled within `spawn`");
        }
        if self.is_elsewhere() {
            self.log.fault("it was polled on another thread");
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.must_end && !self.is_over {
            self.log.fault("it was dropped before it was over");
        }
        if self.is_elsewhere() {
            self.log.fault("it was dropped on another thread");
        }
    }
}

pin_project! {
    /// A future under observation.
    pub(super) struct Probe<F> {
        #[pin]
        future: F,
        // After the future: when it leaves, the future has been dropped.
        seat: Seat,
    }
}

impl<F: Future<Output = ()>> Future for Probe<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.seat.see_poll();
        let polled = this.future.poll(cx);
        if polled.is_ready() {
            this.seat.end();
        }
        polled
    }
}
