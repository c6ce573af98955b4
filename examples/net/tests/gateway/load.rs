//! Many clients at once, some of which leave whenever they like.

use std::{thread, thread::ScopedJoinHandle};

use serde_json::json;

use crate::{
    NEVER,
    client::Client,
    process::{Gateway, RUNTIMES},
    rng::Rng,
    upstream::{Reply, Upstream},
};

const CLIENTS: u64 = 64;
const REQUESTS: u64 = 50;

#[test]
fn no_request_is_lost_and_no_task_is_left() {
    for runtime in RUNTIMES {
        let upstreams = ["a", "b", "c"].map(|name| Upstream::new(name, flaky));
        let args = [
            "--deadline",
            NEVER,
            "--hedge-after",
            "20",
            "--queue",
            "1000",
        ];
        let limited = upstreams.each_ref().map(|upstream| (upstream, ",limit=8"));
        let gateway = Gateway::start(runtime, &args, &limited);
        let answered: u64 = thread::scope(|threads| {
            let (gateway, upstreams) = (&gateway, &upstreams);
            let clients: Vec<_> = (0..CLIENTS)
                .map(|n| threads.spawn(move || one_client(n, gateway, upstreams)))
                .collect();
            clients.into_iter().map(joined).sum()
        });
        // Of those whose clients left some may have been answered, and some never came.
        let stats = gateway.wait_for_stats(|stats| stats["tasks"] == 1 && stats["in_flight"] == 0);
        let [told, given_up] = ["answered", "given_up"].map(|key| stats[key].as_u64().unwrap());
        assert!(
            answered <= told && told + given_up <= CLIENTS * REQUESTS,
            "{stats}"
        );
        assert!(answered > CLIENTS * REQUESTS / 2 && given_up > 0, "{stats}");
        for upstream in &upstreams {
            let stats = &stats["upstreams"][upstream.name];
            assert_eq!(
                (&stats["in_flight"], &stats["waiting"]),
                (&json!(0), &json!(0))
            );
        }
        gateway.end().said("0 cut off");
    }
}

/// One request in so many fails the first time.
fn flaky(path: &str, turn: usize) -> Reply {
    let (_, number) = path.rsplit_once('-').unwrap();
    match number.parse::<u64>().unwrap() % 11 {
        3 if turn == 0 => Reply::Status(503),
        5 if turn == 0 => Reply::Raw(""),
        _ => Reply::Echo,
    }
}

fn joined(client: ScopedJoinHandle<'_, u64>) -> u64 {
    client.join().expect("it got what it asked for")
}

/// Sends requests, and gives up some; returns how many were answered. Each of these once: the next
/// answer over the same connection is that of the next request, and behind the last one is nothing.
fn one_client(n: u64, gateway: &Gateway, upstreams: &[Upstream]) -> u64 {
    let mut rng = Rng::new(n);
    let mut client = gateway.client();
    let mut answered = 0;
    for request in 0..REQUESTS {
        let path = format!("/{n}-{request}");
        let whom = if rng.one_in(2) { "/fan" } else { "/any" };
        let target = format!("{whom}{path}");
        match rng.below(10) {
            0 | 1 => {
                client.send(&target);
                client = gateway.client();
            }
            2 => {
                client.write(&crate::client::head(&target)[..15]);
                client = gateway.client();
            }
            _ => {
                answered += 1;
                one_answer(&mut client, &target, &path, upstreams);
            }
        }
    }
    assert_eq!(client.finish(), b"");
    answered
}

fn one_answer(client: &mut Client, target: &str, path: &str, upstreams: &[Upstream]) {
    let response = client.get(target);
    assert_eq!(response.status, 200, "{target}: {}", response.body);
    let Some(of) = response.headers.get("x-upstream") else {
        let told = response.json();
        for upstream in upstreams {
            assert_eq!(told[upstream.name]["body"], upstream.echoed(path));
        }
        return;
    };
    assert_eq!(response.body, format!("{of} {path}"));
}
