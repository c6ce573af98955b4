//! The sending end as a sink.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures_util::{Sink, SinkExt, StreamExt, stream};
use pleach::channel::{self, Channel, SendError};

use super::{now, pending, ready, support::block_on};

#[test]
fn a_stream_is_forwarded() {
    let (sender, receiver) = channel::bounded(2);
    let forward = stream::iter(0..100).map(Ok).forward(sender.into_sink());
    let (sent, received) =
        block_on(async { futures_util::join!(forward, receiver.stream().collect::<Vec<_>>()) });
    assert_eq!(sent, Ok(()));
    assert_eq!(received, Vec::from_iter(0..100));
}

#[test]
fn a_sink_waits_for_room_in_its_turn() {
    let (sender, receiver) = channel::bounded(1);
    let mut sink = Box::pin(sender.sink());
    block_on(sink.send(1)).unwrap();
    let mut second = pending(sink.send(2));
    let mut third = pending(sender.send(3));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(ready(&mut second), Ok(()));
    assert_eq!(receiver.try_recv(), Ok(2));
    assert_eq!(ready(&mut third), Ok(()));
}

#[test]
fn a_ready_sink_holds_room_until_it_is_dropped_or_closed() {
    static CHANNEL: Channel<u8, 1> = Channel::new();
    let (sender, _receiver) = (CHANNEL.sender(), CHANNEL.receiver());
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut sink = pin!(sender.sink());
        assert_eq!(sink.as_mut().poll_ready(&mut cx), Poll::Ready(Ok(())));
        assert_eq!(sink.as_mut().poll_ready(&mut cx), Poll::Ready(Ok(())));
        assert!(sender.is_full());
    }
    assert!(!sender.is_full());
    let mut sink = pin!(sender.sink());
    assert_eq!(sink.as_mut().poll_ready(&mut cx), Poll::Ready(Ok(())));
    assert!(sender.is_full());
    assert_eq!(sink.as_mut().poll_close(&mut cx), Poll::Ready(Ok(())));
    assert!(!sender.is_full());
    assert_eq!(
        sink.as_mut().poll_ready(&mut cx),
        Poll::Ready(Err(SendError(None)))
    );
    assert_eq!(sink.as_mut().start_send(7), Err(SendError(Some(7))));
    assert!(!sender.is_closed());
}

#[test]
fn a_queued_sink_leaves_the_queue_when_it_is_dropped() {
    let (sender, receiver) = channel::bounded(1);
    sender.try_send(1).unwrap();
    let mut queued = Box::pin(sender.sink());
    assert!(now(std::future::poll_fn(|cx| queued.as_mut().poll_ready(cx))).is_none());
    drop(queued);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(sender.try_send(2), Ok(()));
}

#[test]
fn a_sink_of_a_closed_channel_gives_the_message_back() {
    let (sender, receiver) = channel::bounded(1);
    let mut cx = Context::from_waker(Waker::noop());
    let mut sink = pin!(sender.sink());
    assert!(sink.as_mut().poll_ready(&mut cx).is_ready());
    // The room is still good when the channel is closed, but not when nobody is left.
    receiver.close();
    assert_eq!(sink.as_mut().start_send(1), Ok(()));
    assert_eq!(
        sink.as_mut().poll_ready(&mut cx),
        Poll::Ready(Err(SendError(None)))
    );
    let (sender, receiver) = channel::bounded(1);
    let mut sink = pin!(sender.sink());
    assert!(sink.as_mut().poll_ready(&mut cx).is_ready());
    drop(receiver);
    assert_eq!(sink.as_mut().start_send(1), Err(SendError(Some(1))));
}

#[test]
fn closing_an_owned_sink_drops_its_sender() {
    let (sender, receiver) = channel::bounded::<u8>(1);
    let mut sink = Box::pin(sender.into_sink());
    block_on(sink.close()).unwrap();
    assert!(receiver.is_finished());
    // Once more does no harm.
    block_on(sink.close()).unwrap();
}

#[test]
#[should_panic(expected = "a sink was sent to that was not ready")]
fn a_sink_that_is_not_ready_takes_nothing() {
    let (sender, _receiver) = channel::bounded(1);
    let _ = pin!(sender.sink()).start_send(1);
}

#[test]
#[should_panic(expected = "a sink was sent to that was not ready")]
fn room_is_good_for_one_message() {
    let (sender, _receiver) = channel::bounded(4);
    let mut sink = pin!(sender.sink());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(sink.as_mut().poll_ready(&mut cx).is_ready());
    sink.as_mut().start_send(1).unwrap();
    let _ = sink.as_mut().start_send(2);
}
