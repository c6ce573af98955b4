//! Servers that fail: retries, and the breaker.

use crate::{
    bytes, check, finish,
    server::{Reply, Server, links, status},
    signal, spawn,
};

#[test]
fn what_fails_twice_and_then_succeeds_is_fine() {
    let after = |first: &[u8], second: &[u8]| {
        let ok = bytes(b"HTTP/1.1 200 OK\r\n\r\n".into());
        Reply::InTurn(vec![bytes(first.into()), bytes(second.into()), ok])
    };
    let cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nshort";
    let server = Server::new([
        ("/", bytes(links(["busy", "many", "cut", "head", "late"]))),
        ("/busy", after(&status(503), &status(503))),
        ("/many", after(&status(429), &status(500))),
        ("/cut", after(b"", cut)),
        ("/head", after(b"HTTP/1.1 200 OK\r\nConte", b"HTTP")),
        (
            "/late",
            Reply::InTurn(vec![bytes(status(503)), Reply::Slowly(status(200))]),
        ),
    ]);
    let args = ["--attempts", "3", "--breaker", "100"];
    check(&server.url("/"), &args)
        .expect(0, &[])
        .said("6 of 6 URLs checked");
    assert_eq!(server.requests().len(), 1 + 4 * 3 + 2);
}

#[test]
fn attempts_are_counted_and_made_only_for_what_may_pass() {
    let server = Server::new([
        ("/", bytes(links(["busy", "gone", "nonsense", "hangs-up"]))),
        ("/busy", bytes(status(503))),
        ("/gone", bytes(status(410))),
        ("/nonsense", bytes(b"220 mail.example ESMTP\r\n\r\n".into())),
        ("/hangs-up", bytes(Vec::new())),
    ]);
    let page: &[String] = &[server.url("/")];
    let args = ["--attempts", "4", "--breaker", "100"];
    check(&server.url("/"), &args).expect(
        1,
        &[
            (server.url("/busy"), "status 503", page),
            (server.url("/gone"), "status 410", page),
            (
                server.url("/hangs-up"),
                "the connection was closed too early",
                page,
            ),
            (
                server.url("/nonsense"),
                "not HTTP: the head is malformed",
                page,
            ),
        ],
    );
    let count = |path: &str| {
        let requests = server.requests();
        requests
            .iter()
            .filter(|request| request.ends_with(path))
            .count()
    };
    let counts = ["/busy", "/gone", "/hangs-up", "/nonsense"].map(count);
    assert_eq!(counts, [4, 1, 4, 1]);
}

#[test]
fn nobody_is_waited_for_without_end() {
    let server = Server::new([("/", bytes(links(["silent"]))), ("/silent", Reply::Silence)]);
    let page: &[String] = &[server.url("/")];
    let silent = (server.url("/silent"), "no answer in time", page);
    check(&server.url("/"), &["--timeout", "3", "--attempts", "2"]).expect(1, &[silent]);
    assert_eq!(server.requests(), ["GET /", "GET /silent", "GET /silent"]);
}

#[test]
fn a_connection_that_is_refused_and_a_host_that_is_not_there_are_reported() {
    // Nothing listens there, and by its name's definition that host does not exist.
    let targets = ["http://127.0.0.1:1/", "http://there.invalid/"];
    let server = Server::new([("/", bytes(links(targets)))]);
    let page: &[String] = &[server.url("/")];
    let [refused, no_host] = targets.map(str::to_owned);
    check(&server.url("/"), &[]).expect(
        1,
        &[
            (refused.clone(), "connection refused", page),
            (no_host, "no such host", page),
        ],
    );
    check(&refused, &[]).expect(1, &[(refused.clone(), "connection refused", &[])]);
}

#[test]
fn a_host_that_fails_again_and_again_is_left_alone_and_others_are_not() {
    let paths = || (1..=5).map(|n| format!("/{n}"));
    let bad = Server::new(paths().map(|path| (path, bytes(status(500)))));
    let good = Server::new(paths().map(|path| (path, bytes(status(200)))));
    let urls = paths().flat_map(|path| [bad.url(&path), good.url(&path)]);
    let server = Server::new([("/", bytes(links(urls)))]);
    let page: &[String] = &[server.url("/")];
    let skipped = "skipped, since the host has failed too often";
    let faults = ["status 500", "status 500", skipped, skipped, skipped];
    let broken: Vec<_> = paths()
        .zip(faults)
        .map(|(path, fault)| (bad.url(&path), fault, page))
        .collect();
    let one = ["--per-host", "1", "--attempts", "1", "--breaker", "2"];
    check(&server.url("/"), &[&one[..], &["--pause", "300"]].concat()).expect(1, &broken);
    assert_eq!((bad.requests().len(), good.requests().len()), (2, 5));
    // Without a pause each one is another try.
    let all = paths().map(|path| (bad.url(&path), "status 500", page));
    let all: Vec<_> = all.collect();
    check(&server.url("/"), &[&one[..], &["--pause", "0"]].concat()).expect(1, &all);
    assert_eq!(
        (bad.requests().len(), good.requests().len()),
        (2 + 5, 5 + 5)
    );
}

#[test]
fn what_opens_the_breaker_is_told_and_not_tried_again() {
    let server = Server::new([("/", bytes(status(500)))]);
    let args = ["--attempts", "5", "--breaker", "2", "--pause", "300"];
    check(&server.url("/"), &args).expect(1, &[(server.url("/"), "status 500", &[])]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn while_the_breaker_is_open_nobody_waits_to_be_skipped() {
    let bad = Server::new([("/1", bytes(status(500))), ("/2", bytes(status(200)))]);
    // By this name it comes after the other host, as links are taken in order.
    let bad = |path: &str| bad.url(path).replace("127.0.0.1", "localhost");
    let server = Server::new([
        ("/", bytes(links(["/next", &bad("/1")]))),
        ("/next", bytes(links(["/last"]))),
        // This is read when the breaker is open. Then the only place is taken.
        ("/last", bytes(links(["/silent", &bad("/2")]))),
        ("/silent", Reply::Silence),
    ]);
    let args = ["--concurrency", "1", "--attempts", "1", "--breaker", "1"];
    let child = spawn(
        &server.url("/"),
        &[&args[..], &["--timeout", "1000"]].concat(),
    );
    server.until_asked("GET /silent");
    signal("TERM", child.id());
    let skipped = "skipped, since the host has failed too often";
    finish(child).expect(
        130,
        &[
            (bad("/1"), "status 500", &[server.url("/")]),
            (bad("/2"), skipped, &[server.url("/last")]),
        ],
    );
}
