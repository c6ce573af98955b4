//! What becomes of one request.

use serde_json::json;

use crate::{
    NEVER,
    process::{Gateway, RUNTIMES},
    upstream::{Reply, Upstream},
};

#[test]
fn all_upstreams_are_asked_and_each_is_told_of() {
    for runtime in RUNTIMES {
        let (a, b) = (
            Upstream::echo("a"),
            Upstream::new("b", |_, _| Reply::Status(404)),
        );
        let (c, d) = (
            Upstream::absent("c"),
            Upstream::new("d", |_, _| Reply::Status(500)),
        );
        let args = ["--attempts", "1", "--deadline", NEVER];
        let all = [(&a, ""), (&b, ""), (&c, ""), (&d, "")];
        let gateway = Gateway::start(runtime, &args, &all);
        let response = gateway.get("/fan/x?y=1");
        assert_eq!(response.status, 200);
        let told = response.json();
        assert_eq!(told["a"], json!({ "status": 200, "body": "a /x?y=1" }));
        assert_eq!(told["b"], json!({ "status": 404, "body": "" }));
        let refused = told["c"]["error"].as_str().unwrap();
        assert!(refused.starts_with("cannot connect"), "{refused}");
        assert_eq!(told["d"], json!({ "error": "status 500" }));
        gateway.end().said("1 requests answered");
    }
}

#[test]
fn at_the_deadline_there_are_the_answers_that_there_are() {
    for runtime in RUNTIMES {
        // `a` answers at once, but who knows how long that takes here.
        let is_told = (0..)
            .map(|n| a_second_upstream_hangs(runtime, 100 << n))
            .take(10)
            .any(|is_told| is_told);
        assert!(is_told);
    }
}

/// Whether the first one is told of by a deadline of so many milliseconds.
fn a_second_upstream_hangs(runtime: &[&str], deadline: u32) -> bool {
    let (a, b) = (Upstream::echo("a"), Upstream::new("b", |_, _| Reply::Hang));
    let args = ["--deadline", &deadline.to_string()];
    let gateway = Gateway::start(runtime, &args, &[(&a, ""), (&b, "")]);
    let response = gateway.get("/fan/x");
    let told = response.json();
    assert_eq!(told["b"], json!({ "error": "no answer in time" }));
    // If it came to that, the connection is closed.
    b.wait_until(|b| b.closed == b.requests("/x"));
    gateway.end().said("1 requests answered");
    let is_told = told["a"]["body"] == a.echoed("/x");
    assert_eq!(response.status, if is_told { 200 } else { 504 });
    is_told
}

#[test]
fn at_the_deadline_without_an_answer_the_status_is_504() {
    for runtime in RUNTIMES {
        let a = Upstream::new("a", |_, _| Reply::Hang);
        let gateway = Gateway::start(runtime, &["--deadline", "50"], &[(&a, "")]);
        for path in ["/fan/x", "/any/x"] {
            assert_eq!(gateway.get(path).status, 504);
        }
        a.wait_until(|a| a.closed == a.requests("/x"));
        gateway.end().said("2 requests answered");
    }
}

#[test]
fn the_first_answer_wins_and_the_others_are_hung_up_on() {
    for runtime in RUNTIMES {
        let (a, b) = (Upstream::new("a", |_, _| Reply::Hang), Upstream::echo("b"));
        let args = ["--hedge-after", "10", "--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, ""), (&b, "")]);
        let response = gateway.get("/any/x");
        assert_eq!(response.status, 200);
        assert_eq!(response.headers["x-upstream"], "b");
        assert_eq!(response.body, b.echoed("/x"));
        a.wait_until(|a| a.closed == 1);
        assert_eq!(gateway.stats()["hedges"], 1);
        gateway.end();
    }
}

#[test]
fn an_upstream_that_answers_at_once_is_the_only_one_that_is_asked() {
    for runtime in RUNTIMES {
        let (a, b) = (Upstream::echo("a"), Upstream::echo("b"));
        let args = ["--hedge-after", NEVER, "--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, ""), (&b, "")]);
        for asked in ["a", "b", "a"] {
            assert_eq!(gateway.get("/any/x").headers["x-upstream"], asked);
        }
        assert_eq!((a.requests("/x"), b.requests("/x")), (2, 1));
        assert_eq!(gateway.stats()["hedges"], 0);
        gateway.end();
    }
}

#[test]
fn when_one_has_failed_the_next_is_asked_at_once() {
    for runtime in RUNTIMES {
        let (a, b) = (
            Upstream::new("a", |_, _| Reply::Status(503)),
            Upstream::echo("b"),
        );
        let args = [
            "--hedge-after",
            NEVER,
            "--deadline",
            NEVER,
            "--attempts",
            "1",
        ];
        let gateway = Gateway::start(runtime, &args, &[(&a, ""), (&b, "")]);
        assert_eq!(gateway.get("/any/x").headers["x-upstream"], "b");
        assert_eq!(gateway.stats()["hedges"], 0);
        gateway.end();
    }
}

#[test]
fn when_all_have_failed_it_says_why() {
    for runtime in RUNTIMES {
        let (a, b) = (
            Upstream::new("a", |_, _| Reply::Status(503)),
            Upstream::absent("b"),
        );
        let gateway = Gateway::start(runtime, &["--deadline", NEVER], &[(&a, ""), (&b, "")]);
        let response = gateway.get("/any/x");
        assert_eq!(response.status, 502);
        let errors = response.json();
        assert_eq!(errors["errors"][0], "status 503");
        assert!(
            errors["errors"][1]
                .as_str()
                .unwrap()
                .starts_with("cannot connect")
        );
        assert_eq!(gateway.get("/fan/x").status, 502);
        gateway.end();
    }
}

#[test]
fn what_fails_is_tried_again_and_what_is_not_there_is_not() {
    for runtime in RUNTIMES {
        let a = Upstream::new("a", |path, turn| match (path, turn) {
            ("/missing", _) => Reply::Status(404),
            ("/busy", 0) => Reply::Status(503),
            ("/cut", 0) => Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes."),
            ("/garbage", 0) => Reply::Raw("no HTTP at all\r\n\r\n"),
            ("/nothing", 0) => Reply::Raw(""),
            _ => Reply::Echo,
        });
        let args = ["--attempts", "2", "--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, "")]);
        for path in ["/busy", "/cut", "/garbage", "/nothing"] {
            let response = gateway.get(&format!("/any{path}"));
            assert_eq!((response.status, response.body), (200, a.echoed(path)));
            assert_eq!(a.requests(path), 2);
        }
        assert_eq!(gateway.get("/any/missing").status, 404);
        assert_eq!(a.requests("/missing"), 1);
        gateway.end();
    }
}

#[test]
fn when_its_client_leaves_so_does_a_request() {
    for runtime in RUNTIMES {
        let (a, b) = (
            Upstream::new("a", |_, _| Reply::Hang),
            Upstream::new("b", |_, _| Reply::Hang),
        );
        let args = ["--hedge-after", "10", "--deadline", NEVER];
        let gateway = Gateway::start(runtime, &args, &[(&a, ""), (&b, "")]);
        for (asked, path) in [(1, "/fan/x"), (2, "/any/x")] {
            let mut client = gateway.client();
            client.send(path);
            for upstream in [&a, &b] {
                upstream.wait_until(|upstream| upstream.requests("/x") == asked);
            }
            drop(client);
            for upstream in [&a, &b] {
                upstream.wait_until(|upstream| upstream.closed == asked);
            }
        }
        let stats = gateway.wait_for_stats(|stats| stats["given_up"] == 2);
        assert_eq!(stats["in_flight"], 0);
        gateway
            .end()
            .said("0 requests answered, 2 given up, 0 cut off");
    }
}

#[test]
fn requests_of_one_connection_are_answered_in_their_order() {
    for runtime in RUNTIMES {
        let a = Upstream::echo("a");
        let gateway = Gateway::start(runtime, &["--deadline", NEVER], &[(&a, "")]);
        let mut client = gateway.client();
        for path in ["/1", "/2"] {
            assert_eq!(client.get(&format!("/any{path}")).body, a.echoed(path));
        }
        // And without waiting for the answers.
        let heads = ["/3", "/4", "/5"].map(|path| crate::client::head(&format!("/any{path}")));
        client.write(&heads.concat());
        for path in ["/3", "/4", "/5"] {
            assert_eq!(client.receive().body, a.echoed(path));
        }
        assert_eq!(client.finish(), b"");
        gateway.end().said("1 connections; 5 requests answered");
    }
}
