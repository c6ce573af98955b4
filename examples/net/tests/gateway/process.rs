//! The gateway as a process.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    SAFETY_LIMIT,
    client::{Client, Response},
    example::example,
    upstream::Upstream,
};

static GATEWAY: LazyLock<PathBuf> = LazyLock::new(|| example("gateway", ""));

/// What a gateway may run on.
pub(crate) const RUNTIMES: [&[&str]; 3] = [
    &["--runtime", "tokio", "--workers", "1"],
    &["--runtime", "tokio", "--workers", "2"],
    &["--runtime", "smol", "--workers", "2"],
];

pub(crate) fn command() -> Command {
    let mut command = Command::new(&*GATEWAY);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A gateway that runs. It is killed when this is dropped.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) address: SocketAddr,
    stderr: BufReader<ChildStderr>,
}

/// How it has ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) report: String,
}

impl Gateway {
    /// One that asks these upstreams, with what is said of each behind its address.
    pub(crate) fn start(runtime: &[&str], args: &[&str], upstreams: &[(&Upstream, &str)]) -> Self {
        let mut command = command();
        command.args(runtime).args(args);
        for (upstream, more) in upstreams {
            let (name, address) = (upstream.name, upstream.address);
            command.args(["--upstream", &format!("{name}={address}{more}")]);
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        Self {
            address: address.expect("it listens").parse().unwrap(),
            stderr: BufReader::new(child.stderr.take().unwrap()),
            child,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.client().get(path)
    }

    pub(crate) fn stats(&self) -> Value {
        self.get("/stats").json()
    }

    /// Waits until the stats are as wanted; the connection that asks is one of the tasks.
    pub(crate) fn wait_for_stats(&self, are_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        let mut client = self.client();
        loop {
            let stats = client.get("/stats").json();
            if are_so(&stats) {
                return stats;
            }
            assert!(began.elapsed() < SAFETY_LIMIT, "{stats}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it says that it is stopping.
    pub(crate) fn wait_for_stopping(&mut self) {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        assert!(line.starts_with("gateway: stopping"), "{line}");
    }

    /// Waits for its end, and gives the last that it says.
    pub(crate) fn wait(mut self) -> End {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < SAFETY_LIMIT, "it does not end");
            thread::sleep(Duration::from_millis(2));
        };
        let lines = self.stderr.by_ref().lines().map(Result::unwrap);
        End {
            code: status.code(),
            report: lines.last().unwrap_or_default(),
        }
    }

    /// Ends it by a signal, after which nothing is to be left.
    #[track_caller]
    pub(crate) fn end(self) -> End {
        self.terminate();
        let end = self.wait();
        end.expect_nothing_left();
        assert_eq!(end.code, Some(0), "{}", end.report);
        end
    }
}

impl End {
    #[track_caller]
    pub(crate) fn expect_nothing_left(&self) {
        assert!(self.report.ends_with("; 0 tasks left"), "{}", self.report);
    }

    /// Whether the report has this.
    #[track_caller]
    pub(crate) fn said(&self, words: &str) {
        assert!(self.report.contains(words), "{}", self.report);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
