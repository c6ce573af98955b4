//! The latest value: that the last one is seen, and nobody sleeps over it, under every
//! interleaving.

use std::sync::Arc;

use crate::explore::{
    explore, pending, poll_now,
    task::{Task, finish, is_ready_for_another},
    token::{drop_elsewhere, elsewhere, work_then},
};
use loom::{future::block_on, thread};
use pleach_loom::{
    internals::complete::Ordering,
    watch::{Receiver, Watch, channel},
};

/// All that it sees, to the end.
fn see_all(receiver: &mut Receiver<usize>) -> Vec<usize> {
    std::iter::from_fn(|| block_on(receiver.changed()).ok().map(|value| *value)).collect()
}

#[test]
fn a_value_is_seen_and_then_the_end() {
    explore(&[vec![1]], || {
        let (sender, mut receiver) = channel(0);
        let all = async {
            let mut seen = Vec::new();
            while let Ok(value) = receiver.changed().await {
                seen.push(*value);
            }
            seen
        };
        finish(all, thread::spawn(move || drop(sender.set(1)))).0
    });
}

#[test]
fn the_last_of_two_values_is_always_seen() {
    explore(&[vec![1, 2], vec![2]], || {
        let (sender, mut receiver) = channel(0);
        let (early, (sender, _)) = finish(
            async { receiver.changed().await.map(|value| *value).unwrap() },
            thread::spawn(move || {
                sender.set(1);
                let before = sender.set(2);
                (sender, before)
            }),
        );
        drop(sender);
        let mut seen = vec![early];
        seen.extend(see_all(&mut receiver));
        seen
    });
}

#[test]
fn of_two_senders_the_last_to_go_is_the_end() {
    explore(&[vec![1], vec![2], vec![2, 1]], || {
        let (sender, mut receiver) = channel(0);
        let other = elsewhere(&sender, |sender| drop(sender.set(1)));
        sender.set(2);
        drop(sender);
        let early = receiver.has_changed().then(|| **receiver.latest());
        other.join().unwrap();
        let mut seen = Vec::from_iter(early);
        seen.extend(see_all(&mut receiver));
        assert!(receiver.is_closed());
        seen
    });
}

#[test]
fn a_value_brings_what_was_done_before() {
    explore(&[1], || {
        let (sender, mut receiver) = channel(0);
        let (work, other) = work_then(move || sender.set(1));
        while **receiver.latest() == 0 {
            loom::thread::yield_now();
        }
        let seen = work.load(Ordering::Relaxed);
        other.join().unwrap();
        seen
    });
}

#[test]
fn an_end_brings_what_was_done_before() {
    explore(&[1], || {
        let (sender, receiver) = channel(0);
        let (work, other) = work_then(move || drop(sender));
        while !receiver.is_closed() {
            loom::thread::yield_now();
        }
        let seen = work.load(Ordering::Relaxed);
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_wait_may_be_given_up_beside_a_change() {
    explore(&[()], || {
        let (sender, mut receiver) = channel(0);
        let changed = pending(receiver.changed());
        let other = thread::spawn(move || drop(sender.set(1)));
        drop(changed);
        other.join().unwrap();
        assert_eq!(see_all(&mut receiver), [1]);
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken() {
    explore(&[false, true], || {
        let (sender, mut receiver) = channel(0);
        let mut changed = pending(receiver.changed());
        let other = thread::spawn(move || drop(sender.set(1)));
        is_ready_for_another(&mut changed, other)
    });
}

#[test]
fn a_wait_that_finds_the_value_new_may_go_before_it_is_let_go() {
    explore(&[false, true], || {
        let watch = Arc::new(Watch::new(0));
        let mut receivers = [(); 3].map(|()| watch.receiver());
        let [first, second, third] = receivers.each_mut().map(|it| pending(it.changed()));
        let other = elsewhere(&watch, |watch| watch.set(1).unwrap());
        let mut third = third;
        let ready = poll_now(third.as_mut(), std::task::Waker::noop()).is_ready();
        drop(third);
        other.join().unwrap();
        drop((first, second));
        ready
    });
}

#[test]
fn all_who_wait_are_woken_though_a_batch_is_full() {
    explore(&[()], || {
        let watch = Arc::new(Watch::new(0));
        let task = Arc::new(Task::default());
        let waker = std::task::Waker::from(Arc::clone(&task));
        let mut receivers = [(); 3].map(|()| watch.receiver());
        let mut waits = receivers.each_mut().map(|it| Box::pin(it.changed()));
        for wait in &mut waits {
            assert!(poll_now(wait.as_mut(), &waker).is_pending());
        }
        let other = elsewhere(&watch, |watch| watch.set(1).unwrap());
        watch.set(2).unwrap();
        other.join().unwrap();
        assert_eq!(task.wakes(), 3);
    });
}

#[test]
fn who_comes_beside_a_change_sees_it() {
    explore(&[(0, 1), (1, 1)], || {
        let watch = Arc::new(Watch::new(0));
        let other = elsewhere(&watch, |watch| watch.set(1).unwrap());
        let mut receiver = watch.receiver();
        let first = *receiver.latest();
        if first == 0 {
            assert_eq!(block_on(receiver.changed()), Ok(1));
        }
        other.join().unwrap();
        (first, *receiver.latest())
    });
}

#[test]
fn a_value_is_seen_or_comes_back_when_it_is_closed() {
    explore(&[true, false], || {
        let watch = Arc::new(Watch::new(0));
        let mut receiver = watch.receiver();
        let other = elsewhere(&watch, |watch| watch.close());
        let is_set = watch.set(1).is_ok();
        other.join().unwrap();
        assert_eq!(block_on(receiver.changed()).is_ok(), is_set);
        assert!(block_on(receiver.changed()).is_err());
        is_set
    });
}

#[test]
fn updates_are_all_applied() {
    explore(&[11], || {
        let watch = Arc::new(Watch::new(0));
        let other = elsewhere(&watch, |watch| watch.update(|n| Some(n + 1)));
        watch.update(|n| Some(n + 10));
        other.join().unwrap();
        watch.get()
    });
}

#[test]
fn the_last_receiver_that_goes_is_noticed() {
    explore(&[()], || {
        let (sender, receiver) = channel(0);
        let other = drop_elsewhere(receiver);
        block_on(sender.unwatched());
        assert_eq!(sender.receiver_count(), 0);
        other.join().unwrap();
    });
}
