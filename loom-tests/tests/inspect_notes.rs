//! What children note of their polls beside those who look, under every interleaving.

mod explore;

use std::{
    future::{Future, pending, poll_fn, ready},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use explore::{Explore, explore, poll_now};
use loom::thread;
use pleach_loom::{
    Event, Semaphore,
    inspect::{Inspect, Node, TieKind, WaitKind},
    scope::{Scope, scope},
    select::race,
};

/// The child as it is.
fn child(s: &Scope<'_>) -> Option<Node> {
    let mut child = None;
    s.visit(&mut |node| {
        if node.id().number() == 1 {
            child = Some(*node);
        }
    });
    child
}

/// Waits there in this poll, and not in the next.
async fn once(wait: impl Future) {
    let mut wait = pin!(wait);
    let mut is_first = true;
    poll_fn(|cx| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        assert!(wait.as_mut().poll(cx).is_pending());
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Where a wait was begun, and where that was made at which it waits.
type Lines = (u32, u32);

/// The kind of the only wait, of which all must be of that kind.
fn kind(node: &Node, event: Lines, acquire: Lines) -> &'static str {
    let waits: Vec<_> = node.waits().iter().collect();
    let [wait] = waits[..] else {
        assert!(waits.is_empty());
        return "none";
    };
    let lines = (wait.site().line(), wait.resource().site().unwrap().line());
    let expected = match wait.kind() {
        WaitKind::Event => event,
        WaitKind::Acquire => acquire,
        other => panic!("{other:?}"),
    };
    assert_eq!(lines, expected);
    wait.kind().name()
}

#[test]
fn a_note_is_whole_or_not_seen() {
    Explore::new()
        .shallow(2)
        .run(&["acquire", "event", "none"], || {
            let (event, event_made) = (Arc::new(Event::new()), line!());
            let (none, none_made) = (Arc::new(Semaphore::new(0)), line!());
            let (driver, s) = scope();
            let at = line!() + 2;
            drop(s.spawn(async move {
                once(event.wait()).await;
                once(none.acquire()).await;
            }));
            let looks = s.clone();
            let other = thread::spawn(move || match child(&looks) {
                Some(node) => kind(&node, (at, event_made), (at + 1, none_made)),
                None => "none",
            });
            let mut running = pin!(driver.run(async {}));
            while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
            other.join().unwrap()
        });
}

#[test]
fn what_was_noted_and_taken_back_is_whole_or_not_seen() {
    Explore::new()
        .shallow(2)
        .run(&["acquire", "event", "none"], || {
            let (event, event_made) = (Arc::new(Event::new()), line!());
            let (none, none_made) = (Arc::new(Semaphore::new(0)), line!());
            let (driver, s) = scope();
            let at = line!() + 2;
            drop(s.spawn(async move {
                race((event.wait(), ready(()))).await;
                once(none.acquire()).await;
            }));
            let looks = s.clone();
            let other = thread::spawn(move || match child(&looks) {
                Some(node) => kind(&node, (at, event_made), (at + 1, none_made)),
                None => "none",
            });
            let mut running = pin!(driver.run(async {}));
            while poll_now(running.as_mut(), Waker::noop()).is_pending() {}
            other.join().unwrap()
        });
}

/// How many ties there are to something held.
fn held(node: &Node) -> usize {
    let ties = node.ties().iter();
    ties.filter(|tie| tie.kind() == TieKind::Holds).count()
}

#[test]
fn what_goes_back_elsewhere_is_held_until_then() {
    explore(&[0, 1], || {
        let semaphore = Arc::new(Semaphore::new(1));
        let given = Arc::new(Mutex::new(None));
        let (driver, s) = scope();
        drop(s.spawn({
            let given = Arc::clone(&given);
            async move {
                let permit = semaphore.acquire_owned().await.unwrap();
                *given.lock().unwrap() = Some(permit);
                pending::<()>().await;
            }
        }));
        let mut running = Box::pin(driver.run(async {}));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let permit = given.lock().unwrap().take().unwrap();
        assert_eq!(held(&child(&s).unwrap()), 1);
        let other = thread::spawn(move || drop(permit));
        let seen = held(&child(&s).unwrap());
        other.join().unwrap();
        assert_eq!(held(&child(&s).unwrap()), 0);
        seen
    });
}

/// The child's memory goes with the last who has it: its handle, its scope, or what it holds.
#[test]
fn what_is_held_may_outlive_the_child() {
    explore(&[()], || {
        let semaphore = Arc::new(Semaphore::new(1));
        let (driver, s) = scope();
        let handle = s.spawn({
            let semaphore = Arc::clone(&semaphore);
            async move { semaphore.acquire_owned().await.unwrap() }
        });
        drop(s);
        let mut running = Box::pin(driver.run(handle));
        let permit = loop {
            if let Poll::Ready(permit) = poll_now(running.as_mut(), Waker::noop()) {
                break permit.unwrap();
            }
        };
        let other = thread::spawn(move || drop(permit));
        drop(running);
        other.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}
