//! A capacity of zero: from hand to hand.

use pleach::channel::{RecvError, SendError, TryRecvError, bounded};

use crate::{is_pending, now, pending, ready};

#[test]
fn nothing_is_sent_without_a_receiver() {
    let (sender, receiver) = bounded(0);
    assert!(sender.is_full());
    assert!(sender.try_send(1).unwrap_err().is_full());
    let mut send = pending(sender.send(1));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(ready(&mut send), Ok(()));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn who_is_to_be_told_of_a_message_hears_of_a_sender_that_waits() {
    let (sender, receiver) = bounded(0);
    let mut told = pending(receiver.ready());
    let mut send = pending(sender.send(1));
    ready(&mut told);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(ready(&mut send), Ok(()));
}

#[test]
fn a_receiver_that_waits_lets_one_message_in() {
    let (sender, receiver) = bounded(0);
    let mut recv = pending(receiver.recv());
    assert!(!sender.is_full());
    assert_eq!(now(sender.send(1)), Some(Ok(())));
    let mut second = pending(sender.send(2));
    assert_eq!(ready(&mut recv), Ok(1));
    assert!(is_pending(&mut second));
    assert_eq!(now(receiver.recv()), Some(Ok(2)));
    assert_eq!(ready(&mut second), Ok(()));
}

#[test]
fn what_was_sent_to_a_receiver_that_left_is_for_the_next() {
    let (sender, receiver) = bounded(0);
    let recv = pending(receiver.recv());
    sender.try_send(1).unwrap();
    drop(recv);
    assert!(sender.try_send(2).unwrap_err().is_full());
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn more_receivers_than_places_are_all_served() {
    let (sender, receiver) = bounded(0);
    let mut recvs: Vec<_> = (0..10).map(|_| pending(receiver.recv())).collect();
    let mut sends: Vec<_> = (0..10).map(|n| Box::pin(sender.send(n))).collect();
    let sent = sends
        .iter_mut()
        .map(is_pending)
        .filter(|is_pending| !is_pending)
        .count();
    assert_eq!(sent, 4, "one for each place");
    for (recv, n) in recvs.iter_mut().zip(0..) {
        assert_eq!(ready(recv), Ok(n));
    }
    assert!(sends[sent..].iter_mut().all(|send| ready(send).is_ok()));
}

#[test]
fn a_permit_needs_a_receiver_too() {
    let (sender, receiver) = bounded(0);
    assert!(sender.try_reserve().is_err());
    let mut reserve = pending(sender.reserve());
    let mut recv = pending(receiver.recv());
    let permit = ready(&mut reserve).unwrap();
    assert!(is_pending(&mut recv));
    permit.send(1).unwrap();
    assert_eq!(ready(&mut recv), Ok(1));
}

#[test]
fn a_reserve_meets_only_a_receiver_that_waits() {
    let (sender, receiver) = bounded(0);
    let mut reserve = pending(sender.reserve());
    let mut behind = pending(sender.send(2));
    let mut told = pending(receiver.ready());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.drain().next(), None);
    assert!(is_pending(&mut told) && is_pending(&mut reserve));
    let mut recv = pending(receiver.recv());
    ready(&mut reserve).unwrap().send(1).unwrap();
    assert_eq!(ready(&mut recv), Ok(1));
    ready(&mut told);
    assert_eq!(receiver.try_recv(), Ok(2));
    assert_eq!(ready(&mut behind), Ok(()));
}

#[test]
fn a_permit_whose_receiver_left_is_still_good() {
    let (sender, receiver) = bounded(0);
    let recv = pending(receiver.recv());
    let permit = sender.try_reserve().unwrap();
    drop(recv);
    permit.send(1).unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn a_forced_message_needs_a_receiver_and_takes_the_place_of_the_one_before() {
    let (sender, receiver) = bounded(0);
    assert_eq!(sender.force_send(1), Ok(Some(1)));
    let mut recv = pending(receiver.recv());
    assert_eq!(sender.force_send(2), Ok(None));
    assert_eq!(sender.force_send(3), Ok(Some(2)));
    assert_eq!(ready(&mut recv), Ok(3));
    assert_eq!(sender.force_send(4), Ok(Some(4)));
}

#[test]
fn closing_tells_both() {
    let (sender, receiver) = bounded(0);
    let mut send = pending(sender.send(1));
    receiver.close();
    assert_eq!(ready(&mut send), Err(SendError(1)));
    assert_eq!(now(receiver.recv()), Some(Err(RecvError)));
}
