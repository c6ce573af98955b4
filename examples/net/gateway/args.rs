//! The command line.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    num::NonZeroUsize,
    str::FromStr,
    time::Duration,
};

use lexopt::{
    Arg::{Long, Short},
    ValueExt as _,
};

pub(crate) const USAGE: &str = "\
Answers HTTP/1.1 requests by asking several upstreams.

Usage: gateway [OPTIONS] --upstream NAME=HOST:PORT[,limit=N] [--upstream ..]

  --upstream NAME=HOST:PORT[,limit=N]
                       ask this one too, with at most N requests at a time (default: 64)
  --listen HOST:PORT   listen there (default: 127.0.0.1:0, a free port, which is printed)
  --runtime NAME       tokio (the default) or smol
  --workers N          run on N threads (default: as many as there are processors)
  --deadline MS        answer a request within so many milliseconds (default: 2000)
  --hedge-after MS     when an upstream has not answered for so long, ask the next one beside it
                       (default: 50)
  --attempts N         try an upstream up to N times (default: 2), if the connection fails or the
                       status is 5xx
  --queue N            let at most N requests wait for an upstream (default: 64)
  --max-body BYTES     take no longer body from an upstream (default: 1048576)
  --max-clients N      serve at most N connections of clients at a time (default: 1024)
  --grace SECONDS      after the first SIGTERM or Ctrl-C, let what is under way go on for so long
                       (default: 10)
  -h, --help           print this and exit

  GET /fan/PATH        asks all upstreams for /PATH. The answer is JSON, by their names: the status
                       and the body of each, or what went wrong. 200 if there is any, though others
                       are late
  GET /any/PATH        asks one upstream after the other for /PATH, and gives the first answer
  GET /health          200, or 503 while it is stopping
  GET /stats           what is going on, and what was, as JSON

Without an answer the status is 504 at the deadline, 503 if the queues are too long or it is
stopping, and 502 otherwise. A client that leaves, or closes its side, gives its request up.

The first SIGTERM or Ctrl-C stops it: nobody else is let in, and requests under way are answered.
When the grace is over, or by a second signal, they are answered with what there is.

Exit status: 0 if all that was under way has been answered, 1 if something was cut off or could not
be done, 2 for wrong usage.
";

/// What the command line asks for.
pub(crate) enum Request {
    Serve(Settings),
    Help,
}

#[derive(Clone, Copy)]
pub(crate) enum Runtime {
    Tokio,
    Smol,
}

pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) runtime: Runtime,
    pub(crate) workers: Option<NonZeroUsize>,
    pub(crate) deadline: Duration,
    pub(crate) hedge_after: Duration,
    pub(crate) attempts: u32,
    pub(crate) queue: usize,
    pub(crate) max_body: usize,
    pub(crate) max_clients: NonZeroUsize,
    pub(crate) grace: Duration,
}

pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            upstreams: Vec::new(),
            runtime: Runtime::Tokio,
            workers: None,
            deadline: Duration::from_secs(2),
            hedge_after: Duration::from_millis(50),
            attempts: 2,
            queue: 64,
            max_body: 1 << 20,
            max_clients: const { NonZeroUsize::new(1024).unwrap() },
            grace: Duration::from_secs(10),
        }
    }
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut settings = Settings::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("upstream") => settings.add(value(&mut parser, "--upstream", upstream)?)?,
            Long("listen") => settings.listen = value(&mut parser, "--listen", address)?,
            Long("runtime") => settings.runtime = value(&mut parser, "--runtime", runtime)?,
            Long("workers") => settings.workers = Some(value(&mut parser, "--workers", count)?),
            Long("deadline") => settings.deadline = value(&mut parser, "--deadline", millis)?,
            Long("hedge-after") => {
                settings.hedge_after = value(&mut parser, "--hedge-after", millis)?
            }
            Long("attempts") => settings.attempts = value(&mut parser, "--attempts", attempts)?,
            Long("queue") => settings.queue = value(&mut parser, "--queue", up_to_a_million)?,
            Long("max-body") => settings.max_body = value(&mut parser, "--max-body", whole)?,
            Long("max-clients") => {
                settings.max_clients = value(&mut parser, "--max-clients", count)?
            }
            Long("grace") => settings.grace = value(&mut parser, "--grace", seconds)?,
            Long("help") | Short('h') => return Ok(Request::Help),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    if settings.upstreams.is_empty() {
        return Err("an --upstream is wanted".into());
    }
    Ok(Request::Serve(settings))
}

impl Settings {
    fn add(&mut self, upstream: Upstream) -> Result<(), String> {
        if self
            .upstreams
            .iter()
            .any(|other| other.name == upstream.name)
        {
            return Err(format!("there are two upstreams {:?}", upstream.name));
        }
        self.upstreams.push(upstream);
        Ok(())
    }
}

/// The value of an option, or what is wanted instead.
fn value<T>(
    args: &mut lexopt::Parser,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, lexopt::Error> {
    let value = args.value()?.string()?;
    parse(&value).map_err(|wanted| format!("{name} takes {wanted}, not {value:?}").into())
}

fn upstream(text: &str) -> Result<Upstream, String> {
    let wanted = || "NAME=HOST:PORT[,limit=N]".to_owned();
    let (name, rest) = text.split_once('=').ok_or_else(wanted)?;
    // It goes into a header.
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(is_fit) {
        return Err(wanted());
    }
    let (at, limit) = match rest.split_once(",limit=") {
        Some((at, limit)) => (at, count(limit)?.get()),
        None => (rest, 64),
    };
    Ok(Upstream {
        name: name.to_owned(),
        address: address(at)?,
        limit,
    })
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| "HOST:PORT that there is".to_owned())
}

fn runtime(text: &str) -> Result<Runtime, String> {
    match text {
        "tokio" => Ok(Runtime::Tokio),
        "smol" => Ok(Runtime::Smol),
        _ => Err("tokio or smol".to_owned()),
    }
}

fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "a whole number".to_owned())
}

/// More than that nobody needs, and it harms nobody.
fn up_to_a_million(text: &str) -> Result<usize, String> {
    let n = text.parse().ok().filter(|n| *n <= 1_000_000);
    n.ok_or_else(|| "a whole number up to 1000000".to_owned())
}

fn count(text: &str) -> Result<NonZeroUsize, String> {
    let n = up_to_a_million(text).ok().and_then(NonZeroUsize::new);
    n.ok_or_else(|| "a whole number from 1 to 1000000".to_owned())
}

fn attempts(text: &str) -> Result<u32, String> {
    let n = text.parse().ok().filter(|n| (1..=100).contains(n));
    n.ok_or_else(|| "a whole number from 1 to 100".to_owned())
}

fn millis(text: &str) -> Result<Duration, String> {
    let millis = text.parse().map(Duration::from_millis);
    millis.map_err(|_| "a number of milliseconds".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds".to_owned())
}
