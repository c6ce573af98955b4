//! Handles: how many there are, what keeps a channel open, what keeps its memory.

use std::sync::Arc;

use pleach::{
    CancelToken,
    channel::{Channel, bounded},
};

use crate::now;

#[test]
fn handles_are_counted() {
    let (sender, receiver) = bounded::<u8>(1);
    let senders = [sender.clone(), sender.clone()];
    let receivers = [receiver.clone(), receiver.clone(), receiver.clone()];
    assert_eq!((receiver.sender_count(), sender.receiver_count()), (3, 4));
    drop((senders, receivers));
    assert_eq!((receiver.sender_count(), sender.receiver_count()), (1, 1));
}

#[test]
fn ends_know_their_channel() {
    let (sender, receiver) = bounded::<u8>(1);
    let (other_sender, other_receiver) = bounded::<u8>(1);
    assert!(sender.same_channel(&sender.clone()) && receiver.same_channel(&receiver.clone()));
    assert!(!sender.same_channel(&other_sender) && !receiver.same_channel(&other_receiver));
}

#[test]
fn a_weak_handle_keeps_nothing_open() {
    let (sender, receiver) = bounded(1);
    let (weak_sender, weak_receiver) = (sender.downgrade(), receiver.downgrade());
    weak_sender.upgrade().unwrap().try_send(1).unwrap();
    assert_eq!(weak_receiver.upgrade().unwrap().try_recv(), Ok(1));
    drop(sender);
    assert!(receiver.is_finished() && weak_sender.upgrade().is_none());
    assert!(weak_receiver.clone().upgrade().is_some());
    drop(receiver);
    assert!(weak_receiver.upgrade().is_none());
}

#[test]
fn messages_die_with_the_last_receiver_and_not_later() {
    let (sender, receiver) = bounded(2);
    let message = Arc::new(());
    sender.try_send(Arc::clone(&message)).unwrap();
    sender.try_send(Arc::clone(&message)).unwrap();
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn a_static_channel_needs_no_handle() {
    static CHANNEL: Channel<u32, 2> = Channel::new();
    CHANNEL.try_send(1).unwrap();
    assert_eq!(CHANNEL.force_send(2), Ok(None));
    assert_eq!(CHANNEL.force_send(3), Ok(Some(1)));
    assert_eq!(crate::now(CHANNEL.recv()), Some(Ok(2)));
    assert_eq!(crate::now(CHANNEL.send(4)), Some(Ok(())));
    assert!(CHANNEL.drain().eq([3, 4]));
    assert!(CHANNEL.try_recv().is_err() && !CHANNEL.is_closed());
    assert!(CHANNEL.close() && CHANNEL.is_closed());
}

#[test]
fn handles_of_a_channel_that_is_borrowed_close_it_too() {
    let channel: Channel<_, 2> = Channel::strict();
    let (sender, receiver) = channel.split();
    let other = sender.clone();
    drop(sender);
    other.try_send(1).unwrap();
    assert_eq!(receiver.sender_count(), 1);
    drop(other);
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(receiver.is_finished());
    let channel: Channel<_, 1> = Channel::default();
    let (sender, receiver) = channel.split();
    let message = Arc::new(());
    sender.try_send(Arc::clone(&message)).unwrap();
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
    assert!(sender.is_closed());
}

#[test]
fn the_ends_of_a_static_channel_do_not_count() {
    static CHANNEL: Channel<u8, 1> = Channel::new();
    let permit = now(CHANNEL.send_end().reserve()).unwrap().unwrap();
    assert_eq!(CHANNEL.send_end().sender_count(), 0);
    permit.send(1).unwrap();
    assert_eq!(now(CHANNEL.recv_end().ready()), Some(()));
    assert_eq!(CHANNEL.try_recv(), Ok(1));
    assert!(!CHANNEL.is_closed());
    CHANNEL.sender().try_send(2).unwrap();
    assert!(CHANNEL.is_closed(), "the last sender was dropped");
    assert_eq!(CHANNEL.try_recv(), Ok(2));
}

#[test]
fn a_channel_drops_what_is_in_it() {
    let channel: Channel<_, 3> = Channel::new();
    let message = Arc::new(());
    channel.try_send(Arc::clone(&message)).unwrap();
    drop(channel);
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn ends_and_handles_are_shown() {
    let (sender, receiver) = bounded(3);
    sender.try_send(1).unwrap();
    let end = "End { len: 1, capacity: 3, is_closed: false, .. })";
    assert_eq!(format!("{sender:?}"), format!("Sender(Send{end}"));
    assert_eq!(format!("{receiver:?}"), format!("Receiver(Recv{end}"));
}

/// Whatever the messages are.
#[test]
fn futures_and_iterators_are_shown() {
    struct Opaque;
    fn shown(it: &impl std::fmt::Debug) -> bool {
        format!("{it:?}").ends_with(" .. }")
    }

    let (sender, receiver) = bounded::<Opaque>(1);
    let (token, slot) = (CancelToken::new(), &mut None);
    let never = std::future::pending::<Opaque>;
    assert!(shown(&sender.send(Opaque)) && shown(&sender.send_from(slot)));
    assert!(shown(&sender.send_all([])) && shown(&sender.closed()));
    assert!(shown(&sender.send(Opaque).or_until(never())));
    assert!(shown(&sender.send_or_cancel(Opaque, &token)));
    assert!(shown(&sender.reserve()) && shown(&sender.reserve_many(1)));
    assert!(shown(&receiver.recv()) && shown(&receiver.recv_many(&mut Vec::new(), 1)));
    assert!(shown(&receiver.recv().or_until(never())));
    assert!(shown(&receiver.recv_or_cancel(&token)));
    assert!(shown(&receiver.stream()) && shown(&receiver.drain()) && shown(&receiver.ready()));
    assert!(shown(&sender.reserve_owned()) && shown(&receiver.into_stream()));
}

#[test]
#[should_panic(expected = "the capacity is too large")]
fn a_capacity_beyond_all_bounds_is_refused() {
    let _ = bounded::<()>(usize::MAX);
}

#[test]
#[should_panic(expected = "a strict channel needs a capacity")]
fn a_strict_rendezvous_is_refused() {
    let _ = pleach::channel::strict::<()>(0);
}

#[test]
fn messages_without_size_and_with_much_alignment_pass() {
    #[repr(align(128))]
    #[derive(Debug, PartialEq)]
    struct Wide(u8);
    let (sender, receiver) = bounded(3);
    for round in 0..20 {
        sender.try_send(()).unwrap();
        assert_eq!(receiver.try_recv(), Ok(()), "{round}");
    }
    let (sender, receiver) = bounded(3);
    for n in 0..20 {
        sender.try_send(Wide(n)).unwrap();
        assert_eq!(receiver.try_recv(), Ok(Wide(n)));
    }
}

// (With `inspect` they are larger: tests/sizes.rs.)
#[cfg(not(feature = "inspect"))]
#[test]
fn headers_and_futures_are_small() {
    assert!(size_of::<Channel<u64, 0>>() <= 128 + 4 * 8);
    let (sender, receiver) = bounded(1);
    assert!(size_of_val(&sender.send(1_u64)) <= 88);
    assert!(size_of_val(&receiver.recv()) <= 64);
    drop((sender, receiver));
}
