//! The barrier through its public interface.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
};

use futures_util::future::FusedFuture;
use pleach::{Barrier, barrier::Wait};
use support::{Hostile, Wakes, block_on, forget, leak, poll_now, poll_with};

/// Whether it has passed, and if so as the leader.
fn poll(wait: &mut Pin<Box<Wait<'_>>>) -> Option<bool> {
    match poll_now(wait.as_mut()) {
        Poll::Ready(passed) => Some(passed.is_leader()),
        Poll::Pending => None,
    }
}

/// A pinned wait that has arrived and waits for others.
fn arrived(barrier: &Barrier) -> Pin<Box<Wait<'_>>> {
    arrived_with(barrier, Waker::noop())
}

fn arrived_with<'a>(barrier: &'a Barrier, waker: &Waker) -> Pin<Box<Wait<'a>>> {
    let mut wait = Box::pin(barrier.wait());
    assert!(poll_with(wait.as_mut(), waker).is_pending());
    wait
}

/// Arrives as the last one.
fn completes(barrier: &Barrier) {
    assert_eq!(poll(&mut Box::pin(barrier.wait())), Some(true));
}

#[test]
fn all_pass_together_and_the_last_to_arrive_leads() {
    const SIZE: usize = 20;
    let barrier = Barrier::new(SIZE);
    let (wakes, waker) = Wakes::new();
    for generation in 1..=3 {
        let mut waiting: Vec<_> = (1..SIZE).map(|_| arrived_with(&barrier, &waker)).collect();
        let mut last = Box::pin(barrier.wait());
        assert!(
            matches!(poll_with(last.as_mut(), &waker), Poll::Ready(result) if result.is_leader())
        );
        // The leader itself is not woken: it is ready.
        assert_eq!(wakes.count(), generation * (SIZE - 1));
        for wait in &mut waiting {
            assert_eq!(poll(wait), Some(false));
        }
    }
}

#[test]
fn a_barrier_of_none_or_one_holds_up_nobody() {
    for size in [0, 1] {
        let barrier = Barrier::new(size);
        completes(&barrier);
        completes(&barrier);
    }
}

#[test]
fn a_wait_that_is_dropped_does_not_count() {
    let barrier = Barrier::new(3);
    let [first, second] = [(); 2].map(|()| arrived(&barrier));
    drop(first);
    let mut third = arrived(&barrier);
    drop(barrier.wait());
    completes(&barrier);
    let mut second = second;
    assert_eq!([poll(&mut second), poll(&mut third)], [Some(false); 2]);
}

#[test]
fn a_wait_that_is_dropped_after_the_last_came_has_counted() {
    let barrier = Barrier::new(3);
    let [first, mut second] = [(); 2].map(|()| arrived(&barrier));
    completes(&barrier);
    drop(first);
    assert_eq!(poll(&mut second), Some(false));
    let _next = [(); 2].map(|()| arrived(&barrier));
    completes(&barrier);
}

#[test]
fn a_wake_may_drop_one_that_is_still_to_be_let_go_and_arrive_anew() {
    const SIZE: usize = 20;
    let barrier: &'static Barrier = leak(Barrier::new(SIZE));
    let (other, late) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(None)));
    let waker = {
        let (other, late) = (Arc::clone(&other), Arc::clone(&late));
        Hostile::default()
            .on_wake(move || {
                drop(other.lock().unwrap().take());
                *late.lock().unwrap() = Some(arrived(barrier));
            })
            .waker()
    };
    let mut waiting = vec![arrived_with(barrier, &waker)];
    waiting.extend((3..SIZE).map(|_| arrived(barrier)));
    *other.lock().unwrap() = Some(arrived(barrier));
    completes(barrier);
    assert!(other.lock().unwrap().is_none());
    for wait in &mut waiting {
        assert_eq!(poll(wait), Some(false));
    }
    // One has arrived in the next generation: neither let go, nor counted off.
    let mut late = late.lock().unwrap().take().unwrap();
    assert_eq!(poll(&mut late), None);
    let _next: Vec<_> = (2..SIZE).map(|_| arrived(barrier)).collect();
    completes(barrier);
    assert_eq!(poll(&mut late), Some(false));
}

#[test]
fn wakers_may_re_enter_when_they_are_cloned_or_dropped() {
    let barrier: &'static Barrier = leak(Barrier::new(3));
    let hostile = || {
        let enter = || drop(arrived(barrier));
        Hostile::default().on_clone(enter).on_drop(enter).waker()
    };
    let mut wait = arrived_with(barrier, &hostile());
    // And where one replaces another.
    assert!(poll_with(wait.as_mut(), &hostile()).is_pending());
    let _second = arrived(barrier);
    completes(barrier);
    assert_eq!(poll(&mut wait), Some(false));
}

#[test]
fn a_leader_whose_poll_panics_leads_when_it_is_polled_again() {
    let barrier = Barrier::new(20);
    let bomb = Hostile::default()
        .on_wake(|| panic!("a waker panics"))
        .waker();
    let mut waiting = vec![arrived_with(&barrier, &bomb)];
    waiting.extend((2..20).map(|_| arrived(&barrier)));
    let mut last = Box::pin(barrier.wait());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut last))).is_err());
    for wait in &mut waiting {
        assert_eq!(poll(wait), Some(false));
    }
    assert_eq!(poll(&mut last), Some(true));
}

#[test]
fn a_leader_whose_waker_panics_when_it_is_not_needed_lets_all_go() {
    let barrier = Barrier::new(2);
    let armed = Arc::new(AtomicUsize::new(1));
    let waker = Hostile::default()
        .on_drop(move || assert_eq!(armed.swap(0, SeqCst), 0, "a drop panics"))
        .waker();
    let mut wait = arrived(&barrier);
    let mut last = Box::pin(barrier.wait());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(last.as_mut(), &waker).is_ready()
    }));
    assert!(polled.is_err());
    assert_eq!(poll(&mut wait), Some(false));
    assert_eq!(poll(&mut last), Some(true));
}

// Without `std` the second panic cannot be caught while the first one unwinds.
#[cfg(feature = "std")]
#[test]
fn a_leader_that_meets_two_panics_passes_on_the_first() {
    let barrier = Barrier::new(2);
    let bomb = Hostile::default().on_wake(|| panic!("the wake")).waker();
    let mut wait = arrived_with(&barrier, &bomb);
    let armed = Arc::new(AtomicUsize::new(1));
    let waker = Hostile::default()
        .on_drop(move || assert_eq!(armed.swap(0, SeqCst), 0, "the drop"))
        .waker();
    let mut last = Box::pin(barrier.wait());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(last.as_mut(), &waker).is_ready()
    }));
    assert_eq!(support::message(&*polled.unwrap_err()), "the wake");
    assert_eq!(
        [poll(&mut wait), poll(&mut last)],
        [Some(false), Some(true)]
    );
}

#[test]
fn a_panicking_clone_is_no_arrival() {
    let barrier = Barrier::new(2);
    let waker = Hostile::default()
        .on_clone(|| panic!("a clone panics"))
        .waker();
    let mut wait = Box::pin(barrier.wait());
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(wait.as_mut(), &waker).is_ready()
    }));
    assert!(polled.is_err());
    let _first = arrived(&barrier);
    assert_eq!(poll(&mut wait), Some(true));
}

#[test]
fn polling_after_completion_panics_and_is_no_arrival() {
    let barrier = Barrier::new(2);
    let mut wait = arrived(&barrier);
    assert!(!wait.is_terminated());
    completes(&barrier);
    assert_eq!(poll(&mut wait), Some(false));
    assert!(wait.is_terminated());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut wait))).is_err());
    let _first = arrived(&barrier);
}

#[test]
fn a_forgotten_wait_outlives_a_barrier_that_moves_and_dies() {
    let mut home = Some(Barrier::new(3));
    forget(arrived(home.as_ref().unwrap()));
    let moved = Box::new(home.take().unwrap());
    let mut wait = arrived(&moved);
    // The forgotten one has arrived for good.
    completes(&moved);
    assert_eq!(poll(&mut wait), Some(false));
    forget(arrived(&moved));
    drop(wait);
    drop(moved);
}

#[test]
fn it_says_how_many_have_arrived() {
    let barrier = Barrier::new(3);
    let first = arrived(&barrier);
    assert_eq!(
        format!("{barrier:?}"),
        "Barrier { size: 3, arrived: 1, .. }"
    );
    drop(first);
    assert_eq!(
        format!("{barrier:?}"),
        "Barrier { size: 3, arrived: 0, .. }"
    );
    assert!(size_of::<Barrier>() <= 56, "{}", size_of::<Barrier>());
    assert!(size_of::<Wait<'_>>() <= 72, "{}", size_of::<Wait<'_>>());
}

#[test]
fn threads_pass_in_step() {
    const THREADS: usize = 3;
    static BARRIER: Barrier = Barrier::new(THREADS);
    static STEPS: AtomicUsize = AtomicUsize::new(0);
    static LEADERS: AtomicUsize = AtomicUsize::new(0);
    let walking = [(); THREADS].map(|()| {
        std::thread::spawn(|| {
            for round in 1..=500 {
                STEPS.fetch_add(1, SeqCst);
                let result = block_on(BARRIER.wait());
                LEADERS.fetch_add(usize::from(result.is_leader()), SeqCst);
                // Nobody is a step behind, and nobody is on the next one yet.
                assert_eq!(STEPS.load(SeqCst), THREADS * round);
                block_on(BARRIER.wait());
            }
        })
    });
    for thread in walking {
        thread.join().unwrap();
    }
    assert_eq!(LEADERS.load(SeqCst), 500);
}
