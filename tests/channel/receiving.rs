//! Receiving: one, many, as a stream, what is there.

use std::{
    pin::{Pin, pin},
    task::Waker,
};

use futures_core::{Stream, stream::FusedStream};
use futures_util::future::FusedFuture;
use pleach::channel::{IntoMessages, RecvError, TryRecvError, bounded, strict};

use crate::{
    is_pending, now, pending, pending_with, ready,
    support::{Wakes, poll_with},
};

#[test]
fn those_who_wait_are_served_in_order() {
    let (sender, receiver) = bounded(8);
    let mut recvs: Vec<_> = (0..8).map(|_| pending(receiver.recv())).collect();
    for n in 0..8 {
        sender.try_send(n).unwrap();
    }
    for (recv, n) in recvs.iter_mut().zip(0..) {
        assert_eq!(ready(recv), Ok(n));
        assert!(recv.is_terminated());
    }
}

#[test]
fn a_receive_is_woken_once() {
    let (sender, receiver) = bounded(2);
    let (wakes, waker) = Wakes::new();
    let mut recv = pending_with(receiver.recv(), &waker);
    for _ in 0..3 {
        assert!(poll_with(recv.as_mut(), &waker).is_pending());
    }
    sender.try_send(1).unwrap();
    sender.try_send(2).unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(ready(&mut recv), Ok(1));
}

#[test]
fn many_are_received_at_once_up_to_the_limit() {
    let (sender, receiver) = bounded(100);
    for n in 0..100 {
        sender.try_send(n).unwrap();
    }
    let mut all = Vec::new();
    assert_eq!(now(receiver.recv_many(&mut all, 0)), Some(Ok(0)));
    assert_eq!(now(receiver.recv_many(&mut all, 1)), Some(Ok(1)));
    assert_eq!(now(receiver.recv_many(&mut all, 49)), Some(Ok(49)));
    assert_eq!(now(receiver.recv_many(&mut all, usize::MAX)), Some(Ok(50)));
    assert!(all.into_iter().eq(0..100));
}

/// They come one by one: a few copies of several at once are more than a thread has stack for.
#[test]
fn many_large_messages_do_not_meet_on_the_stack() {
    let receives = || {
        let (sender, receiver) = bounded(32);
        for n in 0..32 {
            sender.try_send([n; 8 * 1024]).unwrap();
        }
        let mut all = Vec::with_capacity(32);
        assert_eq!(now(receiver.recv_many(&mut all, 32)), Some(Ok(32)));
        assert!(all.into_iter().map(|message| message[9]).eq(0..32));
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(receives).unwrap().join().unwrap();
}

#[test]
fn a_drain_that_has_ended_stays_at_its_end() {
    let (sender, receiver) = bounded(2);
    for n in 0..2 {
        sender.try_send(n).unwrap();
    }
    let mut drain = receiver.drain();
    assert!(receiver.drain().eq([0, 1]), "another was faster");
    assert_eq!((drain.size_hint(), drain.next()), ((0, Some(2)), None));
    sender.try_send(2).unwrap();
    assert_eq!((drain.size_hint(), drain.next()), ((0, Some(0)), None));
}

#[test]
fn many_lets_in_all_who_wait() {
    for (capacity, senders) in [(3, 20), (0, 20)] {
        let (sender, receiver) = bounded(capacity);
        for n in 0..capacity {
            sender.try_send(n).unwrap();
        }
        let mut sends: Vec<_> = (capacity..senders)
            .map(|n| pending(sender.send(n)))
            .collect();
        let mut all = Vec::new();
        assert_eq!(now(receiver.recv_many(&mut all, 99)), Some(Ok(senders)));
        assert!(all.into_iter().eq(0..senders));
        assert!(sends.iter_mut().all(|send| ready(send).is_ok()));
    }
}

#[test]
fn many_waits_for_the_first_and_takes_what_has_come() {
    let (sender, receiver) = bounded(9);
    let mut all = Vec::new();
    let mut many = pending(receiver.recv_many(&mut all, 5));
    for n in 0..9 {
        sender.try_send(n).unwrap();
    }
    assert_eq!(ready(&mut many), Ok(5));
    assert!(many.is_terminated());
    drop(many);
    assert_eq!(all, [0, 1, 2, 3, 4]);
    assert!(receiver.drain().eq(5..9));
}

#[test]
fn a_many_that_is_dropped_after_it_was_woken_loses_nothing() {
    let (sender, receiver) = bounded(9);
    let mut all = Vec::new();
    let many = pending(receiver.recv_many(&mut all, 5));
    sender.try_send(1).unwrap();
    drop(many);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(all.is_empty());
}

#[test]
fn a_stream_gives_all_and_ends() {
    let (sender, receiver) = bounded(2);
    let mut stream = Box::pin(receiver.clone().into_stream());
    let next = |stream: &mut Pin<Box<IntoMessages<_>>>| {
        let mut cx = std::task::Context::from_waker(Waker::noop());
        stream.as_mut().poll_next(&mut cx)
    };
    assert!(next(&mut stream).is_pending());
    for n in 0..2 {
        sender.try_send(n).unwrap();
        assert_eq!(next(&mut stream), std::task::Poll::Ready(Some(n)));
    }
    assert!(next(&mut stream).is_pending());
    sender.try_send(2).unwrap();
    drop(stream);
    assert_eq!(receiver.try_recv(), Ok(2), "the stream had it promised");
    drop(sender);
    let mut stream = pin!(receiver.stream());
    let mut cx = std::task::Context::from_waker(Waker::noop());
    assert!(!stream.is_terminated());
    assert!(stream.as_mut().poll_next(&mut cx).is_ready());
    assert!(stream.is_terminated());
}

#[test]
fn a_drain_takes_what_is_there_and_no_more() {
    let (sender, receiver) = bounded(3);
    for n in 0..3 {
        sender.try_send(n).unwrap();
    }
    let mut waiting = pending(sender.send(3));
    let mut drain = receiver.drain();
    assert_eq!(drain.next(), Some(0));
    sender.try_send(9).unwrap_err();
    assert_eq!(drain.next(), Some(1));
    sender.try_send(4).unwrap();
    assert!(drain.eq([2, 3]));
    assert_eq!(ready(&mut waiting), Ok(()));
    assert_eq!(receiver.try_recv(), Ok(4));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn whoever_waits_to_be_told_is_told_each_time_and_takes_nothing() {
    let (sender, receiver) = strict(1);
    let mut told: Vec<_> = (0..20).map(|_| pending(receiver.ready())).collect();
    sender.try_send(1).unwrap();
    told.iter_mut().for_each(ready);
    assert_eq!(receiver.try_recv(), Ok(1));
    // Not for what is promised to others.
    let recv = pending(receiver.recv());
    let mut told = pending(receiver.ready());
    sender.try_send(2).unwrap();
    assert!(is_pending(&mut told));
    drop(recv);
    ready(&mut told);
    assert_eq!(receiver.try_recv(), Ok(2));
    let mut told = pending(receiver.ready());
    drop(sender);
    ready(&mut told);
    assert_eq!(now(receiver.recv()), Some(Err(RecvError)));
}
