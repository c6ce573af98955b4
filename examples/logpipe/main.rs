//! Reads log lines, parses them in several workers, and counts what they say: a pipeline that is
//! bounded from end to end.
//!
//! ```text
//! cargo run --release --example logpipe -- /var/log/dpkg.log
//! tail -F /var/log/syslog | cargo run --release --example logpipe -- --overflow drop-oldest
//! ```
//!
//! | module | what it is about |
//! |---|---|
//! | `pipe` | the pipeline, and how it ends. Start reading here |
//! | `reader` | the thread that reads lines, and what it does when there is no room |
//! | `record` | what a line says |
//! | `summary` | what is counted, and how it is shown |
//! | `args` | the command line |

#[cfg(unix)]
mod args;
#[cfg(unix)]
#[path = "../digest/interrupt.rs"]
mod interrupt;
#[cfg(unix)]
mod pipe;
#[cfg(unix)]
mod reader;
#[cfg(unix)]
mod record;
#[cfg(unix)]
mod summary;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    pipe::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("logpipe: this example follows files by what Unix knows of them");
    ExitCode::from(2)
}
