//! The wait list, behind a lock as every primitive keeps it.

use std::{pin::Pin, task::Waker};

use crate::explore::explore;
use loom::{sync::Arc, thread};
use pleach_loom::internals::{List, Lock, Outcome, Stage, UnsafeCell, Waiter};

struct Queue {
    list: Lock<List<u32>>,
    /// Written before a wait is ended, read after: what the outcome publishes.
    written: UnsafeCell<u32>,
}

// SAFETY: the models access `written` in the order that the list's outcome establishes, and
// loom checks that they do.
unsafe impl Sync for Queue {}

impl Queue {
    fn with(waiters: &[&Pin<Box<Waiter<u32>>>]) -> Arc<Self> {
        let queue = Self {
            list: Lock::new(List::new()),
            written: UnsafeCell::new(0),
        };
        for waiter in waiters {
            // SAFETY: fresh nodes, used with this list alone, freed after an outcome or
            // `remove` in every model.
            queue.list.with(|list| unsafe {
                list.push_back(waiter.as_ref(), Waker::noop().clone());
            });
        }
        Arc::new(queue)
    }

    fn read(&self) -> u32 {
        // SAFETY: checked by loom.
        self.written.with(|written| unsafe { *written })
    }

    fn end_first(&self, outcome: Outcome) {
        // SAFETY: checked by loom.
        self.written.with_mut(|written| unsafe { *written = 7 });
        drop(self.list.with(|list| list.pop_front(outcome)));
    }

    fn remove(&self, waiter: &Waiter<u32>) -> Result<(), Outcome> {
        // SAFETY: the caller's own node, used with this list alone.
        let removed = self.list.with(|list| unsafe { list.remove(waiter) });
        removed.map(drop)
    }
}

fn node(request: u32) -> Pin<Box<Waiter<u32>>> {
    Box::pin(Waiter::new(request))
}

#[test]
fn an_outcome_seen_without_the_lock_allows_the_owner_to_free_the_node() {
    explore(&[Some(7), None], || {
        let waiter = node(1);
        let queue = Queue::with(&[&waiter]);
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.end_first(Outcome::Granted))
        };
        let seen = match waiter.stage() {
            Stage::Ended(Outcome::Granted) => {
                drop(waiter);
                Some(queue.read())
            }
            _ => {
                let _ = queue.remove(&waiter);
                drop(waiter);
                None
            }
        };
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_node_is_either_removed_or_ended() {
    explore(&[Ok(()), Err(Outcome::Closed)], || {
        let waiter = node(1);
        let queue = Queue::with(&[&waiter]);
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.end_first(Outcome::Closed))
        };
        let removed = queue.remove(&waiter);
        drop(waiter);
        other.join().unwrap();
        removed
    });
}

#[test]
fn the_middle_may_leave_while_the_ends_are_ended() {
    explore(&[Ok(()), Err(Outcome::Granted)], || {
        let nodes = [node(1), node(2), node(3)];
        let queue = Queue::with(&[&nodes[0], &nodes[1], &nodes[2]]);
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                queue.end_first(Outcome::Granted);
                queue.end_first(Outcome::Granted);
            })
        };
        let [first, middle, last] = nodes;
        let removed = queue.remove(&middle);
        drop(middle);
        other.join().unwrap();
        assert_eq!(first.stage(), Stage::Ended(Outcome::Granted));
        let second = if removed.is_ok() {
            Outcome::Granted
        } else {
            Outcome::Closed
        };
        if removed.is_err() {
            queue.end_first(Outcome::Closed);
        }
        assert_eq!(last.stage(), Stage::Ended(second));
        assert!(queue.list.with(|list| list.is_empty()));
        removed
    });
}

#[test]
fn a_waker_is_replaced_or_the_wait_has_ended() {
    explore(&[Ok(()), Err(Outcome::Granted)], || {
        let waiter = node(1);
        let queue = Queue::with(&[&waiter]);
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.end_first(Outcome::Granted))
        };
        let replaced = queue.list.with(|list| {
            // SAFETY: the model's own node, used with this list alone.
            unsafe { list.with_waker(&waiter, |waker| assert!(waker.is_some())) }
        });
        other.join().unwrap();
        assert_eq!(waiter.stage(), Stage::Ended(Outcome::Granted));
        replaced
    });
}
