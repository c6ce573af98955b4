//! The server: one scope for all connections, and one token above all that is done for them.
//!
//! | | |
//! |---|---|
//! | first signal | the token is *stopped*: the listener is closed, connections read no more requests |
//! | all answered | the scope ends by itself |
//! | second signal, or the grace is over | the token is *cancelled*: everybody leaves at once |

use std::{
    io::{self, Write},
    net::{Ipv4Addr, TcpListener},
    pin::pin,
    process::ExitCode,
};

use futures_util::future::{Either, select};
use pleach::{
    CancelToken,
    cancel::{CauseKind, OrCancel, Token},
    runtime::SmolTimer,
    scope,
    time::timeout,
};
use smol::Async;

use crate::{args::Settings, connection, report::Counts, signals::Signals};

pub(crate) fn main(settings: Settings) -> ExitCode {
    let counts = Counts::default();
    match smol::block_on(serve(settings, &counts)) {
        Ok(()) => {
            eprintln!("shutdown: {counts}");
            ExitCode::from(u8::from(!counts.is_clean()))
        }
        Err(error) => {
            eprintln!("shutdown: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings, counts: &Counts) -> io::Result<()> {
    let signals = Signals::listen()?;
    let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, settings.port))?;
    println!("listening on {}", listener.get_ref().local_addr()?);
    io::stdout().flush()?;

    let server = CancelToken::new();
    let connections = scope!(token = &server, |s| {
        // The listener is closed when the loop is left.
        let listener = listener;
        while let Some(stream) = accept(&listener, &server).await {
            Counts::add(&counts.connections);
            let server = &server;
            s.spawn(async move { connection::serve(stream, server, settings, counts).await });
        }
    });
    match select(pin!(connections), pin!(end(&server, &signals, settings))).await {
        Either::Left(((), _)) => {}
        Either::Right(((), connections)) => connections.await,
    }
    Ok(())
}

/// The next client; `None` if the server is stopping.
async fn accept(
    listener: &Async<TcpListener>,
    server: &Token,
) -> Option<Async<std::net::TcpStream>> {
    loop {
        match select(pin!(listener.accept()), pin!(server.stopping())).await {
            Either::Left((Ok((stream, _)), _)) => return Some(stream),
            // A client that is gone already, or no file descriptor left: others may have more
            // luck, a little later.
            Either::Left((Err(error), _)) => {
                eprintln!("shutdown: accept: {error}");
                let pause = std::time::Duration::from_millis(50);
                let _ = pleach::time::sleep(SmolTimer, pause)
                    .or_cancel(server)
                    .await;
            }
            Either::Right(_) => return None,
        }
    }
}

/// Waits for the first signal and stops the server; for the second one, or the end of the grace,
/// and cancels it.
async fn end(server: &Token, signals: &Signals, settings: Settings) {
    signals.next().await;
    eprintln!("shutdown: stopping; once more to cancel");
    server.stop(CauseKind::Shutdown);
    let again = timeout(SmolTimer, settings.grace, signals.next()).await;
    server.cancel_with(match again {
        Ok(()) => CauseKind::Requested,
        Err(_) => CauseKind::Deadline,
    });
}
