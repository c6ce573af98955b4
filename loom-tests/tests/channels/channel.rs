//! Channels: that each message arrives once, in order, and that nobody sleeps for ever, under every
//! interleaving.
//!
//! A message is tracked: if it is not dropped, or its memory is touched too early, the execution
//! fails. So is the channel's own memory.

use std::{
    sync::Arc,
    task::{Poll, Waker},
};

use crate::explore::{
    Explore, explore, is_ready, pending, poll_now,
    task::{Task, is_ready_for_another},
    token::{drop_elsewhere, elsewhere, work_then},
};
use loom::{alloc::Track, future::block_on, thread};
use pleach_loom::{
    channel::{Receiver, Sender, bounded, strict},
    internals::complete::Ordering,
};

type Message = Track<usize>;
type Ends = (Sender<Message>, Receiver<Message>);
type Make = fn(usize) -> Ends;

/// From hand to hand, one place alone, one place and those of waiting receivers.
const KINDS: [(Make, usize); 3] = [(bounded, 0), (strict, 1), (bounded, 1)];

fn send(sender: &Sender<Message>, n: usize) {
    assert!(block_on(sender.send(Track::new(n))).is_ok());
}

fn recv(receiver: &Receiver<Message>) -> Option<usize> {
    block_on(receiver.recv()).ok().map(Track::into_inner)
}

fn recv_all(receiver: &Receiver<Message>) -> Vec<usize> {
    std::iter::from_fn(|| recv(receiver)).collect()
}

#[test]
fn a_message_arrives_and_then_the_end() {
    for (make, capacity) in KINDS {
        Explore::new().shallow(3).run(&[vec![1]], move || {
            let (sender, receiver) = make(capacity);
            let other = thread::spawn(move || send(&sender, 1));
            let received = recv_all(&receiver);
            other.join().unwrap();
            received
        });
    }
}

#[test]
fn two_messages_arrive_in_order_and_then_the_end() {
    for (make, capacity) in KINDS {
        Explore::new()
            .preemption_bound(4, "both threads wait for one another, several times")
            .shallow(3)
            .run(&[vec![1, 2]], move || {
                let (sender, receiver) = make(capacity);
                let other = thread::spawn(move || {
                    send(&sender, 1);
                    send(&sender, 2);
                });
                let received = recv_all(&receiver);
                other.join().unwrap();
                received
            });
    }
}

#[test]
fn two_senders_lose_nothing() {
    for (make, capacity) in KINDS {
        Explore::new()
            .preemption_bound(3, "three threads that wait for one another")
            .shallow(2)
            .run(&[vec![1, 2], vec![2, 1]], move || {
                let (sender, receiver) = make(capacity);
                let others = [1, 2].map(|n| elsewhere(&sender, move |sender| send(sender, n)));
                drop(sender);
                let received = recv_all(&receiver);
                for other in others {
                    other.join().unwrap();
                }
                received
            });
    }
}

#[test]
fn two_receivers_get_both_messages() {
    for (make, capacity) in KINDS {
        Explore::new()
            .preemption_bound(3, "three threads that wait for one another")
            .shallow(2)
            .run(&[(1, 2), (2, 1)], move || {
                let (sender, receiver) = make(capacity);
                let other = elsewhere(&receiver, |receiver| recv(receiver).unwrap());
                let sends = thread::spawn(move || {
                    send(&sender, 1);
                    send(&sender, 2);
                });
                let own = recv(&receiver).unwrap();
                let others = other.join().unwrap();
                sends.join().unwrap();
                (own, others)
            });
    }
}

#[test]
fn a_receiver_that_gives_up_leaves_its_message_to_the_next() {
    for (make, capacity) in KINDS {
        explore(&[Some(1)], move || {
            let (sender, receiver) = make(capacity);
            let gives_up = pending(receiver.recv());
            let other = thread::spawn(move || send(&sender, 1));
            drop(gives_up);
            let received = recv(&receiver);
            other.join().unwrap();
            received
        });
    }
}

#[test]
fn a_receiver_that_gives_up_wakes_another_that_waits() {
    for (make, capacity) in KINDS {
        explore(&[Some(1)], move || {
            let (sender, receiver) = make(capacity);
            let gives_up = pending(receiver.recv());
            let task = Arc::new(Task::default());
            let mut waits = Box::pin(receiver.recv());
            let waker = Waker::from(Arc::clone(&task));
            assert!(poll_now(waits.as_mut(), &waker).is_pending());
            let other = elsewhere(&sender, |sender| send(sender, 1));
            drop(gives_up);
            other.join().unwrap();
            assert!(task.take(), "the message is its, and it sleeps");
            let received = block_on(waits);
            received.ok().map(Track::into_inner)
        });
    }
}

#[test]
fn a_newcomer_stands_behind_who_was_woken_although_a_sender_waits() {
    // Where both have a place, both are woken: who is polled first takes the first.
    let by_place = [(1, 2), (2, 1)];
    for (make, capacity, outcomes) in [
        (bounded as Make, 0, &by_place[..]),
        (strict, 1, &by_place[..1]),
    ] {
        explore(outcomes, move || {
            let (sender, receiver) = make(capacity);
            let first = pending(receiver.recv());
            send(&sender, 1);
            let mut waits = pending(sender.send(Track::new(2)));
            let other = elsewhere(&receiver, |receiver| recv(receiver).unwrap());
            let own = block_on(first).ok().map(Track::into_inner).unwrap();
            let others = other.join().unwrap();
            assert!(is_ready(&mut waits));
            (own, others)
        });
    }
}

#[test]
fn a_newcomer_gets_what_was_promised_when_who_was_woken_leaves_although_a_sender_waits() {
    for (make, capacity) in [(bounded as Make, 0), (strict, 1)] {
        explore(&[(1, 2)], move || {
            let (sender, receiver) = make(capacity);
            let leaves = pending(receiver.recv());
            send(&sender, 1);
            let mut waits = pending(sender.send(Track::new(2)));
            let other = elsewhere(&receiver, |receiver| recv(receiver).unwrap());
            drop(leaves);
            let others = other.join().unwrap();
            let own = recv(&receiver).unwrap();
            assert!(is_ready(&mut waits));
            (others, own)
        });
    }
}

#[test]
fn a_receiver_whose_time_is_over_has_its_message_or_leaves_it_to_the_next() {
    explore(&[true, false], || {
        let (sender, receiver) = bounded(1);
        let other = elsewhere(&sender, |sender| send(sender, 1));
        let mut waits = Box::pin(receiver.recv().or_until(std::future::ready(())));
        let in_time = match poll_now(waits.as_mut(), Waker::noop()) {
            Poll::Ready(received) => received.is_ok(),
            Poll::Pending => panic!("the time is over"),
        };
        other.join().unwrap();
        let is_left = receiver.try_recv().is_ok();
        assert_ne!(is_left, in_time);
        in_time
    });
}

#[test]
fn a_send_that_gives_up_has_its_message_or_it_was_received() {
    for (make, capacity) in KINDS {
        explore(&[true, false], move || {
            let (sender, receiver) = make(capacity);
            if capacity > 0 {
                send(&sender, 0);
            }
            let mut gives_up = pending(sender.send(Track::new(1)));
            let other = elsewhere(&receiver, move |receiver| {
                assert!(recv(receiver).is_some());
            });
            let came_back = gives_up.as_mut().cancel().is_some();
            drop(gives_up);
            if capacity == 0 && came_back {
                send(&sender, 2);
            }
            other.join().unwrap();
            drop(sender);
            let rest = recv_all(&receiver);
            assert_eq!(
                rest,
                if capacity > 0 && !came_back {
                    vec![1]
                } else {
                    vec![]
                }
            );
            came_back
        });
    }
}

#[test]
fn a_send_that_gives_up_lets_the_next_in() {
    explore(&[vec![1, 2], vec![2]], || {
        let (sender, receiver) = strict(1);
        send(&sender, 0);
        let gives_up = pending(sender.send(Track::new(1)));
        let mut next = pending(sender.send(Track::new(2)));
        let other = elsewhere(&receiver, recv);
        drop(gives_up);
        other.join().unwrap();
        let rest = receiver.drain().map(Track::into_inner).collect();
        assert!(is_ready(&mut next));
        rest
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken_or_the_poll_was_ready() {
    explore(&[true, false], || {
        let (sender, receiver) = bounded(1);
        let mut recv = pending(receiver.recv());
        let other = thread::spawn(move || send(&sender, 1));
        is_ready_for_another(&mut recv, other)
    });
}

#[test]
fn a_message_brings_what_was_done_before() {
    explore(&[1], || {
        let (sender, receiver) = bounded(1);
        let (work, other) = work_then(move || send(&sender, 0));
        recv(&receiver);
        let seen = work.load(Ordering::Relaxed);
        other.join().unwrap();
        seen
    });
}

#[test]
fn room_brings_what_was_done_before() {
    explore(&[1], || {
        let (sender, receiver) = strict(1);
        send(&sender, 0);
        let (work, other) = work_then(move || (recv(&receiver), receiver));
        send(&sender, 1);
        let seen = work.load(Ordering::Relaxed);
        other.join().unwrap();
        seen
    });
}

#[test]
fn a_close_gives_a_waiting_message_back_or_it_was_received() {
    explore(&[vec![0], vec![0, 1]], || {
        let (sender, receiver) = strict(1);
        send(&sender, 0);
        let mut waits = pending(sender.send(Track::new(1)));
        let other = elsewhere(&receiver, recv_all);
        sender.close();
        let received = other.join().unwrap();
        let sent = block_on(&mut waits).is_ok();
        assert_eq!(sent, received.contains(&1));
        received
    });
}

#[test]
fn a_message_is_received_or_dropped_when_the_last_receiver_goes() {
    // Whether it was sent; it is never lost sight of.
    explore(&[true, false], || {
        let (sender, receiver) = bounded(1);
        let other = drop_elsewhere(receiver);
        let sent = sender.try_send(Track::new(1)).is_ok();
        other.join().unwrap();
        assert!(sender.is_empty());
        sent
    });
}

#[test]
fn a_permit_is_good_until_the_last_receiver_goes() {
    explore(&[true, false], || {
        let (sender, receiver) = bounded(1);
        let permit = sender.try_reserve().unwrap();
        let other = drop_elsewhere(receiver);
        let sent = permit.send(Track::new(1)).is_ok();
        other.join().unwrap();
        assert!(sender.is_empty());
        sent
    });
}

#[test]
fn room_that_comes_at_once_is_for_all_who_wait_on_both_sides() {
    // Who was woken first is polled last.
    explore(&[(2, 1)], || {
        let (sender, receiver) = strict(2);
        let permits = sender.try_reserve_many(2).unwrap();
        let first = pending(receiver.recv());
        let mut sends = [1, 2].map(|n| pending(sender.send(Track::new(n))));
        let other = elsewhere(&receiver, |receiver| recv(receiver).unwrap());
        drop(permits);
        let others = other.join().unwrap();
        let own = block_on(first).ok().map(Track::into_inner).unwrap();
        assert!(sends.iter_mut().all(is_ready));
        (own, others)
    });
}

#[test]
fn the_end_comes_after_the_permits() {
    explore(&[Some(1), None], || {
        let (sender, receiver) = bounded(1);
        let other = thread::spawn(move || {
            let permit = sender.try_reserve().unwrap();
            sender.close();
            let _sent = permit.send(Track::new(1));
        });
        let is_closed = receiver.is_closed();
        let received = recv(&receiver);
        assert_eq!(received, Some(1));
        other.join().unwrap();
        is_closed.then_some(1)
    });
}

#[test]
fn the_last_handles_go_at_once_and_nothing_is_left() {
    Explore::new().shallow(3).run(&[()], || {
        let (sender, receiver) = bounded(1);
        let (weak, other_sender) = (sender.downgrade(), sender.clone());
        send(&sender, 1);
        let others = [drop_elsewhere(other_sender), drop_elsewhere(receiver)];
        drop(sender);
        drop(weak.upgrade());
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn a_weak_handle_finds_the_channel_open_or_not_at_all() {
    explore(&[Some(true), None], || {
        let (sender, receiver) = bounded::<Message>(1);
        let weak = sender.downgrade();
        let other = drop_elsewhere(sender);
        let found = weak
            .upgrade()
            .map(|sender| sender.try_send(Track::new(1)).is_ok());
        other.join().unwrap();
        let received = recv(&receiver).is_some();
        assert_eq!(received, found == Some(true));
        found
    });
}

#[test]
fn who_is_told_of_a_message_finds_it_where_nobody_else_receives() {
    explore(&[()], || {
        let (sender, receiver) = bounded(1);
        let other = elsewhere(&sender, |sender| send(sender, 1));
        block_on(receiver.ready());
        assert!(receiver.try_recv().is_ok());
        other.join().unwrap();
    });
}

#[test]
fn who_waits_for_the_close_is_told() {
    explore(&[()], || {
        let (sender, receiver) = bounded::<Message>(1);
        let other = drop_elsewhere(receiver);
        block_on(sender.closed());
        other.join().unwrap();
    });
}

#[test]
fn a_ticket_that_comes_back_after_the_close_is_for_who_waits() {
    explore(&[Some(1)], || {
        let (sender, receiver) = strict(1);
        let gives_up = pending(receiver.recv());
        send(&sender, 1);
        let other = elsewhere(&receiver, recv);
        let closes = drop_elsewhere(sender);
        drop(gives_up);
        let received = other.join().unwrap();
        closes.join().unwrap();
        received
    });
}

#[test]
fn a_forced_message_takes_the_place_of_another_and_no_promise_breaks() {
    explore(&[(None, 1), (Some(1), 2)], || {
        let (sender, receiver) = strict(1);
        send(&sender, 1);
        let other = elsewhere(&receiver, |receiver| recv(receiver).unwrap());
        let pushed_out = sender.force_send(Track::new(2)).unwrap();
        let received = other.join().unwrap();
        let pushed_out = pushed_out.map(Track::into_inner);
        assert_eq!(
            is_ready(&mut Box::pin(receiver.recv())),
            pushed_out.is_none()
        );
        (pushed_out, received)
    });
}

/// The sender has left, and the receiver takes its message and is gone, before the sender lets go
/// of the memory.
#[test]
fn who_frees_a_channel_has_seen_what_the_other_end_did() {
    explore(&[None, Some(1)], || {
        let (sender, receiver) = bounded(1);
        let other = thread::spawn(move || {
            // Refused if the receiver has gone already.
            let _ = sender.try_send(1);
            drop(sender);
        });
        let received = receiver.try_recv().ok();
        drop(receiver);
        other.join().unwrap();
        received
    });
}
