//! Every message is dropped exactly once, whatever happens to channel and futures, and whoever
//! panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use pleach::channel::{Channel, bounded};

use crate::{
    now, pending,
    support::{forget, leak},
};

/// How many of its messages are alive, and which of them panics when it is dropped.
#[derive(Clone, Default)]
struct Ledger {
    alive: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

struct Message {
    ledger: Ledger,
    panics: bool,
}

impl Ledger {
    fn message(&self) -> Message {
        self.alive.fetch_add(1, SeqCst);
        Message {
            ledger: self.clone(),
            panics: false,
        }
    }

    fn bomb(&self) -> Message {
        let mut message = self.message();
        message.panics = true;
        message
    }

    fn alive(&self) -> usize {
        self.alive.load(SeqCst)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        let before = self.ledger.alive.fetch_sub(1, SeqCst);
        assert_ne!(before, 0, "dropped twice");
        self.ledger.dropped.fetch_add(1, SeqCst);
        if self.panics {
            panic!("a message");
        }
    }
}

#[test]
fn futures_that_are_dropped_drop_their_message() {
    let ledger = Ledger::default();
    let (sender, receiver) = bounded(1);
    drop(sender.send(ledger.message()));
    assert_eq!(ledger.alive(), 0);
    now(sender.send(ledger.message())).unwrap().unwrap();
    drop(pending(sender.send(ledger.message())));
    assert_eq!(ledger.alive(), 1);
    let waiting = pending(sender.send(ledger.message()));
    assert_eq!(ledger.alive(), 2);
    drop(receiver.try_recv());
    drop(waiting);
    assert_eq!(ledger.alive(), 1, "it was sent");
    let refused = pending(sender.send(ledger.message()));
    receiver.close();
    drop(refused);
    drop((sender, receiver));
    assert_eq!(ledger.alive(), 0);
}

#[test]
fn errors_hold_the_message() {
    let ledger = Ledger::default();
    let (sender, receiver) = bounded(1);
    sender.try_send(ledger.message()).unwrap();
    let full = sender.try_send(ledger.message()).unwrap_err();
    receiver.close();
    let closed = now(sender.send(ledger.message())).unwrap().unwrap_err();
    assert_eq!(ledger.alive(), 3);
    drop((full, closed));
    drop(receiver);
    assert_eq!(ledger.alive(), 0);
}

#[test]
fn a_message_that_panics_keeps_no_other_from_being_dropped() {
    let ledger = Ledger::default();
    let (sender, receiver) = bounded(8);
    for n in 0..8 {
        let message = if n % 3 == 1 {
            ledger.bomb()
        } else {
            ledger.message()
        };
        assert!(sender.try_send(message).is_ok());
    }
    let waiting = pending(sender.send(ledger.message()));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(receiver))).is_err());
    assert_eq!(ledger.alive(), 1);
    drop(waiting);
    assert_eq!((ledger.alive(), ledger.dropped.load(SeqCst)), (0, 9));
    assert!(sender.is_closed());
}

#[test]
fn a_channel_on_the_stack_drops_all_though_one_panics() {
    let ledger = Ledger::default();
    let channel: Channel<_, 4> = Channel::new();
    for n in 0..4 {
        let message = if n == 0 {
            ledger.bomb()
        } else {
            ledger.message()
        };
        assert!(channel.try_send(message).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(channel))).is_err());
    assert_eq!((ledger.alive(), ledger.dropped.load(SeqCst)), (0, 4));
}

#[test]
fn a_send_whose_message_panics_has_left_the_queue() {
    let ledger = Ledger::default();
    let (sender, receiver) = bounded(1);
    sender
        .try_send(ledger.message())
        .unwrap_or_else(|_| panic!());
    let bomb = pending(sender.send(ledger.bomb()));
    let mut next = pending(sender.send(ledger.message()));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(bomb))).is_err());
    drop(receiver.try_recv());
    assert!(crate::ready(&mut next).is_ok());
    drop(next);
    drop((sender, receiver));
    assert_eq!(ledger.alive(), 0);
}

#[test]
fn a_many_that_is_interrupted_by_its_collection_drops_the_rest() {
    struct Picky;

    impl Extend<Message> for Picky {
        fn extend<I: IntoIterator<Item = Message>>(&mut self, messages: I) {
            assert!(messages.into_iter().take(2).count() < 2, "enough");
        }
    }

    let ledger = Ledger::default();
    let (sender, receiver) = bounded(8);
    for _ in 0..8 {
        assert!(sender.try_send(ledger.message()).is_ok());
    }
    let result = catch_unwind(AssertUnwindSafe(|| now(receiver.recv_many(&mut Picky, 4))));
    assert!(result.is_err());
    assert_eq!(ledger.alive(), 4);
    drop((sender, receiver));
    assert_eq!(ledger.alive(), 0);
}

#[test]
fn futures_that_are_forgotten_outlive_a_channel_that_is_used_on() {
    let ledger = Ledger::default();
    let (sender, receiver) = leak(bounded(1));
    forget(pending(receiver.ready()));
    forget(pending(receiver.recv()));
    for _ in 0..3 {
        assert!(sender.try_send(ledger.message()).is_ok() || sender.is_full());
    }
    forget(pending(sender.send(ledger.message())));
    forget(pending(sender.reserve()));
    forget(pending(sender.closed()));
    drop(receiver.try_recv());
    assert!(receiver.close());
    receiver.drain().for_each(drop);
}
