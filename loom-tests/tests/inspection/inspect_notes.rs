//! What children note of their polls beside those who look, under every interleaving.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use crate::explore::{Explore, explore, poll_now};
use loom::thread;
use pleach_loom::{
    Event, Semaphore,
    inspect::{
        Inspect, Made, Name, Node, Site, Stamp, TieKind, Wait, WaitKind, WaitNotes, waiting,
    },
    scope::{Scope, scope},
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

/// Of two on a line, that of the first is not behind this.
const FIRST_COLUMN: u32 = 40;

/// The kind of the only wait, of which all must be of that kind.
fn kind(notes: &WaitNotes, at: &[Made; 2]) -> &'static str {
    let waits = notes.waits(Stamp::now());
    let Some(wait) = waits.iter().next() else {
        return "none";
    };
    let n = usize::from(wait.kind() == WaitKind::Acquire);
    assert_eq!(wait.resource(), &at[n].resource());
    assert_eq!(wait.site().column() > FIRST_COLUMN, n == 1);
    wait.kind().name()
}

/// What is noted of a poll that is over when this returns.
fn poll(notes: &WaitNotes, kind: WaitKind, site: &Site, at: &Made) {
    let _running = notes.running();
    notes.note(kind, site, at.resource());
}

#[test]
fn a_note_is_whole_or_not_seen() {
    explore(&["acquire", "event", "none"], || {
        let notes = Arc::new(WaitNotes::new(Stamp::now()));
        let sites = Arc::new([Site::here(), Site::here()]);
        let at = Arc::new([Made::here(), Made::here()]);
        poll(&notes, WaitKind::Event, &sites[0], &at[0]);
        let other = {
            let (notes, at) = (Arc::clone(&notes), Arc::clone(&at));
            thread::spawn(move || kind(&notes, &at))
        };
        poll(&notes, WaitKind::Acquire, &sites[1], &at[1]);
        other.join().unwrap()
    });
}

/// In one poll, where the head of the one note is that of the other but for the round.
#[test]
fn what_was_noted_and_taken_back_is_whole_or_not_seen() {
    explore(&["event", "none"], || {
        let notes = Arc::new(WaitNotes::new(Stamp::now()));
        let sites = Arc::new([Site::here(), Site::here()]);
        let at = Arc::new([Made::here(), Made::here()]);
        let _running = notes.running();
        let before = notes.noted();
        notes.note(WaitKind::Event, &sites[0], at[0].resource());
        let other = {
            let (notes, at) = (Arc::clone(&notes), Arc::clone(&at));
            thread::spawn(move || {
                let waits = notes.waits(Stamp::now());
                waits.iter().next().map_or("none", |wait| {
                    let is_of = |n: usize| wait.resource() == &at[n].resource();
                    let column = wait.site().column();
                    assert!(is_of(usize::from(column > FIRST_COLUMN)));
                    wait.kind().name()
                })
            })
        };
        notes.take_back(before);
        notes.note(WaitKind::Event, &sites[1], at[1].resource());
        other.join().unwrap()
    });
}

/// What is kept is of the new round, and looks as if it had just been written.
#[test]
fn what_stays_when_others_are_taken_back_is_whole_or_not_seen() {
    Explore::new()
        .shallow(1)
        .run(&["acquire", "event", "none"], || {
            let notes = Arc::new(WaitNotes::new(Stamp::now()));
            let sites = Arc::new([Site::here(), Site::here()]);
            let at = Arc::new([Made::here(), Made::here()]);
            poll(&notes, WaitKind::Acquire, &sites[1], &at[1]);
            let other = {
                let (notes, at) = (Arc::clone(&notes), Arc::clone(&at));
                thread::spawn(move || kind(&notes, &at))
            };
            let _running = notes.running();
            notes.note(WaitKind::Event, &sites[0], at[0].resource());
            let before = notes.noted();
            notes.note(WaitKind::Event, &sites[0], at[0].resource());
            notes.take_back(before);
            other.join().unwrap()
        });
}

/// By clones of one child's waker: then notes may be mixed up, and no more than that.
#[test]
fn two_threads_may_note_at_a_time() {
    Explore::new().shallow(2).run(&["0", "1", "2"], || {
        let notes = Arc::new(WaitNotes::new(Stamp::now()));
        let sites = Arc::new([Site::here(), Site::here()]);
        let at = Arc::new([Made::here(), Made::here()]);
        notes.note(WaitKind::Event, &sites[0], at[0].resource());
        let other = {
            let (notes, sites, at) = (Arc::clone(&notes), Arc::clone(&sites), Arc::clone(&at));
            thread::spawn(move || notes.note(WaitKind::Event, &sites[0], at[0].resource()))
        };
        let before = notes.noted();
        notes.note(WaitKind::Acquire, &sites[1], at[1].resource());
        let _ = notes.take_back(before);
        let noted = notes.waits(Stamp::now()).iter().count();
        other.join().unwrap();
        ["0", "1", "2", "3"][noted]
    });
}

/// What the only wait is called, and whether it is known where what is waited at was made.
fn called(notes: &WaitNotes) -> (&'static str, bool) {
    let waits = notes.waits(Stamp::now());
    let wait = waits.iter().next();
    wait.map_or(("none", false), |wait| {
        (wait.what(), wait.resource().site().is_some())
    })
}

#[test]
fn a_name_is_whole_or_not_seen() {
    explore(
        &[("a socket", false), ("event", true), ("none", false)],
        || {
            let notes = Arc::new(WaitNotes::new(Stamp::now()));
            let (site, at) = (Site::here(), Made::here());
            poll(&notes, WaitKind::Event, &site, &at);
            let other = {
                let notes = Arc::clone(&notes);
                thread::spawn(move || called(&notes))
            };
            let running = notes.running();
            notes.note_named(Name::new(&"a socket"), &site);
            drop(running);
            other.join().unwrap()
        },
    );
}

/// Two threads at a time, by clones of one child's waker: the kind may be that of the one and the name of the other,
/// but it is a name or nothing, and a place or nothing.
#[test]
fn a_name_is_one_whoever_writes_beside() {
    let outcomes = [("a socket", false), ("event", true), ("other", true)];
    explore(&outcomes, || {
        let notes = Arc::new(WaitNotes::new(Stamp::now()));
        let (sites, at) = (
            Arc::new([Site::here(), Site::here()]),
            Arc::new(Made::here()),
        );
        let write = [
            thread::spawn({
                let (notes, sites) = (Arc::clone(&notes), Arc::clone(&sites));
                move || notes.note_named(Name::new(&"a socket"), &sites[0])
            }),
            thread::spawn({
                let (notes, sites, at) = (Arc::clone(&notes), Arc::clone(&sites), Arc::clone(&at));
                move || notes.note(WaitKind::Event, &sites[1], at.resource())
            }),
        ];
        for write in write {
            write.join().unwrap();
        }
        called(&notes)
    });
}

/// What the only wait of the child is called.
fn called_there(s: &Scope<'_>) -> &'static str {
    let child = child(s).unwrap();
    let mut waits = child.waits().iter().map(Wait::what);
    let first = waits.next().unwrap_or("none");
    assert_eq!(waits.next(), None);
    first
}

/// While the child is polled as well: what knows less is not told meanwhile.
#[test]
fn a_name_is_not_seen_of_what_is_noted_within() {
    Explore::new().shallow(2).run(&["event", "none"], || {
        let other = Arc::new(Mutex::new(None));
        let (driver, s) = scope();
        drop(s.spawn({
            let (s, other) = (s.clone(), Arc::clone(&other));
            let wait = async move {
                let looks = thread::spawn(move || called_there(&s));
                *other.lock().unwrap() = Some(looks);
                Event::new().wait().await;
            };
            waiting(&"a name", wait)
        }));
        let mut running = Box::pin(driver.run(async {}));
        assert!(poll_now(running.as_mut(), Waker::noop()).is_pending());
        let other = other.lock().unwrap().take().unwrap();
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
