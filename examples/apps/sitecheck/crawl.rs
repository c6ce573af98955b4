//! The crawl: every URL that is asked for is a child of one scope.
//!
//! A child asks for its URL, writes down what comes of it, spawns a child for each URL that this
//! has brought up, and is done. Nobody waits for anybody but the scope, which ends when all are
//! done. Each child runs under the scope's token, so that a signal or the deadline ends them all
//! where they are, and what is written down by then is whole.
//!
//! How many are at work is for the [client](crate::client): the others wait there for a place.
//! There are no more of them than there are URLs, and of those there are no more than is allowed.

use std::{
    pin::pin,
    sync::{Mutex, MutexGuard},
};

use pleach::{
    Scope,
    cancel::{Bias, CauseKind},
    runtime::StdTimer,
    select,
    time::Clock,
};
use smol::unblock;
use url::Url;

use crate::{
    args::Options,
    client::Client,
    http::Response,
    interrupt::Interrupt,
    page::Page,
    progress,
    report::Report,
    site::{Answer, Job, Site},
};

pub(crate) struct Crawl<'a> {
    start: &'a Url,
    options: &'a Options,
    client: Client<'a>,
    site: Mutex<Site>,
}

impl<'a> Crawl<'a> {
    pub(crate) fn new(start: &'a Url, options: &'a Options) -> Self {
        Self {
            start,
            options,
            client: Client::new(options),
            site: Mutex::new(Site::new(start, options)),
        }
    }

    /// Checks all that is found from the start, until a signal or the deadline; which of them it
    /// was.
    pub(crate) async fn run(&self, interrupt: Interrupt) -> Option<CauseKind> {
        let (mut driver, s) = pleach::scope::scope();
        if let Some(deadline) = self.options.deadline {
            driver = driver.deadline((StdTimer, StdTimer.now() + deadline));
        }
        let token = s.token();
        let all = driver.run(async {
            let first = self.site().start(self.start);
            first.into_iter().for_each(|job| spawn(&s, self, job));
        });
        let mut all = pin!(all);
        select! {
            () = all.as_mut() => {}
            () = interrupt.wait() => {
                token.cancel();
                all.await;
            }
            () = progress::tell(self.options.progress, || self.site().progress()) => {
                unreachable!("it is without end");
            }
        }
        let why = token.cause()?.kind();
        matches!(why, CauseKind::Requested | CauseKind::Deadline).then_some(why)
    }

    /// What is known by now.
    pub(crate) fn report(&self) -> Report {
        self.site().report()
    }

    /// Asks for a URL and writes down what comes of it: what is to be asked for because of that.
    async fn check(&self, Job { id, url, is_inside }: Job) -> Vec<Job> {
        let answer = match is_inside {
            true => self.client.read(&url).await,
            false => self.client.look(&url).await,
        };
        // The place is held until a page is read: so there are no more of them than places.
        let (response, _place) = match answer {
            Ok(answer) => answer,
            Err(fault) => return self.site().answered(id, Answer::Wrong(fault)),
        };
        match response {
            Response::There => self.site().answered(id, Answer::There),
            Response::Redirect(location) => self.site().redirected(id, &location),
            Response::Page(body) => {
                let is_cut = body.is_cut;
                // All work and no waiting, so it goes to a thread.
                let page = unblock(move || Page::parse(body.bytes, &url)).await;
                self.site().read(id, page, is_cut)
            }
        }
    }

    fn site(&self) -> MutexGuard<'_, Site> {
        self.site.lock().expect("nobody panics with it in hand")
    }
}

fn spawn<'env>(s: &Scope<'env>, crawl: &'env Crawl<'env>, job: Job) {
    s.spawn(visit(s.clone(), crawl, job));
}

/// The child for one URL.
async fn visit<'env>(s: Scope<'env>, crawl: &'env Crawl<'env>, job: Job) {
    let token = s.token();
    // The token first: nobody is to begin in a place that another one has left for its sake.
    let found = token.run(crawl.check(job)).bias(Bias::Cancellation).await;
    for job in found.unwrap_or_default() {
        spawn(&s, crawl, job);
    }
}
