//! The circuit breaker of the example `sitecheck`, by a clock that stands still.

#![cfg(unix)]

#[path = "../sitecheck/breaker.rs"]
mod breaker;

use std::time::Duration;

use breaker::Breaker;
use pleach::time::Instant;

const PAUSE: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> Instant {
    Instant::EPOCH + Duration::from_secs(seconds)
}

/// One that three failures at second 0 have opened.
fn opened() -> Breaker {
    let breaker = Breaker::new(3, PAUSE);
    for _ in 0..3 {
        breaker.pass(at(0)).unwrap().failed(at(0));
    }
    breaker
}

#[test]
fn failures_in_a_row_open_it_and_others_do_not() {
    let breaker = Breaker::new(3, PAUSE);
    for _ in 0..10 {
        breaker.pass(at(0)).unwrap().failed(at(0));
        breaker.pass(at(0)).unwrap().failed(at(0));
        breaker.pass(at(0)).unwrap().succeeded();
    }
    assert!(breaker.lets_pass(at(0)));
    assert!(!opened().lets_pass(at(0)));
    assert!(opened().pass(at(9)).is_none());
}

#[test]
fn after_the_pause_one_passes_and_decides() {
    let breaker = opened();
    assert!(breaker.lets_pass(at(10)));
    let probe = breaker.pass(at(10)).unwrap();
    assert!(!breaker.lets_pass(at(10)) && breaker.pass(at(100)).is_none());
    probe.failed(at(12));
    assert!(breaker.pass(at(21)).is_none(), "another pause");
    breaker.pass(at(22)).unwrap().succeeded();
    let _both = (breaker.pass(at(22)).unwrap(), breaker.pass(at(22)).unwrap());
}

#[test]
fn when_the_one_is_given_up_the_next_one_passes() {
    let breaker = opened();
    drop(breaker.pass(at(10)).unwrap());
    let probe = breaker.pass(at(10)).unwrap();
    assert!(breaker.pass(at(10)).is_none());
    drop(probe);
    assert!(breaker.pass(at(10)).is_some());
}

#[test]
fn those_under_way_when_it_opens_decide_nothing() {
    let breaker = Breaker::new(1, PAUSE);
    let (late, later, last) = (
        breaker.pass(at(0)).unwrap(),
        breaker.pass(at(0)).unwrap(),
        breaker.pass(at(0)).unwrap(),
    );
    breaker.pass(at(0)).unwrap().failed(at(0));
    late.succeeded();
    assert!(breaker.pass(at(9)).is_none(), "still open");
    later.failed(at(9));
    drop(last);
    assert!(breaker.pass(at(10)).is_some(), "and no longer for it");
}

#[test]
fn one_that_succeeds_closes_it_with_all_failures_forgotten() {
    let breaker = opened();
    breaker.pass(at(10)).unwrap().succeeded();
    for _ in 0..2 {
        breaker.pass(at(10)).unwrap().failed(at(10));
        assert!(breaker.lets_pass(at(10)));
    }
    breaker.pass(at(10)).unwrap().failed(at(10));
    assert!(!breaker.lets_pass(at(10)));
}
