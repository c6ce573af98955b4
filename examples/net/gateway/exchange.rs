//! One try: a request and its answer, over a connection of its own.

use std::{error::Error, io};

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1,
    header::{CONTENT_TYPE, HeaderValue},
    rt::{Read, Write},
};
use pleach::{inspect::waiting, scope};

use crate::told::Told;

/// What an upstream has answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Too many wait for it already.
    Busy,
    Unreachable(io::Error),
    /// The connection broke, or what came was no HTTP.
    Broken(Box<dyn Error + Send + Sync>),
    /// The status says that it could not.
    Failed(StatusCode),
    TooLong,
}

impl Fault {
    /// Whether another try may do better.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Broken(_) | Self::Failed(_)
        )
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => f.write_str("too many requests wait for it"),
            Self::Unreachable(error) => write!(f, "cannot connect: {error}"),
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::Failed(status) => write!(f, "status {}", status.as_u16()),
            Self::TooLong => f.write_str("the body is too long"),
        }
    }
}

impl From<hyper::Error> for Fault {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// Sends a request, and takes the answer, with a body of up to `most` bytes.
///
/// When this is dropped the connection is closed.
pub(crate) async fn exchange<S>(
    stream: S,
    request: Request<Empty<Bytes>>,
    most: usize,
) -> Result<Answer, Fault>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let stream = Told::new(stream, &"the upstream's bytes", &"the upstream to read");
    let (mut sender, connection) = http1::handshake(stream).await?;
    scope!(named = "exchange", |s| {
        // hyper wants the connection polled beside the request; it need not come to its end. What
        // goes wrong with it the request tells.
        s.spawn_daemon(connection).named("wire");
        let answer = waiting(&"the upstream's answer", sender.send_request(request));
        let (head, body) = answer.await?.into_parts();
        if head.status.is_server_error() {
            return Err(Fault::Failed(head.status));
        }
        let body = waiting(&"the rest of it", Limited::new(body, most).collect()).await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => Fault::TooLong,
            false => Fault::Broken(error),
        })?;
        Ok(Answer {
            status: head.status,
            content_type: head.headers.get(CONTENT_TYPE).cloned(),
            body: body.to_bytes(),
        })
    })
    .await
}
