//! A connection: a scope below the server's token, with a child for each request.
//!
//! The scope ends when all its requests are answered and no more are read: because the client
//! has closed its side, or because the server is stopping. What is read is bounded: a line is
//! read when there is a place for its request.

use std::{io, net::TcpStream, pin::pin};

use futures_util::future::{Either, select};
use pleach::{
    Semaphore,
    cancel::{Bias, Token},
    runtime::SmolTimer,
    scope,
    time::Clock,
};
use smol::{
    Async,
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    lock::Mutex,
    stream::StreamExt,
};

use crate::{args::Settings, report::Counts, request as requests};

/// The longest line that is read.
const LONGEST: u64 = 64 * 1024;

/// Serves a client until it has no more requests, or the server none more for it.
pub(crate) async fn serve(
    stream: Async<TcpStream>,
    token: &Token,
    settings: Settings,
    counts: &Counts,
) {
    let places = Semaphore::new(settings.limit.get());
    let writer = Mutex::new(&stream);
    scope!(token = token, |s| {
        let token = s.token();
        let (places, writer) = (&places, &writer);
        let mut reader = BufReader::new(&stream);
        while let Ok(place) = places.acquire_or_cancel(&token).await {
            let line = match next_line(&mut reader, &token).await {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(_) => return Counts::add(&counts.broken),
            };
            let token = token.clone();
            s.spawn(async move {
                let request = token.child_until(SmolTimer.now() + settings.deadline);
                let reply = token.run(reply(&line, &request, writer, counts));
                // The token first: what is cut off is not to be taken for late.
                if reply.bias(Bias::Cancellation).await.is_err() {
                    Counts::add(&counts.cut_off);
                }
                drop(place);
            });
        }
    })
    .await;
}

/// The next request; `None` at the end of them, or if the server is stopping.
async fn next_line(
    reader: &mut BufReader<&Async<TcpStream>>,
    token: &Token,
) -> io::Result<Option<String>> {
    let mut lines = reader.take(LONGEST).lines();
    match select(lines.next(), pin!(token.stopping())).await {
        Either::Left((line, _)) => line.transpose(),
        Either::Right(_) => Ok(None),
    }
}

/// Answers one request: in time, or with an error.
async fn reply(line: &str, request: &Token, writer: &Mutex<&Async<TcpStream>>, counts: &Counts) {
    let answer = request.run_until_deadline(SmolTimer, requests::answer(line));
    let (counter, answer) = match answer.await {
        Ok(answer) => (&counts.answered, answer),
        Err(error) => (&counts.late, format!("error: {error}")),
    };
    // A client that does not read keeps its answers waiting until the server is cancelled.
    let write = async {
        let mut writer = writer.lock().await;
        writer.write_all(format!("{answer}\n").as_bytes()).await
    };
    Counts::add(match write.await {
        Ok(()) => counter,
        Err(_) => &counts.broken,
    });
}
