//! Checks the links of a site over HTTP/1.1, with structured concurrency.
//!
//! ```text
//! cargo run --release --example sitecheck -- http://127.0.0.1:8000/
//! ```
//!
//! It runs in one task, by the library's `block_on`. Sockets, and threads for what is no waiting, are
//! smol's.
//!
//! | module | what it is about |
//! |---|---|
//! | `crawl` | the scope: every URL that is asked for is a child of it. Start reading here |
//! | `client` | a request with everything around it: places, the breaker, a time limit, retries |
//! | `breaker`, `hosts` | a circuit breaker, and what there is for each host |
//! | `http`, `body` | one exchange over one connection |
//! | `page` | the links and the anchors of a page |
//! | `site`, `verdict` | what is known of each URL and who links to it, and what follows from that |
//! | `run`, `report`, `progress`, `fault` | from the command line to the exit status; what is said |
//! | `args` | the command line |

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod body;
#[cfg(unix)]
mod breaker;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod crawl;
#[cfg(unix)]
mod fault;
#[cfg(unix)]
mod hosts;
#[cfg(unix)]
mod http;
#[cfg(unix)]
#[path = "../../digest/interrupt.rs"]
mod interrupt;
#[cfg(unix)]
mod page;
#[cfg(unix)]
mod progress;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod site;
#[cfg(unix)]
mod verdict;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("sitecheck: this example ends by the signals of Unix");
    ExitCode::from(2)
}
