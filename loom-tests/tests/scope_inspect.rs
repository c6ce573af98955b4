//! Scopes looked at beside what goes on in them, under every interleaving.

mod explore;

use std::task::Waker;

use explore::{Explore, explore, is_ready, pending, poll_now};
use loom::thread;
use pleach_loom::{
    inspect::{Inspect, NodeKind},
    scope::{Scope, scope},
};

/// What is told, but for the scope that is looked at.
fn below(s: &Scope<'_>) -> Vec<String> {
    let mut told = Vec::new();
    s.visit(&mut |node| {
        if node.parent().is_some() {
            told.push(node.id().to_string());
        }
    });
    told
}

/// What a thread finds beside.
fn beside(s: &Scope<'static>) -> thread::JoinHandle<Vec<String>> {
    let s = s.clone();
    thread::spawn(move || below(&s))
}

fn told(ids: &[&str]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn beside_a_spawn_it_tells_of_those_before_it() {
    explore(&[told(&["0#1"]), told(&["0#1", "0#2"])], || {
        let (driver, s) = scope();
        drop(s.spawn(async {}));
        let other = beside(&s);
        drop(s.spawn(async {}));
        let seen = other.join().unwrap();
        assert_eq!(below(&s), told(&["0#1", "0#2"]));
        drop(driver);
        seen
    });
}

#[test]
fn beside_completion_it_tells_of_the_child_or_not() {
    Explore::new()
        .shallow(2)
        .run(&[told(&[]), told(&["0#1"])], || {
            let (driver, s) = scope();
            drop(s.spawn(async {}));
            let other = beside(&s);
            let mut running = Box::pin(driver.run(async {}));
            while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
            assert_eq!((below(&s), s.live()), (told(&[]), 0));
            other.join().unwrap()
        });
}

#[test]
fn beside_a_cancel_it_tells_of_an_unstarted_child_or_not() {
    Explore::new()
        .shallow(2)
        .run(&[told(&[]), told(&["0#1"])], || {
            let (driver, s) = scope();
            drop(s.spawn(async {}));
            let other = beside(&s);
            s.cancel();
            let mut running = Box::pin(driver.run(async {}));
            while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
            assert_eq!(s.live(), 0);
            other.join().unwrap()
        });
}

#[test]
fn a_spawn_that_is_refused_leaves_nothing_in_the_list() {
    explore(&[true, false], || {
        let (driver, s) = scope();
        let other = {
            let s = s.clone();
            thread::spawn(move || s.try_spawn(async {}).is_ok())
        };
        drop(driver);
        let accepted = other.join().unwrap();
        assert_eq!((below(&s), s.live()), (told(&[]), 0));
        accepted
    });
}

#[test]
fn two_that_look_pass_each_other_and_each_tells_of_all() {
    Explore::new().shallow(2).run(&[()], || {
        let (driver, s) = scope();
        for _ in 0..3 {
            drop(s.spawn(async {}));
        }
        let other = beside(&s);
        assert_eq!(below(&s), told(&["0#1", "0#2", "0#3"]));
        assert_eq!(other.join().unwrap(), told(&["0#1", "0#2", "0#3"]));
        drop(driver);
    });
}

#[test]
fn a_child_is_named_beside_a_look() {
    explore(&[None, Some("old"), Some("new")], || {
        let (driver, s) = scope();
        let handle = s.spawn(async {});
        let other = thread::spawn(move || handle.named("old").named("new"));
        let mut name = None;
        s.visit(&mut |node| name = node.name());
        drop(other.join().unwrap());
        let mut running = Box::pin(driver.run(async {}));
        while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
        name
    });
}

#[test]
fn a_scope_that_is_linked_meanwhile_is_told_of_or_not() {
    Explore::new()
        .shallow(1)
        .run(&[told(&[]), told(&["1#0"])], || {
            let (driver, s) = scope();
            let other = beside(&s);
            // In the body.
            let mut running = Box::pin(driver.run(async {
                let (inner, _s) = scope();
                inner.run(std::future::pending::<()>()).await;
            }));
            assert!(!is_ready(&mut running));
            assert_eq!(below(&s), told(&["1#0"]));
            let seen = other.join().unwrap();
            drop(running);
            assert_eq!((below(&s), s.live()), (told(&[]), 0));
            seen
        });
}

#[test]
fn a_scope_that_ends_meanwhile_is_told_of_or_not_and_its_block_goes_once() {
    Explore::new()
        .shallow(2)
        .run(&[told(&[]), told(&["1#0"])], || {
            let (driver, s) = scope();
            let running = pending(driver.run(async {
                let (inner, _s) = scope();
                inner.run(std::future::pending::<()>()).await;
            }));
            let other = beside(&s);
            drop(running);
            assert_eq!(s.live(), 0);
            other.join().unwrap()
        });
}

#[test]
fn a_nested_scope_is_looked_at_by_itself_while_it_ends() {
    Explore::new()
        .shallow(2)
        .run(&[vec![NodeKind::Scope as u8]], || {
            let (driver, _s) = scope();
            let (inner, nested) = scope();
            let running = pending(driver.run(async {
                inner.run(std::future::pending::<()>()).await;
            }));
            let other = thread::spawn(move || {
                let mut kinds = Vec::new();
                nested.visit(&mut |node| {
                    assert_eq!(node.parent(), None);
                    kinds.push(node.kind() as u8);
                });
                kinds
            });
            drop(running);
            other.join().unwrap()
        });
}

#[test]
fn what_is_left_below_a_scope_that_ends_is_told_of_once() {
    Explore::new().shallow(2).run(&[()], || {
        let (driver, s) = scope();
        let (between, _s) = scope();
        let (kept, _s) = scope();
        let mut kept = Box::pin(kept.run(std::future::pending::<()>()));
        let running = pending(driver.run(async {
            between
                .run(async {
                    let mut kept = kept.as_mut();
                    std::future::poll_fn(|cx| kept.as_mut().poll(cx)).await;
                })
                .await;
        }));
        let other = beside(&s);
        drop(running);
        let seen = other.join().unwrap();
        assert_eq!(seen.iter().filter(|id| *id == "2#0").count(), 1);
        assert_eq!(below(&s), told(&["2#0"]));
        drop(kept);
        assert_eq!(s.live(), 0);
    });
}
