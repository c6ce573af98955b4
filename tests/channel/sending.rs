//! Sending: with room, without, by force, for a time.

use futures_util::future::FusedFuture;
use pleach::channel::{SendError, TrySendError, bounded, strict};

use crate::{is_pending, now, pending, ready};

#[test]
fn as_many_are_sent_as_the_capacity_says() {
    for capacity in [1, 2, 7] {
        let (sender, receiver) = bounded(capacity);
        for n in 0..capacity {
            assert!(!sender.is_full());
            assert_eq!(now(sender.send(n)), Some(Ok(())));
        }
        assert!(sender.is_full() && receiver.is_full());
        assert_eq!((sender.len(), sender.capacity()), (capacity, capacity));
        assert_eq!(sender.try_send(9), Err(TrySendError::Full(9)));
        assert!(receiver.drain().eq(0..capacity));
        assert!(sender.is_empty());
    }
}

#[test]
fn those_who_wait_are_let_in_in_order() {
    let (sender, receiver) = strict(1);
    sender.try_send(0).unwrap();
    let mut sends: Vec<_> = (1..30).map(|n| pending(sender.send(n))).collect();
    for n in 0..30 {
        assert_eq!(receiver.try_recv(), Ok(n));
    }
    assert!(sends.iter_mut().all(|send| ready(send).is_ok()));
    assert!(sends.iter().all(|send| send.is_terminated()));
}

#[test]
fn one_that_leaves_the_queue_lets_the_others_move_up() {
    let (sender, receiver) = bounded(4);
    let held = sender.try_reserve_many(2).unwrap();
    let wide = pending(sender.reserve_many(3));
    let mut narrow = pending(sender.send(1));
    drop(wide);
    assert_eq!(ready(&mut narrow), Ok(()));
    drop(held);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn force_pushes_out_the_oldest() {
    let (sender, receiver) = bounded(2);
    let pushed_out: Vec<_> = (0..5)
        .filter_map(|n| sender.force_send(n).unwrap())
        .collect();
    assert_eq!(pushed_out, [0, 1, 2]);
    assert!(receiver.drain().eq([3, 4]));
}

#[test]
fn force_leaves_promises_good() {
    let (sender, receiver) = strict(2);
    let mut recvs = [(); 2].map(|()| pending(receiver.recv()));
    for n in 0..5 {
        sender.force_send(n).unwrap();
    }
    assert_eq!(recvs.each_mut().map(|recv| ready(recv).unwrap()), [3, 4]);
}

#[test]
fn force_gives_the_message_back_when_there_is_nothing_to_push_out() {
    let (sender, receiver) = bounded(0);
    assert_eq!(sender.force_send(1), Ok(Some(1)));
    let mut recv = pending(receiver.recv());
    assert_eq!(sender.force_send(2), Ok(None));
    assert_eq!(ready(&mut recv), Ok(2));
    let (sender, _receiver) = bounded(1);
    let _permit = sender.try_reserve().unwrap();
    assert_eq!(sender.force_send(1), Ok(Some(1)));
}

#[test]
fn a_send_that_is_not_polled_sends_nothing() {
    let (sender, receiver) = bounded(1);
    drop(sender.send(1));
    assert!(receiver.is_empty());
    let mut send = Box::pin(sender.send(2));
    assert_eq!(send.as_mut().cancel(), Some(2));
    assert_eq!(send.as_mut().cancel(), None);
}

#[test]
#[should_panic(expected = "`Send` was polled after it had completed")]
fn polling_after_completion_panics() {
    let (sender, _receiver) = bounded(1);
    let mut send = Box::pin(sender.send(1));
    assert_eq!(ready(&mut send), Ok(()));
    let _ = ready(&mut send);
}

#[test]
fn all_of_an_iterator_is_sent_in_order_as_there_is_room() {
    let (sender, receiver) = bounded(2);
    let mut all = pending(sender.send_all(0..5));
    assert_eq!(receiver.len(), 2);
    for n in 0..3 {
        assert_eq!(receiver.try_recv(), Ok(n));
        assert_eq!(is_pending(&mut all), n < 2);
    }
    assert!(all.is_terminated());
    assert_eq!(receiver.drain().collect::<Vec<_>>(), [3, 4]);
    assert_eq!(now(sender.send_all([])), Some(Ok(())));
}

#[test]
fn what_is_left_when_the_channel_closes_is_still_in_the_iterator() {
    let (sender, receiver) = bounded(1);
    let mut items = 0..5;
    let mut all = pending(sender.send_all(&mut items));
    receiver.close();
    assert_eq!(ready(&mut all), Err(SendError(1)));
    drop(all);
    assert_eq!(items, 2..5);
    assert_eq!(now(sender.send_all(&mut items)), Some(Err(SendError(2))));
}

#[test]
fn giving_up_returns_the_message_that_waits() {
    let (sender, receiver) = bounded(1);
    let mut items = 0..3;
    let mut all = pending(sender.send_all(&mut items));
    assert_eq!(all.as_mut().cancel(), Some(1));
    assert_eq!(all.as_mut().cancel(), None);
    assert!(all.is_terminated());
    drop(all);
    assert_eq!((items, receiver.try_recv()), (2..3, Ok(0)));
    assert!(receiver.try_recv().is_err());
}

#[test]
fn all_that_is_sent_from_hand_to_hand() {
    let (sender, receiver) = bounded(0);
    let mut all = pending(sender.send_all(0..3));
    for n in 0..3 {
        assert_eq!(now(receiver.recv()), Some(Ok(n)));
        assert_eq!(is_pending(&mut all), n < 2);
    }
    assert!(all.is_terminated());
}
