//! The example `sitecheck`, run as a user runs it, against servers with faults.

#![cfg(unix)]

mod bounds;
mod endings;
#[path = "../../../../tests/support/example.rs"]
mod example;
mod faults;
mod links;
mod server;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use example::example;
use server::Reply;

static SITECHECK: LazyLock<PathBuf> = LazyLock::new(|| example("sitecheck", ""));

/// Never reached but by a bug, which then fails the test instead of hanging it.
const SAFETY_LIMIT: Duration = Duration::from_secs(300);

struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn spawn(url: &str, args: &[&str]) -> Child {
    let mut command = Command::new(&*SITECHECK);
    // Nothing is to be waited for: what fails fails at once.
    command.args(["--delay", "0.001"]).args(args).arg(url);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn finish(child: Child) -> Outcome {
    let pid = child.id();
    let waiter = thread::spawn(move || child.wait_with_output());
    let began = Instant::now();
    while !waiter.is_finished() && began.elapsed() < SAFETY_LIMIT {
        thread::sleep(Duration::from_millis(2));
    }
    if !waiter.is_finished() {
        signal("KILL", pid);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = waiter.join().unwrap().unwrap();
    Outcome {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn signal(signal: &str, pid: u32) {
    let kill = format!("kill -{signal} {pid}");
    let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(status.success());
}

fn check(url: &str, args: &[&str]) -> Outcome {
    finish(spawn(url, args))
}

impl Outcome {
    /// Whether this is all that there is to report: for each link what is wrong with it, and the
    /// pages that have it.
    #[track_caller]
    fn expect(&self, code: i32, broken: &[(String, &str, &[String])]) -> &Self {
        let mut report = String::new();
        for (target, fault, pages) in broken {
            report += &format!("{target}: {fault}\n");
            pages
                .iter()
                .for_each(|page| report += &format!("\t{page}\n"));
        }
        assert_eq!(self.stdout, report, "{}", self.stderr);
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    /// Whether the summary has this.
    #[track_caller]
    fn said(&self, words: &str) -> &Self {
        assert!(self.stderr.contains(words), "{}", self.stderr);
        self
    }
}

fn bytes(bytes: Vec<u8>) -> Reply {
    Reply::Bytes(bytes)
}

fn set<T: Into<String>>(items: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    items.into_iter().map(Into::into).collect()
}
