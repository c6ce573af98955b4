//! From the command line to the exit status.

use std::{
    fmt,
    io::{self, BufWriter, ErrorKind, Write},
    process::ExitCode,
    time::Instant,
};

use pleach::cancel::CauseKind;
use signal_hook::consts::SIGINT;

use crate::{
    args::{self, Options, Request},
    interrupt::Interrupt,
    progress::Progress,
    walk::Walk,
};

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
/// As `timeout` has it.
const OUT_OF_TIME: u8 = 124;
/// 128 and the number of the signal, as shells have it.
const INTERRUPTED: u8 = 130;

pub(crate) fn main() -> ExitCode {
    let status = match args::parse() {
        Ok(Request::Digest(options)) => digest(options),
        Ok(Request::Help) => print(|out| out.write_all(args::USAGE.as_bytes())),
        Err(error) => {
            complain(format_args!("{error}\nTry `digest --help`."));
            Err(WRONG_USAGE)
        }
    };
    status.map_or_else(ExitCode::from, |()| ExitCode::SUCCESS)
}

fn digest(options: Options) -> Result<(), u8> {
    let began = Instant::now();
    let interrupt = Interrupt::listen(&[SIGINT]).map_err(|error| {
        complain(format_args!("cannot listen for Ctrl-C: {error}"));
        FAILED
    })?;
    let walk = Walk::new(options.fail_fast, Progress::start());
    let stopped = pleach::block_on(walk.run(&options, interrupt));
    let (mut report, read) = walk.finish();

    report.sort();
    let printed = print(|out| report.print(out));
    for failure in &report.failures {
        complain(failure);
    }
    complain(report.summary(read, began.elapsed()));
    let failed = !report.failures.is_empty();
    let cut_short = match stopped {
        Some(CauseKind::Deadline) => Some("out of time"),
        Some(_) => Some("interrupted"),
        None if failed && options.fail_fast => Some("stopped at the first error"),
        None => None,
    };
    if let Some(why) = cut_short {
        complain(format_args!("{why}: the output is what was done by then"));
    }
    match stopped {
        Some(CauseKind::Deadline) => Err(OUT_OF_TIME),
        Some(_) => Err(INTERRUPTED),
        None if failed => Err(FAILED),
        None => printed,
    }
}

/// Prints to standard output. Whoever closes it early (`digest DIR | head -1`) has seen
/// enough, so that is no error.
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
    let _ = writeln!(io::stderr(), "digest: {message}");
}
