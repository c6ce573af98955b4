//! What there is for each host: places for requests, and a breaker.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use pleach::Semaphore;
use url::{Position, Url};

use crate::{args::Options, breaker::Breaker};

pub(crate) struct Host {
    pub(crate) places: Semaphore,
    pub(crate) breaker: Breaker,
}

/// The hosts that were met; not more than there are URLs.
#[derive(Default)]
pub(crate) struct Hosts {
    by_name: Mutex<HashMap<String, Arc<Host>>>,
}

impl Hosts {
    /// The host of a URL, the same one each time.
    pub(crate) fn of(&self, url: &Url, options: &Options) -> Arc<Host> {
        let name = &url[Position::BeforeHost..Position::AfterPort];
        let mut by_name = self.by_name.lock().expect("nobody panics with it in hand");
        let host = by_name.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Host {
                places: Semaphore::new(options.per_host),
                breaker: Breaker::new(options.breaker, options.pause),
            })
        });
        Arc::clone(host)
    }
}
