//! `send(sender, message)` arms: exactly one arm has an effect.

use std::future::ready;

use pleach::{channel, select};

use super::{block_on, now};

#[test]
fn it_sends_when_there_is_room() {
    block_on(async {
        let (sender, receiver) = channel::bounded(1);
        select! {
            send(sender, 1) => {}
            _ = std::future::pending::<()>() => unreachable!(),
        }
        assert_eq!(receiver.try_recv(), Ok(1));
        let sent = select! { send(sender, 2) => "sent", };
        assert_eq!((sent, receiver.try_recv()), ("sent", Ok(2)));
    });
}

#[test]
fn the_message_of_an_arm_that_loses_is_not_touched() {
    block_on(async {
        let (sender, receiver) = channel::bounded(1);
        sender.try_send(String::from("full")).unwrap();
        let message = String::from("not sent");
        select! {
            biased;
            send(sender, message) => unreachable!("it is full"),
            _ = ready(()) => {}
        }
        assert_eq!(receiver.len(), 1);
        select! {
            biased;
            send(sender, { assert!(receiver.is_empty()); message }) => {}
            Ok(first) = receiver.recv() => {
                assert_eq!(first, "full");
                select! {
                    send(sender, message) => {}
                    default => unreachable!("there is room"),
                }
            }
        }
        assert_eq!(receiver.try_recv().unwrap(), "not sent");
    });
}

#[test]
fn a_place_granted_to_a_loser_goes_to_the_next() {
    let (sender, receiver) = channel::bounded(1);
    let (other, others) = channel::bounded(1);
    sender.try_send(0).unwrap();
    let mut select = Box::pin(async {
        select! {
            biased;
            Ok(n) = others.recv() => n,
            send(sender, 1) => 99,
        }
    });
    assert!(now(select.as_mut()).is_none());
    assert_eq!(receiver.try_recv(), Ok(0));
    other.try_send(7).unwrap();
    assert_eq!(now(select.as_mut()), Some(7));
    assert!(receiver.is_empty(), "the arm lost, and has sent nothing");
    assert_eq!(sender.try_send(2), Ok(()));
}

#[test]
fn it_is_switched_off_when_the_channel_is_closed() {
    block_on(async {
        let (sender, receiver) = channel::bounded(1);
        drop(receiver);
        let mut message = Some(5);
        let what = select! {
            send(sender, message.take()) => "sent",
            else => "closed",
        };
        assert_eq!((what, message), ("closed", Some(5)));
    });
}

#[test]
fn it_may_have_a_guard() {
    block_on(async {
        let (sender, receiver) = channel::bounded(2);
        let mut queued = Vec::from([1, 2]);
        loop {
            select! {
                send(sender, queued.remove(0)), if !queued.is_empty() => {}
                else => break,
            }
        }
        assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(1), Ok(2)));
    });
}

#[test]
fn it_hands_over_to_a_receiver_that_waits() {
    let (sender, receiver) = channel::bounded(0);
    let mut recv = Box::pin(receiver.recv());
    assert!(now(recv.as_mut()).is_none());
    select! {
        send(sender, 1) => {}
        default => unreachable!("somebody waits"),
    }
    assert_eq!(now(recv), Some(Ok(1)));
    select! {
        send(sender, 2) => unreachable!("nobody waits"),
        default => {}
    }
}

#[test]
fn a_relay_moves_everything_through() {
    // Go's idiom: a nil channel for whichever side is not to be used now.
    block_on(async {
        let (source, incoming) = channel::bounded(4);
        let (outgoing, sink) = channel::bounded(4);
        for n in 0..4 {
            source.try_send(n).unwrap();
        }
        drop(source);
        let mut held = None;
        loop {
            select! {
                Ok(n) = incoming.recv(), if held.is_none() => held = Some(n),
                send(outgoing, held.take().unwrap()), if held.is_some() => {}
                else => break,
            }
        }
        drop(outgoing);
        let all: Vec<_> = std::iter::from_fn(|| sink.try_recv().ok()).collect();
        assert_eq!(all, [0, 1, 2, 3]);
    });
}
