//! A TCP service that shuts down in good order, under smol.
//!
//! ```text
//! cargo run --features smol --example shutdown -- --port 7878
//! ```
//!
//! | module | what it is about |
//! |---|---|
//! | `server` | accepting, and the end: stop, drain, cancel. Start reading here |
//! | `connection` | one scope for each connection, one child for each request |
//! | `request` | what a request asks for, and how it is answered |
//! | `signals` | SIGTERM and Ctrl-C as a future |
//! | `report` | what is counted, and what is said of it at the end |
//! | `args` | the command line |

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod connection;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod request;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod signals;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    match args::parse() {
        Ok(args::Request::Serve(settings)) => server::main(settings),
        Ok(args::Request::Help) => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("shutdown: {error}\nTry `shutdown --help`.");
            ExitCode::from(2)
        }
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("shutdown: this example is about the signals of Unix");
    ExitCode::from(2)
}
