//! Wakers that come back: their clone, wake and drop use root, self and sibling.

use std::sync::Arc;

use pleach::CancelToken;

use crate::{is_ready, pending, poll, support::Hostile};

/// Uses every kind of operation on a token.
fn meddle(token: &CancelToken) {
    let child = token.child();
    let island = token.child_island();
    let _ = (token.is_cancelled(), token.cause(), token.phase());
    drop(pending_or_not(token));
    let registration = child.on_cancel(|_| ());
    drop(child.clone());
    drop(child);
    drop(registration);
    island.cancel();
    drop(island);
    let weak = token.downgrade();
    drop(weak.upgrade());
}

fn pending_or_not(token: &CancelToken) -> impl Sized + '_ {
    let mut wait = Box::pin(token.cancelled());
    let _ = is_ready(&mut wait);
    wait
}

#[test]
fn wakers_may_use_every_token_of_the_tree() {
    for target in 0..3 {
        for hook in 0..3 {
            let root = CancelToken::new();
            let tokens = Arc::new([root.child(), root.child(), root.clone()]);
            let meddle = {
                let tokens = Arc::clone(&tokens);
                move || {
                    meddle(&tokens[target]);
                    if hook > 0 {
                        tokens[target].cancel();
                    }
                }
            };
            let waker = match hook {
                0 => Hostile::default().on_clone(meddle),
                1 => Hostile::default().on_wake(meddle),
                _ => Hostile::default().on_drop(meddle),
            }
            .waker();
            let mut own = Box::pin(tokens[0].cancelled());
            assert!(poll(own.as_mut(), &waker).is_pending());
            let mut others: Vec<_> = (0..20).map(|_| pending(tokens[0].cancelled())).collect();
            let mut drained = Box::pin(tokens[0].drained());
            let _ = poll(drained.as_mut(), &waker);
            root.cancel();
            assert!(is_ready(&mut own) && others.iter_mut().all(is_ready));
        }
    }
}

#[test]
fn a_waker_that_is_replaced_is_dropped_outside_the_locks() {
    let token = Arc::new(CancelToken::new());
    let inside = Arc::clone(&token);
    let waker = Hostile::default().on_drop(move || meddle(&inside)).waker();
    let mut wait = Box::pin(token.cancelled());
    assert!(poll(wait.as_mut(), &waker).is_pending());
    drop(waker);
    assert!(!is_ready(&mut wait), "with another waker");
    drop(wait);
}

// Without `std` a second panic aborts.
#[cfg(feature = "std")]
#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken() {
    let token = CancelToken::new();
    let children: Vec<_> = (0..20).map(|_| token.child()).collect();
    let waker = Hostile::default().on_wake(|| panic!("woken")).waker();
    let mut waits: Vec<_> = children
        .iter()
        .map(|child| Box::pin(child.cancelled()))
        .collect();
    for (n, wait) in waits.iter_mut().enumerate() {
        if n % 2 == 0 {
            assert!(poll(wait.as_mut(), &waker).is_pending());
        } else {
            assert!(!is_ready(wait));
        }
    }
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| token.cancel()));
    assert!(panic.is_err());
    assert!(children.iter().all(|child| child.is_cancelled()));
    assert!(waits.iter_mut().all(is_ready));
    // The tree is as good as before.
    assert!(token.child().is_cancelled());
}

#[test]
fn a_waker_may_drop_the_last_handle_of_what_is_walked() {
    let token = CancelToken::new();
    let children: Vec<_> = (0..40).map(|_| token.child()).collect();
    let shared = Arc::new(std::sync::Mutex::new(children));
    let inside = Arc::clone(&shared);
    let waker = Hostile::default()
        .on_wake(move || drop(inside.lock().unwrap().pop()))
        .waker();
    let waiting: Vec<_> = shared
        .lock()
        .unwrap()
        .iter()
        .map(CancelToken::downgrade)
        .collect();
    let mut waits: Vec<_> = waiting
        .iter()
        .map(|weak| Box::pin(weak.upgrade().unwrap().cancelled_owned()))
        .collect();
    for wait in &mut waits {
        assert!(poll(wait.as_mut(), &waker).is_pending());
    }
    token.cancel();
    assert!(waits.iter_mut().all(is_ready));
    assert!(shared.lock().unwrap().is_empty());
}
