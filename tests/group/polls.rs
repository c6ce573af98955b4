//! Who is polled, how often, and how often the task is woken for it.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn, ready},
    num::NonZeroUsize,
    pin::pin,
    sync::Arc,
    task::{Poll, Waker},
};

use pleach::group::{All, Discard, Until, for_each_limit, group, map_ordered};

use crate::support::{Wakes, block_on, poll_with, yield_now};

/// Children that wait until they are opened, and count their polls.
#[derive(Default)]
struct Doors {
    doors: RefCell<Vec<Door>>,
}

#[derive(Clone, Default)]
struct Door {
    is_open: bool,
    polls: u32,
    waker: Option<Waker>,
}

impl Doors {
    fn new(count: usize) -> Self {
        Self {
            doors: RefCell::new(vec![Door::default(); count]),
        }
    }

    fn pass(&self, at: usize) -> impl Future<Output = usize> {
        poll_fn(move |cx| {
            let door = &mut self.doors.borrow_mut()[at];
            door.polls += 1;
            door.waker = Some(cx.waker().clone());
            if door.is_open {
                Poll::Ready(at)
            } else {
                Poll::Pending
            }
        })
    }

    fn open(&self, at: usize) {
        self.doors.borrow_mut()[at].is_open = true;
        self.wake(at);
    }

    fn wake(&self, at: usize) {
        let waker = self.doors.borrow()[at].waker.clone();
        waker.expect("polled before").wake();
    }

    fn polls(&self) -> Vec<u32> {
        self.doors.borrow().iter().map(|door| door.polls).collect()
    }
}

#[test]
fn each_child_is_polled_for_its_start_and_once_for_each_burst() {
    let doors = Doors::new(100);
    let mut all = pin!(group((0..100).map(|n| doors.pass(n))).join(All::unordered()));
    let (wakes, waker) = Wakes::new();
    // The first pass starts no more than some, and has itself polled again.
    while wakes.count() > 0 || doors.polls().contains(&0) {
        let before = wakes.count();
        assert!(poll_with(all.as_mut(), &waker).is_pending());
        if wakes.count() == before {
            break;
        }
    }
    assert_eq!(doors.polls(), [1; 100]);
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(all.as_mut(), &waker).is_pending());
    assert_eq!(doors.polls(), [1; 100], "nobody was woken");
    for n in 0..100 {
        doors.wake(n);
        doors.wake(n);
    }
    assert_eq!(wakes.count(), 1, "a burst wakes the task once");
    assert!(poll_with(all.as_mut(), &waker).is_pending());
    assert_eq!(doors.polls(), [2; 100]);
    assert_eq!(wakes.count(), 1, "and nothing is polled for nothing");
    for n in (0..100).rev() {
        doors.open(n);
    }
    let Poll::Ready(order) = poll_with(all.as_mut(), &waker) else {
        panic!("all doors are open");
    };
    assert_eq!(
        order,
        (0..100).rev().collect::<Vec<_>>(),
        "in order of readiness"
    );
    assert_eq!(doors.polls(), [3; 100]);
}

#[test]
fn a_new_child_in_a_used_place_is_not_polled_for_the_wakes_of_the_old_one() {
    let doors = Doors::new(3);
    let one = NonZeroUsize::MIN;
    let mut all = pin!(map_ordered(0..3, one, |n| doors.pass(n)));
    let waker = Waker::noop();
    assert!(poll_with(all.as_mut(), waker).is_pending());
    let old = doors.doors.borrow()[0].waker.clone().unwrap();
    doors.open(0);
    assert!(poll_with(all.as_mut(), waker).is_pending());
    assert_eq!(doors.polls(), [1 + 1, 1, 0]);
    old.wake_by_ref();
    assert!(poll_with(all.as_mut(), waker).is_pending());
    assert_eq!(doors.polls(), [2, 1, 0]);
    drop(old);
    doors.doors.borrow_mut()[0].waker = None;
    doors.open(1);
    assert!(poll_with(all.as_mut(), waker).is_pending());
    doors.open(2);
    assert!(poll_with(all.as_mut(), waker).is_ready());
    assert_eq!(doors.polls(), [2, 2, 2]);
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let doors = Doors::new(1);
    let mut all = pin!(group([doors.pass(0)]).join(All::new()));
    let (first, first_waker) = Wakes::new();
    let (second, second_waker) = Wakes::new();
    assert!(poll_with(all.as_mut(), &first_waker).is_pending());
    assert!(poll_with(all.as_mut(), &second_waker).is_pending());
    doors.open(0);
    assert_eq!((first.count(), second.count()), (0, 1));
    drop((first_waker, Arc::clone(&first)));
    assert!(poll_with(all.as_mut(), &second_waker).is_ready());
}

#[test]
fn at_most_so_many_run_at_a_time() {
    let (running, most) = (Cell::new(0), Cell::new(0));
    let limit = NonZeroUsize::new(3).unwrap();
    block_on(for_each_limit(0..50, limit, |n| {
        let (running, most) = (&running, &most);
        async move {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            for _ in 0..n % 4 {
                yield_now().await;
            }
            running.set(running.get() - 1);
        }
    }));
    assert_eq!((running.get(), most.get()), (0, 3));
}

/// A source without an end whose children never wait must not keep the executor.
#[test]
fn an_endless_source_yields() {
    let mut endless = pin!(group((0..).map(ready)).join(Discard::new()));
    let (wakes, waker) = Wakes::new();
    for n in 1..=100 {
        assert!(poll_with(endless.as_mut(), &waker).is_pending());
        assert_eq!(wakes.count(), n);
    }
}

/// Children that run into a budget wake themselves; the pass ends before it has polled them all.
#[test]
fn a_pass_ends_after_children_that_woke_themselves() {
    let polls = Cell::new(0);
    let children = (0..1000).map(|_| {
        let polls = &polls;
        poll_fn(move |cx| -> Poll<()> {
            polls.set(polls.get() + 1);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    });
    let mut all = pin!(group(children).join(Discard::new()));
    for _ in 0..10 {
        let before = polls.get();
        assert!(poll_with(all.as_mut(), Waker::noop()).is_pending());
        assert!(polls.get() - before <= 64, "{} polls", polls.get() - before);
    }
}

#[test]
fn nobody_starves_beside_children_that_are_always_ready() {
    let children = (0..100).map(|n| async move {
        let rounds = if n == 99 { 3 } else { 1_000 };
        for _ in 0..rounds {
            yield_now().await;
        }
        n
    });
    let first = block_on(group(children).join(Until::new(|_| true)));
    assert_eq!(first, [(99, 99)]);
}

#[test]
fn ten_thousand_children_that_all_wait() {
    let doors = Doors::new(10_000);
    let mut all = pin!(group((0..10_000).map(|n| doors.pass(n))).join(All::new()));
    let mut polls = 0;
    while doors.polls().contains(&0) {
        assert!(poll_with(all.as_mut(), Waker::noop()).is_pending());
        polls += 1;
        assert!(polls < 1_000);
    }
    for n in 0..10_000 {
        doors.open(n * 7919 % 10_000);
    }
    let Poll::Ready(outputs) = poll_with(all.as_mut(), Waker::noop()) else {
        panic!("all doors are open");
    };
    assert_eq!(outputs.len(), 10_000);
    assert_eq!(doors.polls(), [2; 10_000]);
}
