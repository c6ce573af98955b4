//! Waits that end: by a timer, by a token, by a deadline of a thread.

use std::{
    thread,
    time::{Duration, Instant},
};

use futures_util::future::FusedFuture;
use pleach::{
    CancelToken, Event,
    cancel::CauseKind,
    channel::{RecvUntilError, SendUntilError, bounded},
};

use crate::{is_pending, now, pending, ready};

#[test]
fn a_message_comes_back_when_the_time_is_over() {
    let (sender, receiver) = bounded(1);
    let over = Event::new();
    sender.try_send(1).unwrap();
    let mut send = pending(sender.send(2).or_until(over.wait()));
    let mut sent = pending(sender.send(3).or_until(over.wait()));
    over.set();
    assert_eq!(ready(&mut send), Err(SendUntilError::TimedOut(2)));
    assert!(send.is_terminated());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(ready(&mut sent), Ok(()));
    assert_eq!(receiver.try_recv(), Ok(3));
}

#[test]
fn what_is_possible_at_once_is_done_although_the_time_is_over() {
    let (sender, receiver) = bounded(1);
    let over = || std::future::ready(());
    assert_eq!(now(sender.send(1).or_until(over())), Some(Ok(())));
    let late = now(sender.send(2).or_until(over()));
    assert_eq!(late, Some(Err(SendUntilError::TimedOut(2))));
    assert_eq!(now(receiver.recv().or_until(over())), Some(Ok(1)));
    let late = now(receiver.recv().or_until(over()));
    assert_eq!(late, Some(Err(RecvUntilError::TimedOut)));
    receiver.close();
    let closed = now(sender.send(3).or_until(over()));
    assert_eq!(closed, Some(Err(SendUntilError::Closed(3))));
    let closed = now(receiver.recv().or_until(over()));
    assert_eq!(closed, Some(Err(RecvUntilError::Closed)));
}

#[test]
fn a_receive_whose_time_is_over_gets_nothing_any_more() {
    let (sender, receiver) = bounded(0);
    let over = Event::new();
    let mut late = pending(receiver.recv().or_until(over.wait()));
    over.set();
    assert_eq!(ready(&mut late), Err(RecvUntilError::TimedOut));
    assert!(late.is_terminated());
    assert!(sender.try_send(1).is_err(), "nobody waits");
    let mut next = pending(receiver.recv());
    sender.try_send(2).unwrap();
    assert_eq!(ready(&mut next), Ok(2));
}

#[test]
#[should_panic(expected = "after it had completed")]
fn a_receive_whose_time_is_over_is_not_polled_again() {
    let (_sender, receiver) = bounded::<u8>(1);
    let mut late = Box::pin(receiver.recv().or_until(std::future::ready(())));
    assert_eq!(ready(&mut late), Err(RecvUntilError::TimedOut));
    is_pending(&mut late);
}

#[test]
fn what_comes_in_the_very_moment_in_which_the_time_is_over_is_received() {
    let (sender, receiver) = bounded(1);
    let sends_in_time = std::future::poll_fn(|_| {
        sender.try_send(1).unwrap();
        std::task::Poll::Ready(())
    });
    let received = now(receiver.recv().or_until(sends_in_time));
    assert_eq!(received, Some(Ok(1)));
    let closes_in_time = std::future::poll_fn(|_| std::task::Poll::Ready(sender.close()));
    let received = now(receiver.recv().or_until(closes_in_time));
    assert_eq!(received, Some(Err(RecvUntilError::Closed)));
}

#[test]
fn a_token_gives_the_message_back_and_its_cause() {
    let (sender, _receiver) = bounded(1);
    let token = CancelToken::new();
    assert_eq!(now(sender.send_or_cancel(1, &token)), Some(Ok(())));
    let mut send = pending(sender.send_or_cancel(2, &token));
    token.cancel_with(CauseKind::Shutdown);
    let error = ready(&mut send).unwrap_err();
    assert!(send.is_terminated());
    let SendUntilError::Cancelled(2, cancelled) = error else {
        panic!("{error:?}");
    };
    assert_eq!(cancelled.cause().kind(), CauseKind::Shutdown);
}

#[test]
fn a_token_that_is_cancelled_from_the_beginning_wins() {
    let (sender, receiver) = bounded(2);
    let token = CancelToken::new();
    token.cancel();
    let error = now(sender.send_or_cancel(1, &token)).unwrap().unwrap_err();
    assert_eq!((error.is_closed(), error.into_inner()), (false, 1));
    assert!(receiver.is_empty());
    sender.try_send(2).unwrap();
    let error = now(receiver.recv_or_cancel(&token)).unwrap().unwrap_err();
    assert!(matches!(error, RecvUntilError::Cancelled(_)));
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_cancelled_receive_leaves_its_message_to_the_next() {
    let (sender, receiver) = bounded(1);
    let token = CancelToken::new();
    let mut recv = pending(receiver.recv_or_cancel(&token));
    let mut next = pending(receiver.recv());
    token.cancel();
    assert!(matches!(
        ready(&mut recv),
        Err(RecvUntilError::Cancelled(_))
    ));
    assert!(recv.is_terminated() && is_pending(&mut next));
    sender.try_send(1).unwrap();
    assert_eq!(ready(&mut next), Ok(1));
}

#[test]
fn a_message_that_came_before_the_cancel_is_received() {
    let (sender, receiver) = bounded(1);
    let token = CancelToken::new();
    let mut recv = pending(receiver.recv_or_cancel(&token));
    sender.try_send(1).unwrap();
    token.cancel();
    assert_eq!(ready(&mut recv), Ok(1));
}

#[test]
fn threads_send_and_receive() {
    let (sender, receiver) = bounded(2);
    let worker = thread::spawn(move || {
        for n in 0..1000 {
            sender.send_blocking(n).unwrap();
        }
    });
    assert!(receiver.iter_blocking().eq(0..1000));
    worker.join().unwrap();
    assert!(receiver.recv_blocking().is_err());
}

#[test]
fn threads_give_up_in_time() {
    let (sender, receiver) = bounded(1);
    let soon = || Instant::now() + Duration::from_millis(5);
    assert_eq!(
        receiver.recv_blocking_until(soon()),
        Err(RecvUntilError::TimedOut)
    );
    assert_eq!(sender.send_blocking_until(1, soon()), Ok(()));
    assert_eq!(
        sender.send_blocking_until(2, soon()),
        Err(SendUntilError::TimedOut(2))
    );
    assert_eq!(receiver.recv_blocking_until(soon()), Ok(1));
    receiver.close();
    assert_eq!(
        sender.send_blocking_until(3, soon()),
        Err(SendUntilError::Closed(3))
    );
    assert_eq!(sender.send_blocking(4).unwrap_err().into_inner(), 4);
    assert_eq!(
        receiver.recv_blocking_until(soon()),
        Err(RecvUntilError::Closed)
    );
}

#[test]
fn threads_leave_when_a_token_is_cancelled() {
    let (sender, receiver) = bounded(0);
    let token = CancelToken::new();
    thread::scope(|scope| {
        let send = scope.spawn(|| sender.send_blocking_or_cancel(1, &token));
        let (_other, empty) = bounded::<u32>(1);
        let cancelled = &token;
        let recv = scope.spawn(move || empty.recv_blocking_or_cancel(cancelled));
        token.cancel();
        assert!(matches!(
            send.join().unwrap(),
            Err(SendUntilError::Cancelled(1, _))
        ));
        assert!(matches!(
            recv.join().unwrap(),
            Err(RecvUntilError::Cancelled(_))
        ));
    });
    drop(receiver);
}
