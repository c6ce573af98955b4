//! The command line.

use std::{
    num::NonZeroUsize, path::PathBuf, str::FromStr, thread::available_parallelism, time::Duration,
};

use lexopt::{
    Arg::{Long, Short, Value},
    ValueExt as _,
};

pub(crate) const USAGE: &str = "\
Reads log lines from FILE, or from standard input, and counts what they say: by hour, by kind
(a level, a status), by source (a program, a client).

Usage: logpipe [-f] [-r] [--workers N] [--buffer N] [--overflow POLICY] [--top N] [--] [FILE]

  -f, --follow        go on when FILE has ended, as `tail -F` does: it may grow, be cut or
                      be replaced. Until Ctrl-C
  -r, --records       print each line as what was understood of it, separated by tabs:
                      time, kind, source, text; the counts go to standard error
  --workers N         parse in N workers (default: the number of cores)
  --buffer N          lines that may wait to be parsed (default: 1024)
  --overflow POLICY   what happens to a line when so many are waiting:
                        wait          the reader waits, and with it who writes (default)
                        drop-newest   that line is dropped
                        drop-oldest   the line that has waited longest is dropped
                        timeout MS    the reader waits so many milliseconds; then that
                                      line is dropped
  --top N             show the N most frequent sources (default: 10)
  -h, --help          print this and exit

Lines in the common and combined log formats of web servers, of syslog, and those that begin with
a date and a time are understood. A line longer than 64 KiB is cut. Ctrl-C ends the reading; what
was read is still counted; a second one kills.

Exit status: 0 if all went well, 1 if something could not be read or written, 2 for wrong
usage, 130 after Ctrl-C.
";

/// What the command line asks for.
pub(crate) enum Request {
    Pipe(Options),
    Help,
}

pub(crate) struct Options {
    /// Without one, standard input.
    pub(crate) file: Option<PathBuf>,
    pub(crate) follow: bool,
    pub(crate) records: bool,
    pub(crate) workers: usize,
    pub(crate) buffer: usize,
    pub(crate) overflow: Overflow,
    pub(crate) top: usize,
}

/// What happens to a line for which there is no room.
#[derive(Clone, Copy)]
pub(crate) enum Overflow {
    Wait,
    DropNewest,
    DropOldest,
    Timeout(Duration),
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options {
        file: None,
        follow: false,
        records: false,
        workers: available_parallelism().map_or(1, NonZeroUsize::get),
        buffer: 1024,
        overflow: Overflow::Wait,
        top: 10,
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Short('f') | Long("follow") => options.follow = true,
            Short('r') | Long("records") => options.records = true,
            Long("workers") => options.workers = at_least_one("--workers", &mut parser)?,
            Long("buffer") => options.buffer = at_least_one("--buffer", &mut parser)?,
            Long("overflow") => options.overflow = overflow(&mut parser)?,
            Long("top") => options.top = number("--top", &mut parser)?,
            Short('h') | Long("help") => return Ok(Request::Help),
            Value(file) if options.file.is_none() => options.file = Some(file.into()),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    if options.follow && options.file.is_none() {
        return Err("--follow needs a FILE: standard input is followed anyhow".into());
    }
    Ok(Request::Pipe(options))
}

fn number<T: FromStr>(name: &str, parser: &mut lexopt::Parser) -> Result<T, lexopt::Error> {
    let value = parser.value()?.string()?;
    let refused = |_| format!("{name} takes a whole number, not {value:?}").into();
    value.parse().map_err(refused)
}

fn at_least_one(name: &str, parser: &mut lexopt::Parser) -> Result<usize, lexopt::Error> {
    const MOST: usize = 1 << 20;
    match number(name, parser)? {
        n @ 1..=MOST => Ok(n),
        n => Err(format!("{name} is from 1 to {MOST}, not {n}").into()),
    }
}

fn overflow(parser: &mut lexopt::Parser) -> Result<Overflow, lexopt::Error> {
    let policy = parser.value()?.string()?;
    Ok(match policy.as_str() {
        "wait" => Overflow::Wait,
        "drop-newest" => Overflow::DropNewest,
        "drop-oldest" => Overflow::DropOldest,
        "timeout" => Overflow::Timeout(Duration::from_millis(number("timeout", parser)?)),
        other => return Err(format!("--overflow does not know {other:?}").into()),
    })
}
