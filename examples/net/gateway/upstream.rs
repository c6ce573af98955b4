//! One upstream: how many requests it gets at a time, how many wait for it, and trying again.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use http_body_util::Empty;
use hyper::{
    Request,
    header::{CONNECTION, HOST},
    http::uri::PathAndQuery,
};
use pleach::{
    Semaphore,
    inspect::waiting,
    time::{Backoff, Jitter, retry},
};
use serde_json::{Value, json};

use crate::{
    args,
    exchange::{Answer, Fault, exchange},
    runtime::Runtime,
};

/// Before the second attempt, and twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Upstream {
    pub(crate) name: String,
    address: SocketAddr,
    limit: usize,
    /// For requests that wait and for those that have a place.
    seats: Semaphore,
    /// For requests that are with the upstream.
    places: Semaphore,
    attempts: u32,
    max_body: usize,
    asked: AtomicU64,
    tries: AtomicU64,
    faults: AtomicU64,
}

impl Upstream {
    pub(crate) fn new(upstream: &args::Upstream, settings: &args::Settings) -> Self {
        Self {
            name: upstream.name.clone(),
            address: upstream.address,
            limit: upstream.limit,
            seats: Semaphore::new(upstream.limit + settings.queue),
            places: Semaphore::new(upstream.limit),
            attempts: settings.attempts,
            max_body: settings.max_body,
            asked: AtomicU64::new(0),
            tries: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        }
    }

    /// Asks for `target`, again and again if need be.
    pub(crate) async fn ask<R: Runtime>(
        &self,
        runtime: &R,
        target: &PathAndQuery,
    ) -> Result<Answer, Fault> {
        // Those who fail together do not come back together.
        let seed = self.asked.fetch_add(1, Relaxed);
        let _seat = self.seats.try_acquire().map_err(|_| Fault::Busy)?;
        let pauses = Backoff::new(FIRST_PAUSE)
            .longest(LONGEST_PAUSE)
            .attempts(self.attempts)
            .jitter(Jitter::Equal, seed);
        retry(R::TIMER, pauses, || self.attempt(runtime, target))
            .when(Fault::may_pass)
            .await
    }

    async fn attempt<R: Runtime>(
        &self,
        runtime: &R,
        target: &PathAndQuery,
    ) -> Result<Answer, Fault> {
        let _place = self.places.acquire().await.expect("it is never closed");
        self.tries.fetch_add(1, Relaxed);
        let request = Request::get(target.clone())
            .header(HOST, self.address.to_string())
            .header(CONNECTION, "close")
            .body(Empty::new())
            .expect("all of it was valid before");
        let connect = waiting(&"the upstream to accept", runtime.connect(self.address));
        let answer = match connect.await {
            Ok(stream) => exchange(stream, request, self.max_body).await,
            Err(error) => Err(Fault::Unreachable(error)),
        };
        if answer.is_err() {
            self.faults.fetch_add(1, Relaxed);
        }
        answer
    }

    pub(crate) fn stats(&self) -> Value {
        json!({
            "in_flight": self.limit - self.places.available_permits(),
            "waiting": self.places.waiters(),
            "asked": self.asked.load(Relaxed),
            "tries": self.tries.load(Relaxed),
            "faults": self.faults.load(Relaxed),
        })
    }
}
