//! A small crawl by a clock that moves when all wait, and when somebody works: each run is the same.

use std::{sync::Arc, time::Duration};

use pleach::{
    Semaphore, channel,
    inspect::Recorder,
    scope,
    time::{ManualClock, sleep},
};

/// A page: how long its server takes to answer, and how long it takes to read, in milliseconds.
struct Page {
    name: &'static str,
    answer: u64,
    read: u64,
}

const PAGES: [Page; 5] = [
    Page {
        name: "/",
        answer: 12,
        read: 3,
    },
    Page {
        name: "/docs",
        answer: 20,
        read: 6,
    },
    Page {
        name: "/blog",
        answer: 8,
        read: 4,
    },
    Page {
        name: "/about",
        answer: 30,
        read: 2,
    },
    Page {
        name: "/slow",
        answer: 500,
        read: 1,
    },
];

/// Runs the crawl; what it has recorded.
pub(crate) fn crawl() -> Arc<Recorder<Arc<ManualClock>>> {
    let clock = Arc::new(ManualClock::new());
    let recorder = Arc::new(Recorder::new(clock.clone(), 10_000));
    let work = |millis| clock.advance(Duration::from_millis(millis));
    let wait = |millis| sleep(&*clock, Duration::from_millis(millis));
    let connections = Semaphore::new(2);
    let (pages, queue) = channel::bounded(1);
    clock.run(scope!(named = "crawl", observe = recorder.clone(), |s| {
        let (pages, connections, token) = (&pages, &connections, s.token());
        s.spawn(async {
            let mut pages = 0;
            while let Ok(_page) = queue.recv().await {
                work(5);
                pages += 1;
                if pages == PAGES.len() - 1 {
                    // The last one takes too long.
                    wait(20).await;
                    s.cancel();
                    break;
                }
            }
        })
        .named("index");
        for page in PAGES {
            let (name, token) = (page.name, token.clone());
            let fetch = async move {
                let _permit = connections.acquire().await;
                work(1);
                if token.run(wait(page.answer)).await.is_err() {
                    // Says good-bye to the server.
                    wait(6).await;
                    return;
                }
                work(page.read);
                let _ = pages.send(page).await;
            };
            s.spawn(fetch).named(name);
        }
    }));
    recorder
}
