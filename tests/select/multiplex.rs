//! Many channels as one stream.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures_core::stream::{FusedStream, Stream};
use pleach::channel::{self, Channel, Multiplex, RecvEnd};

use super::{
    now,
    support::{Wakes, poll_with},
};

async fn next<S: Stream>(mut stream: Pin<&mut S>) -> Option<S::Item> {
    std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}

#[test]
fn messages_of_all_come_in_turn_and_then_the_end() {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| channel::bounded(3)).unzip();
    for (at, sender) in senders.iter().enumerate() {
        for n in 0..3 {
            sender.try_send((at, n)).unwrap();
        }
    }
    drop(senders);
    let receivers: [_; 3] = receivers.try_into().unwrap();
    let mut all = pin!(Multiplex::owned(receivers));
    for n in 0..3 {
        for at in 0..3 {
            assert_eq!(now(next(all.as_mut())), Some(Some((at, n))));
        }
    }
    for _ in 0..2 {
        assert!(all.is_terminated() || now(next(all.as_mut())) == Some(None));
        assert_eq!(now(next(all.as_mut())), Some(None));
    }
}

#[test]
fn it_goes_on_with_those_that_are_left() {
    let (a, from_a) = channel::bounded(1);
    let (b, from_b) = channel::bounded(1);
    let mut all = pin!(Multiplex::new([&from_a, &from_b]));
    assert!(now(next(all.as_mut())).is_none());
    drop(a);
    assert!(now(next(all.as_mut())).is_none());
    assert!(!all.is_terminated());
    b.try_send(1).unwrap();
    assert_eq!(now(next(all.as_mut())), Some(Some(1)));
    drop(b);
    assert_eq!(now(next(all.as_mut())), Some(None));
    assert!(all.is_terminated());
}

#[test]
fn it_tells_which_channel() {
    static CHANNELS: [Channel<u8, 1>; 2] = [const { Channel::new() }; 2];
    let receivers = CHANNELS.each_ref().map(Channel::receiver);
    let mut all = pin!(Multiplex::new(
        receivers
            .each_ref()
            .map(|receiver| -> &RecvEnd<u8> { receiver })
    ));
    CHANNELS[1].try_send(5).unwrap();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert_eq!(
        all.as_mut().poll_indexed(&mut cx),
        Poll::Ready(Some((1, 5)))
    );
    assert_eq!(all.as_mut().poll_indexed(&mut cx), Poll::Pending);
}

#[test]
fn one_message_is_one_wake_and_its_places_stay() {
    let (a, from_a) = channel::bounded(1);
    let (b, from_b) = channel::bounded(1);
    let mut all = Box::pin(Multiplex::new([&from_a, &from_b]));
    let (wakes, waker) = Wakes::new();
    assert!(poll_with(pin!(next(all.as_mut())), &waker).is_pending());
    for n in 1..=3 {
        b.try_send(n).unwrap();
        assert_eq!(wakes.count(), n);
        assert_eq!(
            poll_with(pin!(next(all.as_mut())), &waker),
            Poll::Ready(Some(n))
        );
        assert!(poll_with(pin!(next(all.as_mut())), &waker).is_pending());
    }
    // It was first in line all the time.
    let mut newcomer = pin!(from_a.recv());
    assert!(now(newcomer.as_mut()).is_none());
    a.try_send(9).unwrap();
    assert!(now(newcomer.as_mut()).is_none());
    drop(all);
    assert_eq!(
        now(newcomer),
        Some(Ok(9)),
        "what was promised to it goes to the next"
    );
}

#[test]
fn of_no_channels_it_ends_at_once() {
    let mut none = pin!(Multiplex::<u8, _, 0>::new([]));
    assert!(none.is_terminated());
    assert_eq!(now(next(none.as_mut())), Some(None));
}
