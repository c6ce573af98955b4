//! The token of a scope, its deadline and its grace.

mod support;

use std::{cell::Cell, future::pending, rc::Rc, time::Duration};

use pleach::{
    CancelToken, Event,
    cancel::{Cause, CauseKind, OrCancel},
    local_scope, scope,
    time::{Clock, Instant, ManualClock, sleep},
};
use support::{Hostile, block_on, poll_now, poll_with, yield_now};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u32) -> Instant {
    Instant::EPOCH + SECOND * seconds
}

fn kind(token: &CancelToken) -> CauseKind {
    token.cause().unwrap().kind()
}

#[test]
fn a_scope_is_cancelled_with_the_token_above() {
    let token = CancelToken::new();
    let results = block_on(scope!(token = &token, |s| {
        let running = s.spawn(async {
            token.cancel_with(Cause::user(3));
            yield_now().await;
            "goes on"
        });
        let running = running.await;
        let late = s.spawn(async {}).await;
        (running, late, s.is_cancelled())
    }));
    assert_eq!(results.0, Ok("goes on"));
    assert_eq!(results.1.unwrap_err().cause(), Cause::user(3));
    assert!(results.2);
}

#[test]
fn a_scope_below_a_cancelled_token_starts_nothing() {
    let token = CancelToken::new();
    token.cancel();
    let result = block_on(scope!(token = &token, |s| { s.spawn(async {}).await }));
    assert!(result.is_err());
}

#[test]
fn children_wait_at_the_token_and_scopes_nest() {
    block_on(scope!(|outer| {
        let token = outer.token();
        outer.spawn(async move {
            scope!(token = &token, |inner| {
                let token = inner.token();
                inner.spawn(async move { token.cancelled().await });
            })
            .await;
        });
        outer.spawn(async { outer.cancel() });
    }));
}

#[test]
fn the_token_tells_how_the_scope_ended() {
    let (driver, s) = scope::scope();
    let token = s.token();
    block_on(driver.run(async {}));
    assert_eq!(kind(&token), CauseKind::ScopeEnded);
    assert_eq!(kind(&s.token()), CauseKind::ScopeEnded, "a late one");

    let (driver, s) = scope::scope();
    let token = s.token();
    drop(driver);
    assert_eq!(kind(&token), CauseKind::ScopeEnded);

    let (driver, s) = scope::try_scope();
    let token = s.token();
    let sibling = s.spawn(pending::<()>());
    let result = block_on(driver.run_try(async { Err::<(), _>("no") }));
    assert_eq!(result, Err("no"));
    assert_eq!(kind(&token), CauseKind::SiblingFailed);
    assert_eq!(
        block_on(sibling).unwrap_err().cause().kind(),
        CauseKind::SiblingFailed
    );
}

#[cfg(feature = "std")]
#[test]
fn the_token_tells_of_a_panic() {
    let (driver, s) = scope::scope();
    let token = s.token();
    s.spawn(async { panic!("by hand") });
    let run = std::panic::AssertUnwindSafe(|| block_on(driver.run(async {})));
    let panic = std::panic::catch_unwind(run);
    assert!(panic.is_err());
    assert_eq!(kind(&token), CauseKind::Panicked);
}

#[test]
fn destructors_of_children_find_the_token_cancelled() {
    struct Looks(CancelToken, Rc<Cell<bool>>);
    impl Drop for Looks {
        fn drop(&mut self) {
            self.1.set(self.0.is_cancelled());
        }
    }
    let seen = Rc::new(Cell::new(false));
    let result = block_on(pleach::try_local_scope!(|s| -> &str {
        let looks = Looks(s.token(), Rc::clone(&seen));
        s.spawn(async move {
            let _looks = looks;
            pending::<()>().await;
        });
        yield_now().await;
        Err::<(), _>("ends it")
    }));
    assert!(result.is_err() && seen.get());
}

#[test]
fn a_deadline_cancels_gracefully() {
    let clock = ManualClock::new();
    let seen = clock.run(scope!(deadline = (&clock, at(5)), |s| {
        let token = s.token();
        assert_eq!(token.deadline(), Some(at(5)));
        let stubborn = s.spawn(sleep(&clock, SECOND * 9));
        let cause = token.cancelled().await;
        assert_eq!(clock.now(), at(5));
        (
            cause.kind(),
            s.spawn(async {}).await.is_err(),
            stubborn.await,
            clock.now(),
        )
    }));
    assert_eq!(seen, (CauseKind::Deadline, true, Ok(()), at(9)));
}

#[test]
fn a_scope_that_is_done_in_time_does_not_wait_for_its_deadline() {
    let clock = ManualClock::new();
    let token = clock.run(scope!(
        deadline = (&clock, at(5)),
        grace = (&clock, SECOND),
        |s| {
            s.spawn(sleep(&clock, SECOND));
            s.token()
        }
    ));
    assert_eq!((clock.now(), clock.sleepers()), (at(1), 0));
    assert_eq!(kind(&token), CauseKind::ScopeEnded);
}

#[test]
fn the_earliest_deadline_counts() {
    let clock = ManualClock::new();
    let request = CancelToken::with_deadline(at(3));
    let ended = clock.run(request.run_until_deadline(&clock, async {
        scope!(token = &request, deadline = (&clock, at(5)), |s| {
            let mut wait = Box::pin(sleep(&clock, SECOND));
            assert!(poll_now(wait.as_mut()).is_pending());
            yield_now().await;
            assert_eq!(
                clock.sleepers(),
                3,
                "this one, the request's and the scope's"
            );
            assert_eq!(s.token().deadline(), Some(at(3)));
            s.token().cancelled().await;
        })
        .await;
    }));
    // Whether the scope is done in that very poll does not matter here.
    assert!(ended.is_ok() || request.is_cancelled());
    assert_eq!(clock.now(), at(3));
}

/// When a scope with these settings is cancelled, by its own timer.
macro_rules! end {
    ($clock:ident, $($settings:tt)*) => {{
        let $clock = ManualClock::new();
        let end = $clock.run(scope!($($settings)*, |s| {
            let token = s.token();
            assert!(token.cancelled().await.is_deadline());
            assert_eq!(token.deadline(), Some($clock.now()));
            $clock.now()
        }));
        assert_eq!($clock.sleepers(), 0);
        end
    }};
}

#[test]
fn a_scope_with_a_timer_makes_the_earliest_deadline_pass_in_whatever_order() {
    let never = CancelToken::new();
    let [soon, late] = [at(5), at(9)].map(CancelToken::with_deadline);
    assert_eq!(
        end!(clock, token = &soon, deadline = (&clock, at(9))),
        at(5)
    );
    assert_eq!(
        end!(clock, deadline = (&clock, at(9)), token = &soon),
        at(5)
    );
    assert_eq!(
        end!(clock, token = &late, deadline = (&clock, at(5))),
        at(5)
    );
    assert_eq!(
        end!(clock, deadline = (&clock, at(5)), token = &late),
        at(5)
    );
    assert_eq!(
        end!(clock, token = &never, deadline = (&clock, at(8))),
        at(8)
    );
    assert_eq!(
        end!(clock, deadline = (&clock, at(8)), token = &never),
        at(8)
    );
    assert_eq!(
        end!(clock, token = &soon, deadline = (&clock, Instant::MAX)),
        at(5)
    );
    assert_eq!(
        end!(
            clock,
            deadline = (&clock, at(9)),
            deadline = (&clock, at(5)),
            token = &late
        ),
        at(5)
    );
    assert_eq!(
        end!(
            clock,
            deadline = (&clock, at(5)),
            token = &late,
            deadline = (&clock, at(9))
        ),
        at(5)
    );
    assert!(!soon.is_cancelled() && !late.is_cancelled());
}

#[test]
fn the_timer_with_the_earliest_time_of_its_own_runs() {
    let (clock, other) = (ManualClock::new(), ManualClock::new());
    let end = clock.run(scope!(
        deadline = (&clock, at(5)),
        deadline = (&other, at(7)),
        deadline = (&other, Instant::MAX),
        |s| {
            s.token().cancelled().await;
            clock.now()
        }
    ));
    assert_eq!(end, at(5));
}

#[test]
fn the_grace_ends_children_that_stay() {
    let clock = ManualClock::new();
    let dropped = Event::new();
    struct Sets<'a>(&'a Event);
    impl Drop for Sets<'_> {
        fn drop(&mut self) {
            self.0.set();
        }
    }
    let result = clock.run(scope!(grace = (&clock, SECOND * 3), |s| {
        let sets = Sets(&dropped);
        let stubborn = s.spawn(async move {
            let _sets = sets;
            pending::<()>().await;
        });
        let quick = s.spawn(sleep(&clock, SECOND * 2));
        sleep(&clock, SECOND).await;
        s.cancel_with(CauseKind::Shutdown);
        (
            quick.await,
            stubborn.await.map_err(|error| error.cause().kind()),
        )
    }));
    assert_eq!(result, (Ok(()), Err(CauseKind::Shutdown)));
    assert!(dropped.is_set());
    assert_eq!(clock.now(), at(4));
}

#[test]
fn deadline_and_grace_follow_one_another() {
    let clock = ManualClock::new();
    let error = clock.run(scope!(
        deadline = (&clock, at(5)),
        grace = (&clock, SECOND),
        |s| { s.spawn(pending::<()>()).await.unwrap_err() }
    ));
    assert_eq!(
        (error.cause().kind(), clock.now()),
        (CauseKind::Deadline, at(6))
    );
}

#[test]
fn a_handle_may_be_waited_for_with_a_token() {
    let token = CancelToken::new();
    block_on(scope!(|s| {
        let child = s.spawn(yield_now());
        token.cancel();
        assert!(child.or_cancel(&token).await.is_err());
    }));
}

#[test]
fn local_scopes_have_them_too() {
    let clock = ManualClock::new();
    let shared = Rc::new(Cell::new(0));
    clock.run(local_scope!(
        deadline = (&clock, at(2)),
        grace = (&clock, SECOND),
        |s| {
            let shared = Rc::clone(&shared);
            s.spawn(async move {
                shared.set(1);
                pending::<()>().await;
            });
            s.token().cancelled().await;
        }
    ));
    assert_eq!((shared.get(), clock.now()), (1, at(3)));
}

#[test]
fn a_cancel_whose_wake_panics_still_cancels_the_token() {
    let (driver, s) = scope::scope();
    let token = s.token();
    let mut running = Box::pin(driver.run(pending::<()>()));
    let waker = Hostile::default().on_wake(|| panic!("a wake")).waker();
    assert!(poll_with(running.as_mut(), &waker).is_pending());
    let cancel = std::panic::AssertUnwindSafe(|| s.cancel_with(CauseKind::Shutdown));
    assert!(std::panic::catch_unwind(cancel).is_err());
    assert!(s.is_cancelled());
    assert_eq!(
        kind(&token),
        CauseKind::Shutdown,
        "children may wait for it"
    );
}

#[test]
fn without_its_scope_a_token_is_let_go_of() {
    let token = CancelToken::new();
    let (driver, s) = scope::scope();
    let driver = driver.token(&token);
    let of_scope = s.token();
    drop(driver);
    drop((s, of_scope));
    assert!(poll_now(Box::pin(token.drained()).as_mut()).is_ready());
}
