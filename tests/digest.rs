//! The example `digest`, run as a user runs it and compared with `sha256sum`.
//!
//! Needs `sh` and the GNU tools, and looks into `/proc`, so it is for Linux.
#![cfg(target_os = "linux")]

#[path = "support/example.rs"]
mod example;

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions, Permissions},
    io::Read,
    os::unix::{
        fs::symlink,
        net::{UnixListener, UnixStream},
        prelude::*,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{LazyLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use example::example;
use tempfile::TempDir;

/// Never reached but by a bug, which then fails the test instead of hanging it.
const SAFETY_LIMIT: Duration = Duration::from_secs(300);

/// A sparse file of this size costs nothing and takes longer to read than any test takes.
const ENDLESS: u64 = 1 << 40;

static DIGEST: LazyLock<PathBuf> = LazyLock::new(|| example("digest", "std"));

/// A directory to work in. It holds the directory `tree`, and is where commands are run.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("tree")).unwrap();
        place
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: impl AsRef<OsStr>, content: &[u8]) {
        let path = self.path(name.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn write_endless(&self, name: &str) {
        self.write(name, b"");
        let file = OpenOptions::new().write(true).open(self.path(name));
        file.unwrap().set_len(ENDLESS).unwrap();
    }

    /// Makes files that `digest tree` can list, but not open by their path. That fails for
    /// root, too.
    fn write_too_deep(&self, names: &[&str]) {
        let mut deep = PathBuf::from("tree");
        while deep.as_os_str().len() < 3800 {
            deep.push("d".repeat(100));
        }
        fs::create_dir_all(self.path(&deep)).unwrap();
        for name in names {
            let padding = "x".repeat(250 - name.len());
            self.write(format!("staging/{name}{padding}"), b"");
        }
        fs::rename(self.path("staging"), self.path(deep.join("e".repeat(100)))).unwrap();
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn spawn(&self, args: &[&str]) -> Child {
        self.command(&*DIGEST).args(args).spawn().unwrap()
    }

    fn digest(&self, args: &[&str]) -> Outcome {
        finish(self.spawn(args))
    }

    /// What `sha256sum` says to all regular files under `dir`.
    fn sha256sum(&self, dir: &str) -> Vec<u8> {
        let script = r#"find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum"#;
        let output = self.command("sh").args(["-c", script, "sh", dir]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }
}

struct Outcome {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

fn finish(child: Child) -> Outcome {
    let output = watched(child.id(), || child.wait_with_output()).unwrap();
    Outcome {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits for a child, and kills it when the safety limit is over.
fn watched<T>(pid: u32, wait: impl FnOnce() -> T) -> T {
    let (over, is_over) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if is_over.recv_timeout(SAFETY_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            send("KILL", pid);
        }
    });
    let result = wait();
    drop(over);
    watchdog.join().unwrap();
    result
}

/// Sends a signal to a child that has not been waited for.
fn send(signal: &str, pid: u32) {
    let kill = format!("kill -{signal} {pid}");
    let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(status.success());
}

/// Waits until the child has a file open whose name begins with `prefix`; returns its path.
fn until_open(child: &mut Child, prefix: &str) -> PathBuf {
    let since = Instant::now();
    let begins = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.as_bytes().starts_with(prefix.as_bytes())
    };
    loop {
        // Descriptors come and go meanwhile.
        let descriptors = fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter();
        let mut targets = descriptors
            .flatten()
            .flatten()
            .flat_map(|entry| fs::read_link(entry.path()));
        if let Some(found) = targets.find(begins) {
            return found;
        }
        if since.elapsed() > SAFETY_LIMIT || child.try_wait().unwrap().is_some() {
            child.kill().unwrap();
            panic!("the child never opened {prefix}");
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// A tree with all that is odd, except for what some versions of `sha256sum` disagree on.
fn odd_tree() -> Place {
    let place = Place::new();
    let names: [&[u8]; 12] = [
        b"plain",
        b" spaces at both ends ",
        b"new\nline",
        b"back\\slash",
        b"\\\n\\",
        b"tab\tand \x1b[1mbold",
        b"*not a mark",
        b"-dash",
        b".hidden/.deeper/file",
        b"\xff\xfe not UTF-8",
        b"\xc3\xa4 UTF-8",
        b"sub/sub.file",
    ];
    for name in names {
        place.write(OsStr::from_bytes(&[b"tree/", name].concat()), name);
    }
    // The order is that of bytes: `-`, `.`, then `/`.
    for name in ["tree/order", "tree/order-b", "tree/order.c"] {
        place.write(format!("{name}/file"), name.as_bytes());
    }
    place.write("tree/empty", b"");
    fs::create_dir(place.path("tree/empty directory")).unwrap();
    place.write(format!("tree/{}file", "deep/".repeat(100)), b"deep");
    let large: Vec<u8> = (0..3 << 20).map(|n: u32| (n % 251) as u8).collect();
    place.write("tree/3 MiB", &large);
    place.write("tree/3 MiB less a bit", &large[1..]);
    place
}

#[test]
fn prints_what_sha256sum_prints() {
    let place = odd_tree();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let dirs = "tree tree/ ./tree tree/. . tree/deep".split(' ');
    for dir in dirs.chain([source]) {
        let outcome = place.digest(&[dir]);
        let expected = place.sha256sum(dir);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(!expected.is_empty());
        assert_eq!(
            outcome.stdout.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "{dir}"
        );
    }
}

#[test]
fn escapes_carriage_returns_as_the_current_sha256sum_does() {
    let place = Place::new();
    place.write("tree/a\rb", b"");
    let printed = place.digest(&["tree"]).stdout;
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(printed, format!("\\{empty}  tree/a\\rb\n").into_bytes());

    // Up to coreutils 8 the byte is printed as it is.
    let installed = place.sha256sum("tree");
    if installed.starts_with(b"\\") {
        assert_eq!(printed, installed);
    }
}

#[test]
fn any_limit_gives_the_same_output() {
    let place = odd_tree();
    let expected = place.digest(&["tree"]).stdout;
    for limit in [["--limit", "1"], ["--limit", "1000"]] {
        let outcome = place.digest(&[&limit[..], &["--", "tree"]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, expected);
    }
}

#[test]
fn hashes_regular_files_only_and_counts_the_rest() {
    let place = Place::new();
    place.write("tree/file", b"content");
    place.write("elsewhere/unseen", b"");
    symlink("file", place.path("tree/link to a file")).unwrap();
    symlink("../elsewhere", place.path("tree/link to a directory")).unwrap();
    symlink("nowhere", place.path("tree/dangling link")).unwrap();
    symlink(".", place.path("tree/link in a circle")).unwrap();
    let _socket = UnixListener::bind(place.path("tree/socket")).unwrap();
    let mut mkfifo = place.command("mkfifo");
    assert!(mkfifo.arg("tree/fifo").status().unwrap().success());

    let outcome = place.digest(&["tree"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, place.sha256sum("tree"));
    assert!(outcome.stderr.starts_with("digest: 1 file, 7 B in "));
    let skipped = "; skipped 4 symlinks, 2 other; 0 errors\n";
    assert!(outcome.stderr.ends_with(skipped), "{}", outcome.stderr);
}

#[test]
fn a_link_on_the_command_line_is_followed() {
    let place = Place::new();
    place.write("tree/file", b"");
    symlink("tree", place.path("link")).unwrap();
    assert_eq!(place.digest(&["link"]).stdout, place.sha256sum("link/"));
}

#[test]
fn keeps_going_and_lists_all_errors() {
    let place = Place::new();
    place.write("tree/a", b"a");
    place.write("tree/z", b"z");
    let expected = place.sha256sum("tree");
    place.write_too_deep(&["second", "first"]);

    let outcome = place.digest(&["tree"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.stdout, expected);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let [first, second, summary] = lines[..] else {
        panic!("{}", outcome.stderr);
    };
    for (line, name) in [(first, "/firstxx"), (second, "/secondxx")] {
        assert!(line.starts_with("digest: \"tree/dd"), "{line}");
        assert!(line.contains(name), "{line}");
        assert!(line.contains("File name too long"), "{line}");
    }
    assert!(summary.ends_with("; 2 errors"), "{summary}");
}

#[test]
fn fail_fast_ends_with_the_first_error_and_names_it() {
    let place = Place::new();
    // A run that did not stop would not end.
    place.write_endless("tree/endless");
    place.write_too_deep(&["first", "second"]);

    let outcome = place.digest(&["--fail-fast", "tree"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.is_empty());
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert!(lines[0].contains("File name too long"), "{}", lines[0]);
    assert!(lines[0].contains("/firstxx") || lines[0].contains("/secondxx"));
    assert!(lines[1].ends_with("; 1 error"), "{}", lines[1]);
    assert!(lines[2].contains("stopped at the first error"));
}

#[test]
fn what_may_not_be_read_is_an_error() {
    let place = Place::new();
    let mode = |name: &str, mode| {
        fs::set_permissions(place.path(name), Permissions::from_mode(mode)).unwrap();
    };
    place.write("tree/readable", b"");
    place.write("tree/locked file", b"");
    place.write("tree/locked directory/file", b"");
    // To where nobody can get at it. Not by `fs::copy`: processes that other tests start at
    // that moment would inherit the open file, and what is being written cannot be run.
    let mut copy = place.command("cp");
    let copy = copy.arg(&*DIGEST).arg("digest");
    assert!(copy.status().unwrap().success());
    for name in ["", "digest", "tree", "tree/readable"] {
        mode(name, 0o755);
    }
    for name in ["tree/locked file", "tree/locked directory"] {
        mode(name, 0);
    }

    let mut command = place.command("./digest");
    if File::open(place.path("tree/locked file")).is_ok() {
        // Root may read anything, so be nobody.
        command.uid(65534).gid(65534);
    }
    let outcome = finish(command.arg("tree").spawn().unwrap());
    // So that it can be removed.
    mode("tree/locked directory", 0o755);

    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.ends_with(b"  tree/readable\n"));
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert!(lines[0].starts_with("digest: \"tree/locked directory\": Permission denied"));
    assert!(lines[1].starts_with("digest: \"tree/locked file\": Permission denied"));
    assert!(lines[2].ends_with("; 2 errors"));
}

#[test]
fn files_that_vanish_are_errors() {
    let place = Place::new();
    let names = ["endless-a", "endless-b", "endless-c"];
    for name in names {
        place.write_endless(&format!("tree/{name}"));
    }
    // At most one at a time: when it is open, the others are listed and not opened yet.
    let mut child = place.spawn(&["--limit", "1", "tree"]);
    let open = until_open(&mut child, "endless");
    let open = open.file_name().unwrap();
    for name in names.into_iter().filter(|name| *name != open) {
        fs::remove_file(place.path("tree").join(name)).unwrap();
    }
    // It ends where it was read up to.
    File::create(place.path("tree").join(open)).unwrap();

    let outcome = finish(child);
    assert_eq!(outcome.code, Some(1));
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert!(lines[0].contains("endless-") && lines[0].contains("No such file"));
    assert!(lines[1].contains("endless-") && lines[1].contains("No such file"));
    assert!(lines[2].starts_with("digest: 1 file, "));
}

#[test]
fn a_missing_directory_is_an_error() {
    let place = Place::new();
    place.write("file", b"");
    for (dir, message) in [
        ("missing", "\"missing\": No such file or directory"),
        ("mis\nsing", "\"mis\\nsing\": No such file or directory"),
        ("", "\"\": No such file or directory"),
        ("file", "\"file\": Not a directory"),
    ] {
        let outcome = place.digest(&[dir]);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stdout.is_empty());
        let expected = format!("digest: {message}");
        assert!(outcome.stderr.starts_with(&expected), "{}", outcome.stderr);
    }
}

#[test]
fn wrong_usage_is_told_from_errors() {
    let place = Place::new();
    let wrong: [&[&str]; 10] = [
        &[],
        &["--fail-fast"],
        &["--unknown", "tree"],
        &["--fail-fast=yes", "tree"],
        &["--limit", "0", "tree"],
        &["--limit=x", "tree"],
        &["tree", "--limit"],
        &["--deadline", "soon", "tree"],
        &["--deadline=-1", "tree"],
        &["tree", "tree"],
    ];
    for args in wrong {
        let outcome = place.digest(args);
        assert_eq!(outcome.code, Some(2), "{args:?}");
        assert!(outcome.stdout.is_empty());
        assert!(outcome.stderr.starts_with("digest: "));
        assert!(outcome.stderr.ends_with("Try `digest --help`.\n"));
    }
}

#[test]
fn help_is_printed_on_request() {
    let outcome = Place::new().digest(&["--help"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(
        String::from_utf8(outcome.stdout)
            .unwrap()
            .contains("Usage: digest ")
    );
}

#[test]
fn nobody_reading_the_output_is_no_error() {
    let place = odd_tree();
    let unread = || {
        let (kept, closed) = UnixStream::pair().unwrap();
        drop(closed);
        OwnedFd::from(kept)
    };
    for args in [&["tree"][..], &["--help"]] {
        let mut command = place.command(&*DIGEST);
        let outcome = finish(command.args(args).stdout(unread()).spawn().unwrap());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);

        command.stderr(unread());
        assert_eq!(finish(command.spawn().unwrap()).code, Some(0));
    }
}

/// Small files to be hashed before two endless ones: those are found last, and with a limit
/// of one, children run in the order in which they were spawned.
fn endless_tree() -> (Place, Vec<u8>) {
    let place = Place::new();
    for n in 0..1000 {
        place.write(format!("tree/{n:0>200}"), n.to_string().as_bytes());
    }
    let expected = place.sha256sum("tree");
    place.write_endless("tree/deep/endless-a");
    place.write_endless("tree/deep/endless-b");
    (place, expected)
}

#[test]
fn ctrl_c_stops_inside_a_big_file_and_prints_what_is_done() {
    let (place, expected) = endless_tree();
    let mut child = place.spawn(&["--limit", "1", "tree"]);
    until_open(&mut child, "endless");
    send("INT", child.id());

    let outcome = finish(child);
    assert_eq!(outcome.code, Some(130), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, expected);
    assert!(outcome.stderr.starts_with("digest: 1000 files, "));
    assert!(outcome.stderr.contains("digest: interrupted: "));
}

#[test]
fn a_deadline_stops_inside_a_big_file_and_prints_what_is_done() {
    let (place, expected) = endless_tree();
    let outcome = place.digest(&["--limit", "1", "--deadline", "0.3", "tree"]);
    assert_eq!(outcome.code, Some(124), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("digest: out of time: "));
    let lines = |output: &[u8]| -> Vec<Vec<u8>> {
        output
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let expected = lines(&expected);
    assert!(
        lines(&outcome.stdout)
            .iter()
            .all(|line| expected.contains(line))
    );
}

#[test]
fn a_deadline_that_does_not_come_changes_nothing() {
    let place = odd_tree();
    let outcome = place.digest(&["--deadline", "1000000", "tree"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, place.sha256sum("tree"));
}

#[test]
fn a_second_ctrl_c_kills() {
    let (place, _) = endless_tree();
    let mut child = place.spawn(&["--limit", "1", "tree"]);
    until_open(&mut child, "endless");
    send("INT", child.id());
    // It prints, so it has handled the signal; more than a pipe holds, so it is stuck now.
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    send("INT", child.id());
    // Reading the rest instead would let it end by itself.
    let status = watched(child.id(), || child.wait()).unwrap();
    assert_eq!(status.signal(), Some(2), "{status}");
}
