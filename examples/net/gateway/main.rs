//! An HTTP/1.1 gateway, on tokio or on smol: one request becomes many, and none of them is left over.
//!
//! ```text
//! cargo run --example gateway -- --upstream a=127.0.0.1:8001 --upstream b=127.0.0.1:8002
//! ```
//!
//! HTTP is hyper's. What runs beside what, and for how long, is a matter of scopes: each connection of
//! a client is a task of a parallel scope, each request a group in it, each try at an upstream a scope
//! in that. So there is nothing to be cleaned up: when a client leaves, hyper drops its request, and
//! with it goes all that was done for it, down to the sockets.
//!
//! | module | what it is about |
//! |---|---|
//! | `server` | the scope of all connections, and its end. Start reading here |
//! | `connection` | one client |
//! | `gateway` | one request: to all upstreams, or to one after the other until one answers |
//! | `upstream` | one upstream: its limit, its queue, and trying again |
//! | `exchange` | one try: a request and its answer over a connection of its own |
//! | `told` | a connection that tells what it waits for |
//! | `runtime` | what is asked of tokio and of smol |
//! | `reply`, `tally` | what is answered, and what is counted |
//! | `run`, `signals`, `args` | from the command line to the exit status |

#[cfg(unix)]
mod args;
#[cfg(unix)]
mod connection;
#[cfg(unix)]
mod exchange;
#[cfg(unix)]
mod gateway;
#[cfg(unix)]
mod reply;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod runtime;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod tally;
#[cfg(unix)]
mod told;
#[cfg(unix)]
mod upstream;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("gateway: this example ends by the signals of Unix");
    ExitCode::from(2)
}
