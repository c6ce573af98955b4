//! The first of several, one value once, and the latest value, without a heap.

use core::pin::pin;

use pleach::{
    channel::{Channel, Multiplex, RecvEnd},
    oneshot::Oneshot,
    select,
    watch::Watch,
};

use crate::{Platform, tests};

tests![
    a_select_receives_from_two_until_both_end,
    a_select_sends_or_has_a_default,
    a_multiplex_receives_from_three,
    a_value_is_handed_over_again_and_again,
    a_change_is_waited_for,
    #[cfg(feature = "critical-section")]
    an_interrupt_sets_what_a_task_waits_for,
];

fn a_select_receives_from_two_until_both_end(platform: &Platform) {
    let channels: [Channel<u32, 1>; 2] = [Channel::new(), Channel::strict()];
    let [(left, lefts), (right, rights)] = channels.each_ref().map(Channel::split);
    let sends = async move {
        for n in 1..=5 {
            left.send(n).await.unwrap();
            right.send(10 * n).await.unwrap();
        }
    };
    let receives = async {
        let mut sum = 0;
        loop {
            select! {
                Ok(n) = lefts.recv() => sum += n,
                Ok(n) = rights.recv() => sum += n,
                else => break,
            }
        }
        assert_eq!(sum, 165);
    };
    platform.join([pin!(receives), pin!(sends)]);
}

fn a_select_sends_or_has_a_default(_: &Platform) {
    let channel: Channel<u32, 1> = Channel::strict();
    let (sender, receiver) = channel.split();
    let try_it = || {
        select! {
            send(sender, 1) => true,
            default => false,
        }
    };
    assert!(try_it());
    assert!(!try_it());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(try_it());
}

fn a_multiplex_receives_from_three(platform: &Platform) {
    static CHANNELS: [Channel<usize, 2>; 3] = [const { Channel::new() }; 3];
    let receivers = CHANNELS.each_ref().map(Channel::receiver);
    let ends = receivers
        .each_ref()
        .map(|receiver| -> &RecvEnd<usize> { receiver });
    for n in 0..6 {
        CHANNELS[n % 3].try_send(n).unwrap();
    }
    let mut all = pin!(Multiplex::new(ends));
    platform.block_on(async {
        for n in 0..6 {
            let next = core::future::poll_fn(|cx| all.as_mut().poll_indexed(cx)).await;
            assert_eq!(next, Some((n % 3, n)));
        }
    });
}

fn a_value_is_handed_over_again_and_again(platform: &Platform) {
    static SLOT: Oneshot<u32> = Oneshot::new();
    for n in 0..3 {
        let (sender, receiver) = SLOT.split().unwrap();
        let sends = async move { sender.send(n).unwrap() };
        let receives = async move { assert_eq!(receiver.await, Ok(n)) };
        platform.join([pin!(receives), pin!(sends)]);
    }
}

fn a_change_is_waited_for(platform: &Platform) {
    static LEVEL: Watch<u32> = Watch::new(0);
    let mut receiver = LEVEL.receiver();
    let receives = async {
        assert_eq!(receiver.wait_for(|n| *n == 3).await, Ok(3));
    };
    let sets = async {
        for n in 1..=3 {
            LEVEL.set(n).unwrap();
        }
    };
    platform.join([pin!(receives), pin!(sets)]);
}

#[cfg(feature = "critical-section")]
fn an_interrupt_sets_what_a_task_waits_for(platform: &Platform) {
    static TICKS: Watch<u32> = Watch::new(0);
    let mut receiver = TICKS.receiver();
    crate::interrupt::with_handler(
        || {
            TICKS.update(|n| Some(n + 1));
        },
        || {
            platform.block_on(async {
                let mut last = 0;
                while last < 20 {
                    let now = receiver.changed().await.unwrap();
                    assert!(now > last);
                    last = now;
                }
            });
        },
    );
}
