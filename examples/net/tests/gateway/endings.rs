//! How it ends.

use std::time::Instant;

use crate::{
    NEVER, SAFETY_LIMIT,
    client::Client,
    process::{Gateway, RUNTIMES},
    upstream::{Reply, Upstream},
};

/// A gateway with a request under way at an upstream that answers once it is released.
fn with_a_request(runtime: &[&str], args: &[&str]) -> (Gateway, Client, Upstream) {
    let a = Upstream::new("a", |_, _| Reply::OnceReleased);
    let args = [&["--deadline", NEVER], args].concat();
    let gateway = Gateway::start(runtime, &args, &[(&a, "")]);
    let mut client = gateway.client();
    client.send("/any/x");
    a.wait_until(|a| a.requests("/x") == 1);
    (gateway, client, a)
}

#[test]
fn what_is_under_way_is_answered_and_nobody_else_is_let_in() {
    for runtime in RUNTIMES {
        let (mut gateway, mut client, a) = with_a_request(runtime, &["--grace", "3600"]);
        let mut idle = gateway.client();
        assert_eq!(idle.get("/health").status, 200);
        gateway.terminate();
        gateway.wait_for_stopping();
        assert_eq!(idle.rest(), b"", "it is closed");
        // The listener is closed by now, or in a moment.
        let began = Instant::now();
        while Client::try_connect(gateway.address).is_ok() {
            assert!(began.elapsed() < SAFETY_LIMIT, "it lets others in");
        }
        a.release();
        let response = client.receive();
        assert_eq!((response.status, response.body), (200, a.echoed("/x")));
        assert_eq!(response.headers["connection"], "close");
        assert_eq!(client.rest(), b"");
        let end = gateway.wait();
        end.expect_nothing_left();
        end.said("1 requests answered, 0 given up, 0 cut off");
        assert_eq!(end.code, Some(0));
    }
}

#[test]
fn a_second_signal_cuts_off_what_is_under_way() {
    for runtime in RUNTIMES {
        let (mut gateway, client, _) = with_a_request(runtime, &["--grace", "3600"]);
        gateway.terminate();
        gateway.wait_for_stopping();
        gateway.terminate();
        is_cut_off(gateway, client);
    }
}

#[test]
fn the_end_of_the_grace_cuts_off_what_is_under_way() {
    for runtime in RUNTIMES {
        let (mut gateway, client, _) = with_a_request(runtime, &["--grace", "0.05"]);
        gateway.terminate();
        gateway.wait_for_stopping();
        is_cut_off(gateway, client);
    }
}

/// Even then the client gets an answer.
fn is_cut_off(gateway: Gateway, mut client: Client) {
    let response = client.receive();
    assert_eq!(response.status, 503);
    assert_eq!(response.headers["retry-after"], "1");
    assert_eq!(client.rest(), b"");
    let end = gateway.wait();
    end.expect_nothing_left();
    end.said("0 requests answered, 0 given up, 1 cut off");
    assert_eq!(end.code, Some(1));
}

#[test]
fn a_client_that_does_not_go_on_is_not_waited_for_any_longer() {
    for runtime in RUNTIMES {
        let a = Upstream::echo("a");
        let mut gateway = Gateway::start(runtime, &["--grace", "0.05"], &[(&a, "")]);
        let mut client = gateway.client();
        assert_eq!(client.get("/any/x").status, 200);
        // Half a head: it is in the middle of a request, and will be.
        client.write("GET /any/y HT");
        gateway.wait_for_stats(|stats| stats["tasks"] == 2);
        gateway.terminate();
        gateway.wait_for_stopping();
        let end = gateway.wait();
        end.expect_nothing_left();
        end.said("1 requests answered, 0 given up, 0 cut off");
        assert_eq!(client.rest(), b"");
    }
}
