//! Memory: sizes, and what is leaked or moved.

use std::mem::{size_of, size_of_val};

use pleach::{
    CancelToken,
    cancel::{CancelGuard, Cause, Child, Root, Token},
};

use crate::{pending, support::forget};

#[test]
fn sizes_are_as_promised() {
    if cfg!(all(
        target_pointer_width = "64",
        target_os = "linux",
        feature = "std"
    )) {
        assert!(size_of::<Token>() <= 128, "{}", size_of::<Token>());
        assert_eq!(size_of::<CancelToken>(), 8);
        let token = CancelToken::new();
        assert!(size_of_val(&token.cancelled()) <= 56);
        assert!(size_of_val(&token.run(async {})) <= 96);
        assert!(size_of::<Cause>() <= 24);
        assert!(size_of::<CancelGuard<CancelToken>>() <= 16);
    }
}

#[test]
fn everything_may_be_sent_and_shared() {
    fn both<T: Send + Sync>(_: &T) {}
    let token = CancelToken::new();
    both(&token);
    both(&*token);
    both(&token.downgrade());
    both(&token.cancelled());
    both(&token.on_cancel(|_| ()));
    both(&token.run(std::future::ready(1)));
    both(&Child::new());
}

#[test]
fn a_wait_that_is_leaked_harms_nobody() {
    let token = CancelToken::new();
    let child = token.child();
    forget(pending(child.cancelled()));
    forget(pending(token.cancelled()));
    forget(pending(token.drained()));
    let moved = Box::new(token);
    drop(child);
    moved.cancel();
    drop(moved);
}

#[test]
fn a_wait_that_is_leaked_at_a_token_that_goes_uncancelled_harms_nobody() {
    let token = CancelToken::new();
    forget(pending(token.child().cancelled_owned()));
    let child = token.child();
    forget(pending(child.stopping()));
    drop(child);
    drop(token);
}

#[test]
fn a_run_and_a_guard_that_are_leaked_harm_nobody() {
    let token = CancelToken::new();
    forget(pending(token.run(std::future::pending::<()>())));
    forget(token.guard_ref());
    forget(token.on_cancel(|_| ()));
    token.cancel();
}

#[test]
fn a_pinned_child_that_is_leaked_harms_nobody() {
    static ROOT: Root = Root::new();
    let mut leaked = Box::pin(Child::new());
    leaked.as_mut().attach(ROOT.token());
    forget(leaked);

    let token = CancelToken::new();
    {
        let mut leaked = Box::pin(Child::new());
        let below = leaked.as_mut().attach(&token).child();
        forget(leaked);
        drop(below);
    }
    let after = token.child();
    drop(token);
    assert!(!after.is_cancelled());
    ROOT.token().cancel();
}

#[test]
fn handles_that_are_leaked_leak_only_memory() {
    let token = CancelToken::new();
    forget(token.child());
    forget(token.child_island());
    forget(token.downgrade());
    token.cancel();
}
