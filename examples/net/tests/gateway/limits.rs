//! What is too much.

use std::thread;

use serde_json::{Value, json};

use crate::{
    NEVER,
    process::{Gateway, RUNTIMES},
    upstream::{Reply, Upstream},
};

#[test]
fn an_upstream_gets_as_many_requests_at_a_time_as_it_may_and_no_more() {
    for runtime in RUNTIMES {
        let (a, b) = (
            Upstream::new("a", |_, _| Reply::OnceReleased),
            Upstream::echo("b"),
        );
        let args = ["--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, ",limit=3"), (&b, "")]);
        thread::scope(|clients| {
            for n in 0..12 {
                let (gateway, a, b) = (&gateway, &a, &b);
                clients.spawn(move || {
                    let told = gateway.get(&format!("/fan/{n}")).json();
                    assert_eq!(told["a"]["body"], a.echoed(&format!("/{n}")));
                    assert_eq!(told["b"]["body"], b.echoed(&format!("/{n}")));
                });
            }
            let of_a = |stats: &Value, key: &str| stats["upstreams"]["a"][key].as_u64().unwrap();
            let stats = gateway
                .wait_for_stats(|stats| of_a(stats, "in_flight") + of_a(stats, "waiting") == 12);
            assert_eq!(of_a(&stats, "in_flight"), 3);
            a.wait_until(|a| a.now == 3);
            a.release();
        });
        assert_eq!(a.most(), 3);
        gateway.end().said("12 requests answered");
    }
}

#[test]
fn a_queue_that_is_too_long_is_an_error_at_once() {
    for runtime in RUNTIMES {
        let a = Upstream::new("a", |_, _| Reply::OnceReleased);
        let args = ["--queue", "1", "--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, ",limit=1")]);
        let [mut first, mut second] = [gateway.client(), gateway.client()];
        first.send("/any/1");
        a.wait_until(|a| a.requests("/1") == 1);
        second.send("/any/2");
        gateway.wait_for_stats(|stats| stats["upstreams"]["a"]["waiting"] == 1);
        for path in ["/any/3", "/fan/3"] {
            let refused = gateway.get(path);
            assert_eq!(refused.status, 503);
            assert_eq!(refused.headers["retry-after"], "1");
        }
        a.release();
        assert_eq!(first.receive().body, a.echoed("/1"));
        assert_eq!(second.receive().body, a.echoed("/2"));
        assert_eq!(a.requests("/3"), 0);
        gateway.end();
    }
}

#[test]
fn of_clients_no_more_are_served_than_it_may() {
    for runtime in RUNTIMES {
        let a = Upstream::echo("a");
        let gateway = Gateway::start(runtime, &["--max-clients", "1"], &[(&a, "")]);
        let mut first = gateway.client();
        assert_eq!(first.get("/health").status, 200);
        let mut second = gateway.client();
        second.send("/stats");
        assert_eq!(first.get("/stats").json()["tasks"], 1);
        drop(first);
        assert_eq!(second.receive().json()["tasks"], 1);
        drop(second);
        gateway.end().said("2 connections");
    }
}

#[test]
fn a_body_that_is_too_long_is_not_taken() {
    for runtime in RUNTIMES {
        let a = Upstream::new("a", |path, _| Reply::Long(path[1..].parse().unwrap()));
        let args = ["--max-body", "1000", "--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, "")]);
        assert_eq!(gateway.get("/any/1000").body.len(), 1000);
        let response = gateway.get("/fan/1001");
        assert_eq!(response.status, 502);
        assert_eq!(
            response.json()["a"],
            json!({ "error": "the body is too long" })
        );
        assert_eq!(a.requests("/1001"), 1);
        gateway.end();
    }
}

#[test]
fn what_is_no_request_of_its_kind_is_refused() {
    for runtime in RUNTIMES {
        let a = Upstream::echo("a");
        let gateway = Gateway::start(runtime, &[], &[(&a, "")]);
        let status = |request: &str| {
            let mut client = gateway.client();
            client.write(request);
            client.receive().status
        };
        for path in ["/", "/fan", "/any", "/fantasy/x", "/stats/x"] {
            assert_eq!(gateway.get(path).status, 404, "{path}");
        }
        let mut client = gateway.client();
        client.write("DELETE /fan/x HTTP/1.1\r\nHost: gateway\r\n\r\n");
        let refused = client.receive();
        assert_eq!((refused.status, &*refused.headers["allow"]), (405, "GET"));
        let with_body = "GET /fan/x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1\r\n\r\nx";
        assert_eq!(status(with_body), 413);
        assert_eq!(status("no HTTP at all\r\n\r\n"), 400);
        let long = format!("GET /fan/x HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
        assert_eq!(status(&long), 431);
        assert_eq!(a.requests("/x"), 0);
        gateway.end().said("0 requests answered");
    }
}
