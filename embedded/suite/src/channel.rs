//! Channels without a heap, between tasks and an interrupt.

use core::pin::pin;

use pleach::channel::{Channel, RecvEnd, SendEnd};

use crate::{Platform, tests};

tests![
    messages_pass_in_order_from_task_to_task,
    a_rendezvous_hands_messages_over,
    a_borrowed_channel_ends_with_its_senders,
    #[cfg(feature = "critical-section")]
    an_interrupt_sends_and_a_task_receives,
    #[cfg(feature = "critical-section")]
    an_interrupt_makes_room_for_a_task_that_sends,
    #[cfg(feature = "alloc")]
    a_channel_on_the_heap_passes_messages,
];

/// Sends from one task to the other.
fn pass_twenty(platform: &Platform, sender: &SendEnd<u32>, receiver: &RecvEnd<u32>) {
    let sends = async {
        for n in 0..20 {
            sender.send(n).await.unwrap();
        }
    };
    let receives = async {
        for n in 0..20 {
            assert_eq!(receiver.recv().await, Ok(n));
        }
    };
    platform.join([pin!(sends), pin!(receives)]);
    assert!(sender.is_empty());
}

fn messages_pass_in_order_from_task_to_task(platform: &Platform) {
    static CHANNEL: Channel<u32, 2> = Channel::new();
    let (sender, receiver) = CHANNEL.split();
    pass_twenty(platform, &sender, &receiver);
}

fn a_rendezvous_hands_messages_over(platform: &Platform) {
    static CHANNEL: Channel<u32, 0> = Channel::new();
    assert!(CHANNEL.try_send(0).is_err());
    let (sender, receiver) = CHANNEL.split();
    pass_twenty(platform, &sender, &receiver);
}

fn a_borrowed_channel_ends_with_its_senders(platform: &Platform) {
    let channel: Channel<u32, 1> = Channel::strict();
    let (sender, receiver) = channel.split();
    let sends = async move {
        for n in 1..=4 {
            sender.send(n).await.unwrap();
        }
    };
    let receives = async {
        let mut sum = 0;
        while let Ok(n) = receiver.recv().await {
            sum += n;
        }
        assert_eq!(sum, 10);
    };
    platform.join([pin!(receives), pin!(sends)]);
}

#[cfg(feature = "critical-section")]
fn an_interrupt_sends_and_a_task_receives(platform: &Platform) {
    static READINGS: Channel<u32, 4> = Channel::new();
    crate::interrupt::with_handler(
        || {
            // What does not fit is dropped here.
            let _full = READINGS.try_send(7);
        },
        || {
            platform.block_on(async {
                for _ in 0..20 {
                    assert_eq!(READINGS.recv().await, Ok(7));
                }
            });
        },
    );
}

#[cfg(feature = "critical-section")]
fn an_interrupt_makes_room_for_a_task_that_sends(platform: &Platform) {
    static ORDERS: Channel<u32, 1> = Channel::new();
    crate::interrupt::with_handler(
        || {
            let _empty = ORDERS.try_recv();
        },
        || {
            platform.block_on(async {
                for n in 0..20 {
                    ORDERS.send(n).await.unwrap();
                }
            });
        },
    );
}

#[cfg(feature = "alloc")]
fn a_channel_on_the_heap_passes_messages(platform: &Platform) {
    let (sender, receiver) = pleach::channel::bounded(1);
    pass_twenty(platform, &sender, &receiver);
}
