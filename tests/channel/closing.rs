//! What each call answers when the channel is closed, by whom, and with what in it.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use pleach::channel::{
    Receiver, RecvError, ReserveError, SendError, Sender, TryRecvError, TryReserveError,
    TrySendError, bounded, strict,
};

use crate::{now, pending, ready};

fn assert_closed_to_senders(sender: &Sender<u32>) {
    assert!(sender.is_closed());
    assert_eq!(sender.try_send(1), Err(TrySendError::Closed(1)));
    assert_eq!(now(sender.send(1)), Some(Err(SendError(1))));
    assert_eq!(sender.force_send(1), Err(SendError(1)));
    let mut slot = Some(1);
    assert_eq!(
        now(sender.send_from(&mut slot)),
        Some(Err(ReserveError::Closed))
    );
    assert_eq!(slot, Some(1));
    assert!(matches!(sender.try_reserve(), Err(TryReserveError::Closed)));
    assert!(matches!(
        sender.try_reserve_many(1),
        Err(TryReserveError::Closed)
    ));
    assert!(matches!(
        now(sender.reserve()),
        Some(Err(ReserveError::Closed))
    ));
    assert!(matches!(
        now(sender.reserve_many(1)),
        Some(Err(ReserveError::Closed))
    ));
    assert_eq!(now(sender.closed()), Some(()));
    assert!(!sender.close(), "no news");
}

fn assert_finished(receiver: &Receiver<u32>) {
    assert!(receiver.is_finished() && receiver.is_closed());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(now(receiver.recv()), Some(Err(RecvError)));
    assert_eq!(
        now(receiver.recv_many(&mut Vec::new(), 1)),
        Some(Err(RecvError))
    );
    assert_eq!(now(receiver.ready()), Some(()));
    assert_eq!(receiver.drain().count(), 0);
    let mut stream = pin!(receiver.stream());
    for _ in 0..2 {
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(stream.as_mut().poll_next(&mut cx), Poll::Ready(None));
    }
}

#[test]
fn what_is_buffered_is_received_after_a_close_by_either_end() {
    for by_sender in [true, false] {
        let (sender, receiver) = bounded(4);
        for n in 0..4 {
            sender.try_send(n).unwrap();
        }
        assert!(if by_sender {
            sender.close()
        } else {
            receiver.close()
        });
        assert_closed_to_senders(&sender);
        assert!(receiver.is_closed() && !receiver.is_finished());
        assert_eq!(receiver.try_recv(), Ok(0));
        assert_eq!(now(receiver.recv()), Some(Ok(1)));
        let mut rest = Vec::new();
        assert_eq!(now(receiver.recv_many(&mut rest, 9)), Some(Ok(2)));
        assert_eq!(rest, [2, 3]);
        assert_finished(&receiver);
    }
}

#[test]
fn when_the_last_sender_is_dropped_what_is_buffered_is_received() {
    let (sender, receiver) = bounded(4);
    let other = sender.clone();
    sender.try_send(1).unwrap();
    drop(sender);
    assert!(!receiver.is_closed());
    other.try_send(2).unwrap();
    drop(other);
    assert_eq!(receiver.drain().collect::<Vec<_>>(), [1, 2]);
    assert_finished(&receiver);
}

#[test]
fn when_the_last_receiver_is_dropped_nothing_can_be_sent() {
    let (sender, receiver) = bounded(4);
    let other = receiver.clone();
    drop(receiver);
    sender.try_send(1).unwrap();
    let permit = sender.try_reserve().unwrap();
    drop(other);
    assert_closed_to_senders(&sender);
    assert_eq!(permit.send(2), Err(SendError(2)));
    assert!(sender.is_empty());
}

#[test]
fn those_who_wait_to_send_get_their_message_back() {
    for by_drop in [true, false] {
        let (sender, receiver) = bounded(1);
        sender.try_send(0).unwrap();
        let mut sends: Vec<_> = (1..20).map(|n| pending(sender.send(n))).collect();
        let mut reserve = pending(sender.reserve());
        let mut closed = pending(sender.closed());
        if by_drop {
            drop(receiver);
        } else {
            receiver.close();
        }
        for (send, n) in sends.iter_mut().zip(1..) {
            assert_eq!(ready(send), Err(SendError(n)));
        }
        assert!(matches!(ready(&mut reserve), Err(ReserveError::Closed)));
        ready(&mut closed);
    }
}

#[test]
fn those_who_wait_to_receive_are_told_when_nothing_can_come() {
    let (sender, receiver) = bounded::<u32>(1);
    let mut recvs: Vec<_> = (0..20).map(|_| pending(receiver.recv())).collect();
    let mut told = pending(receiver.ready());
    drop(sender);
    for recv in &mut recvs {
        assert_eq!(ready(recv), Err(RecvError));
    }
    ready(&mut told);
}

#[test]
fn a_closed_channel_is_not_finished_while_a_ticket_may_come_back() {
    for make in [bounded, strict] {
        let (sender, receiver) = make(1);
        let promised = pending(receiver.recv());
        sender.try_send(1).unwrap();
        let mut waiting = pending(receiver.recv());
        drop(sender);
        assert!(crate::is_pending(&mut waiting));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        drop(promised);
        assert_eq!(ready(&mut waiting), Ok(1));
        assert_finished(&receiver);
    }
}

#[test]
fn the_take_that_empties_a_closed_channel_tells_those_who_wait() {
    let (sender, receiver) = bounded(1);
    let mut promised = pending(receiver.recv());
    sender.try_send(1).unwrap();
    let mut waiting: Vec<_> = (0..20).map(|_| pending(receiver.recv())).collect();
    drop(sender);
    assert_eq!(ready(&mut promised), Ok(1));
    for recv in &mut waiting {
        assert_eq!(ready(recv), Err(RecvError));
    }
}

#[test]
fn a_permit_outlives_a_close() {
    let (sender, receiver) = bounded(2);
    let permits = sender.try_reserve_many(2).unwrap();
    receiver.close();
    let mut waiting = pending(receiver.recv());
    let mut permits = permits.into_iter();
    permits.next().unwrap().send(1).unwrap();
    assert_eq!(ready(&mut waiting), Ok(1));
    let mut waiting = pending(receiver.recv());
    assert!(!receiver.is_finished());
    drop(permits);
    assert_eq!(ready(&mut waiting), Err(RecvError));
    assert_finished(&receiver);
}
