//! The event through its public interface; its waits are those of latches and wait groups.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Waker,
};

use futures_util::future::FusedFuture;
use pleach::{Event, Wait};
use support::{Hostile, Wakes, block_on, forget, leak, poll_now, poll_with};

fn leaked() -> &'static Event {
    leak(Event::new())
}

/// A pinned wait that has entered the queue.
fn queued(event: &Event) -> Pin<Box<Wait<'_>>> {
    queued_with(event, Waker::noop())
}

fn queued_with<'a>(event: &'a Event, waker: &Waker) -> Pin<Box<Wait<'a>>> {
    let mut wait = Box::pin(event.wait());
    assert!(poll_with(wait.as_mut(), waker).is_pending());
    wait
}

fn is_ready(wait: &mut Pin<Box<Wait<'_>>>) -> bool {
    poll_now(wait.as_mut()).is_ready()
}

fn has_waiters(event: &Event) -> bool {
    let text = format!("{event:?}");
    assert_ne!(
        text.contains("has_waiters: true"),
        text.contains("has_waiters: false")
    );
    text.contains("has_waiters: true")
}

#[test]
fn it_stays_set_until_it_is_reset() {
    let event = Event::default();
    assert!(!event.is_set());
    assert!(!event.reset());
    event.set();
    event.set();
    assert!(event.is_set());
    for _ in 0..2 {
        assert!(poll_now(pin!(event.wait())).is_ready());
    }
    assert!(event.reset());
    assert!(!event.is_set());
    assert!(poll_now(pin!(event.wait())).is_pending());
}

#[test]
fn a_set_wakes_all_who_wait_and_each_once() {
    const WAITERS: usize = 100;
    let event = Event::new();
    let (wakes, waker) = Wakes::new();
    let mut waiting: Vec<_> = (0..WAITERS).map(|_| queued_with(&event, &waker)).collect();
    assert!(has_waiters(&event));
    event.set();
    assert_eq!(wakes.count(), WAITERS);
    event.set();
    assert_eq!(wakes.count(), WAITERS);
    assert!(!has_waiters(&event));
    assert!(waiting.iter_mut().all(is_ready));
}

#[test]
fn those_who_waited_pass_though_it_was_reset_and_those_who_came_later_do_not() {
    let event = Event::new();
    let mut before = queued(&event);
    event.set();
    event.reset();
    let mut after = queued(&event);
    assert!(is_ready(&mut before));
    assert!(!is_ready(&mut after));
    event.set();
    assert!(is_ready(&mut after));
}

#[test]
fn the_last_to_leave_frees_the_way_of_a_set() {
    let event = Event::new();
    let waiting = [(); 3].map(|()| queued(&event));
    let [first, second, third] = waiting;
    drop(second);
    drop(first);
    assert!(has_waiters(&event));
    drop(third);
    assert!(!has_waiters(&event));
}

#[test]
fn a_wait_says_what_it_waits_for() {
    let event = Event::new();
    let text = format!("{:?}", queued(&event));
    assert!(
        text.contains("Countdown { count: 1, has_waiters: true"),
        "{text}"
    );
}

#[test]
fn a_wait_that_is_never_polled_waits_for_nothing() {
    let event = Event::new();
    drop(event.wait());
    let _unpolled = event.wait();
    assert!(!has_waiters(&event));
}

#[test]
fn a_wake_that_waits_anew_is_not_let_go_by_the_same_set() {
    let event = leaked();
    let late = Arc::new(Mutex::new(Vec::new()));
    let waker = {
        let late = Arc::clone(&late);
        Hostile::default()
            .on_wake(move || {
                event.reset();
                late.lock().unwrap().push(queued(event));
            })
            .waker()
    };
    // The first of them is woken while most of the others still wait.
    let mut waiting: Vec<_> = (0..20)
        .map(|n| queued_with(event, if n == 0 { &waker } else { Waker::noop() }))
        .collect();
    event.set();
    assert!(waiting.iter_mut().all(is_ready));
    let mut late = late.lock().unwrap().pop().unwrap();
    assert!(!is_ready(&mut late));
    event.set();
    assert!(is_ready(&mut late));
}

#[test]
fn a_wake_that_resets_and_sets_takes_over_what_the_outer_set_had_left() {
    let event = leaked();
    let (wakes, count) = Wakes::new();
    let seen = Arc::new(AtomicUsize::new(0));
    let waker = {
        let (wakes, seen) = (Arc::clone(&wakes), Arc::clone(&seen));
        Hostile::default()
            .on_wake(move || {
                event.reset();
                event.set();
                seen.store(wakes.count(), SeqCst);
            })
            .waker()
    };
    let mut waiting: Vec<_> = (0..30)
        .map(|n| queued_with(event, if n == 0 { &waker } else { &count }))
        .collect();
    event.set();
    // All but those of the outer set's first batch, which is eight, were woken by the inner.
    assert_eq!(seen.load(SeqCst), 30 - 8);
    assert_eq!(wakes.count(), 29);
    assert!(waiting.iter_mut().all(is_ready));
}

#[test]
fn a_wake_may_drop_another_wait() {
    let event = leaked();
    let other = Arc::new(Mutex::new(None));
    let waker = {
        let other = Arc::clone(&other);
        Hostile::default()
            .on_wake(move || drop(other.lock().unwrap().take()))
            .waker()
    };
    let _first = queued_with(event, &waker);
    // Enough in between that the other one is in a later batch.
    let mut between: Vec<_> = (0..20).map(|_| queued(event)).collect();
    *other.lock().unwrap() = Some(queued(event));
    event.set();
    assert!(other.lock().unwrap().is_none());
    assert!(between.iter_mut().all(is_ready));
}

#[test]
fn whoever_finds_it_set_finds_no_wait_pending() {
    let event = leaked();
    let last = Arc::new(Mutex::new(None));
    let waker = {
        let last = Arc::clone(&last);
        Hostile::default()
            .on_wake(move || {
                assert!(event.is_set());
                let mut last = last.lock().unwrap();
                assert!(last.as_mut().is_some_and(is_ready), "not woken yet");
            })
            .waker()
    };
    let _first = queued_with(event, &waker);
    // Enough in between that the last one is in a later batch.
    let _between: Vec<_> = (0..20).map(|_| queued(event)).collect();
    *last.lock().unwrap() = Some(queued(event));
    event.set();
    assert!(last.lock().unwrap().as_ref().unwrap().is_terminated());
    assert!(!has_waiters(event));
}

#[test]
fn a_set_between_the_look_and_the_queue_is_seen() {
    let event = leaked();
    let drops = Arc::new(AtomicUsize::new(0));
    let waker = {
        let drops = Arc::clone(&drops);
        Hostile::default()
            .on_clone(move || event.set())
            .on_drop(move || {
                event.reset();
                drops.fetch_add(1, SeqCst);
            })
            .waker()
    };
    let mut wait = pin!(event.wait());
    assert!(poll_with(wait.as_mut(), &waker).is_ready());
    assert_eq!(drops.load(SeqCst), 1, "the clone was not needed");
    assert!(!has_waiters(event));
}

#[test]
fn wakers_may_re_enter_when_they_are_cloned_or_dropped() {
    let event = leaked();
    let hostile = || {
        let enter = move || {
            let mut inner = pin!(event.wait());
            assert!(poll_now(inner.as_mut()).is_pending());
        };
        Hostile::default().on_clone(enter).on_drop(enter).waker()
    };
    let mut wait = queued_with(event, &hostile());
    // And where one replaces another.
    assert!(poll_with(wait.as_mut(), &hostile()).is_pending());
    drop(wait);
    assert!(!has_waiters(event));
}

#[test]
fn a_wait_that_moves_between_tasks_wakes_the_last_one() {
    let event = Event::new();
    let ((first, first_waker), (second, second_waker)) = (Wakes::new(), Wakes::new());
    let mut wait = queued_with(&event, &first_waker);
    assert!(poll_with(wait.as_mut(), &second_waker).is_pending());
    assert!(poll_with(wait.as_mut(), &second_waker).is_pending());
    event.set();
    assert_eq!((first.count(), second.count()), (0, 1));
}

// Without `std` the second panic cannot be caught while the first one unwinds.
#[cfg(feature = "std")]
#[test]
fn panicking_wakers_do_not_strand_the_others() {
    let event = Event::new();
    let (wakes, waker) = Wakes::new();
    let bomb = Hostile::default()
        .on_wake(|| panic!("a waker panics"))
        .waker();
    // Two of them, in different batches: the second must not abort the process.
    let mut waiting: Vec<_> = (0..20)
        .map(|n| queued_with(&event, if n == 1 || n == 15 { &bomb } else { &waker }))
        .collect();
    assert!(catch_unwind(AssertUnwindSafe(|| event.set())).is_err());
    assert_eq!(wakes.count(), 18);
    assert!(waiting.iter_mut().all(is_ready));
}

#[test]
fn a_panicking_waker_is_followed_by_the_rest() {
    let event = Event::new();
    let bomb = Hostile::default()
        .on_wake(|| panic!("a waker panics"))
        .waker();
    let mut waiting: Vec<_> = (0..20)
        .map(|n| queued_with(&event, if n == 1 { &bomb } else { Waker::noop() }))
        .collect();
    assert!(catch_unwind(AssertUnwindSafe(|| event.set())).is_err());
    assert!(waiting.iter_mut().all(is_ready));
    assert!(!has_waiters(&event));
}

#[test]
fn a_panicking_clone_leaves_no_trace() {
    let event = Event::new();
    let waker = Hostile::default()
        .on_clone(|| panic!("a clone panics"))
        .waker();
    let mut wait = Box::pin(event.wait());
    let polled = catch_unwind(AssertUnwindSafe(|| poll_with(wait.as_mut(), &waker)));
    assert!(polled.is_err());
    assert!(!has_waiters(&event));
    assert!(!is_ready(&mut wait));
    event.set();
    assert!(is_ready(&mut wait));
}

#[test]
fn polling_after_completion_panics() {
    let event = Event::new();
    let mut wait = queued(&event);
    event.set();
    assert!(!wait.is_terminated());
    assert!(is_ready(&mut wait));
    assert!(wait.is_terminated());
    assert!(catch_unwind(AssertUnwindSafe(|| is_ready(&mut wait))).is_err());

    let mut at_once = Box::pin(event.wait());
    assert!(is_ready(&mut at_once));
    assert!(at_once.is_terminated());
    assert!(catch_unwind(AssertUnwindSafe(|| is_ready(&mut at_once))).is_err());
}

#[test]
fn a_forgotten_wait_outlives_an_event_that_moves_and_dies() {
    let mut home = Some(Event::new());
    {
        let [first, second, third] = [(); 3].map(|()| queued(home.as_ref().unwrap()));
        drop(first);
        forget(second);
        drop(third);
    }
    let moved = Box::new(home.take().unwrap());
    assert!(has_waiters(&moved));
    let mut wait = queued(&moved);
    moved.set();
    assert!(is_ready(&mut wait));
    assert!(!has_waiters(&moved));
    moved.reset();
    forget(queued(&moved));
    drop(wait);
    drop(moved);
}

#[test]
fn sizes_are_small() {
    assert!(size_of::<Event>() <= 40, "{}", size_of::<Event>());
    assert!(size_of::<Wait<'_>>() <= 56, "{}", size_of::<Wait<'_>>());
}

#[test]
fn threads_that_take_turns_lose_no_wake() {
    const ROUNDS: usize = 2000;
    static TURNS: [Event; 2] = [const { Event::new() }; 2];
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let play = |me: usize| {
        for round in 0..ROUNDS {
            block_on(TURNS[me].wait());
            assert!(TURNS[me].reset());
            assert_eq!(TAKEN.fetch_add(1, SeqCst), 2 * round + me);
            TURNS[1 - me].set();
        }
    };
    let other = std::thread::spawn(move || play(1));
    TURNS[0].set();
    play(0);
    other.join().unwrap();
}
