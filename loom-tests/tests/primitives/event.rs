//! The event: sets, resets, waits and their ends under every interleaving.
//!
//! What is held here of wakes, marks and nodes holds for latches and wait groups too, which
//! wait in the same way.

use std::{
    pin::pin,
    sync::Arc,
    task::{Wake, Waker},
};

use crate::explore::{
    Explore, explore,
    guarded::{Guarded, beside},
    is_ready, pending, poll_now,
    task::is_ready_for_another,
};
use loom::future::block_on;
use pleach_loom::{
    Event,
    internals::complete::{AtomicUsize, Ordering},
};

fn event() -> Arc<Guarded<Event>> {
    Guarded::with(Event::new())
}

fn has_waiters(event: &Event) -> bool {
    format!("{event:?}").contains("has_waiters: true")
}

#[test]
fn a_wait_ends_and_sees_what_the_setter_did() {
    explore(&[1], || {
        let event = event();
        let other = beside(&event, |event| {
            event.write();
            event.set();
        });
        block_on(event.wait());
        let seen = event.read();
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_wait_that_ended_though_it_was_reset_sees_what_the_setter_did() {
    explore(&[Some(1), None], || {
        let event = event();
        let mut wait = pending(event.wait());
        let other = beside(&event, |event| {
            event.write();
            event.set();
            event.reset();
        });
        // A poll that nothing woke, and what was waited for is gone again.
        let seen = is_ready(&mut wait).then(|| event.read());
        other.join().unwrap();
        assert!(seen.is_some() || is_ready(&mut wait));
        seen
    });
}

#[test]
fn whoever_finds_it_set_sees_what_the_setter_did() {
    explore(&[None, Some(1)], || {
        let event = event();
        let other = beside(&event, |event| {
            event.write();
            event.set();
        });
        let seen = event.is_set().then(|| event.read());
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_reset_that_finds_it_set_sees_what_the_setter_did() {
    explore(&[None, Some(1)], || {
        let event = event();
        let other = beside(&event, |event| {
            event.write();
            event.set();
        });
        let seen = event.reset().then(|| event.read());
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_set_that_finds_it_set_is_seen_by_the_reset_that_undoes_it() {
    // Never (0, false): then the work is not seen and the event does not tell of it.
    explore(&[(0, true), (1, true), (1, false)], || {
        let event = event();
        event.set();
        let work = Arc::new(AtomicUsize::new(0));
        let other = {
            let work = Arc::clone(&work);
            beside(&event, move |event| {
                work.store(1, Ordering::Relaxed);
                event.set();
            })
        };
        event.reset();
        let seen = work.load(Ordering::Relaxed);
        other.join().unwrap();
        (seen, event.is_set())
    });
}

#[test]
fn whoever_waits_after_a_reset_is_left_alone_by_the_set_before() {
    explore(&[true, false], || {
        let event = event();
        // More than a batch, so that the reset may come between two of them.
        let mut before = [(); 3].map(|()| pending(event.wait()));
        let other = beside(&event, |event| event.set());
        let was_set = event.reset();
        let late = was_set.then(|| pending(event.wait()));
        other.join().unwrap();
        assert!(before.iter_mut().all(is_ready));
        if let Some(mut late) = late {
            assert!(!is_ready(&mut late));
            event.set();
            assert!(is_ready(&mut late));
        }
        assert!(!has_waiters(&event));
        was_set
    });
}

#[test]
fn a_set_returns_when_all_are_let_go_whichever_set_does_it() {
    Explore::new().shallow(3).run(&[true, false], || {
        let event = event();
        let mut before = [(); 3].map(|()| pending(event.wait()));
        let other = beside(&event, |event| event.set());
        let was_set = event.reset();
        let mut late = Box::pin(event.wait());
        let at_once = is_ready(&mut late);
        event.set();
        // Also when the other set came first and is still at work.
        assert!(at_once || is_ready(&mut late));
        assert!(before.iter_mut().all(is_ready));
        other.join().unwrap();
        assert!(!has_waiters(&event));
        was_set
    });
}

#[test]
fn a_set_that_finds_nobody_waiting_has_behind_it_that_they_were_let_go() {
    explore(&[true, false], || {
        let event = event();
        let mut before = pending(event.wait());
        let other = beside(&event, |event| event.set());
        let was_set = event.is_set();
        event.set();
        event.reset();
        // Its node alone tells: the event is not set any more.
        assert!(is_ready(&mut before));
        other.join().unwrap();
        was_set
    });
}

#[test]
fn a_set_against_a_poll_and_a_drop_leaves_no_link() {
    explore(&[true, false], || {
        let event = event();
        let mut waiting = [(); 3].map(|()| pending(event.wait()));
        let other = beside(&event, |event| event.set());
        let early = is_ready(&mut waiting[2]);
        drop(waiting);
        other.join().unwrap();
        assert!(!has_waiters(&event));
        early
    });
}

#[test]
fn one_that_leaves_takes_the_flag_from_no_other() {
    explore(&[()], || {
        let event = event();
        let first = pending(event.wait());
        let other = beside(&event, |event| block_on(event.wait()));
        drop(first);
        event.set();
        other.join().unwrap();
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let event = event();
        let mut wait = pending(event.wait());
        let other = beside(&event, |event| event.set());
        is_ready_for_another(&mut wait, other)
    });
}

/// Resets the event and waits anew when it is woken.
struct Again(Arc<Guarded<Event>>);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.reset();
        let mut wait = pin!(self.0.wait());
        let _ = poll_now(wait.as_mut(), Waker::noop());
    }
}

#[test]
fn a_wake_that_re_enters_keeps_nobody_from_being_let_go() {
    explore(&[true, false], || {
        let event = event();
        let mut first = Box::pin(event.wait());
        let waker = Waker::from(Arc::new(Again(Arc::clone(&event))));
        assert!(poll_now(first.as_mut(), &waker).is_pending());
        drop(waker);
        let mut others = [(); 2].map(|()| pending(event.wait()));
        let other = beside(&event, |event| event.set());
        let early = is_ready(&mut others[1]);
        other.join().unwrap();
        assert!(is_ready(&mut first) && is_ready(&mut others[0]));
        assert!(early || is_ready(&mut others[1]));
        early
    });
}
