//! What is bounded stays within its bounds.

use std::{iter, sync::Arc};

use crate::{
    bytes, check,
    server::{Gathering, Reply, Server, links, redirect, status},
};

#[test]
fn a_body_without_end_is_cut_and_its_anchors_are_not_missed() {
    let head = |framing| format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{framing}\r\n");
    let start = "<a href=gone>x</a>\n";
    let chunk = "1000\r\n".to_owned() + &"<p>endless".repeat(500)[..0x1000] + "\r\n";
    let server = Server::new([
        ("/", bytes(links(["end#a", "chunks#a", "length#a"]))),
        (
            "/end",
            Reply::WithoutEnd((head("") + start).into(), b"<p>endless".repeat(1000)),
        ),
        (
            "/chunks",
            Reply::WithoutEnd(head("Transfer-Encoding: chunked\r\n").into(), chunk.into()),
        ),
        (
            "/length",
            Reply::WithoutEnd(
                head("Content-Length: 18446744073709551615\r\n").into(),
                b"<p>endless".repeat(1000),
            ),
        ),
    ]);
    check(&server.url("/"), &["--max-body", "65536"])
        .expect(
            1,
            &[(server.url("/gone"), "status 404", &[server.url("/end")])],
        )
        .said("pages longer than what is read of one: 3");
}

#[test]
fn a_page_with_ten_thousand_links_is_checked() {
    let numbers = || (0..10_000).map(|n| format!("/{n:04}"));
    let pages = numbers().filter(|path| !path.ends_with("77"));
    let mut replies = vec![("/".to_owned(), bytes(links(numbers())))];
    replies.extend(pages.map(|path| (path, bytes(status(200)))));
    let server = Server::new(replies);
    let page: &[String] = &[server.url("/")];
    let missing = numbers().filter(|path| path.ends_with("77"));
    let missing: Vec<_> = missing
        .map(|path| (server.url(&path), "status 404", page))
        .collect();
    assert_eq!(missing.len(), 100);
    check(&server.url("/"), &[])
        .expect(1, &missing)
        .said("10001 of 10001 URLs checked");
}

#[test]
fn redirects_are_not_followed_without_end() {
    let hop = |n: u32| (format!("/{n}"), bytes(redirect(&format!("/{}", n + 1))));
    let server = Server::new((0..100).map(hop));
    let start = server.url("/0");
    check(&start, &["--redirects", "5"]).expect(1, &[(start, "too many redirects", &[])]);
    let followed: Vec<_> = (0..=5).map(|n| format!("GET /{n}")).collect();
    assert_eq!(server.requests(), followed);
}

#[test]
fn no_more_urls_are_known_than_is_allowed() {
    let server = Server::new([("/", bytes(links((0..100).map(|n| format!("/{n}")))))]);
    let outcome = check(&server.url("/"), &["--max-urls", "10"]);
    outcome
        .said("10 of 10 URLs checked")
        .said("as there are too many URLs: 91");
    assert_eq!((outcome.code, server.requests().len()), (Some(1), 10));
}

#[test]
fn no_more_requests_are_under_way_than_is_allowed() {
    // They are answered so many at a time or not at all.
    let gather = |n, hosts: usize, args: &[&str]| {
        let gathering = Gathering::of(n);
        let together = |path| {
            let reply = Reply::Together(Arc::clone(&gathering), status(200));
            (format!("/{path}"), reply)
        };
        let host = || Server::new((0..30).map(together));
        let hosts: Vec<_> = iter::repeat_with(host).take(hosts).collect();
        let paths = (0..30).map(|path| format!("/{path}"));
        let urls = paths.flat_map(|path| hosts.iter().map(move |host| host.url(&path)));
        let server = Server::new([("/", bytes(links(urls)))]);
        check(&server.url("/"), args).expect(0, &[]);
        assert_eq!(gathering.most(), n);
    };
    gather(3, 1, &["--per-host", "3"]);
    gather(5, 2, &["--per-host", "30", "--concurrency", "5"]);
}
