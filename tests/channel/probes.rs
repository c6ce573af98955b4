//! The questions that channels are asked: what happens to messages and wake-ups when futures are
//! dropped, and who comes first. Each is asked of a channel with places and of a strict one.

use pleach::channel::{Receiver, Sender, bounded, strict};

use crate::{is_pending, now, pending, pending_with, ready, support::Wakes};

type Make = fn(usize) -> (Sender<u32>, Receiver<u32>);

const BOTH: [Make; 2] = [bounded, strict];

#[test]
fn a_message_survives_the_receiver_that_it_was_promised_to() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        let recv = pending(receiver.recv());
        sender.try_send(1).unwrap();
        drop(recv);
        assert_eq!(receiver.try_recv(), Ok(1));
    }
}

#[test]
fn a_woken_receiver_that_is_dropped_wakes_the_next() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        let first = pending(receiver.recv());
        let (wakes, waker) = Wakes::new();
        let mut second = pending_with(receiver.recv(), &waker);
        sender.try_send(1).unwrap();
        assert_eq!(wakes.count(), 0);
        drop(first);
        assert_eq!(wakes.count(), 1);
        assert_eq!(ready(&mut second), Ok(1));
    }
}

#[test]
fn a_send_that_is_polled_with_another_waker_wakes_that_one() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        sender.try_send(1).unwrap();
        let ((old, old_waker), (new, new_waker)) = (Wakes::new(), Wakes::new());
        let mut send = pending_with(sender.send(2), &old_waker);
        assert!(crate::poll_with(send.as_mut(), &new_waker).is_pending());
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!((old.count(), new.count()), (0, 1));
        assert_eq!(ready(&mut send), Ok(()));
    }
}

#[test]
fn a_receive_that_is_polled_with_another_waker_wakes_that_one() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        let ((old, old_waker), (new, new_waker)) = (Wakes::new(), Wakes::new());
        let mut recv = pending_with(receiver.recv(), &old_waker);
        assert!(crate::poll_with(recv.as_mut(), &new_waker).is_pending());
        sender.try_send(1).unwrap();
        assert_eq!((old.count(), new.count()), (0, 1));
        // With the first waker again, after the promise: ready all the same.
        assert!(crate::poll_with(recv.as_mut(), &old_waker).is_ready());
    }
}

#[test]
fn a_woken_sender_that_is_dropped_leaves_the_next_no_worse() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        sender.try_send(1).unwrap();
        let first = pending(sender.reserve());
        let mut second = pending(sender.send(3));
        assert_eq!(receiver.try_recv(), Ok(1));
        // The place is the first one's now, which passes it on.
        assert!(is_pending(&mut second));
        drop(first);
        assert_eq!(ready(&mut second), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(3));
    }
}

#[test]
fn a_newcomer_does_not_take_the_message_of_a_woken_receiver() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        let mut recv = pending(receiver.recv());
        sender.try_send(1).unwrap();
        assert!(receiver.try_recv().is_err());
        assert!(now(receiver.recv()).is_none());
        assert_eq!(ready(&mut recv), Ok(1));
    }
}

#[test]
fn a_newcomer_does_not_take_the_place_of_a_woken_sender() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        sender.try_send(1).unwrap();
        let mut send = pending(sender.send(2));
        assert_eq!(receiver.try_recv(), Ok(1));
        assert!(sender.try_send(3).unwrap_err().is_full());
        assert!(now(sender.send(3)).is_none());
        assert_eq!(ready(&mut send), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(2));
    }
}

#[test]
fn a_waiting_receiver_adds_a_place_unless_the_channel_is_strict() {
    for (make, sent) in [(bounded as Make, 2), (strict, 1)] {
        let (sender, receiver) = make(1);
        let _recv = pending(receiver.recv());
        let sends = (0..3).filter(|&n| sender.try_send(n).is_ok());
        assert_eq!(sends.count(), sent);
    }
}

#[test]
fn a_cancelled_send_gives_its_message_back_or_has_sent_it() {
    for make in BOTH {
        let (sender, receiver) = make(1);
        sender.try_send(1).unwrap();
        let (mut kept, mut sent) = (pending(sender.send(2)), pending(sender.send(3)));
        assert_eq!(kept.as_mut().cancel(), Some(2));
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(sent.as_mut().cancel(), None);
        assert_eq!(receiver.try_recv(), Ok(3));
        assert!(receiver.is_empty());
    }
}

#[test]
fn a_woken_receiver_that_is_never_polled_withholds_one_message_and_no_more() {
    for make in BOTH {
        let (sender, receiver) = make(2);
        let hostage = pending(receiver.recv());
        for n in 0..100 {
            if n > 0 {
                sender.try_send(n).unwrap();
                assert_eq!(receiver.try_recv(), Ok(n - 1), "one behind");
            } else {
                sender.try_send(n).unwrap();
            }
        }
        drop(hostage);
        assert_eq!(receiver.try_recv(), Ok(99));
    }
}
