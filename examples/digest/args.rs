//! The command line.

use std::{
    ffi::OsStr, num::NonZeroUsize, path::PathBuf, thread::available_parallelism, time::Duration,
};

use lexopt::Arg::{Long, Short, Value};

pub(crate) const USAGE: &str = "\
Prints the SHA-256 of every regular file under DIR as sha256sum does, sorted by path.

Usage: digest [--limit N] [--fail-fast] [--deadline SECONDS] [--] DIR

  --limit N           work on at most N files and directories at a time
                      (default: twice the number of cores)
  --fail-fast         stop at the first file or directory that cannot be read
                      (default: read all others, and list the errors at the end)
  --deadline SECONDS  stop after so long, and print what is done by then;
                      fractions are allowed
  -h, --help          print this and exit

DIR may be a symbolic link. Links inside of it are not followed; they, FIFOs, sockets and
devices are skipped and counted. Ctrl-C stops the run and prints what is done so far; a
second one kills it.

Exit status: 0 if all went well, 1 if something could not be read, 2 for wrong usage,
124 if the deadline came first, 130 after Ctrl-C.
";

/// What the command line asks for.
pub(crate) enum Request {
    Digest(Options),
    Help,
}

pub(crate) struct Options {
    pub(crate) root: PathBuf,
    pub(crate) limit: NonZeroUsize,
    pub(crate) fail_fast: bool,
    pub(crate) deadline: Option<Duration>,
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let (mut root, mut limit, mut fail_fast, mut deadline) = (None, None, false, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("limit") => limit = Some(places(&parser.value()?)?),
            Long("fail-fast") => fail_fast = true,
            Long("deadline") => deadline = Some(seconds(&parser.value()?)?),
            Long("help") | Short('h') => return Ok(Request::Help),
            Value(dir) if root.is_none() => root = Some(dir.into()),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    Ok(Request::Digest(Options {
        root: root.ok_or("DIR is missing")?,
        limit: limit.unwrap_or_else(default_limit),
        fail_fast,
        deadline,
    }))
}

fn seconds(value: &OsStr) -> Result<Duration, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| format!("--deadline takes a number of seconds, not {value:?}"))
}

fn places(value: &OsStr) -> Result<NonZeroUsize, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("--limit takes a whole number from 1 on, not {value:?}"))
}

/// Hashing keeps a core busy; as many again wait for the disk meanwhile.
fn default_limit() -> NonZeroUsize {
    let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    cores.saturating_mul(const { NonZeroUsize::new(2).unwrap() })
}
