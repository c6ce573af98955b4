//! What is received in which order, by many threads, and that nothing is lost on the way.

use std::{
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    thread,
};

use pleach::{
    block_on,
    channel::{Receiver, Sender, TryRecvError, bounded, strict},
};

const SENDERS: usize = 4;
const MESSAGES: usize = if cfg!(debug_assertions) {
    2_000
} else {
    20_000
};

/// A number of its sender's own, and who that is.
type Message = (usize, usize);

fn send_all(sender: &Sender<Message>, who: usize) {
    for n in 0..MESSAGES {
        let message = (who, n);
        match n % 4 {
            0 => sender.send_blocking(message).unwrap(),
            1 => block_on(sender.reserve()).unwrap().send(message).unwrap(),
            2 => block_on(sender.send_from(&mut Some(message))).unwrap(),
            _ => give_up_and_try_again(sender, message),
        }
    }
}

fn give_up_and_try_again(sender: &Sender<Message>, mut message: Message) {
    loop {
        let mut send = pin!(sender.send(message));
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(sent) = send.as_mut().poll(&mut cx) {
            return sent.unwrap();
        }
        thread::yield_now();
        match send.cancel() {
            Some(again) => message = again,
            None => return,
        }
    }
}

fn receive_all(receiver: &Receiver<Message>) -> Vec<Message> {
    let mut received = Vec::new();
    for turn in 0.. {
        let more = match turn % 3 {
            0 => receiver
                .recv_blocking()
                .map(|message| received.push(message)),
            1 => block_on(receiver.recv_many(&mut received, 3)).map(|_| ()),
            _ => {
                // Gives up once it has a place in the queue, and perhaps a ticket.
                let mut recv = pin!(receiver.recv());
                let mut cx = Context::from_waker(Waker::noop());
                if let Poll::Ready(Ok(message)) = recv.as_mut().poll(&mut cx) {
                    received.push(message);
                }
                Ok(())
            }
        };
        if more.is_err() {
            break;
        }
    }
    received
}

#[test]
fn each_message_arrives_once_and_in_the_order_of_its_sender() {
    for (make, capacity) in [
        (bounded as fn(usize) -> _, 0),
        (bounded, 1),
        (strict, 1),
        (bounded, 7),
    ] {
        let (sender, receiver) = make(capacity);
        let received = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for who in 0..SENDERS {
                let sender = sender.clone();
                scope.spawn(move || send_all(&sender, who));
            }
            drop(sender);
            for _ in 0..3 {
                let receiver = receiver.clone();
                let received = &received;
                scope.spawn(move || {
                    let own = receive_all(&receiver);
                    for who in 0..SENDERS {
                        let numbers = own.iter().filter(|message| message.0 == who);
                        assert!(numbers.is_sorted_by_key(|message| message.1));
                    }
                    received.lock().unwrap().extend(own);
                });
            }
        });
        let mut received = received.into_inner().unwrap();
        received.sort_unstable();
        let expected = (0..SENDERS).flat_map(|who| (0..MESSAGES).map(move |n| (who, n)));
        assert!(received.into_iter().eq(expected));
        assert!(receiver.is_finished());
    }
}

#[test]
fn a_newcomer_stands_behind_who_was_woken_although_a_sender_waits() {
    for (make, capacity) in [(bounded as fn(usize) -> _, 0), (strict, 1)] {
        let (sender, receiver) = make(capacity);
        let mut first = crate::pending(receiver.recv());
        sender.try_send(1).unwrap();
        let mut send = crate::pending(sender.send(2));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(receiver.drain().next(), None);
        let mut ready = crate::pending(receiver.ready());
        let mut second = crate::pending(receiver.recv());
        assert_eq!(crate::ready(&mut first), Ok(1));
        assert_eq!(crate::ready(&mut second), Ok(2));
        assert_eq!(crate::ready(&mut send), Ok(()));
        assert!(crate::is_pending(&mut ready), "all was promised");
    }
}

#[test]
fn who_was_woken_and_leaves_makes_way_for_the_others() {
    for (make, capacity) in [(bounded as fn(usize) -> _, 0), (strict, 1)] {
        let (sender, receiver) = make(capacity);
        let first = crate::pending(receiver.recv());
        sender.try_send(1).unwrap();
        let _send = crate::pending(sender.send(2));
        let mut ready = crate::pending(receiver.ready());
        drop(first);
        crate::ready(&mut ready);
        assert!(receiver.drain().eq([1, 2]));
    }
}

#[test]
fn who_is_served_tells_those_who_look_out_of_the_sender_that_waits() {
    let (sender, receiver) = bounded(0);
    let mut first = crate::pending(receiver.recv());
    sender.try_send(1).unwrap();
    let _send = crate::pending(sender.send(2));
    let mut ready = crate::pending(receiver.ready());
    assert_eq!(crate::ready(&mut first), Ok(1));
    crate::ready(&mut ready);
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn the_order_is_kept_when_receivers_that_were_woken_give_up() {
    let (sender, receiver) = bounded(2);
    let mut waiting: Vec<_> = (0..4).map(|_| crate::pending(receiver.recv())).collect();
    for n in 0..6 {
        sender.try_send(n).unwrap();
    }
    waiting.truncate(1);
    let mut order = vec![receiver.try_recv().unwrap(), receiver.try_recv().unwrap()];
    order.push(crate::ready(&mut waiting[0]).unwrap());
    order.extend(receiver.drain());
    assert_eq!(order, [0, 1, 2, 3, 4, 5]);
}
