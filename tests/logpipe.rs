//! The example `logpipe`, run as a user runs it.
#![cfg(target_os = "linux")]

#[path = "support/example.rs"]
mod example;

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use example::example;
use tempfile::TempDir;

static LOGPIPE: LazyLock<PathBuf> = LazyLock::new(|| example("logpipe", "std"));

/// Never reached but by a bug.
const SAFETY_LIMIT: Duration = Duration::from_secs(120);

/// More than all channels and pipes on the way hold.
const MANY: usize = 200_000;

fn logpipe(args: &[&str]) -> Command {
    let mut command = Command::new(&*LOGPIPE);
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it with `input`; asserts the status.
fn run(args: &[&str], input: &str, status: i32) -> (String, String) {
    let mut child = logpipe(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // It may end before it has read everything.
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()).is_ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    texts(output, status)
}

fn texts(output: Output, status: i32) -> (String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(status), "{out}{err}");
    (out, err)
}

fn wait(child: &mut Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(began.elapsed() < SAFETY_LIMIT, "it does not end");
        thread::sleep(Duration::from_millis(5));
    }
}

fn interrupt(child: &Child) {
    // SAFETY: a system call without pointers.
    let done = unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) };
    assert_eq!(done, 0);
}

/// A file of its own.
fn file(name: &str, content: &str) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join(name);
    fs::write(&path, content).unwrap();
    (place, path)
}

/// Numbered lines of a log.
fn numbered(count: usize) -> String {
    let line = |n| format!("2026-11-25 13:{:02}:00 INFO job {n}\n", n % 60);
    (0..count).map(line).collect()
}

/// The number in front of `what` in the line that says it all.
fn count(err: &str, what: &str) -> usize {
    let last = err
        .lines()
        .find(|line| line.contains(" lines read, "))
        .unwrap();
    let (before, _) = last.split_once(&format!(" {what}")).unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

const MIXED: &str = r#"10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326
10.0.0.2 - - [10/Oct/2000:14:00:01 -0700] "GET /b HTTP/1.0" 404 0 "http://x/" "curl"
10.0.0.1 - - [10/Oct/2000:14:00:02 -0700] "GET /c HTTP/1.0" 200 1
Nov 25 13:55:36 host sshd[123]: error: no such user
Nov  5 09:00:00 host kernel: all is well
2025-06-24 14:36:25 status installed libc-bin:amd64 2.36
2026-11-25T13:55:36.25Z [WARN] disk: nearly full

not a line of a log
"#;

#[test]
fn lines_of_all_formats_are_counted() {
    let (out, err) = run(&["--top", "2"], MIXED, 0);
    assert_eq!(
        out,
        "by kind\n         2  200\n         1  404\n         1  WARN\n         1  error\n         \
         1  info\n         1  status\nby source\n         2  10.0.0.1\n         1  10.0.0.2\n\
         by hour\n         1  2000-10-10 13\n         2  2000-10-10 14\n         \
         1  2025-06-24 14\n         1  2026-11-25 13\n         1  Nov 05 09\n         1  Nov 25 13\n"
    );
    assert_eq!(
        err,
        "logpipe: 9 lines read, 0 dropped, 7 parsed, 2 not understood, 0 unprocessed\n"
    );
}

#[test]
fn records_come_in_order_whoever_parsed_them() {
    let (out, err) = run(&["-r", "--workers", "4"], &numbered(5000), 0);
    for (n, line) in out.lines().enumerate() {
        assert!(line.ends_with(&format!("\tjob {n}")), "{n}: {line}");
    }
    assert_eq!((out.lines().count(), count(&err, "parsed")), (5000, 5000));
    assert!(err.starts_with("by kind\n      5000  INFO\n"), "{err}");
}

#[test]
fn a_file_is_read_and_its_last_line_needs_no_end() {
    let (_place, path) = file("log", numbered(3).trim_end());
    let output = logpipe(&[path.to_str().unwrap()]).output().unwrap();
    let (_, err) = texts(output, 0);
    assert_eq!(count(&err, "parsed"), 3);
}

#[test]
fn nothing_is_read_of_an_empty_input() {
    let (out, err) = run(&[], "", 0);
    assert_eq!(out, "by kind\nby source\nby hour\n");
    assert_eq!(count(&err, "lines read"), 0);
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end_are_survived() {
    let long = format!("2026-11-25 13:00:00 INFO {}\n", "x".repeat(1 << 20));
    let (out, err) = run(&["-r"], &format!("{long}\0\x1b[2J\n{long}"), 0);
    assert_eq!(
        (count(&err, "parsed"), count(&err, "not understood")),
        (2, 1)
    );
    // Its text, and the first word of it.
    assert!(out.lines().all(|line| line.len() < 2 * 65_536 + 100));
}

#[test]
fn with_enough_room_no_policy_drops_a_line() {
    for policy in [
        &["wait"] as &[_],
        &["drop-newest"],
        &["drop-oldest"],
        &["timeout", "50"],
    ] {
        let args = [&["--buffer", "10000", "--overflow"], policy].concat();
        let (_, err) = run(&args, &numbered(5000), 0);
        assert_eq!(
            (count(&err, "parsed"), count(&err, "dropped")),
            (5000, 0),
            "{policy:?}"
        );
    }
}

/// Starts it on many lines with nobody to read its records, so that all is held up.
fn held_up(policy: &[&str]) -> (TempDir, Child, BufReader<ChildStdout>) {
    let (place, path) = file("log", &numbered(MANY));
    let path = path.to_str().unwrap().to_owned();
    let args = [
        &["-r", "--buffer", "100", "--overflow"],
        policy,
        &[path.as_str()],
    ]
    .concat();
    let mut child = logpipe(&args).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (place, child, out)
}

/// The numbers of the lines that come out, and what is said at the end.
fn what_comes(mut child: Child, out: BufReader<ChildStdout>) -> (Vec<usize>, String) {
    let number = |line: String| line.rsplit(' ').next().unwrap().parse().unwrap();
    let numbers = out.lines().map(|line| number(line.unwrap())).collect();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(wait(&mut child), Some(0), "{err}");
    (numbers, err)
}

#[test]
fn waiting_drops_nothing_though_nobody_reads_for_a_while() {
    let (_place, child, out) = held_up(&["wait"]);
    thread::sleep(Duration::from_millis(300));
    let (numbers, err) = what_comes(child, out);
    assert_eq!(numbers, Vec::from_iter(0..MANY));
    assert_eq!(count(&err, "dropped"), 0);
}

/// Has the reader come to its end before the output is read.
fn dropping(policy: &[&str]) -> (Vec<usize>, usize) {
    let (_place, child, out) = held_up(policy);
    thread::sleep(Duration::from_secs(2));
    let (numbers, err) = what_comes(child, out);
    let dropped = count(&err, "dropped");
    assert_eq!(count(&err, "lines read"), MANY);
    assert_eq!(numbers.len() + dropped, MANY);
    assert!(dropped > 0, "nothing was held up");
    assert!(numbers.is_sorted());
    (numbers, dropped)
}

#[test]
fn the_newest_or_the_oldest_lines_are_dropped() {
    let (newest, _) = dropping(&["drop-newest"]);
    assert_eq!(newest[..100], Vec::from_iter(0..100));
    let (oldest, _) = dropping(&["drop-oldest"]);
    assert_eq!(oldest[oldest.len() - 50..], Vec::from_iter(MANY - 50..MANY));
    let (late, _) = dropping(&["timeout", "0"]);
    assert_eq!(late[..100], Vec::from_iter(0..100));
}

#[test]
fn a_consumer_that_goes_away_ends_the_reader_and_its_producer() {
    let mut child = logpipe(&["-r"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let producer = thread::spawn(move || {
        let lines = numbered(1000);
        // Endless, but for a closed pipe.
        while stdin.write_all(lines.as_bytes()).is_ok() {}
    });
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert!(first.ends_with("job 0\n"));
    drop(out);
    assert_eq!(wait(&mut child), Some(0));
    producer.join().unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert!(count(&err, "parsed") > 0, "{err}");
}

/// Reads a line of a program that goes on.
fn next(out: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    assert!(out.read_line(&mut line).unwrap() > 0, "it has ended");
    line.trim_end().rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn a_file_is_followed_when_it_grows_is_cut_and_is_replaced() {
    let (place, path) = file("log", "");
    let mut child = logpipe(&["-r", "-f", path.to_str().unwrap()])
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let append = |text: &str| {
        let mut log = OpenOptions::new().append(true).open(&path).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    };
    append("2026-11-25 13:00:00 INFO job 1\n2026-11-25 13:00:00 INFO jo");
    assert_eq!(next(&mut out), "1");
    append("b 2\n");
    assert_eq!(next(&mut out), "2");
    fs::write(&path, "2026-11-25 13:00:00 INFO job 3\n").unwrap();
    assert_eq!(next(&mut out), "3");
    fs::rename(&path, place.path().join("log.1")).unwrap();
    thread::sleep(Duration::from_millis(100));
    fs::write(&path, "2026-11-25 13:00:00 INFO job 4\n").unwrap();
    assert_eq!(next(&mut out), "4");
    interrupt(&child);
    assert_eq!(wait(&mut child), Some(130));
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(count(&err, "parsed"), 4, "{err}");
}

#[test]
fn ctrl_c_counts_what_was_read() {
    let mut child = logpipe(&[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(numbered(700).as_bytes()).unwrap();
    // It waits for more by now.
    thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    assert_eq!(wait(&mut child), Some(130));
    let (out, err) = texts(child.wait_with_output().unwrap(), 130);
    assert!(out.contains("700  INFO"), "{out}");
    assert_eq!(
        (count(&err, "parsed"), count(&err, "unprocessed")),
        (700, 0)
    );
}

/// Nobody reads the records, so that all is held up; and then somebody does.
#[test]
fn ctrl_c_ends_the_reading_also_while_the_output_is_held_up() {
    let mut child = logpipe(&["-r", "--buffer", "10"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let producer = thread::spawn(move || {
        let lines = numbered(1000);
        while stdin.write_all(lines.as_bytes()).is_ok() {}
    });
    thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    thread::sleep(Duration::from_millis(200));
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = out.lines().count();
    assert_eq!(wait(&mut child), Some(130));
    producer.join().unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(
        (count(&err, "parsed"), count(&err, "unprocessed")),
        (lines, 0)
    );
}

/// A reader that waits for what never comes does not hold up the end.
#[test]
fn ctrl_c_ends_it_also_at_a_fifo_and_at_a_line_without_end() {
    let place = tempfile::tempdir().unwrap();
    let fifo = place.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for file in [fifo.to_str().unwrap(), "/dev/zero"] {
        for args in [&[file] as &[_], &["-f", file]] {
            let mut child = logpipe(args).spawn().unwrap();
            thread::sleep(Duration::from_millis(300));
            interrupt(&child);
            assert_eq!(wait(&mut child), Some(130), "{args:?}");
        }
    }
}

#[test]
fn a_fifo_is_followed_from_writer_to_writer() {
    let place = tempfile::tempdir().unwrap();
    let fifo = place.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let mut child = logpipe(&["-r", "-f", fifo.to_str().unwrap()])
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for n in 0..3 {
        fs::write(&fifo, format!("2026-11-25 13:00:00 INFO job {n}\n")).unwrap();
        assert_eq!(next(&mut out), n.to_string());
        thread::sleep(Duration::from_millis(120));
    }
    interrupt(&child);
    assert_eq!(wait(&mut child), Some(130));
}

#[test]
fn an_error_of_standard_input_is_told_each_time() {
    for _ in 0..50 {
        let root = fs::File::open("/").unwrap();
        let output = logpipe(&[]).stdin(root).output().unwrap();
        let (_, err) = texts(output, 1);
        assert!(err.contains("directory"), "{err}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let output = logpipe(&["/no/such/file"]).output().unwrap();
    let (_, err) = texts(output, 1);
    assert!(err.contains("No such file"), "{err}");
    let (_, err) = texts(logpipe(&["/"]).output().unwrap(), 1);
    assert!(err.contains("directory"), "{err}");
    let (_, err) = texts(logpipe(&["-f", "/no/such/file"]).output().unwrap(), 1);
    assert!(err.contains("No such file"), "{err}");
}

#[test]
fn wrong_usage_is_told() {
    for args in [
        &["--overflow", "never"] as &[_],
        &["--overflow"],
        &["--overflow", "timeout"],
        &["--overflow", "timeout", "soon"],
        &["--workers", "0"],
        &["--buffer", "-1"],
        &["--buffer", "9999999999"],
        &["--follow"],
        &["a", "b"],
        &["--unknown"],
    ] {
        let (_, err) = texts(logpipe(args).output().unwrap(), 2);
        assert!(err.contains("Try `logpipe --help`."), "{args:?}: {err}");
    }
    let (out, _) = texts(logpipe(&["--help"]).output().unwrap(), 0);
    assert!(out.contains("Usage: logpipe"), "{out}");
}
