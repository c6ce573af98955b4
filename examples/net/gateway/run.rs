//! From the command line to the exit status.

use std::{
    io::{self, Write},
    net::TcpListener,
    num::NonZeroUsize,
    process::ExitCode,
    thread,
};

use pleach::{CancelToken, runtime::Tokio};

use crate::{
    args::{self, Request, Runtime, Settings},
    runtime::{on_smol, on_tokio},
    server::{self, End},
    signals::Signals,
};

const WRONG_USAGE: u8 = 2;

pub(crate) fn main() -> ExitCode {
    let settings = match args::parse() {
        Ok(Request::Serve(settings)) => settings,
        Ok(Request::Help) => {
            print!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("gateway: {error}\nTry `gateway --help`.");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match run(&settings) {
        Ok(end) => {
            eprintln!("gateway: {}; {} tasks left", end.tally, end.tasks);
            ExitCode::from(u8::from(!end.tally.is_clean() || end.tasks > 0))
        }
        Err(error) => {
            eprintln!("gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> io::Result<End> {
    let server = CancelToken::new();
    let _signals = Signals::listen(&server)?;
    let listener = TcpListener::bind(settings.listen)?;
    println!("listening on http://{}", listener.local_addr()?);
    io::stdout().flush()?;

    let workers = settings.workers.or(thread::available_parallelism().ok());
    let workers = workers.unwrap_or(NonZeroUsize::MIN);
    match settings.runtime {
        Runtime::Tokio => on_tokio(workers, server::serve(Tokio, listener, settings, &server))?,
        Runtime::Smol => on_smol(workers, |smol| {
            server::serve(smol, listener, settings, &server)
        }),
    }
}
