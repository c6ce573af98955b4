//! Wakers that come back.

use pleach::channel::{Receiver, Sender, bounded};

use crate::{
    now, pending_with, ready,
    support::{Hostile, leak},
};

/// Uses every kind of operation.
fn meddle(sender: &Sender<u32>, receiver: &Receiver<u32>) {
    let _ = (sender.len(), sender.is_closed(), format!("{sender:?}"));
    if let Some(Ok(())) = now(sender.send(7)) {
        let _ = receiver.try_recv();
    }
    let _ = now(receiver.recv());
    drop(sender.try_reserve());
    drop(now(sender.reserve()));
    let _ = now(receiver.ready());
    let _ = now(sender.closed());
    drop(sender.clone());
    drop(receiver.downgrade().upgrade());
}

#[test]
fn wakers_may_use_the_channel_when_they_are_cloned_woken_or_dropped() {
    for capacity in [0, 1, 3] {
        for hook in 0..3 {
            let (sender, receiver) = leak(bounded(capacity));
            let meddle = || meddle(sender, receiver);
            let hostile = || {
                match hook {
                    0 => Hostile::default().on_clone(meddle),
                    1 => Hostile::default().on_wake(meddle),
                    _ => Hostile::default().on_drop(meddle),
                }
                .waker()
            };
            let mut recv = pending_with(receiver.recv(), &hostile());
            let _ = crate::poll_with(recv.as_mut(), &hostile());
            let _ = now(sender.send(1));
            drop(recv);
            let mut sends: Vec<_> = (0..9).map(|n| Box::pin(sender.send(n))).collect();
            for send in &mut sends {
                let _ = crate::poll_with(send.as_mut(), &hostile());
            }
            let mut reserve = Box::pin(sender.reserve());
            let _ = crate::poll_with(reserve.as_mut(), &hostile());
            let mut told = Box::pin(sender.closed());
            let _ = crate::poll_with(told.as_mut(), &hostile());
            let _ = now(receiver.recv_many(&mut Vec::new(), 2));
            sends.truncate(4);
            sender.close();
            ready(&mut told);
        }
    }
}
