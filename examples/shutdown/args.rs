//! The command line.

use std::{ffi::OsStr, num::NonZeroUsize, str::FromStr, time::Duration};

use lexopt::Arg::{Long, Short};

pub(crate) const USAGE: &str = "\
Serves lines over TCP on 127.0.0.1, and shuts down in good order.

Usage: shutdown [--port N] [--deadline SECONDS] [--grace SECONDS] [--limit N]

  --port N            listen there (default: a free port, which is printed)
  --deadline SECONDS  answer no request later than that (default: 5)
  --grace SECONDS     after the first SIGTERM or Ctrl-C, let what is under way
                      go on for so long (default: 10)
  --limit N           work on at most N requests of a connection at a time
                      (default: 16)
  -h, --help          print this and exit

A request is a line, and so is its answer; answers come when they are ready:

  echo TEXT           TEXT
  work MILLISECONDS   done MILLISECONDS, after so long

The first SIGTERM or Ctrl-C stops it: nobody else is let in, no further request
is read, and those under way are answered. When the grace is over, or by a second
signal, they are cancelled.

Exit status: 0 if all that was under way has been answered, 1 if something was
cancelled or could not be done, 2 for wrong usage.
";

/// What the command line asks for.
pub(crate) enum Request {
    Serve(Settings),
    Help,
}

#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) deadline: Duration,
    pub(crate) grace: Duration,
    pub(crate) limit: NonZeroUsize,
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut settings = Settings {
        port: 0,
        deadline: Duration::from_secs(5),
        grace: Duration::from_secs(10),
        limit: const { NonZeroUsize::new(16).unwrap() },
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Long("port") => settings.port = number(&parser.value()?, "a port")?,
            Long("deadline") => settings.deadline = seconds(&parser.value()?)?,
            Long("grace") => settings.grace = seconds(&parser.value()?)?,
            Long("limit") => {
                settings.limit = number(&parser.value()?, "a whole number from 1 on")?;
            }
            Long("help") | Short('h') => return Ok(Request::Help),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    Ok(Request::Serve(settings))
}

fn number<T: FromStr>(value: &OsStr, what: &str) -> Result<T, String> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("{what} is wanted, not {value:?}"))
}

fn seconds(value: &OsStr) -> Result<Duration, String> {
    let number: f64 = number(value, "a number of seconds")?;
    Duration::try_from_secs_f64(number)
        .map_err(|_| format!("a number of seconds is wanted, not {value:?}"))
}
