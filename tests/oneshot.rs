//! One value, once, through the public API.

mod support;

use std::{
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
};

use futures_core::future::FusedFuture;
use pleach::{
    oneshot::{self, Oneshot, RecvError, SendError, TryRecvError},
    select,
};
use support::{Hostile, Wakes, block_on, poll_now, poll_with};

#[test]
fn a_value_arrives() {
    let (sender, receiver) = oneshot::channel();
    assert_eq!(sender.send(1), Ok(()));
    assert_eq!(block_on(receiver), Ok(1));
}

#[test]
fn who_waits_is_woken_once() {
    let (sender, mut receiver) = oneshot::channel();
    let (wakes, waker) = Wakes::new();
    let mut receive = Pin::new(&mut receiver);
    assert!(poll_with(receive.as_mut(), Waker::noop()).is_pending());
    assert!(poll_with(receive.as_mut(), &waker).is_pending());
    assert!(poll_with(receive.as_mut(), &waker).is_pending());
    assert_eq!(Arc::strong_count(&wakes), 3, "it is stored once");
    sender.send("value").unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(poll_now(receive.as_mut()), Poll::Ready(Ok("value")));
    assert!(receive.is_terminated());
    assert_eq!(poll_now(receive), Poll::Ready(Err(RecvError)));
    assert_eq!(Arc::strong_count(&wakes), 2);
}

#[test]
fn a_sender_that_goes_tells_the_receiver() {
    let (sender, mut receiver) = oneshot::channel::<u8>();
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(Pin::new(&mut receiver), &waker).is_pending());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    drop(sender);
    assert_eq!(wakes.count(), 1);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(block_on(receiver), Err(RecvError));
}

#[test]
fn without_a_receiver_the_value_comes_back() {
    let (sender, receiver) = oneshot::channel();
    assert!(!sender.is_closed());
    drop(receiver);
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(SendError(1)));
}

#[test]
fn a_receiver_that_closes_keeps_what_was_sent() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));

    let (sender, mut receiver) = oneshot::channel();
    receiver.close();
    assert_eq!(sender.send(1), Err(SendError(1)));
    assert_eq!(block_on(receiver), Err(RecvError));
}

#[test]
fn a_receiver_that_closes_keeps_no_waker_and_is_not_woken() {
    let (sender, mut receiver) = oneshot::channel();
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(Pin::new(&mut receiver), &waker).is_pending());
    receiver.close();
    assert_eq!(Arc::strong_count(&wakes), 2);
    assert_eq!(sender.send(1), Err(SendError(1)));
    assert_eq!(wakes.count(), 0);
    assert_eq!(
        poll_with(Pin::new(&mut receiver), &waker),
        Poll::Ready(Err(RecvError))
    );
}

#[test]
fn the_sender_learns_that_nobody_waits_any_more() {
    for closes in [true, false] {
        let (mut sender, mut receiver) = oneshot::channel::<u8>();
        let (wakes, waker) = Wakes::new();
        let mut closed = sender.closed();
        assert!(poll_with(Pin::new(&mut closed), &waker).is_pending());
        if closes {
            receiver.close();
            assert_eq!(wakes.count(), 1);
        }
        drop(receiver);
        assert_eq!(wakes.count(), 1);
        assert!(poll_now(Pin::new(&mut closed)).is_ready());
        assert!(closed.is_terminated());
    }
}

#[test]
fn a_wait_for_the_end_that_is_given_up_keeps_no_waker() {
    let (mut sender, receiver) = oneshot::channel();
    let (wakes, waker) = Wakes::new();
    let mut closed = sender.closed();
    assert!(poll_with(Pin::new(&mut closed), &waker).is_pending());
    assert_eq!(Arc::strong_count(&wakes), 3);
    drop(closed);
    assert_eq!(Arc::strong_count(&wakes), 2);
    sender.send(()).unwrap();
    assert_eq!(block_on(receiver), Ok(()));
    assert_eq!(wakes.count(), 0);
}

#[test]
#[should_panic(expected = "`WaitClosed` was polled after it had completed")]
fn a_wait_for_the_end_that_is_over_panics() {
    let (mut sender, receiver) = oneshot::channel::<u8>();
    drop(receiver);
    let mut closed = sender.closed();
    assert!(poll_now(Pin::new(&mut closed)).is_ready());
    let _ = poll_now(Pin::new(&mut closed));
}

#[test]
fn a_value_that_nobody_receives_is_dropped_with_the_receiver() {
    let value = Rc::new(());
    let (sender, receiver) = oneshot::channel();
    sender.send(Rc::clone(&value)).unwrap();
    assert_eq!(Rc::strong_count(&value), 2);
    drop(receiver);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn the_receiver_by_reference_is_an_arm_again_and_again() {
    block_on(async {
        let (sender, mut receiver) = oneshot::channel();
        for _ in 0..3 {
            select! {
                biased;
                _ = &mut receiver => unreachable!(),
                () = support::yield_now() => {}
            }
        }
        sender.send(5).unwrap();
        assert_eq!(receiver.await, Ok(5));
    });
}

#[test]
fn a_static_one_can_be_used_again_when_both_are_gone() {
    static SLOT: Oneshot<u32> = Oneshot::new();
    let (sender, receiver) = SLOT.split().unwrap();
    sender.send(1).unwrap();
    assert!(SLOT.split().is_none());
    drop(receiver);
    let (sender, mut receiver) = SLOT.split().unwrap();
    assert_eq!(
        receiver.try_recv(),
        Err(TryRecvError::Empty),
        "nothing of the last time"
    );
    assert!(!sender.is_closed());
    drop(receiver);
    assert!(SLOT.split().is_none());
    assert_eq!(sender.send(2), Err(SendError(2)));
    let (sender, mut receiver) = SLOT.split().unwrap();
    drop(sender);
    assert_eq!(
        poll_now(Pin::new(&mut receiver)),
        Poll::Ready(Err(RecvError))
    );
}

#[test]
fn a_side_that_is_forgotten_keeps_it_in_use_and_nothing_else() {
    let slot = Oneshot::new();
    let (sender, receiver) = slot.split().unwrap();
    std::mem::forget(sender);
    let mut receiver = receiver;
    assert_eq!(receiver.try_recv(), Err::<u8, _>(TryRecvError::Empty));
    drop(receiver);
    assert!(slot.split().is_none());
}

#[test]
fn wakers_that_come_back_find_no_lock_held() {
    static SLOT: Oneshot<u8> = Oneshot::new();
    fn hostile() -> Waker {
        let look = || drop(format!("{SLOT:?} {:?}", SLOT.split().is_none()));
        Hostile::default()
            .on_clone(look)
            .on_wake(look)
            .on_drop(look)
            .waker()
    }
    for _ in 0..2 {
        let (mut sender, mut receiver) = SLOT.split().unwrap();
        assert!(poll_with(Pin::new(&mut receiver), &hostile()).is_pending());
        assert!(poll_with(Pin::new(&mut receiver), &hostile()).is_pending());
        assert!(poll_with(Pin::new(&mut sender.closed()), &hostile()).is_pending());
        sender.send(1).unwrap();
        drop(receiver);
        let (sender, mut receiver) = SLOT.split().unwrap();
        assert!(poll_with(Pin::new(&mut receiver), &hostile()).is_pending());
        drop((receiver, sender));
        let (mut sender, receiver) = SLOT.split().unwrap();
        assert!(poll_with(pin!(sender.closed()), &hostile()).is_pending());
        drop((receiver, sender));
    }
}

/// Closed by its own waker, between the look that finds nothing and the lock that would store it.
#[test]
fn a_value_that_is_sent_while_the_waker_is_cloned_is_received() {
    let (sender, mut receiver) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let waker = Hostile::default()
        .on_clone(move || {
            if let Some(sender) = sender.lock().unwrap().take() {
                sender.send(7).unwrap();
            }
        })
        .waker();
    assert_eq!(
        poll_with(Pin::new(&mut receiver), &waker),
        Poll::Ready(Ok(7))
    );
}

#[cfg(feature = "std")]
#[test]
fn a_waker_whose_drop_panics_loses_no_value() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let (sender, mut receiver) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let bombs = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let armed = Arc::clone(&bombs);
    let waker = Hostile::default()
        .on_clone(move || {
            if let Some(sender) = sender.lock().unwrap().take() {
                sender.send(7).unwrap();
                bombs.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        })
        .on_drop(move || {
            assert!(
                !armed.swap(false, std::sync::atomic::Ordering::Relaxed),
                "a waker's drop"
            );
        })
        .waker();
    let polled = catch_unwind(AssertUnwindSafe(|| {
        poll_with(Pin::new(&mut receiver), &waker)
    }));
    assert!(polled.is_err());
    assert_eq!(receiver.try_recv(), Ok(7));
}

#[test]
fn it_may_be_sent_if_the_value_may() {
    fn is_send<T: Send>(_: &T) {}
    fn is_sync<T: Sync>(_: &T) {}
    let (mut sender, receiver) = oneshot::channel::<std::cell::Cell<u8>>();
    is_send(&sender);
    is_sync(&sender);
    is_send(&receiver);
    is_sync(&receiver);
    is_send(&sender.closed());
}

#[cfg(feature = "std")]
#[test]
fn a_thread_waits_for_it() {
    use std::time::{Duration, Instant};
    let (sender, receiver) = oneshot::channel();
    let worker = std::thread::spawn(move || receiver.recv_blocking());
    sender.send(1).unwrap();
    assert_eq!(worker.join().unwrap(), Ok(1));
    let (sender, mut receiver) = oneshot::channel();
    let soon = Instant::now() + Duration::from_millis(5);
    assert_eq!(receiver.recv_blocking_until(soon), None);
    sender.send(2).unwrap();
    assert_eq!(receiver.recv_blocking_until(soon), Some(Ok(2)));
}

#[test]
fn it_says_what_it_is_in() {
    let (sender, receiver) = oneshot::channel();
    assert_eq!(
        format!("{sender:?}"),
        "Sender(Oneshot { is_closed: false, has_value: false, .. })"
    );
    sender.send(1).unwrap();
    assert_eq!(
        format!("{receiver:?}"),
        "Receiver(Oneshot { is_closed: true, has_value: true, .. })"
    );
}
