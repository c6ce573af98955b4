//! Those whom the gateway asks.

use std::{io, net::TcpListener, time::Duration};

use pleach::{
    inspect::waiting,
    runtime::TokioTimer,
    scope,
    time::{sleep, timeout},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{http, random::Random};

/// How one answers.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// Within milliseconds.
    Quick,
    /// Within a second or two.
    Slow,
    /// With an error, more often than not.
    Flaky,
    /// Never.
    Mute,
}

impl Manner {
    pub(super) const ALL: [Self; 4] = [Self::Quick, Self::Slow, Self::Flaky, Self::Mute];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Slow => "slow",
            Self::Flaky => "flaky",
            Self::Mute => "mute",
        }
    }
}

/// Answers whoever connects, until it is dropped.
pub(super) async fn serve(manner: Manner, listener: TcpListener) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    scope!(named = "requests", |s| {
        for seed in 0.. {
            if let Ok((stream, _)) = waiting(&"a connection", listener.accept()).await {
                s.spawn(answer(manner, stream, seed)).named("request");
            } else {
                // No file descriptor is left: a little later there is.
                sleep(TokioTimer, Duration::from_millis(50)).await;
            }
        }
    })
    .await;
    Ok(())
}

/// One request. What goes wrong with its connection is the gateway's matter.
async fn answer(manner: Manner, stream: TcpStream, seed: u64) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let head = waiting(&"a request", http::read_head(&mut stream));
    if head.await?.is_none() {
        return Ok(());
    }
    let mut random = Random::new(seed);
    let (status, millis) = match manner {
        Manner::Quick => (200, 2 + random.below(20)),
        Manner::Slow => (200, 300 + random.below(1500)),
        Manner::Flaky => ([200, 500, 503][random.below(3) as usize], random.below(100)),
        Manner::Mute => {
            // Until the gateway closes the connection.
            waiting(&"the gateway to leave", stream.read_u8()).await?;
            return Ok(());
        }
    };
    // And no longer than it is waited for.
    let work = Duration::from_millis(millis);
    if timeout(TokioTimer, work, stream.read_u8()).await.is_err() {
        let answer = http::answer(status, manner.name());
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
