//! Waiting for the first of several: that those who lose leave nothing behind, under every
//! interleaving.

use std::{future::poll_fn, pin::pin, task::Waker};

use crate::explore::{Explore, explore, poll_now};
use loom::{future::block_on, thread};
use pleach_loom::{
    channel::{Multiplex, bounded},
    select,
};

#[test]
fn of_two_messages_one_is_received_and_one_stays() {
    Explore::new().shallow(3).run(&["left", "right"], || {
        let (left, lefts) = bounded(1);
        let (right, rights) = bounded(1);
        let other = thread::spawn(move || {
            left.try_send(1).unwrap();
            right.try_send(2).unwrap();
        });
        let first = async {
            select! {
                Ok(n) = lefts.recv() => n,
                Ok(n) = rights.recv() => n,
            }
        };
        let first = block_on(first);
        other.join().unwrap();
        match first {
            1 => assert_eq!((lefts.try_recv().ok(), rights.try_recv()), (None, Ok(2))),
            _ => assert_eq!((lefts.try_recv(), rights.try_recv().ok()), (Ok(1), None)),
        }
        if first == 1 { "left" } else { "right" }
    });
}

#[test]
fn a_send_or_a_receive_has_an_effect_and_never_both() {
    Explore::new().shallow(3).run(&["received", "sent"], || {
        let (sender, receiver) = bounded(1);
        let (other_sender, others) = bounded(1);
        sender.try_send(0).unwrap();
        let other = thread::spawn(move || {
            other_sender.try_send(7).unwrap();
            (receiver.try_recv().unwrap(), receiver)
        });
        let first = async {
            select! {
                send(sender, 1) => "sent",
                Ok(n) = others.recv() => {
                    assert_eq!(n, 7);
                    "received"
                }
            }
        };
        let first = block_on(first);
        let (_, receiver) = other.join().unwrap();
        assert_eq!(receiver.try_recv().is_ok(), first == "sent");
        assert_eq!(others.try_recv().is_ok(), first == "sent");
        first
    });
}

/// Go's race of snapshots: the message is in one of the channels at any time.
#[test]
fn default_does_not_run_while_there_is_always_a_message() {
    explore(&["here", "there"], || {
        let (here, heres) = bounded(1);
        let (there, theres) = bounded(1);
        here.try_send("here").unwrap();
        let moving = heres.clone();
        let other = thread::spawn(move || {
            there.try_send("there").unwrap();
            let _taken = moving.try_recv();
        });
        let found = select! {
            biased;
            Ok(found) = theres.recv() => found,
            Ok(found) = heres.recv() => found,
            default => "nothing",
        };
        other.join().unwrap();
        found
    });
}

#[test]
fn a_message_comes_through_one_of_two_channels() {
    explore(&[Some(1)], || {
        let (_left, lefts) = bounded(1);
        let (right, rights) = bounded(1);
        let other = thread::spawn(move || right.try_send(1).unwrap());
        let mut all = Box::pin(Multiplex::new([&lefts, &rights]));
        let received = block_on(poll_fn(|cx| all.as_mut().poll_indexed(cx)));
        other.join().unwrap();
        assert!(
            poll_now(
                pin!(poll_fn(|cx| all.as_mut().poll_indexed(cx))),
                Waker::noop()
            )
            .is_pending()
        );
        received.map(|(_, n)| n)
    });
}

#[test]
fn what_a_multiplex_was_promised_stays_when_it_goes() {
    explore(&[()], || {
        let (left, lefts) = bounded(1);
        let (_right, rights) = bounded::<u8>(1);
        let mut all = Box::pin(Multiplex::new([&lefts, &rights]));
        assert!(
            poll_now(
                pin!(poll_fn(|cx| all.as_mut().poll_indexed(cx))),
                Waker::noop()
            )
            .is_pending()
        );
        let other = thread::spawn(move || left.try_send(1).unwrap());
        drop(all);
        other.join().unwrap();
        assert_eq!(lefts.try_recv(), Ok(1));
    });
}
