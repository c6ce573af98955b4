//! The example `shutdown`, driven over real sockets and by real signals.

#![cfg(unix)]

#[path = "support/example.rs"]
mod example;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::Duration,
};

use example::example;

/// Answers come at once, or never: a test that fails does not hang.
const PATIENCE: Duration = Duration::from_secs(300);

static SHUTDOWN: LazyLock<PathBuf> = LazyLock::new(|| example("shutdown", "smol"));

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(&*SHUTDOWN)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap();
        let address = address.parse().unwrap();
        Self { child, address }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client(BufReader::new(stream))
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it has said this.
    fn until_said(&mut self, words: &str) {
        let mut stderr = BufReader::new(self.child.stderr.as_mut().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        assert!(line.contains(words), "{line}");
    }

    /// The exit status, and the last line on standard error.
    fn finish(mut self) -> (i32, String) {
        let mut said = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap();
        let last = said.lines().last().unwrap_or_default().to_owned();
        (status.code().unwrap(), last)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // If the test has failed.
        let _ = self.child.kill();
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn say(&mut self, line: &str) {
        writeln!(self.0.get_mut(), "{line}").unwrap();
    }

    /// The next line, or nothing if the server has hung up.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }
}

#[test]
fn answers_come_when_they_are_ready() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    assert_eq!(client.ask("echo hello there"), "hello there");
    client.say("work 400");
    client.say("echo first");
    assert_eq!(client.hear(), "first");
    assert_eq!(client.hear(), "done 400");
    assert!(client.ask("sing").starts_with("error: neither"));
}

#[test]
fn a_late_request_is_answered_with_an_error_and_the_next_in_time() {
    let server = Server::start(&["--deadline", "0.1"]);
    let mut client = server.connect();
    assert_eq!(
        client.ask("work 1000000"),
        "error: cancelled: the deadline has passed"
    );
    assert_eq!(client.ask("work 1"), "done 1");
}

#[test]
fn the_first_signal_lets_what_is_under_way_finish() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(&["--grace", "300"]);
        let (mut busy, mut idle) = (server.connect(), server.connect());
        assert_eq!(idle.ask("echo here"), "here");
        busy.say("work 400");
        assert_eq!(busy.ask("echo read both"), "read both");
        server.signal(signal);
        server.until_said("stopping");
        assert_eq!(idle.hear(), "", "hung up");
        assert_eq!(busy.hear(), "done 400");
        assert_eq!(busy.hear(), "", "hung up");
        assert!(TcpStream::connect(server.address).is_err());
        let (status, last) = server.finish();
        assert_eq!(status, 0, "{last}");
        assert!(
            last.contains("2 connections; 3 requests answered, 0 late, 0 cut off"),
            "{last}"
        );
    }
}

#[test]
fn the_end_of_the_grace_cuts_off_who_is_slow() {
    let server = Server::start(&["--grace", "0.2", "--deadline", "1000"]);
    let mut client = server.connect();
    client.say("work 1000000");
    assert_eq!(client.ask("echo read both"), "read both");
    server.signal("TERM");
    assert_eq!(client.hear(), "", "hung up");
    let (status, last) = server.finish();
    assert_eq!(status, 1, "{last}");
    assert!(
        last.contains("1 requests answered, 0 late, 1 cut off"),
        "{last}"
    );
}

#[test]
fn a_second_signal_does_not_wait_for_the_grace() {
    let mut server = Server::start(&["--grace", "1000000", "--deadline", "1000000"]);
    let mut client = server.connect();
    client.say("work 1000000");
    assert_eq!(client.ask("echo read both"), "read both");
    server.signal("TERM");
    server.until_said("stopping");
    server.signal("INT");
    let (status, last) = server.finish();
    assert_eq!(status, 1, "{last}");
}

#[test]
fn a_client_that_does_not_read_is_cut_off_with_the_rest() {
    let server = Server::start(&["--grace", "0.2"]);
    let mut client = server.connect();
    let long = format!("echo {}\n", "x".repeat(60_000));
    let stream = client.0.get_mut();
    stream
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    // Until neither side takes any more: that many answers are stuck.
    while stream.write(long.as_bytes()).is_ok() {}
    server.signal("TERM");
    let (status, last) = server.finish();
    assert_eq!(status, 1, "{last}");
    assert!(!last.contains(" 0 cut off"), "{last}");
}

#[test]
fn wrong_usage_is_told_and_help_is_given() {
    let run = |args: &[&str]| Command::new(&*SHUTDOWN).args(args).output().unwrap();
    for args in [
        &["--port", "x"][..],
        &["--grace=-1"],
        &["--limit", "0"],
        &["--what"],
        &["x"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .ends_with("Try `shutdown --help`.\n")
        );
    }
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("Usage: shutdown")
    );
}
