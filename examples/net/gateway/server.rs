//! The scope of all connections, and its end.
//!
//! Each connection is a task of its own, and a child of this scope: so the scope, and with it
//! the program, ends when all of them have. One token above them all says when that is to be:
//!
//! | | |
//! |---|---|
//! | first signal | the token is *stopped*: the listener is closed, connections end when they have been answered |
//! | all answered | the scope ends by itself |
//! | second signal, or the grace is over | the token is *cancelled*: requests end with what there is |
//! | a moment later | connections that do not even take their answer are dropped |

use std::{io, net::TcpListener, sync::atomic::Ordering::Relaxed, time::Duration};

use pleach::{
    CancelToken,
    cancel::CauseKind,
    inspect::waiting,
    par::{ParScope, Shared},
    par_scope,
    scope::Slot,
    select,
    time::sleep,
};

use crate::{args::Settings, connection, gateway::Gateway, runtime::Runtime, tally::Tally};

/// For what is answered when the gateway cannot wait any more.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How the end was.
pub(crate) struct End {
    pub(crate) tally: Tally,
    /// Tasks that the runtime has left.
    pub(crate) tasks: usize,
}

/// Serves clients until the token is stopped, or cancelled.
pub(crate) async fn serve<R: Runtime>(
    runtime: R,
    listener: TcpListener,
    settings: &Settings,
    server: &CancelToken,
) -> io::Result<End> {
    let listener = runtime.listen(listener)?;
    let gateway = Shared::new(Gateway::new(runtime.clone(), settings));
    par_scope!(
        runtime.clone(),
        named = "connections",
        limit = settings.max_clients,
        token = server,
        grace = (R::TIMER, LAST_WORDS),
        |s| {
            s.scope()
                .spawn_daemon(lose_patience::<R>(server, settings.grace))
                .named("patience");
            // It is closed when the loop is left.
            let listener = listener;
            while let Some((slot, stream)) = next_client(&s, &listener, server).await {
                gateway.tally.connections.fetch_add(1, Relaxed);
                let serve =
                    connection::serve(runtime.clone(), gateway.clone(), stream, server.child());
                s.spawn_in(slot, serve).named("connection");
            }
        }
    )
    .await;
    let Ok(gateway) = gateway.into_inner() else {
        unreachable!("nothing outlives a scope")
    };
    Ok(End {
        tally: gateway.tally,
        tasks: tasks_left(&runtime).await,
    })
}

/// The next client, when there is a place for it; `None` if the server is stopping.
async fn next_client<'env, R: Runtime>(
    s: &ParScope<'env, R>,
    listener: &R::Listener,
    server: &CancelToken,
) -> Option<(Slot<'env>, R::Stream)> {
    let client = async {
        let slot = s.scope().slot().await.ok()?;
        Some((slot, accept::<R>(listener).await))
    };
    select! {
        _ = server.stopping() => None,
        client = client => client,
    }
}

async fn accept<R: Runtime>(listener: &R::Listener) -> R::Stream {
    loop {
        match waiting(&"a client", R::accept(listener)).await {
            Ok(stream) => return stream,
            // A client that is gone already, or no file descriptor left: others may have more
            // luck, a little later.
            Err(error) => {
                eprintln!("gateway: accept: {error}");
                sleep(R::TIMER, Duration::from_millis(50)).await;
            }
        }
    }
}

/// Cancels the server when it has been stopping for so long.
async fn lose_patience<R: Runtime>(server: &CancelToken, grace: Duration) {
    server.stopping().await;
    sleep(R::TIMER, grace).await;
    server.cancel_with(CauseKind::Deadline);
}

/// How many tasks the runtime has. It may strike one off a moment after its future is gone, so this
/// looks again before it says that there are some.
async fn tasks_left<R: Runtime>(runtime: &R) -> usize {
    for _ in 0..1000 {
        if runtime.tasks() == 0 {
            break;
        }
        sleep(R::TIMER, Duration::from_millis(1)).await;
    }
    runtime.tasks()
}
