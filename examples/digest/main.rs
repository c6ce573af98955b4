//! Prints the SHA-256 of every file in a directory tree, as `sha256sum` does, with
//! structured concurrency.
//!
//! ```text
//! cargo run --release --example digest -- DIR
//! ```
//!
//! | module | what it is about |
//! |---|---|
//! | `walk` | the scope: directories and files are its children. Start reading here |
//! | `listing`, `hashing` | the blocking work, cut into short steps |
//! | `interrupt` | Ctrl-C as a future |
//! | `report` | what comes out: lines, errors, a summary |
//! | `args`, `progress` | the command line and the bar |

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod hashing;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod listing;
#[cfg(unix)]
mod progress;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod walk;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("digest: file names are bytes here, so this example is for Unix only");
    ExitCode::from(2)
}
