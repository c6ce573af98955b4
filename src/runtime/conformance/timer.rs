//! What holds for timers.

use alloc::{boxed::Box, sync::Arc, task::Wake};
use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{Suite, check::Check};
use crate::{
    group::{Discard, group},
    time::{Instant, Timer},
};

const TICK: Duration = Duration::from_millis(4);

pub(super) async fn run<T: Timer>(suite: Suite, timer: &T) {
    go_forward(suite, timer).await;
    be_over_at_once(suite, timer).await;
    be_over_when_due(suite, timer).await;
    be_moved(suite, timer).await;
    be_many(suite, timer).await;
    be_dropped(suite, timer).await;
}

/// Polls once, for nobody.
fn poll_now<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

async fn go_forward(suite: Suite, timer: &impl Timer) {
    let check = Check::new(suite, "`now` never goes back");
    let mut last = Instant::EPOCH;
    for _ in 0..10_000 {
        let now = timer.now();
        if now < last {
            check.log().fault("it did");
        }
        last = now;
    }
    check.end().await;
}

async fn be_over_at_once(suite: Suite, timer: &impl Timer) {
    let check = Check::new(
        suite,
        "a sleep is over in its first poll if its time has come",
    );
    for at in [Instant::EPOCH, timer.now()] {
        if poll_now(pin!(timer.sleep_until(at))).is_pending() {
            check.log().fault("it was pending");
        }
    }
    check.end().await;
}

/// Sleeps that begin in the wrong order. Whenever one is polled, the clock alone says what it must
/// answer.
async fn be_over_when_due(suite: Suite, timer: &impl Timer) {
    let check = Check::new(
        suite,
        "a sleep is over when its time has come, and not before",
    );
    let (start, log) = (timer.now(), check.log());
    let mut sleeps = [3, 1, 2].map(|ticks| {
        let at = start + TICK * ticks;
        Some((at, Box::pin(timer.sleep_until(at))))
    });
    let all = poll_fn(|cx| {
        for place in &mut sleeps {
            let Some((at, sleep)) = place else { continue };
            let is_due = timer.now() >= *at;
            if sleep.as_mut().poll(cx).is_pending() {
                if is_due {
                    log.fault("it was pending after its time");
                }
                continue;
            }
            if timer.now() < *at {
                log.fault("it was over too early");
            }
            *place = None;
        }
        if sleeps.iter().all(Option::is_none) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    check.until("the last of three", all).await;
    check.end().await;
}

async fn be_moved(suite: Suite, timer: &impl Timer) {
    let check = Check::new(suite, "a sleep wakes who polled it last");
    let mut distance = TICK;
    while distance < check.patience() {
        let mut sleep = pin!(timer.sleep_until(timer.now() + distance));
        if poll_now(sleep.as_mut()).is_pending() {
            check.until("its end", sleep).await;
            break;
        }
        // The thread was held up for that long: once more.
        distance *= 2;
    }
    check.end().await;
}

async fn be_many(suite: Suite, timer: &impl Timer) {
    const MANY: u32 = 1000;
    let check = Check::new(suite, "a thousand sleeps each wake who waits for them");
    let (start, log) = (timer.now(), check.log());
    let sleeps = (0..MANY).map(|n| {
        // A prime to them: all moments of 20 ticks, in no order.
        let at = start + TICK * 20 * (n * 617 % MANY) / MANY;
        let log = &log;
        async move {
            timer.sleep_until(at).await;
            if timer.now() < at {
                log.fault("one was over too early");
            }
        }
    });
    let all = group(sleeps).join(Discard::new());
    check.until("all of them", all).await;
    check.end().await;
}

/// Whether it was woken.
#[derive(Default)]
struct Bell {
    has_rung: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Relaxed: the thread that looks has been woken by the same timer since, or it does not matter.
        self.has_rung.store(true, Ordering::Relaxed);
    }
}

async fn be_dropped(suite: Suite, timer: &impl Timer) {
    let check = Check::new(suite, "a sleep that is dropped is out of its timer");
    let mut distance = TICK;
    while distance < check.patience() {
        let bell = Arc::new(Bell::default());
        let at = timer.now() + distance;
        let waker = Waker::from(Arc::clone(&bell));
        let polled = pin!(timer.sleep_until(at)).poll(&mut Context::from_waker(&waker));
        let was_in_time = polled.is_pending() && timer.now() < at;
        drop(waker);
        check
            .until("another one", timer.sleep_until(at + TICK))
            .await;
        if !was_in_time {
            // The thread was held up for that long: once more.
            distance *= 2;
            continue;
        }
        if bell.has_rung.load(Ordering::Relaxed) {
            check.log().fault("it woke");
        }
        if Arc::strong_count(&bell) > 1 {
            check.log().fault("its waker is kept");
        }
        break;
    }
    check.end().await;
}
