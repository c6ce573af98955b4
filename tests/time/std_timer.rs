//! The timer of `block_on`.

use std::{sync::mpsc, thread, time::Duration};

use pleach::{
    block_on,
    runtime::StdTimer,
    scope,
    time::{Clock, Instant, Timer, sleep, timeout},
};

use crate::support::{Wakes, poll_now, poll_with};

const MOMENT: Duration = Duration::from_millis(5);

#[test]
fn sleeps_last_as_long_as_they_should() {
    let start = StdTimer.now();
    block_on(sleep(StdTimer, MOMENT));
    assert!(StdTimer.now() - start >= MOMENT);
    block_on(sleep(StdTimer, Duration::ZERO));
}

#[test]
fn many_sleep_in_one_block_on_and_in_nested_ones() {
    block_on(async {
        scope!(|s| {
            for n in 0..10 {
                s.spawn(sleep(StdTimer, MOMENT / 10 * n));
            }
            s.spawn(async { block_on(sleep(StdTimer, MOMENT)) });
        })
        .await;
    });
}

#[test]
fn a_sleep_that_is_given_up_leaves_nothing_behind() {
    block_on(async {
        let forever = StdTimer.sleep_until(Instant::MAX);
        assert!(timeout(StdTimer, MOMENT, forever).await.is_err());
    });
}

#[test]
fn a_sleep_may_move_to_another_thread() {
    let mut sleep = Box::pin(sleep(StdTimer, MOMENT));
    block_on(async { assert!(poll_now(sleep.as_mut()).is_pending()) });
    thread::spawn(move || block_on(sleep.as_mut()))
        .join()
        .unwrap();
}

#[test]
fn a_sleep_is_woken_to_move_when_the_thread_leaves_its_block_on() {
    let (wakes, waker) = Wakes::new();
    let mut sleep = Box::pin(sleep(StdTimer, MOMENT));
    block_on(async {
        block_on(async { assert!(poll_with(sleep.as_mut(), &waker).is_pending()) });
        assert_eq!(wakes.count(), 0, "the outer one goes on");
    });
    assert_eq!(wakes.count(), 1);
    // It can come back, too.
    block_on(sleep.as_mut());
    assert_eq!(wakes.count(), 1);
}

#[test]
fn wakes_from_other_threads_come_through() {
    let (sender, receiver) = mpsc::channel();
    let waiter = thread::spawn(move || {
        block_on(async {
            let event = pleach::Event::new();
            thread::scope(|s| {
                s.spawn(|| event.set());
                block_on(async {
                    let _ = timeout(StdTimer, Duration::from_secs(300), event.wait()).await;
                });
            });
            sender.send(()).unwrap();
        });
    });
    receiver.recv().unwrap();
    waiter.join().unwrap();
}

#[test]
#[should_panic(expected = "`StdTimer` works within `pleach::block_on` only")]
fn outside_of_block_on_a_sleep_says_so() {
    let _ = poll_now(Box::pin(sleep(StdTimer, MOMENT)).as_mut());
}

#[test]
fn moments_of_the_standard_library_are_moments_of_the_timer() {
    let (ours, theirs) = (StdTimer.now(), std::time::Instant::now());
    assert!(StdTimer::from_std(theirs) >= ours);
    let back = StdTimer::to_std(StdTimer::from_std(theirs)).unwrap();
    assert_eq!(back, theirs);
}
