//! The command line.

use std::{str::FromStr, time::Duration};

use lexopt::{
    Arg::{Long, Short, Value},
    ValueExt as _,
};
use url::Url;

pub(crate) const USAGE: &str = "\
Checks the links of the pages under URL, and prints those that are broken.

Usage: sitecheck [OPTIONS] URL

  --concurrency N     at most N requests at a time (default: 16)
  --per-host N        at most N of them to one host (default: 4)
  --timeout SECONDS   for each request (default: 10)
  --deadline SECONDS  for the whole run; what was checked by then is reported
  --attempts N        try a request up to N times (default: 3), if the connection fails, the
                      time is over, or the status is 429 or 5xx
  --delay SECONDS     wait so long before the second attempt, and twice as long before each
                      further one, up to 30 seconds; chance takes off up to half of it
                      (default: 0.5)
  --breaker N         after N such failures of a host in a row skip what is for it (default: 5)
  --pause SECONDS     then try it with a single request again (default: 10)
  --redirects N       follow up to N redirects (default: 10)
  --max-body BYTES    read no more than that of a page (default: 4194304)
  --max-urls N        know no more than N URLs (default: 50000)
  --progress          tell on standard error how far it is, though that is no terminal
  -h, --help          print this and exit

URL is http://. Pages whose URL begins like it, up to its last slash, are read: their links
(<a>, <area>, <img>, <link>, <script>) are checked, and so is the part after a `#` of links to
them. Of all others only the status is asked for; other schemes, https among them, are not
checked. Ctrl-C and SIGTERM end it; what was checked by then is reported. A second one kills.

A broken link is printed as its URL and what is wrong with it; below that, with a tab in front,
the pages that have it. Both are sorted.

Exit status: 0 if nothing is broken, 1 if something is, 2 for wrong usage, 124 if the deadline
has passed, 130 after Ctrl-C or SIGTERM.
";

/// What the command line asks for.
pub(crate) enum Request {
    /// The site at a URL.
    Check(Url, Options),
    Help,
}

pub(crate) struct Options {
    pub(crate) concurrency: usize,
    pub(crate) per_host: usize,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) attempts: u32,
    pub(crate) delay: Duration,
    pub(crate) breaker: u32,
    pub(crate) pause: Duration,
    pub(crate) redirects: u32,
    pub(crate) max_body: u64,
    pub(crate) max_urls: usize,
    pub(crate) progress: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 16,
            per_host: 4,
            timeout: Duration::from_secs(10),
            deadline: None,
            attempts: 3,
            delay: Duration::from_millis(500),
            breaker: 5,
            pause: Duration::from_secs(10),
            redirects: 10,
            max_body: 4 << 20,
            max_urls: 50_000,
            progress: false,
        }
    }
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut start = None;
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("concurrency") => options.concurrency = count(&mut parser, "--concurrency")?,
            Long("per-host") => options.per_host = count(&mut parser, "--per-host")?,
            Long("timeout") => options.timeout = seconds(&mut parser, "--timeout")?,
            Long("deadline") => options.deadline = Some(seconds(&mut parser, "--deadline")?),
            Long("attempts") => options.attempts = count(&mut parser, "--attempts")?,
            Long("delay") => options.delay = seconds(&mut parser, "--delay")?,
            Long("breaker") => options.breaker = count(&mut parser, "--breaker")?,
            Long("pause") => options.pause = seconds(&mut parser, "--pause")?,
            Long("redirects") => options.redirects = number(&mut parser, "--redirects")?,
            Long("max-body") => options.max_body = number(&mut parser, "--max-body")?,
            Long("max-urls") => options.max_urls = count(&mut parser, "--max-urls")?,
            Long("progress") => options.progress = true,
            Short('h') | Long("help") => return Ok(Request::Help),
            Value(url) if start.is_none() => start = Some(http_url(&url.string()?)?),
            unexpected => return Err(unexpected.unexpected()),
        }
    }
    let start = start.ok_or("a URL is wanted")?;
    Ok(Request::Check(start, options))
}

fn http_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" => Ok(url),
        Ok(_) => Err(format!("the URL is to begin with http://, not as {text:?}")),
        Err(error) => Err(format!("{text:?} is no URL: {error}")),
    }
}

fn number<T: FromStr>(parser: &mut lexopt::Parser, name: &str) -> Result<T, lexopt::Error> {
    let value = parser.value()?.string()?;
    let refused = |_| format!("{name} does not take {value:?}").into();
    value.parse().map_err(refused)
}

/// From one up to a million, which is more than anybody needs and harms nobody.
fn count<T>(parser: &mut lexopt::Parser, name: &str) -> Result<T, lexopt::Error>
where
    T: TryFrom<u32>,
{
    let n: u32 = number(parser, name)?;
    let counted = (1..=1_000_000).contains(&n).then(|| T::try_from(n).ok());
    counted
        .flatten()
        .ok_or_else(|| format!("{name} is from 1 to 1000000, not {n}").into())
}

fn seconds(parser: &mut lexopt::Parser, name: &str) -> Result<Duration, lexopt::Error> {
    let number = number(parser, name)?;
    Duration::try_from_secs_f64(number)
        .map_err(|_| format!("{name} is a number of seconds, not {number}").into())
}
