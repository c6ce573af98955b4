//! The command line.

use lexopt::{Arg, Parser, ValueExt};

pub(crate) const USAGE: &str = "\
Usage: stress [--seconds N] [--threads N] [--seed N]

Stresses semaphores, scopes and cancellation trees from several threads and checks
what they promise.

  --seconds N  go on for about N seconds, one round at least (default 5)
  --threads N  threads that work at the same time, 2 or more (default 4)
  --seed N     where the random numbers start (default 1); threads make a run
               unrepeatable all the same
  --help       print this

Exit status: 0 if every promise was kept, 1 if nothing moved for a minute, 2 for a wrong
command line, 101 (a panic) for any other violation.
";

pub(crate) struct Args {
    pub(crate) seconds: u64,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
}

pub(crate) enum Request {
    Run(Args),
    Help,
}

pub(crate) fn parse() -> Result<Request, lexopt::Error> {
    let mut parser = Parser::from_env();
    let mut args = Args {
        seconds: 5,
        threads: 4,
        seed: 1,
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("seconds") => args.seconds = parser.value()?.parse()?,
            Arg::Long("threads") => args.threads = parser.value()?.parse()?,
            Arg::Long("seed") => args.seed = parser.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(Request::Help),
            other => return Err(other.unexpected()),
        }
    }
    if args.threads < 2 {
        return Err("--threads must be 2 or more".into());
    }
    Ok(Request::Run(args))
}
