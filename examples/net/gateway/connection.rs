//! One client: its requests, one after the other, until it leaves or the gateway stops.

use std::{convert::Infallible, pin::pin, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use pleach::{CancelToken, par::Shared, select};

use crate::{gateway::Gateway, runtime::Runtime, tally::Present, told::Told};

/// A client that takes longer for the head of a request, or has none for so long, is let go.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Serves a client.
///
/// When it leaves, hyper drops its request, and so all that was done for it is gone. (A client that
/// has sent another request behind that one is missed only when it is to be answered.)
pub(crate) async fn serve<R: Runtime>(
    runtime: R,
    gateway: Shared<Gateway<R>>,
    stream: R::Stream,
    token: CancelToken,
) {
    let stream = Told::new(stream, &"the client's bytes", &"the client to read");
    let _present = Present::new(&gateway.tally.tasks);
    let answer =
        service_fn(async |request| Ok::<_, Infallible>(gateway.answer(request, &token).await));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(runtime.hyper_timer())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(stream, answer)
    );
    // What goes wrong with a connection is the client's matter.
    let _ = select! {
        served = connection.as_mut() => served,
        _ = token.stopping() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}
