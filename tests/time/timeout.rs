//! Time limits.

use std::{cell::Cell, error::Error, future::pending, time::Duration};

use pleach::time::{Clock, Instant, ManualClock, ManualSleep, Timer, sleep, timeout, timeout_at};

use crate::{SECOND, at};

struct Dropped<'a>(&'a Cell<bool>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn what_is_done_in_time_is_given() {
    let clock = ManualClock::new();
    let work = async {
        sleep(&clock, SECOND).await;
        7
    };
    assert_eq!(clock.run(timeout(&clock, SECOND * 2, work)), Ok(7));
    assert_eq!(clock.now(), at(1));
}

#[test]
fn what_is_not_is_dropped_first() {
    let clock = ManualClock::new();
    let dropped = Cell::new(false);
    let guard = Dropped(&dropped);
    let work = async move {
        let _guard = guard;
        pending::<()>().await;
    };
    let mut limited = Box::pin(timeout_at(&clock, at(2), work));
    let error = clock.run(limited.as_mut()).unwrap_err();
    assert!(dropped.get(), "`limited` is still there");
    let error: &dyn Error = &error;
    assert!(error.to_string().contains("the time was over"));
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn without_time_there_is_one_poll() {
    let clock = ManualClock::new();
    assert_eq!(
        clock.run(timeout(&clock, Duration::ZERO, async { 1 })),
        Ok(1)
    );
    assert!(
        clock
            .run(timeout(&clock, Duration::ZERO, pending::<()>()))
            .is_err()
    );
}

#[test]
fn both_at_once_is_in_time() {
    let clock = ManualClock::new();
    assert_eq!(
        clock.run(timeout(&clock, SECOND, sleep(&clock, SECOND))),
        Ok(())
    );
}

#[test]
#[should_panic(expected = "`Timeout` was polled after it had completed")]
fn it_is_not_polled_after_its_end() {
    let clock = ManualClock::new();
    let mut limited = Box::pin(timeout(&clock, SECOND, async {}));
    clock.run(limited.as_mut()).unwrap();
    let _ = clock.run(limited.as_mut());
}

#[test]
fn a_timer_that_is_not_copied_is_given_by_reference() {
    /// A timer that belongs to somebody.
    struct Own<'a>(&'a ManualClock);

    impl Clock for Own<'_> {
        fn now(&self) -> Instant {
            self.0.now()
        }
    }

    impl<'a> Timer for Own<'a> {
        type Sleep = ManualSleep<'a>;

        fn sleep_until(&self, at: Instant) -> ManualSleep<'a> {
            self.0.sleep_until(at)
        }
    }

    let clock = ManualClock::new();
    let timer = Own(&clock);
    clock.run(async {
        sleep(&timer, SECOND).await;
        assert!(timeout(&timer, SECOND, pending::<()>()).await.is_err());
    });
    assert_eq!(timer.now(), at(2));
}
