//! Clients come, and wait for their turn at the door.

use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};

use pleach::{
    CancelToken,
    channel::{Receiver, Sender},
    runtime::TokioTimer,
    scope, select,
    time::sleep,
};

use super::{client, random::Random};

/// Announces one client after the other, faster than they leave, until the token is stopped.
pub(super) async fn arrive(visits: Sender<u64>, token: &CancelToken) {
    let mut random = Random::new(0);
    for number in 0.. {
        let sent = select! {
            _ = token.stopping() => return,
            sent = visits.send(number) => sent,
        };
        if sent.is_err() {
            return;
        }
        sleep(TokioTimer, Duration::from_millis(20 + random.below(60))).await;
    }
}

/// Lets those in who are announced, as long as somebody announces them, up to so many at a time.
pub(super) async fn let_in(
    visits: Receiver<u64>,
    gateway: SocketAddr,
    most: NonZeroUsize,
    token: &CancelToken,
) {
    scope!(named = "clients", limit = most, |s| {
        while let Ok(number) = visits.recv().await {
            let Ok(slot) = s.slot().await else { return };
            slot.spawn(client::visit(number, gateway, token))
                .named("client");
        }
    })
    .await;
}
