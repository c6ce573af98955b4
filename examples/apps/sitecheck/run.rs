//! From the command line to the exit status.

use std::{
    fmt,
    io::{self, BufWriter, ErrorKind, Write},
    process::ExitCode,
    time::Instant,
};

use pleach::cancel::CauseKind;
use signal_hook::consts::{SIGINT, SIGTERM};
use url::Url;

use crate::{
    args::{self, Options, Request},
    crawl::Crawl,
    interrupt::Interrupt,
};

/// Something is broken, or could not be done at all.
const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
/// As `timeout` has it.
const OUT_OF_TIME: u8 = 124;
/// 128 and the number of Ctrl-C's signal, as shells have it.
const INTERRUPTED: u8 = 130;

pub(crate) fn main() -> ExitCode {
    let status = match args::parse() {
        Ok(Request::Check(start, options)) => check(&start, &options),
        Ok(Request::Help) => print(|out| out.write_all(args::USAGE.as_bytes())),
        Err(error) => {
            complain(format_args!("{error}\nTry `sitecheck --help`."));
            Err(WRONG_USAGE)
        }
    };
    status.map_or_else(ExitCode::from, |()| ExitCode::SUCCESS)
}

fn check(start: &Url, options: &Options) -> Result<(), u8> {
    let began = Instant::now();
    let interrupt = Interrupt::listen(&[SIGINT, SIGTERM]).map_err(|error| {
        complain(format_args!("cannot listen for signals: {error}"));
        FAILED
    })?;
    let crawl = Crawl::new(start, options);
    let stopped = pleach::block_on(crawl.run(interrupt));
    let report = crawl.report();
    print(|out| report.print(out))?;
    complain(report.summary(began.elapsed()));
    let (why, status) = match stopped {
        Some(CauseKind::Deadline) => ("out of time", OUT_OF_TIME),
        Some(_) => ("interrupted", INTERRUPTED),
        None if report.broken.is_empty() => return Ok(()),
        None => return Err(FAILED),
    };
    complain(format_args!(
        "{why}: the report is of what was checked by then"
    ));
    Err(status)
}

/// Prints to standard output. Whoever closes it early (`sitecheck URL | head -1`) has seen enough,
/// so that is no error.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), u8> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(format_args!("standard output: {error}"));
            Err(FAILED)
        }
        _ => Ok(()),
    }
}

/// Prints a message to standard error.
fn complain(message: impl fmt::Display) {
    // Not `eprintln!`, which panics where standard error is closed.
    let _ = writeln!(io::stderr(), "sitecheck: {message}");
}
