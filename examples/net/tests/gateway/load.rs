//! Many clients at once, some of which leave whenever they like.

use std::thread;

use serde_json::json;

use crate::{
    NEVER,
    client::{Client, head},
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
        let seen = thread::scope(|threads| {
            let (gateway, upstreams) = (&gateway, &upstreams);
            let clients: Vec<_> = (0..CLIENTS)
                .map(|n| threads.spawn(move || one_client(n, gateway, upstreams)))
                .collect();
            clients.into_iter().fold(Seen::default(), |seen, client| {
                let of_one = client.join().expect("it got what it asked for");
                Seen {
                    answered: seen.answered + of_one.answered,
                    given_up: seen.given_up + of_one.given_up,
                }
            })
        });
        // Of those whose clients left at once some may have been answered, and some never came.
        let stats = gateway.wait_for_stats(|stats| stats["tasks"] == 1 && stats["in_flight"] == 0);
        let [answered, given_up] = ["answered", "given_up"].map(|key| stats[key].as_u64().unwrap());
        assert!(seen.answered > 0 && answered >= seen.answered, "{stats}");
        assert!(seen.given_up > 0 && given_up >= seen.given_up, "{stats}");
        assert!(answered + given_up <= CLIENTS * REQUESTS, "{stats}");
        upstreams[0].wait_until(|a| a.closed as u64 == seen.given_up);
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
    let (what, number) = path.rsplit_once('-').unwrap();
    match number.parse::<u64>().unwrap() % 11 {
        _ if what.starts_with("/hang") => Reply::Hang,
        3 if turn == 0 => Reply::Status(503),
        5 if turn == 0 => Reply::Raw(""),
        _ => Reply::Echo,
    }
}

/// What became of requests, as their clients see it.
#[derive(Default)]
struct Seen {
    /// Each of these once: the next answer over the same connection is that of the next request, and
    /// behind the last one is nothing.
    answered: u64,
    /// Those that were under way when the client left.
    given_up: u64,
}

fn one_client(n: u64, gateway: &Gateway, upstreams: &[Upstream]) -> Seen {
    let mut rng = Rng::new(n);
    let mut client = gateway.client();
    let mut seen = Seen::default();
    for request in 0..REQUESTS {
        let path = format!("/{n}-{request}");
        let whom = if rng.one_in(2) { "/fan" } else { "/any" };
        let target = format!("{whom}{path}");
        match rng.below(10) {
            0 => client.send(&target),
            1 => client.write(&head(&target)[..15]),
            2 => {
                seen.given_up += 1;
                let path = format!("/hang{path}");
                client.send(&format!("/fan{path}"));
                upstreams[0].wait_until(|a| a.requests(&path) == 1);
            }
            _ => {
                seen.answered += 1;
                one_answer(&mut client, &target, &path, upstreams);
                continue;
            }
        }
        client = gateway.client();
    }
    assert_eq!(client.finish(), b"");
    seen
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
