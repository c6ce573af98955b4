//! Deadlines: values that are inherited, and who makes them pass.

use std::{future::pending as forever, pin::pin, time::Duration};

use pleach::{
    CancelToken,
    cancel::{CauseKind, Child, Root},
    time::{Clock, Instant, ManualClock},
};

use crate::pending;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u32) -> Instant {
    Instant::EPOCH + SECOND * seconds
}

#[test]
fn the_tightest_deadline_is_inherited() {
    let none = CancelToken::new();
    assert_eq!((none.deadline(), none.remaining(at(0))), (None, None));
    let request = none.child_until(at(5));
    let (tighter, looser) = (request.child_until(at(3)), request.child_until(at(9)));
    assert_eq!(request.child().deadline(), Some(at(5)));
    assert_eq!(tighter.deadline(), Some(at(3)));
    assert_eq!(looser.deadline(), Some(at(5)));
    assert_eq!(tighter.remaining(at(1)), Some(2 * SECOND));
    assert_eq!(tighter.remaining(at(7)), Some(Duration::ZERO));
    assert_eq!(request.child_island().deadline(), Some(at(5)));
    assert_eq!(request.detached().deadline(), None);
}

#[test]
fn links_have_the_earliest_or_the_latest() {
    let [soon, late] = [at(1), at(2)].map(CancelToken::with_deadline);
    assert_eq!(CancelToken::any_of(&[&soon, &late]).deadline(), Some(at(1)));
    assert_eq!(CancelToken::all_of(&[&soon, &late]).deadline(), Some(at(2)));
    let never = CancelToken::new();
    assert_eq!(
        CancelToken::any_of(&[&soon, &never]).deadline(),
        Some(at(1))
    );
    assert_eq!(CancelToken::all_of(&[&soon, &never]).deadline(), None);
}

#[test]
fn whoever_looks_at_the_clock_makes_it_pass() {
    let token = CancelToken::with_deadline(at(5));
    let child = token.child();
    assert!(token.check_at(at(4)).is_ok());
    assert!(!child.is_cancelled());
    let error = token.check_at(at(5)).unwrap_err();
    assert!(error.cause().is_deadline() && child.is_cancelled());
    // A cause that was there before stays.
    let token = CancelToken::with_deadline(at(5));
    token.cancel();
    let error = token.check_at(at(9)).unwrap_err();
    assert_eq!(error.cause().kind(), CauseKind::Requested);
}

#[test]
fn never_does_not_pass() {
    let token = CancelToken::new();
    assert!(token.check_at(Instant::MAX).is_ok());
    assert!(
        CancelToken::with_deadline(Instant::MAX)
            .check_at(Instant::MAX)
            .is_ok()
    );
    assert!(!token.is_cancelled());
}

#[test]
fn a_future_runs_until_the_deadline_which_cancels_the_token() {
    let clock = ManualClock::new();
    let token = CancelToken::with_deadline(at(5));
    let child = token.child();
    let error = clock.run(token.run_until_deadline(&clock, forever::<()>()));
    assert!(error.unwrap_err().cause().is_deadline());
    assert!(child.is_cancelled());
    assert_eq!((clock.now(), clock.sleepers()), (at(5), 0));
}

#[test]
fn a_deadline_from_above_passes_although_nobody_runs_there() {
    let never = CancelToken::new();
    let tokens = [
        CancelToken::with_deadline(at(5)).child(),
        CancelToken::with_deadline(at(5)).child_until(at(9)),
        CancelToken::with_deadline(at(5)).child_island(),
        CancelToken::any_of(&[&never, &CancelToken::with_deadline(at(5))]),
        CancelToken::all_of(&[&CancelToken::with_deadline(at(5))]),
    ];
    for token in tokens {
        let clock = ManualClock::new();
        let error = clock.run(token.run_until_deadline(&clock, forever::<()>()));
        assert!(error.unwrap_err().cause().is_deadline());
        assert_eq!((clock.now(), clock.sleepers()), (at(5), 0));
    }
    assert!(!never.is_cancelled());
}

#[test]
fn a_deadline_from_above_passes_although_whoever_ran_there_has_left() {
    static ROOT: Root = Root::new();
    let clock = ManualClock::new();
    let mut request = pin!(Child::new());
    let request = request.as_mut().attach_until(ROOT.token(), at(5));
    let query = request.child();
    let mut inner = pending(query.run_until_deadline(&clock, forever::<()>()));
    let outer = request.run_until_deadline(&clock, async {});
    assert_eq!(clock.run(outer), Ok(()));
    assert!(clock.run(inner.as_mut()).unwrap_err().cause().is_deadline());
    assert!(
        !request.is_cancelled(),
        "nobody looks at the clock for this one"
    );
}

#[test]
fn what_is_done_in_time_leaves_nothing_behind() {
    let clock = ManualClock::new();
    let token = CancelToken::with_deadline(at(5));
    assert_eq!(
        clock.run(token.run_until_deadline(&clock, async { 7 })),
        Ok(7)
    );
    assert_eq!(clock.sleepers(), 0);
    assert!(!token.is_cancelled());
}
