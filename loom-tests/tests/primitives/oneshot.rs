//! One value, once: that it arrives, or comes back, or is dropped, under every interleaving.
//!
//! The value is tracked: if it is not dropped, the execution fails.

use crate::explore::{explore, pending, task::is_ready_for_another, token::drop_elsewhere};
use loom::{alloc::Track, future::block_on, thread};
use pleach_loom::oneshot::{Oneshot, channel};

#[test]
fn a_value_arrives() {
    explore(&[Some(1)], || {
        let (sender, receiver) = channel();
        let other = thread::spawn(move || sender.send(Track::new(1)).is_ok());
        let received = block_on(receiver);
        assert!(other.join().unwrap());
        received.ok().map(Track::into_inner)
    });
}

#[test]
fn a_sender_that_goes_is_noticed() {
    explore(&[()], || {
        let (sender, receiver) = channel::<Track<u8>>();
        let other = drop_elsewhere(sender);
        assert!(block_on(receiver).is_err());
        other.join().unwrap();
    });
}

#[test]
fn a_receiver_that_goes_drops_the_value_or_it_comes_back() {
    explore(&["back", "dropped"], || {
        let (sender, receiver) = channel();
        let other = drop_elsewhere(receiver);
        let sent = sender.send(Track::new(1));
        other.join().unwrap();
        if sent.is_ok() { "dropped" } else { "back" }
    });
}

#[test]
fn a_receiver_that_closes_gets_the_value_or_it_comes_back() {
    explore(&[(false, None), (true, Some(1))], || {
        let (sender, mut receiver) = channel();
        let other = thread::spawn(move || sender.send(Track::new(1)).is_ok());
        receiver.close();
        let received = block_on(receiver);
        (other.join().unwrap(), received.ok().map(Track::into_inner))
    });
}

#[test]
fn the_sender_learns_that_the_receiver_is_gone() {
    explore(&[()], || {
        let (mut sender, receiver) = channel::<Track<u8>>();
        let other = drop_elsewhere(receiver);
        block_on(sender.closed());
        assert!(sender.is_closed());
        other.join().unwrap();
    });
}

#[test]
fn a_changed_waker_is_the_one_that_is_woken() {
    explore(&[false, true], || {
        let (sender, receiver) = channel();
        let mut receiver = pending(receiver);
        let other = thread::spawn(move || sender.send(Track::new(1)).is_ok());
        is_ready_for_another(&mut receiver, other)
    });
}

#[test]
fn a_wait_for_the_end_may_be_given_up_beside_it() {
    explore(&[()], || {
        let (mut sender, receiver) = channel::<Track<u8>>();
        let closed = pending(sender.closed());
        let other = drop_elsewhere(receiver);
        drop(closed);
        other.join().unwrap();
        assert!(sender.is_closed());
    });
}

#[test]
fn a_slot_that_is_used_again_has_nothing_of_the_last_time() {
    explore(&[None, Some(2)], || {
        let owner = Box::into_raw(Box::new(Oneshot::new()));
        // SAFETY: freed at the end, when the other thread has.
        let slot: &'static Oneshot<u8> = unsafe { &*owner };
        let (sender, receiver) = slot.split().unwrap();
        let other = thread::spawn(move || drop((sender.send(1), receiver)));
        let again = slot.split();
        let received = again.map(|(sender, receiver)| {
            sender.send(2).unwrap();
            block_on(receiver).unwrap()
        });
        other.join().unwrap();
        // SAFETY: from a box, and nobody else is left.
        drop(unsafe { Box::from_raw(owner) });
        received
    });
}
