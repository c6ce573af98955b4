//! Messages that nobody takes, that never come, and that all wait to get rid of.

use std::future::pending;

use pleach::{Event, channel, oneshot, select, watch};

use crate::{assert_says, at, cycles, stall, stall_in_two};

#[test]
fn what_is_sent_without_a_receiver_waits_for_room() {
    let ((sender, _receiver), made) = (channel::bounded(1), at!(line!()));
    let at = at!(line!() + 4);
    let report = stall(|s| {
        let lost = s.spawn(async {
            for message in 0.. {
                sender.send(message).await.unwrap();
            }
        });
        lost.named("lost");
    });
    assert_eq!(report.without_hope().count(), 1);
    assert_says(
        &report,
        &["lost", "room", &at, &made, "nobody here has received"],
    );
}

/// The sender that was cloned for the producer is kept, so the end never comes.
#[test]
fn a_channel_that_is_never_closed_keeps_its_receiver() {
    let ((sender, receiver), made) = (channel::bounded::<u8>(4), at!(line!()));
    let go = Event::new();
    let forgotten = sender.clone();
    let mut spawned = String::new();
    let report = stall_in_two(|s| {
        let consumer = s.spawn(async { while receiver.recv().await.is_ok() {} });
        consumer.named("consumer");
        spawned = at!(line!() + 1);
        let producer = s.spawn(async {
            let sender = sender;
            sender.send(1).await.unwrap();
            go.wait().await;
        });
        producer.named("producer");
        || go.set()
    });
    drop(forgotten);
    assert_says(
        &report,
        &["consumer", "message", &made, "nobody here has sent there"],
    );
    assert_says(&report, &["consumer", "producer", &spawned, "has ended"]);
}

/// Each answers a message with two.
#[test]
fn two_full_channels_lock_each_other() {
    let [one, other] = [const { channel::Channel::<u8, 1>::new() }; 2];
    one.try_send(0).unwrap();
    let mut at = String::new();
    let report = stall(|s| {
        let relay = async |from: &channel::Channel<u8, 1>, to: &channel::Channel<u8, 1>| {
            while let Ok(message) = from.recv().await {
                to.send(message).await.unwrap();
                to.send(message).await.unwrap();
            }
        };
        at = at!(line!() - 3);
        let (one, other) = (&one, &other);
        s.spawn(async move { relay(one, other).await })
            .named("ping");
        s.spawn(async move { relay(other, one).await })
            .named("pong");
    });
    assert_eq!(cycles(&report), [["ping", "pong"]]);
    assert_says(&report, &["ping", "room", &at, "received there: pong"]);
    assert_says(&report, &["pong", "room", "received there: ping"]);
}

/// The place that it keeps is the only one, and the answer comes only after the message.
#[test]
fn a_place_that_is_kept_and_never_used_holds_up_the_receiver() {
    let [requests, answers] = [const { channel::Channel::<u8, 1>::new() }; 2];
    let report = stall(|s| {
        let client = s.spawn(async {
            let place = requests.send_end().reserve().await.unwrap();
            answers.recv().await.unwrap();
            answers.recv().await.unwrap();
            place.send(1).unwrap();
        });
        client.named("client");
        let server = s.spawn(async {
            answers.send(0).await.unwrap();
            let request = requests.recv().await.unwrap();
            answers.send(request).await.unwrap();
        });
        server.named("server");
    });
    assert_eq!(cycles(&report), [["client", "server"]]);
    assert_says(&report, &["server", "message", "sent there: client"]);
}

#[test]
fn a_oneshot_sender_that_is_kept_keeps_the_receiver() {
    let ((sender, receiver), made) = (oneshot::channel::<u8>(), at!(line!()));
    let report = stall(|s| {
        s.spawn(receiver).named("asks");
        let keeps = s.spawn(async {
            let _kept = sender;
            pending::<()>().await;
        });
        keeps.named("keeps");
    });
    assert_says(&report, &["asks", "message", &made, "nobody here has sent"]);
    assert_says(&report, &["keeps", "what is not of this crate"]);
}

#[test]
fn a_watch_that_never_changes_keeps_those_who_watch() {
    let (watch, made) = (watch::Watch::new(0), at!(line!()));
    let mut seen = watch.receiver();
    let at = at!(line!() + 2);
    let report = stall(|s| {
        s.spawn(async { seen.changed().await.is_ok() })
            .named("watcher");
    });
    assert_says(&report, &["watcher", "new value", &at, &made]);
}

#[test]
fn a_select_without_an_arm_that_can_win_names_all_of_them() {
    let ((sender, receiver), made) = (channel::bounded::<u8>(1), at!(line!()));
    let (stop, stop_made) = (Event::new(), at!(line!()));
    let report = stall(|s| {
        let server = s.spawn(async {
            select! {
                _ = receiver.recv() => {}
                _ = stop.wait() => {}
            }
        });
        server.named("server");
    });
    drop(sender);
    assert_eq!(report.without_hope().count(), 2);
    assert_says(
        &report,
        &["server", "message", &made, "; or", "event", &stop_made],
    );
}
