//! What a handler may do: with the channels of all arms, and over its awaits.

use std::{future::ready, mem::size_of_val, rc::Rc};

use pleach::{Semaphore, channel, select};

use super::{block_on, now};

#[test]
fn a_handler_may_drop_the_sender_of_a_send_arm() {
    block_on(async {
        let (tx, rx) = channel::bounded(1);
        let (_quit, quits) = channel::bounded::<()>(1);
        select! {
            Ok(()) = quits.recv() => drop(tx),
            send(tx, 1) => drop(tx),
        }
        assert_eq!(
            (rx.recv().await.ok(), rx.recv().await.ok()),
            (Some(1), None)
        );
    });
}

struct Node {
    inbox: channel::Receiver<u8>,
    outbox: channel::Sender<u8>,
    rounds: u8,
}

impl Node {
    fn bump(&mut self) -> u8 {
        self.rounds += 1;
        self.rounds
    }

    async fn turn(&mut self) -> u8 {
        select! {
            biased;
            Ok(n) = self.inbox.recv() => self.bump() + n,
            send(self.outbox, self.rounds) => self.bump(),
            else => self.bump() + 100,
        }
    }
}

#[test]
fn a_handler_may_use_what_the_arms_borrowed() {
    block_on(async {
        let (inbox, outbox) = (channel::bounded(1), channel::bounded(1));
        let mut node = Node {
            inbox: inbox.1,
            outbox: outbox.0,
            rounds: 0,
        };
        assert_eq!(node.turn().await, 1);
        assert_eq!(outbox.1.recv().await, Ok(0));
        inbox.0.send(20).await.unwrap();
        assert_eq!(node.turn().await, 22);
        drop((inbox.0, outbox.1));
        assert_eq!(node.turn().await, 103);
    });
}

#[test]
fn a_handler_may_move_what_the_output_of_another_arm_borrows() {
    let semaphore = Semaphore::new(0);
    let number = now(async {
        select! {
            Ok(_permit) = semaphore.acquire() => 0,
            () = ready(()) => {
                let moved = semaphore;
                moved.available_permits() + 1
            }
        }
    });
    assert_eq!(number, Some(1));
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn outputs_of_other_arms_do_not_make_a_task_unsendable() {
    let task = is_send(async {
        select! {
            rc = async { Rc::new(1) } => drop(rc),
            () = ready(()) => ready(()).await,
        }
    });
    block_on(task);
}

/// A message with a destructor, so that it is live until it is moved away.
struct Big([u8; 1024]);

impl Drop for Big {
    fn drop(&mut self) {
        self.0[0] = 1;
    }
}

#[test]
fn the_arms_of_a_select_share_the_room_for_what_they_give() {
    let channels = [(); 4].map(|()| channel::bounded::<Big>(1).1);
    let [a, b, c, d] = &channels;
    let one = async {
        if let Ok(message) = a.recv().await {
            ready(()).await;
            drop(message);
        }
    };
    let four = async {
        select! {
            Ok(message) = a.recv() => { ready(()).await; drop(message); }
            Ok(message) = b.recv() => { ready(()).await; drop(message); }
            Ok(message) = c.recv() => { ready(()).await; drop(message); }
            Ok(message) = d.recv() => { ready(()).await; drop(message); }
        }
    };
    let (one, four) = (size_of_val(&one), size_of_val(&four));
    assert!(four < one + 1024, "one takes {one} bytes, four take {four}");
}

#[test]
fn select_all_drops_its_losers() {
    let (sender, receiver) = channel::bounded(1);
    let (_other, silent) = channel::bounded::<u8>(1);
    let mut all = pleach::select::select_all([
        Box::pin(receiver.recv()),
        Box::pin(silent.recv()),
        Box::pin(receiver.recv()),
    ]);
    block_on(async {
        assert_eq!(
            now(std::future::poll_fn(
                |cx| std::pin::Pin::new(&mut all).poll(cx)
            )),
            None
        );
        sender.send(1).await.unwrap();
        let (_, received) = (&mut all).await;
        assert_eq!(received, Ok(1));
        // Nothing is promised to the other, which was queued as well.
        sender.send(2).await.unwrap();
        assert_eq!(receiver.try_recv(), Ok(2));
    });
}
