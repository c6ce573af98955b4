//! A request with everything around it.
//!
//! ```text
//! retry ── breaker ── a place of the host ── a place of all ── timeout ── exchange
//! ```
//!
//! The places are those of one attempt: who waits for the next one holds none. First that of the
//! host is taken, or many requests to a slow host would hold the places of all.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use pleach::{
    OwnedPermit, Semaphore,
    runtime::StdTimer,
    time::{Backoff, Clock, Jitter, retry, timeout},
};
use url::Url;

use crate::{
    args::Options,
    fault::Fault,
    hosts::{Host, Hosts},
    http::{self, Ask, Response},
};

/// What comes of a request. The place is held until whoever asked has done with the response.
pub(crate) type Answer = Result<(Response, OwnedPermit), Fault>;

const LONGEST_DELAY: Duration = Duration::from_secs(30);

const NEVER_CLOSED: &str = "nobody closes the semaphores";

pub(crate) struct Client<'a> {
    options: &'a Options,
    places: Arc<Semaphore>,
    hosts: Hosts,
}

impl<'a> Client<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self {
            options,
            places: Arc::new(Semaphore::new(options.concurrency)),
            hosts: Hosts::default(),
        }
    }

    /// Gets a page, with its body.
    pub(crate) async fn read(&self, url: &Url) -> Answer {
        self.request(url, Ask::Page).await
    }

    /// Asks whether there is something at a URL.
    pub(crate) async fn look(&self, url: &Url) -> Answer {
        match self.request(url, Ask::Status).await {
            Err(Fault::Status(405 | 501)) => self.request(url, Ask::StatusByGet).await,
            result => result,
        }
    }

    async fn request(&self, url: &Url, ask: Ask) -> Answer {
        let host = self.hosts.of(url, self.options);
        let backoff = Backoff::new(self.options.delay)
            .longest(LONGEST_DELAY)
            .attempts(self.options.attempts)
            .jitter(Jitter::Equal, seed(url));
        retry(StdTimer, backoff, || self.attempt(url, ask, &host))
            .when(|fault| fault.is_transient() && host.breaker.lets_pass(StdTimer.now()))
            .await
    }

    async fn attempt(&self, url: &Url, ask: Ask, host: &Host) -> Answer {
        if !host.breaker.lets_pass(StdTimer.now()) {
            return Err(Fault::Skipped);
        }
        let _place_of_host = host.places.acquire().await.expect(NEVER_CLOSED);
        let place = self.places.acquire_owned().await.expect(NEVER_CLOSED);
        // Others have failed meanwhile, perhaps.
        let pass = host.breaker.pass(StdTimer.now()).ok_or(Fault::Skipped)?;
        // In a box: many wait for a place, and few have one.
        let exchange = Box::pin(http::exchange(url, ask, self.options.max_body));
        let result = timeout(StdTimer, self.options.timeout, exchange).await;
        let result = result.unwrap_or(Err(Fault::TimedOut));
        match &result {
            Err(fault) if fault.is_transient() => pass.failed(StdTimer.now()),
            _ => pass.succeeded(),
        }
        result.map(|response| (response, place))
    }
}

/// Another one for each URL, the same in each run.
fn seed(url: &Url) -> u64 {
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    hasher.finish()
}
