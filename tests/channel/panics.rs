//! Wakers that panic.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use pleach::channel::bounded;

use crate::{
    now, pending, pending_with, ready,
    support::{Hostile, Wakes},
};

#[test]
fn a_waker_that_panics_strands_nobody() {
    let (sender, receiver) = bounded::<u32>(1);
    let panics = || Hostile::default().on_wake(|| panic!("a waker")).waker();
    let mut first = pending_with(receiver.recv(), &panics());
    let (wakes, waker) = Wakes::new();
    let mut others: Vec<_> = (0..20)
        .map(|_| pending_with(receiver.recv(), &waker))
        .collect();
    let result = catch_unwind(AssertUnwindSafe(|| drop(sender)));
    assert!(result.is_err());
    assert_eq!(wakes.count(), 20);
    assert!(ready(&mut first).is_err());
    assert!(others.iter_mut().all(|other| ready(other).is_err()));
}

#[test]
fn a_waker_that_panics_leaves_the_message_where_it_is() {
    let (sender, receiver) = bounded(1);
    let message = Arc::new(());
    let waker = Hostile::default().on_wake(|| panic!("a waker")).waker();
    let mut recv = pending_with(receiver.recv(), &waker);
    let result = catch_unwind(AssertUnwindSafe(|| now(sender.send(Arc::clone(&message)))));
    assert!(result.is_err());
    assert_eq!(Arc::strong_count(&message), 2);
    assert!(ready(&mut recv).is_ok());
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn a_message_that_is_received_when_a_waker_panics_goes_with_that_panic() {
    let (sender, receiver) = bounded(1);
    let message = Arc::new(());
    sender.try_send(Arc::clone(&message)).unwrap();
    let waker = Hostile::default().on_wake(|| panic!("a waker")).waker();
    let mut send = pending_with(sender.send(Arc::clone(&message)), &waker);
    let result = catch_unwind(AssertUnwindSafe(|| now(receiver.recv())));
    assert!(result.is_err());
    assert!(ready(&mut send).is_ok());
    assert_eq!(Arc::strong_count(&message), 2, "one is in the channel");
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn a_clone_that_panics_leaves_no_trace() {
    let (sender, receiver) = bounded(1);
    let waker = Hostile::default().on_clone(|| panic!("a clone")).waker();
    let mut recv = Box::pin(receiver.recv());
    let poll = || crate::poll_with(recv.as_mut(), &waker);
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    sender.try_send(1).unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    sender.try_send(2).unwrap();
    let mut send = Box::pin(sender.send(3));
    let poll = || crate::poll_with(send.as_mut(), &waker);
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert_eq!(send.as_mut().cancel(), Some(3));
    assert_eq!(receiver.try_recv(), Ok(2));
    let mut next = pending(receiver.recv());
    drop(recv);
    sender.try_send(4).unwrap();
    assert_eq!(ready(&mut next), Ok(4));
}
