//! How it ends early, and what it tells meanwhile.

use std::process::Command;

use crate::{
    SITECHECK, bytes, check, finish,
    server::{Reply, Server, links, status},
    signal, spawn,
};

/// A site with a link that is broken and then one that is not answered, asked for one by one.
fn stuck() -> Server {
    Server::new([
        ("/", bytes(links(["a-gone", "b-silent", "c-never-asked"]))),
        ("/b-silent", Reply::Silence),
    ])
}

const ONE_BY_ONE: [&str; 4] = ["--per-host", "1", "--timeout", "1000"];

#[test]
fn after_the_deadline_what_is_known_is_reported() {
    let server = stuck();
    let broken = [(server.url("/a-gone"), "status 404", &[server.url("/")][..])];
    let args = [&ONE_BY_ONE[..], &["--deadline", "5"]].concat();
    check(&server.url("/"), &args)
        .expect(124, &broken)
        .said("2 of 4 URLs checked")
        .said("out of time: the report is of what was checked by then");
    assert_eq!(server.requests(), ["GET /", "GET /a-gone", "GET /b-silent"]);
}

#[test]
fn after_a_signal_what_is_known_is_reported() {
    for name in ["INT", "TERM"] {
        let server = stuck();
        let broken = [(server.url("/a-gone"), "status 404", &[server.url("/")][..])];
        let child = spawn(&server.url("/"), &ONE_BY_ONE);
        server.until_asked("GET /b-silent");
        signal(name, child.id());
        finish(child)
            .expect(130, &broken)
            .said("2 of 4 URLs checked")
            .said("interrupted: the report is of what was checked by then");
    }
}

#[test]
fn a_signal_ends_retries_that_wait_as_well() {
    let server = Server::new([
        ("/", bytes(links(["busy", "later"]))),
        ("/busy", bytes(status(503))),
        ("/later", Reply::Silence),
    ]);
    let args = [&ONE_BY_ONE[..], &["--delay", "1000000"]].concat();
    let child = spawn(&server.url("/"), &args);
    // The place is free again: the first one sleeps.
    server.until_asked("GET /later");
    signal("TERM", child.id());
    finish(child).expect(130, &[]).said("1 of 3 URLs checked");
}

#[test]
fn progress_is_told_to_a_terminal_or_on_demand() {
    let server = Server::new([("/", bytes(links(["#top"])))]);
    let quiet = check(&server.url("/"), &[]);
    quiet.expect(0, &[]);
    assert_eq!(quiet.stderr.lines().count(), 1, "{}", quiet.stderr);
    let asked = check(&server.url("/"), &["--progress"]);
    asked.expect(0, &[]);
    let first = asked.stderr.lines().next().unwrap();
    assert!(first.ends_with(" of 1 URLs checked"), "{}", asked.stderr);
}

#[test]
fn wrong_usage_is_told_and_help_is_given() {
    for args in [
        &[][..],
        &["https://example.com/"],
        &["nonsense"],
        &["http://localhost", "http://localhost"],
        &["--concurrency", "0", "http://localhost"],
        &["--timeout", "-1", "http://localhost"],
        &["--attempts", "x", "http://localhost"],
        &["--what", "http://localhost"],
    ] {
        let output = Command::new(&*SITECHECK).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.ends_with("Try `sitecheck --help`.\n"), "{stderr}");
    }
    let help = Command::new(&*SITECHECK).arg("--help").output().unwrap();
    assert!(help.status.success() && help.stdout.starts_with(b"Checks the links"));
}
