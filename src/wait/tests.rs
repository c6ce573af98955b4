//! The wait list and its wakers, one thread.

use std::{
    boxed::Box,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Wake, Waker},
    vec::Vec,
};

use super::{List, Outcome, Stage, Swept, Waiter, WakerCell, wake_in_batches};
use crate::sys::BATCH;

/// Counts its wakes.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn push(list: &mut List<usize>, request: usize) -> Pin<Box<Waiter<usize>>> {
    let waiter = Box::pin(Waiter::new(request));
    assert_eq!(waiter.stage(), Stage::Idle);
    // SAFETY: fresh, in this list alone, and every test keeps it until it is out of the list.
    unsafe { list.push_back(waiter.as_ref(), Waker::noop().clone()) };
    waiter
}

fn remove(list: &mut List<usize>, waiter: &Waiter<usize>) -> Result<bool, Outcome> {
    // SAFETY: the test's own node, used with this list alone.
    unsafe { list.remove(waiter) }.map(|waker| waker.is_some())
}

#[test]
fn a_list_agrees_with_a_naive_queue() {
    let mut list = List::new();
    let mut naive: VecDeque<Pin<Box<Waiter<usize>>>> = VecDeque::new();
    let mut random = 0x9e37_79b9_u32;
    for request in 0..2000 {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let place = random as usize >> 8;
        match random % 4 {
            0 | 1 => naive.push_back(push(&mut list, request)),
            2 => {
                assert_eq!(
                    list.pop_front(Outcome::Granted).is_some(),
                    !naive.is_empty()
                );
                if let Some(waiter) = naive.pop_front() {
                    assert_eq!(waiter.stage(), Stage::Ended(Outcome::Granted));
                }
            }
            _ if naive.is_empty() => assert!(list.is_empty()),
            _ => {
                let waiter = naive.remove(place % naive.len()).unwrap();
                assert_eq!(remove(&mut list, &waiter), Ok(true));
                assert_eq!(waiter.stage(), Stage::Done);
            }
        }
        assert_eq!(list.front(), naive.front().map(|waiter| waiter.request()));
        assert_eq!(list.is_empty(), naive.is_empty());
        if let Some(first) = naive.front() {
            assert!(list.is_front(first));
        }
    }
    while list.pop_front(Outcome::Closed).is_some() {}
    assert!(
        naive
            .iter()
            .all(|w| w.stage() == Stage::Ended(Outcome::Closed))
    );
}

#[test]
fn removing_twice_or_after_the_end_says_so() {
    let mut list = List::new();
    let (first, second) = (push(&mut list, 1), push(&mut list, 2));
    assert_eq!(remove(&mut list, &first), Ok(true));
    assert_eq!(remove(&mut list, &first), Ok(false));
    drop(list.pop_front(Outcome::Granted));
    assert_eq!(remove(&mut list, &second), Err(Outcome::Granted));
    // SAFETY: the test's own node, used with this list alone.
    let looked = unsafe { list.with_waker(&second, |_| ()) };
    assert_eq!(looked, Err(Outcome::Granted));
}

#[test]
fn a_batch_is_bounded_and_the_rest_follows() {
    let wakes = Arc::new(Wakes::default());
    let mut left = 3 * BATCH + 1;
    let mut holds = 0;
    wake_in_batches(|batch| {
        holds += 1;
        while left > 0 {
            if batch.is_full() {
                return true;
            }
            batch.push(Some(Waker::from(Arc::clone(&wakes))));
            left -= 1;
        }
        false
    });
    assert_eq!((holds, wakes.count()), (4, 3 * BATCH + 1));
}

#[test]
fn a_panicking_waker_is_followed_by_the_rest_of_all_batches() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("a waker panics");
        }
    }
    let wakes = Arc::new(Wakes::default());
    let mut left = 2 * BATCH;
    let woken = catch_unwind(AssertUnwindSafe(|| {
        wake_in_batches(|batch| {
            while left > 0 && !batch.is_full() {
                batch.push(Some(match left == 2 * BATCH {
                    true => Waker::from(Arc::new(Bomb)),
                    false => Waker::from(Arc::clone(&wakes)),
                }));
                left -= 1;
            }
            left > 0
        });
    }));
    assert!(woken.is_err());
    assert_eq!(wakes.count(), 2 * BATCH - 1);
}

#[test]
fn a_waker_cell_wakes_the_last_to_register_once() {
    let cell = WakerCell::new();
    cell.wake();
    let [first, second] = [(); 2].map(|()| Arc::new(Wakes::default()));
    for wakes in [&first, &first, &second, &second] {
        cell.register(&Context::from_waker(&Waker::from(Arc::clone(wakes))));
    }
    assert_eq!(Arc::strong_count(&first), 1, "the replaced waker is gone");
    cell.wake();
    cell.wake();
    let counts: Vec<_> = [first, second].iter().map(|wakes| wakes.count()).collect();
    assert_eq!(counts, [0, 1]);
}

#[test]
fn sweeps_take_what_they_pick_and_keep_the_order() {
    let mut list = List::new();
    let mut nodes: Vec<_> = (0..20).map(|request| push(&mut list, request)).collect();
    let mark = |list: &mut List<usize>| {
        let mark = Box::pin(Waiter::new(1_000_003));
        // SAFETY: as for `push`.
        unsafe { list.push_mark(mark.as_ref()) };
        mark
    };
    let (even, third) = (mark(&mut list), mark(&mut list));
    let mut step = |mark: &Waiter<usize>, divisor| {
        // SAFETY: both marks are linked until their sweep is over.
        let swept = unsafe { list.sweep(mark, |request| request % divisor == 0) };
        if matches!(swept, Swept::All) {
            assert_eq!(remove(&mut list, mark), Ok(false));
        }
        !matches!(swept, Swept::All)
    };
    // In turns, so that each mark passes the other.
    let (mut even_goes_on, mut third_goes_on) = (true, true);
    while even_goes_on || third_goes_on {
        even_goes_on = even_goes_on && step(&even, 2);
        third_goes_on = third_goes_on && step(&third, 3);
        third_goes_on = third_goes_on && step(&third, 3);
    }
    let picked = |request: &usize| request % 2 == 0 || request % 3 == 0;
    let (ended, left): (Vec<_>, Vec<_>) = nodes.drain(..).partition(|node| picked(node.request()));
    for node in ended {
        assert_eq!(node.stage(), Stage::Ended(Outcome::Granted));
    }
    assert_eq!(list.len(), left.len());
    for node in left {
        assert!(list.is_front(&node));
        list.pop_front(Outcome::Closed);
    }
    assert!(list.is_empty());
}
