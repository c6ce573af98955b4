//! The token of a scope: what cancels the one cancels the other, under every interleaving.

use std::sync::Arc;

use crate::explore::{Explore, explore, task::finish, token::elsewhere};
use loom::thread;
use pleach_loom::{CancelToken, cancel::CauseKind, scope};

#[test]
fn a_cancel_of_the_token_cancels_the_scope() {
    Explore::new().shallow(3).run(&[true, false], || {
        let token = CancelToken::new();
        let (driver, s) = scope::scope();
        let other = elsewhere(&token, |token| token.cancel());
        // Before or after.
        let driver = driver.token(&token);
        let was_cancelled = s.is_cancelled();
        let child = s.spawn(async {});
        other.join().unwrap();
        assert!(s.is_cancelled());
        // It was spawned before or after: it is not started any more.
        loom::future::block_on(driver.run(async { assert!(child.await.is_err()) }));
        was_cancelled
    });
}

#[test]
fn a_cancel_of_the_scope_cancels_its_token_however_late_that_is_asked_for() {
    explore(&[false, true], || {
        let (driver, s) = scope::scope();
        let other = {
            let s = s.clone();
            thread::spawn(move || {
                let token = s.token();
                let was_cancelled = token.is_cancelled();
                (token, was_cancelled)
            })
        };
        s.cancel_with(CauseKind::Shutdown);
        let (token, was_cancelled) = other.join().unwrap();
        assert_eq!(token.cause(), Some(CauseKind::Shutdown.into()));
        drop(driver);
        was_cancelled
    });
}

#[test]
fn the_token_of_a_scope_that_ends_has_the_cause_of_the_scope() {
    Explore::new()
        .shallow(3)
        .run(&[CauseKind::Shutdown, CauseKind::ScopeEnded], || {
            let (driver, s) = scope::scope();
            let token = s.token();
            let other = {
                let s = s.clone();
                thread::spawn(move || {
                    s.cancel_with(CauseKind::Shutdown);
                    s
                })
            };
            drop(driver);
            drop(other.join().unwrap());
            // One that is asked for late has the cause that the handles give.
            assert_eq!(token.cause(), s.token().cause());
            token.cause().unwrap().kind()
        });
}

#[test]
fn the_end_of_the_scope_lets_go_of_the_token() {
    explore(&[CauseKind::Requested, CauseKind::ScopeEnded], || {
        let token = CancelToken::new();
        let (driver, s) = scope::scope();
        let of_scope = {
            let driver = driver.token(&token);
            let of_scope = s.token();
            let other = {
                let token = token.clone();
                thread::spawn(move || token.cancel())
            };
            finish(driver.run(async {}), other);
            of_scope
        };
        drop((s, token));
        of_scope.cause().unwrap().kind()
    });
}

#[test]
fn two_that_ask_for_the_token_get_the_same() {
    explore(&[()], || {
        let (driver, s) = scope::scope();
        let other = elsewhere(&s, |s| s.token());
        let here = s.token();
        let there = other.join().unwrap();
        assert!(here.same(&there));
        drop(driver);
        assert!(here.is_cancelled());
    });
}

#[test]
fn a_handle_tells_why() {
    explore(&[CauseKind::Requested, CauseKind::ScopeEnded], || {
        let (driver, s) = scope::scope();
        let child = s.spawn(async {});
        let other = {
            let s = Arc::new(s);
            thread::spawn(move || s.cancel())
        };
        drop(driver);
        other.join().unwrap();
        let cancelled = loom::future::block_on(child).unwrap_err();
        cancelled.cause().kind()
    });
}
