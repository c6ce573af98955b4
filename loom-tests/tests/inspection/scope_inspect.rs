//! Scopes looked at beside what goes on in them, under every interleaving.

use std::{
    future::Future,
    mem,
    num::NonZeroUsize,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use crate::explore::{Explore, explore, is_ready, pending, poll_now};
use loom::thread;
use pleach_loom::{
    Event,
    group::{Discard, open},
    inspect::{Inspect, Node, NodeKind, State},
    par::par_scope,
    runtime::Spawn,
    scope::{Scope, scope},
};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is told, but for the scope that is looked at.
fn below(s: &impl Inspect) -> Vec<String> {
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

#[test]
fn a_body_is_named_beside_a_look() {
    explore(&[None, Some("new")], || {
        let (driver, s) = scope();
        let other = thread::spawn(move || {
            let mut name = None;
            s.visit(&mut |node| name = node.name());
            name
        });
        drop(driver.named("new"));
        other.join().unwrap()
    });
}

/// Is pending once, and wakes itself.
fn once() -> Work {
    let mut is_ready = false;
    Box::pin(std::future::poll_fn(move |cx| {
        if mem::replace(&mut is_ready, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }))
}

/// The second child is in the place of the first, whose card is filled anew.
#[test]
fn beside_the_end_of_a_groups_child_it_tells_of_that_or_the_next_or_none() {
    Explore::new()
        .shallow(2)
        .run(&[told(&["0#1"]), told(&["0#2"]), told(&[])], || {
            let (group, spawner) = open();
            for _ in 0..2 {
                assert!(spawner.spawn(once()).is_ok());
            }
            let mut running = pending(group.limit(NonZeroUsize::MIN).join(Discard::new()));
            assert_eq!(below(&spawner), told(&["0#1"]));
            let looks = spawner.clone();
            let other = thread::spawn(move || below(&looks));
            while spawner.live() > 0 && below(&spawner) != told(&["0#2"]) {
                assert!(!is_ready(&mut running));
            }
            let seen = other.join().unwrap();
            drop(running);
            assert_eq!((below(&spawner), spawner.live()), (told(&[]), 0));
            seen
        });
}

/// An executor that keeps its task for the model, by a lock that loom does not see.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Option<Work>>>);

impl Spawn for Shelf {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        *self.0.lock().unwrap() = Some(Box::pin(future));
    }
}

/// What is told of a child that is polled elsewhere: whether it is running, its polls and its waits.
fn doing(node: &Node) -> (bool, usize, usize) {
    let is_running = node.state() == State::Running;
    (is_running, node.polls(), node.waits().iter().count())
}

/// The task notes by the waker in the envelope, and the child's memory goes after the look.
#[test]
fn a_look_beside_the_last_poll_of_a_task_tells_of_it_before_in_or_after_that() {
    let all = [(false, 1, 1), (false, 1, 0), (true, 2, 0), (false, 2, 0)];
    explore(&all, || {
        let (shelf, event) = (Shelf::default(), Arc::new(Event::new()));
        let (driver, s) = par_scope(shelf.clone());
        drop(s.spawn({
            let event = Arc::clone(&event);
            async move { event.wait().await }
        }));
        let mut running = pending(driver.run(async {}));
        let mut task = shelf.0.lock().unwrap().take().unwrap();
        assert!(poll_now(task.as_mut(), Waker::noop()).is_pending());
        event.set();
        let other = thread::spawn(move || {
            assert!(poll_now(task.as_mut(), Waker::noop()).is_ready());
            drop(task);
        });
        let mut seen = Vec::new();
        s.visit(&mut |node| seen.push(*node));
        other.join().unwrap();
        assert_eq!((seen[1].kind(), seen[0].tasks()), (NodeKind::Parallel, 0));
        while !is_ready(&mut running) {}
        assert_eq!((below(&s), s.live()), (told(&[]), 0));
        doing(&seen[1])
    });
}

/// The child is gone at once, and its card stays in the list until its task is.
#[test]
fn beside_the_end_of_a_task_that_was_left_it_tells_of_that_or_not() {
    Explore::new().shallow(2).run(&[false, true], || {
        let shelf = Shelf::default();
        let (driver, s) = par_scope(shelf.clone());
        drop(s.spawn(std::future::pending::<()>()));
        let running = pending(driver.run(async {}));
        let mut task = shelf.0.lock().unwrap().take().unwrap();
        assert!(poll_now(task.as_mut(), Waker::noop()).is_pending());
        let other = thread::spawn(move || drop(task));
        drop(running);
        let seen = below(&s);
        other.join().unwrap();
        assert_eq!((below(&s), s.live()), (told(&[]), 0));
        seen == told(&["0#1"])
    });
}
