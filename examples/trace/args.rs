//! The command line.

use std::{ffi::OsString, path::PathBuf};

use lexopt::{
    Arg::{Long, Short},
    Parser,
};

pub(crate) const USAGE: &str = "\
Runs a small crawl of made-up pages by a made-up clock, and writes what happened in it.

Usage: trace [--svg FILE] [--json FILE]

      --svg FILE    a picture of what each child did, and when
      --json FILE   a trace: open it with https://ui.perfetto.dev or chrome://tracing
  -h, --help        print this and exit

Exit status: 0 if all went well, 1 if a file could not be written, 2 for wrong usage.
";

/// What the command line asks for.
pub(crate) enum Request {
    Write {
        svg: Option<PathBuf>,
        json: Option<PathBuf>,
    },
    Help,
}

/// What `args`, of which the first is the program, ask for.
pub(crate) fn request(args: impl Iterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_iter(args);
    let (mut svg, mut json) = (None, None);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("svg") => svg = Some(parser.value()?.into()),
            Long("json") => json = Some(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(Request::Help),
            _ => return Err(arg.unexpected()),
        }
    }
    if svg.is_none() && json.is_none() {
        return Err("nothing to do: give --svg or --json".into());
    }
    Ok(Request::Write { svg, json })
}
