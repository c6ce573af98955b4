//! Shows what a program is doing as it goes: its scopes, their children, and what each of these waits for.
//! It is to tasks what `top` is to processes.
//!
//! ```text
//! cargo run --manifest-path examples/top/Cargo.toml
//! ```
//!
//! What is looked at is a gateway under load, in the same process. What looks needs nothing of it but the
//! handle of a scope, and asks it for a [`Snapshot`](pleach::inspect::Snapshot) now and then. How many come and go in
//! a second an [`Observer`](pleach::inspect::Observer) counts: many are not there for as long as that.
//!
//! | module | what it is about |
//! |---|---|
//! | `history` | from snapshots to rows: rates, and who makes no progress. Start reading here |
//! | `counts` | what is counted as it happens |
//! | `view` | what of that is shown, and what keys do |
//! | `draw`, `text` | how |
//! | `terminal`, `panics` | the loop: look, draw, read a key; and that the terminal is given back |
//! | `program` | what is looked at: the gateway, its clients, and those whom it asks |
//! | `run`, `args` | from the command line to the exit status |

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod counts;
#[cfg(unix)]
mod draw;
#[cfg(unix)]
mod history;
#[cfg(unix)]
mod panics;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod run;
#[cfg(all(unix, test))]
mod samples;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod text;
#[cfg(unix)]
mod view;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("top: the gateway that it shows is for Unix");
    ExitCode::from(2)
}
