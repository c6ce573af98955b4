//! By a clock of the program: how old nodes are, and since when a scope is cancelled.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    task::Poll,
    time::Duration,
};

use pleach::{
    Scope,
    inspect::{Inspect, WaitMark, set_clock},
    scope,
    time::Instant,
};

use crate::{nodes, support::poll_now};

static NOW: AtomicU64 = AtomicU64::new(1_000);
static READINGS: AtomicU64 = AtomicU64::new(0);

thread_local!(static LOOKED_AT: RefCell<Option<Scope<'static>>> = const { RefCell::new(None) });

/// The only test that names a clock: it is the program's.
#[test]
fn nodes_know_their_age_and_scopes_since_when_they_are_cancelled() {
    let second = |n| Some(Duration::from_secs(n));
    let (_driver, without) = scope::scope();
    set_clock(|| {
        READINGS.fetch_add(1, SeqCst);
        if let Some(s) = LOOKED_AT.take() {
            assert_eq!(s.live(), 1);
        }
        Instant::from_nanos(NOW.load(SeqCst) * 1_000_000)
    });
    let (driver, s) = scope::scope();
    NOW.fetch_add(1_000, SeqCst);
    s.spawn(pending::<()>());
    NOW.fetch_add(2_000, SeqCst);
    let told = nodes(&s);
    assert_eq!([told[0].age(), told[1].age()], [second(3), second(2)]);
    assert_eq!(told[0].cancelled(), None);
    let mut running = Box::pin(driver.run(pending::<()>()));
    for _ in 0..2 {
        assert!(poll_now(running.as_mut()).is_pending());
    }
    s.cancel();
    NOW.fetch_add(4_000, SeqCst);
    s.cancel();
    let told = nodes(&s);
    assert_eq!([told[0].age(), told[1].age()], [second(7), second(6)]);
    assert_eq!(told[0].cancelled(), second(4), "since the first time");
    assert_eq!(nodes(&without)[0].age(), None, "there was no clock");
    the_clock_is_read_without_a_lock();
    a_mark_that_is_used_again_begins_again();
    what_is_ready_at_once_reads_no_clock();
    a_wait_that_was_given_up_is_over();
}

fn the_clock_is_read_without_a_lock() {
    let (_driver, s) = scope::scope();
    s.spawn(pending::<()>());
    let mut told = 0;
    s.visit(&mut |_| {
        told += 1;
        // When the clock is read next, it looks as well.
        LOOKED_AT.set(Some(s.clone()));
    });
    assert_eq!(told, 2);
    drop(LOOKED_AT.take());
}

fn a_mark_that_is_used_again_begins_again() {
    let (driver, s) = scope::scope();
    let mark = WaitMark::new(&"bytes");
    let mut polls = 0;
    s.spawn(poll_fn(|cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls == 3 {
            assert!(mark.poll(cx, |_| Poll::Ready(())).is_ready());
        }
        mark.poll(cx, |_| Poll::<()>::Pending)
    }));
    let mut running = Box::pin(driver.run(pending::<()>()));
    for seconds in [0, 2, 0, 2] {
        assert!(poll_now(running.as_mut()).is_pending());
        let told = nodes(&s);
        let ages: Vec<_> = told[1].waits().iter().map(|wait| wait.age()).collect();
        assert_eq!(ages, [Some(Duration::from_secs(seconds))]);
        NOW.fetch_add(2_000, SeqCst);
    }
}

/// As a socket's, whose read lost a `select!` and is begun anew later: whoever polls it says so.
fn a_wait_that_was_given_up_is_over() {
    let (driver, s) = scope::scope();
    let mark = WaitMark::new(&"bytes");
    let mut polls = 0;
    s.spawn(poll_fn(|cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls == 2 {
            mark.renew();
            return Poll::<()>::Pending;
        }
        mark.poll(cx, |_| Poll::<()>::Pending)
    }));
    let mut running = Box::pin(driver.run(pending::<()>()));
    for _ in 0..3 {
        assert!(poll_now(running.as_mut()).is_pending());
        NOW.fetch_add(2_000, SeqCst);
    }
    let told = nodes(&s);
    let ages: Vec<_> = told[1].waits().iter().map(|wait| wait.age()).collect();
    assert_eq!(ages, [Some(Duration::from_secs(2))], "not since the first");
}

/// `set_clock` says: once for a node and once for a wait.
fn what_is_ready_at_once_reads_no_clock() {
    let (driver, s) = scope::scope();
    let mark = WaitMark::new(&"bytes");
    s.spawn(poll_fn(|cx| {
        let before = READINGS.load(SeqCst);
        for _ in 0..10 {
            assert!(mark.poll(cx, |_| Poll::Ready(())).is_ready());
        }
        assert_eq!(READINGS.load(SeqCst) - before, 0, "nothing waited");
        Poll::Ready(())
    }));
    let mut running = Box::pin(driver.run(async {}));
    while poll_now(running.as_mut()).is_pending() {}
}
