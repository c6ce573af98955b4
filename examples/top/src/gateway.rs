//! The gateway of `examples/net`, to be called by another program: its very files, but for those that make
//! a program of it (its `main`, its signals).

#[allow(dead_code, reason = "there is no command line here")]
#[path = "../../net/gateway/args.rs"]
mod args;
#[path = "../../net/gateway/connection.rs"]
mod connection;
#[path = "../../net/gateway/exchange.rs"]
mod exchange;
#[path = "../../net/gateway/gateway.rs"]
mod gateway;
#[path = "../../net/gateway/reply.rs"]
mod reply;
#[allow(dead_code, reason = "there is no smol here")]
#[path = "../../net/gateway/runtime.rs"]
mod runtime;
#[path = "../../net/gateway/server.rs"]
mod server;
#[allow(dead_code, reason = "there is no exit status here")]
#[path = "../../net/gateway/tally.rs"]
mod tally;
#[path = "../../net/gateway/told.rs"]
mod told;
#[path = "../../net/gateway/upstream.rs"]
mod upstream;

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    time::Duration,
};

use pleach::{CancelToken, runtime::Tokio};

/// Serves clients on the tokio runtime that it is polled in, and asks those upstreams, each with at most
/// `limit` requests at a time, until the token is stopped. What is under way then has the grace. Tells
/// in the end what there was.
///
/// # Errors
///
/// If it cannot listen there.
pub async fn serve(
    listener: TcpListener,
    upstreams: impl IntoIterator<Item = (&'static str, SocketAddr)>,
    limit: NonZeroUsize,
    grace: Duration,
    token: &CancelToken,
) -> io::Result<String> {
    let upstreams = upstreams.into_iter();
    let settings = args::Settings {
        upstreams: upstreams
            .map(|(name, address)| args::Upstream {
                name: name.to_owned(),
                address,
                limit: limit.get(),
            })
            .collect(),
        grace,
        ..args::Settings::default()
    };
    let end = server::serve(Tokio, listener, &settings, token).await?;
    Ok(format!("{}; {} tasks left", end.tally, end.tasks))
}

/// Runs `main` on a tokio runtime of so many threads.
///
/// # Errors
///
/// If there is no such runtime to be had.
pub fn on_tokio<F: Future>(workers: NonZeroUsize, main: F) -> io::Result<F::Output> {
    runtime::on_tokio(workers, main)
}
