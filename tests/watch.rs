//! The latest value, through the public API.

mod support;

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_core::{
    future::FusedFuture,
    stream::{FusedStream, Stream},
};
use pleach::watch::{self, RecvError, SendError, Watch};
use support::{Hostile, Wakes, block_on, leak, poll_now, poll_with};

#[test]
fn a_receiver_has_seen_what_was_there_when_it_came() {
    let (sender, mut receiver) = watch::channel(1);
    assert!(!receiver.has_changed());
    assert_eq!(**receiver.latest(), 1);
    assert_eq!(*sender.set(2), 1);
    assert!(receiver.has_changed());
    assert!(!sender.subscribe().has_changed());
    assert_eq!(*sender.get(), 2);
    assert_eq!(**receiver.latest(), 2);
    assert!(!receiver.has_changed());
}

#[test]
fn it_waits_for_what_it_has_not_seen_and_passes_over_the_rest() {
    let (sender, mut receiver) = watch::channel(0);
    let (wakes, waker) = Wakes::new();
    {
        let mut changed = pin!(receiver.changed());
        assert!(poll_with(changed.as_mut(), Waker::noop()).is_pending());
        assert!(poll_with(changed.as_mut(), &waker).is_pending());
        sender.set(1);
        sender.set(2);
        assert_eq!(wakes.count(), 1);
        assert_eq!(
            poll_with(changed.as_mut(), &waker),
            Poll::Ready(Ok(Arc::new(2)))
        );
        assert!(changed.is_terminated());
    }
    assert!(poll_now(pin!(receiver.changed())).is_pending());
}

#[test]
fn a_wait_that_is_dropped_leaves_the_value_unseen_and_no_link() {
    let (sender, mut receiver) = watch::channel(0);
    let (wakes, waker) = Wakes::new();
    let mut changed = Box::pin(receiver.changed());
    assert!(poll_with(changed.as_mut(), &waker).is_pending());
    sender.set(1);
    drop(changed);
    assert!(receiver.has_changed());
    let mut changed = Box::pin(receiver.changed());
    assert_eq!(poll_now(changed.as_mut()), Poll::Ready(Ok(Arc::new(1))));
    drop(changed);
    let mut changed = Box::pin(receiver.changed());
    assert!(poll_with(changed.as_mut(), &waker).is_pending());
    drop(changed);
    sender.set(2);
    assert_eq!((wakes.count(), Arc::strong_count(&wakes)), (1, 2));
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (sender, mut receiver) = watch::channel(0);
    let other = sender.clone();
    assert!(sender.same_channel(&other));
    drop(sender);
    assert!(!receiver.is_closed());
    other.set(1);
    drop(other);
    assert!(receiver.is_closed());
    assert_eq!(block_on(receiver.changed()), Ok(Arc::new(1)));
    assert_eq!(block_on(receiver.changed()), Err(RecvError));
    assert_eq!(**receiver.latest(), 1);
    receiver.mark_changed();
    assert_eq!(block_on(receiver.changed()), Ok(Arc::new(1)));
    assert_eq!(block_on(receiver.changed()), Err(RecvError));
}

#[test]
fn who_waits_is_woken_by_the_end() {
    let (sender, mut receiver) = watch::channel(0);
    let (wakes, waker) = Wakes::new();
    let mut changed = pin!(receiver.changed());
    assert!(poll_with(changed.as_mut(), &waker).is_pending());
    drop(sender);
    assert_eq!(wakes.count(), 1);
    assert_eq!(poll_now(changed), Poll::Ready(Err(RecvError)));
}

#[test]
#[should_panic(expected = "`Changed` was polled after it had completed")]
fn a_wait_that_is_over_panics() {
    let (_sender, mut receiver) = watch::channel(0);
    receiver.mark_changed();
    let mut changed = pin!(receiver.changed());
    assert!(poll_now(changed.as_mut()).is_ready());
    let _ = poll_now(changed);
}

#[test]
fn a_hundred_who_wait_are_all_woken_once() {
    let (sender, receiver) = watch::channel(0);
    let (wakes, waker) = Wakes::new();
    let mut receivers = vec![receiver; 100];
    assert_eq!(sender.receiver_count(), 100);
    let mut waits: Vec<_> = receivers
        .iter_mut()
        .map(|it| Box::pin(it.changed()))
        .collect();
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    sender.set(1);
    assert_eq!(wakes.count(), 100);
    sender.set(2);
    assert_eq!(wakes.count(), 100);
    for mut wait in waits {
        assert_eq!(poll_now(wait.as_mut()), Poll::Ready(Ok(Arc::new(2))));
    }
}

#[test]
fn a_clone_has_seen_the_same() {
    let (sender, mut receiver) = watch::channel(0);
    sender.set(1);
    let mut clone = receiver.clone();
    assert!(receiver.same_channel(&clone));
    assert!(clone.has_changed());
    assert_eq!(**clone.latest(), 1);
    assert!(receiver.has_changed());
    assert_eq!(**receiver.latest(), 1);
}

#[test]
fn an_update_is_done_again_if_somebody_was_faster() {
    let (sender, _receiver) = watch::channel(10);
    let mut calls = 0;
    let before = sender.update(|n| {
        calls += 1;
        if calls == 1 {
            sender.set(20);
        }
        Some(n + 1)
    });
    assert_eq!(
        (calls, before.as_deref(), *sender.get()),
        (2, Some(&20), 21)
    );
    assert_eq!(sender.update(|_| None), None);
    let watch = Watch::new(1);
    assert_eq!(watch.update(|n| Some(n + 1)), Some(1));
    assert_eq!(watch.update(|n| (n == 1).then_some(0)), None);
    assert_eq!(watch.get(), 2);
}

#[test]
fn it_waits_for_the_right_value() {
    let (sender, mut receiver) = watch::channel(1);
    assert_eq!(block_on(receiver.wait_for(|n| *n == 1)), Ok(Arc::new(1)));
    let mut wait = Box::pin(receiver.wait_for(|n| *n > 4));
    let (wakes, waker) = Wakes::new();
    for n in 2..=4 {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
        sender.set(n);
        assert_eq!(wakes.count(), n - 1);
    }
    assert!(poll_with(wait.as_mut(), &waker).is_pending());
    sender.set(5);
    assert_eq!(poll_now(wait.as_mut()), Poll::Ready(Ok(Arc::new(5))));
    drop(wait);
    drop(sender);
    assert_eq!(block_on(receiver.wait_for(|n| *n > 9)), Err(RecvError));
    assert_eq!(block_on(receiver.wait_for(|n| *n == 5)), Ok(Arc::new(5)));
}

#[test]
fn changes_are_a_stream() {
    let (sender, mut receiver) = watch::channel(0);
    let mut changes = pin!(receiver.changes());
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    let mut next = || changes.as_mut().poll_next(&mut cx);
    assert!(next().is_pending());
    for n in 1..=3 {
        sender.set(n);
        assert_eq!(wakes.count(), n);
        assert_eq!(next(), Poll::Ready(Some(Arc::new(n))));
        assert!(next().is_pending());
    }
    drop(sender);
    assert_eq!((next(), next()), (Poll::Ready(None), Poll::Ready(None)));
    assert!(changes.is_terminated());
}

#[test]
fn a_sender_learns_when_nobody_looks() {
    let (sender, receiver) = watch::channel(0);
    let other = receiver.clone();
    let (wakes, waker) = Wakes::new();
    let mut unwatched = pin!(sender.unwatched());
    drop(receiver);
    assert!(poll_with(unwatched.as_mut(), &waker).is_pending());
    drop(other);
    assert_eq!(wakes.count(), 1);
    assert!(poll_now(unwatched).is_ready());
    sender.set(1);
    assert_eq!(**sender.subscribe().latest(), 1);
}

#[test]
fn values_are_dropped_when_nobody_has_them() {
    let value = Arc::new(());
    let (sender, mut receiver) = watch::channel(Arc::clone(&value));
    let snapshot = receiver.latest().clone();
    sender.set(Arc::new(()));
    assert_eq!(Arc::strong_count(&value), 2);
    receiver.latest();
    assert_eq!(Arc::strong_count(&value), 2, "the snapshot stays");
    drop(snapshot);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn waits_are_shown_whatever_the_values_are() {
    struct Opaque;
    let (_sender, mut receiver) = watch::channel(Opaque);
    assert!(format!("{:?}", receiver.changed()).starts_with("Changed { turn: "));
    assert!(format!("{:?}", receiver.changes()).starts_with("Changes { turn: "));
}

#[test]
fn a_static_one_is_for_everybody() {
    static LEVEL: Watch<u8> = Watch::new(1);
    let mut receiver = LEVEL.receiver();
    let mut changed = Box::pin(receiver.changed());
    assert!(poll_now(changed.as_mut()).is_pending());
    assert_eq!(LEVEL.set(2), Ok(1));
    assert_eq!(poll_now(changed.as_mut()), Poll::Ready(Ok(2)));
    drop(changed);
    assert!(LEVEL.close());
    assert!(!LEVEL.close());
    assert_eq!(block_on(receiver.changed()), Err(RecvError));
}

#[test]
fn a_static_one_that_was_closed_keeps_its_value() {
    let level = Watch::new(1);
    let mut receiver = level.receiver();
    assert_eq!(level.set(2), Ok(1));
    level.close();
    assert_eq!(level.set(3), Err(SendError(3)));
    assert_eq!(level.update(|_| unreachable!("nobody asks for it")), None);
    assert_eq!(block_on(receiver.changed()), Ok(2));
    assert_eq!(block_on(receiver.changed()), Err(RecvError));
    assert_eq!((level.get(), *receiver.latest()), (2, 2));
}

#[test]
fn an_update_that_meets_the_close_changes_nothing() {
    let level = Watch::new(1);
    let update = level.update(|n| {
        level.close();
        Some(n + 1)
    });
    assert_eq!((update, level.get()), (None, 1));
}

#[test]
fn wakers_and_values_that_come_back_find_no_lock_held() {
    static LEVEL: Watch<usize> = Watch::new(0);
    fn hostile() -> Waker {
        let look = || drop((format!("{LEVEL:?}"), LEVEL.receiver().has_changed()));
        Hostile::default()
            .on_clone(look)
            .on_wake(|| _ = LEVEL.set(9).unwrap())
            .on_drop(look)
            .waker()
    }
    let mut receivers = [(); 20].map(|()| LEVEL.receiver());
    let mut waits = receivers.each_mut().map(|it| Box::pin(it.changed()));
    for wait in &mut waits {
        assert!(poll_with(wait.as_mut(), &hostile()).is_pending());
        assert!(poll_with(wait.as_mut(), &hostile()).is_pending());
    }
    LEVEL.set(1).unwrap();
    drop(waits);

    struct Looks(watch::Sender<Option<Self>>);
    impl Drop for Looks {
        fn drop(&mut self) {
            let _ = self.0.get().is_some();
        }
    }
    let (sender, mut receiver) = watch::channel(None);
    sender.set(Some(Looks(sender.clone())));
    sender.set(None);
    receiver.latest();
}

#[cfg(feature = "std")]
#[test]
fn a_waker_that_panics_keeps_nobody_from_being_woken() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let (sender, receiver) = watch::channel(0);
    let mut receivers = vec![receiver; 12];
    let (wakes, waker) = Wakes::new();
    let bomb = Hostile::default().on_wake(|| panic!("a waker")).waker();
    let mut waits: Vec<_> = receivers
        .iter_mut()
        .map(|it| Box::pin(it.changed()))
        .collect();
    for (n, wait) in waits.iter_mut().enumerate() {
        let waker = if n == 3 { &bomb } else { &waker };
        assert!(poll_with(wait.as_mut(), waker).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| sender.set(1))).is_err());
    assert_eq!(wakes.count(), 11);
    for mut wait in waits {
        assert_eq!(poll_now(wait.as_mut()), Poll::Ready(Ok(Arc::new(1))));
    }
}

/// The future may be forgotten while it is linked, and what it is linked to moved and dropped.
#[test]
fn a_wait_that_is_forgotten_harms_nobody() {
    let (sender, receiver) = watch::channel(0);
    let receiver = leak(std::sync::Mutex::new(receiver));
    let mut guard = receiver.lock().unwrap();
    let mut changed = Box::pin(guard.changed());
    assert!(poll_now(changed.as_mut()).is_pending());
    support::forget(changed);
    let moved = Box::new(sender);
    moved.set(1);
    drop(moved);
}

#[cfg(feature = "std")]
#[test]
fn threads_see_the_last_of_many() {
    let (sender, receiver) = watch::channel(0);
    let watchers: Vec<_> = (0..3)
        .map(|_| {
            let mut receiver = receiver.clone();
            std::thread::spawn(move || {
                let mut last = 0;
                while let Ok(n) = receiver.changed_blocking() {
                    assert!(*n > last);
                    last = *n;
                }
                last
            })
        })
        .collect();
    for n in 1..=20_000 {
        sender.set(n);
    }
    drop(sender);
    for watcher in watchers {
        assert_eq!(watcher.join().unwrap(), 20_000);
    }
}

#[test]
fn it_may_be_sent_if_the_value_may() {
    fn is_send<T: Send>(_: T) {}
    fn is_sync<T: Sync>(_: &T) {}
    let (sender, mut receiver) = watch::channel(1);
    is_sync(&sender);
    is_sync(&receiver);
    is_send(receiver.changed());
    is_send(receiver.wait_for(|_| true));
    is_send(sender);
    is_send(receiver);
}

#[test]
fn it_says_what_it_is_in() {
    let (sender, receiver) = watch::channel(1);
    sender.set(2);
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver { seen: 1, has_changed: true, is_closed: false }"
    );
    assert_eq!(
        format!("{sender:?}"),
        "Sender { watched: Watched { value: 2, is_closed: false, .. }, receivers: 1, .. }"
    );
}
