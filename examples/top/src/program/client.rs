//! One client of the gateway.

use std::{io, net::SocketAddr, time::Duration};

use pleach::{
    CancelToken,
    inspect::waiting,
    runtime::TokioTimer,
    scope, select,
    time::{Clock, sleep, timeout},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{http, random::Random};

/// How long somebody waits for an answer who has no time.
const IMPATIENT: Duration = Duration::from_millis(300);
/// Longer than the gateway takes.
const PATIENT: Duration = Duration::from_secs(10);
/// How long somebody is there who asks nothing.
const IDLE: Duration = Duration::from_secs(20);
/// When somebody is told to leave, and how long he takes to say farewell.
const VISIT: Duration = Duration::from_millis(1500);
const FAREWELL: Duration = Duration::from_secs(2);

/// Comes, and leaves, at the latest when the token is stopped. What goes wrong in between is told by what
/// the gateway shows.
pub(super) async fn visit(number: u64, gateway: SocketAddr, token: &CancelToken) {
    let visit = async {
        match number % 16 {
            5 => idle(gateway).await,
            3 | 11 => linger(number, gateway).await,
            _ => browse(number, gateway).await,
        }
    };
    let _ = select! {
        _ = token.stopping() => Ok(()),
        visited = visit => visited,
    };
}

/// Asks a few things, one after the other.
async fn browse(number: u64, gateway: SocketAddr) -> io::Result<()> {
    let mut random = Random::new(number);
    let mut stream = BufReader::new(TcpStream::connect(gateway).await?);
    for page in 0..=random.below(4) {
        let whom = ["fan", "any"][random.below(2) as usize];
        let request = format!("GET /{whom}/{page} HTTP/1.1\r\nHost: gateway\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let patience = [IMPATIENT, PATIENT, PATIENT, PATIENT][random.below(4) as usize];
        let answer = waiting(&"an answer", http::read_answer(&mut stream));
        match timeout(TokioTimer, patience, answer).await {
            Ok(Ok(Some(_status))) => {}
            Ok(Ok(None)) | Err(_) => return Ok(()),
            Ok(Err(error)) => return Err(error),
        }
        let reading = 50 + random.below(750);
        sleep(TokioTimer, Duration::from_millis(reading)).await;
    }
    Ok(())
}

/// Connects, and asks nothing: so its connection does nothing either.
async fn idle(gateway: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(gateway).await?;
    let end = waiting(&"the gateway to leave", stream.read_u8());
    let _ = timeout(TokioTimer, IDLE, end).await;
    Ok(())
}

/// Is told to leave, and does not do so at once: something cancelled that is alive.
async fn linger(number: u64, gateway: SocketAddr) -> io::Result<()> {
    let end = (TokioTimer, TokioTimer.now() + VISIT);
    scope!(named = "visit", deadline = end, |s| {
        let (token, leaving) = (s.token(), s.token());
        let farewell = async move {
            leaving.cancelled().await;
            sleep(TokioTimer, FAREWELL).await;
        };
        s.spawn_shielded(farewell).named("farewell");
        token.run(browse(number, gateway)).await.unwrap_or(Ok(()))
    })
    .await
}
