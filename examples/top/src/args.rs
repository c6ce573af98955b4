//! The command line.

use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

use lexopt::{
    Arg::{Long, Short},
    ValueExt as _,
};

pub(crate) const USAGE: &str = "\
Shows what an HTTP gateway under load is doing, as it goes: its scopes, the children in them, and what
each of these waits for. The gateway is that of examples/net; its clients and its upstreams, some of
which are slow, fail or never answer, are made here, on 127.0.0.1.

Usage: top [OPTIONS]

  --clients N         let about N clients be there at a time (default: 24)
  --workers N         run the gateway on N threads (default: 2)
  --every MS          look so often (default: 500)
  --stuck SECONDS     mark what was not polled for so long and waits neither for time, nor for what
                      is below it, nor for something from outside (default: 5)
  --after SECONDS     with what follows: look when it has run for so long (default: 3)
  --once              print the tree as text, and end
  --svg FILE          write the tree as a picture, and end
  --trace FILE        write what has happened so far as a trace, for https://ui.perfetto.dev, and end
  -h, --help          print this and exit

Without --once, --svg or --trace it wants a terminal. There, `?` tells of the keys, and `q` ends it.

Exit status: 0 if all went well, 1 if something could not be done, 2 for wrong usage.
";

/// Of clients and of threads: what the number of open files allows that a process commonly may have.
const MOST: NonZeroUsize = NonZeroUsize::new(200).unwrap();

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Run(Settings),
    Help,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) clients: NonZeroUsize,
    pub(crate) workers: NonZeroUsize,
    pub(crate) every: Duration,
    pub(crate) stuck: Duration,
    pub(crate) after: Duration,
    pub(crate) once: bool,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) trace: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clients: const { NonZeroUsize::new(24).unwrap() },
            workers: const { NonZeroUsize::new(2).unwrap() },
            every: Duration::from_millis(500),
            stuck: Duration::from_secs(5),
            after: Duration::from_secs(3),
            once: false,
            svg: None,
            trace: None,
        }
    }
}

impl Settings {
    /// Whether it looks once and ends.
    pub(crate) fn is_one_look(&self) -> bool {
        self.once || self.svg.is_some() || self.trace.is_some()
    }
}

pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut settings = Settings::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("clients") => settings.clients = value(&mut parser, "--clients", count)?,
            Long("workers") => settings.workers = value(&mut parser, "--workers", count)?,
            Long("every") => settings.every = value(&mut parser, "--every", millis)?,
            Long("stuck") => settings.stuck = value(&mut parser, "--stuck", seconds)?,
            Long("after") => settings.after = value(&mut parser, "--after", seconds)?,
            Long("once") => settings.once = true,
            Long("svg") => settings.svg = Some(parser.value()?.into()),
            Long("trace") => settings.trace = Some(parser.value()?.into()),
            Long("help") | Short('h') => return Ok(Request::Help),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    Ok(Request::Run(settings))
}

/// The value of an option, or what is wanted instead.
fn value<T>(
    args: &mut lexopt::Parser,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, &'static str>,
) -> Result<T, lexopt::Error> {
    let value = args.value()?.string()?;
    parse(&value).map_err(|wanted| format!("{name} takes {wanted}, not {value:?}").into())
}

fn count(text: &str) -> Result<NonZeroUsize, &'static str> {
    let count = text.parse().ok().filter(|n| *n <= MOST);
    count.ok_or("a whole number from 1 to 200")
}

/// No shorter than what a look takes.
fn millis(text: &str) -> Result<Duration, &'static str> {
    let millis = text.parse().ok().filter(|n| (50..=60_000).contains(n));
    let millis = millis.ok_or("a number of milliseconds from 50 to 60000")?;
    Ok(Duration::from_millis(millis))
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|n| (0.0..=3600.0).contains(n));
    let seconds = seconds.ok_or("a number of seconds up to 3600")?;
    Ok(Duration::from_secs_f64(seconds))
}
