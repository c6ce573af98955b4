//! A long stream of children of which no more than a window run at a time.

use std::{cell::Cell, future::Future, num::NonZeroUsize};

use futures_concurrency::prelude::*;
use futures_util::{StreamExt, stream};
use pleach::group::group;

use crate::{
    contender::Contender,
    contenders,
    groups::{Sum, sum_of},
};

/// Children that run at a time.
const WINDOW: NonZeroUsize = NonZeroUsize::new(64).unwrap();

pub fn all() -> Vec<Contender> {
    contenders! {
        "pleach": Ours, None, joined;
        "pleach, stream": Ours, None, streamed;
        "pleach, ordered": Ours, None, ordered;
        "buffer_unordered": Peer, None, buffer_unordered;
        "buffered": Peer, None, buffered;
        "futures-buffered": Peer, None, buffered_unordered;
        "f-b., ordered": Peer, None, buffered_ordered;
        "co().limit": Peer, None, concurrent_stream;
        "JoinSet": Peer, Tokio, join_set;
    }
}

async fn joined<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    group(children).limit(WINDOW).join(Sum(0)).await
}

async fn streamed<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let (driver, results) = group(children).limit(WINDOW).results();
    driver.run(sum_of(results)).await
}

async fn ordered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let (driver, results) = group(children).limit(WINDOW).ordered_results();
    driver.run(sum_of(results)).await
}

async fn buffer_unordered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    sum_of(stream::iter(children).buffer_unordered(WINDOW.get())).await
}

async fn buffered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    sum_of(stream::iter(children).buffered(WINDOW.get())).await
}

async fn buffered_unordered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    use futures_buffered::BufferedStreamExt;
    sum_of(stream::iter(children).buffered_unordered(WINDOW.get())).await
}

async fn buffered_ordered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    use futures_buffered::BufferedStreamExt;
    sum_of(stream::iter(children).buffered_ordered(WINDOW.get())).await
}

async fn concurrent_stream<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let sum = Cell::new(0);
    let add = |child: F| async {
        let result = child.await;
        sum.set(sum.get() + result);
    };
    let stream = stream::iter(children).co();
    stream.limit(Some(WINDOW)).for_each(add).await;
    sum.get()
}

async fn join_set<F>(mut children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    let mut set = tokio::task::JoinSet::new();
    for child in children.by_ref().take(WINDOW.get()) {
        set.spawn(child);
    }
    let mut sum = 0;
    while let Some(result) = set.join_next().await {
        sum += result.expect("no panic");
        if let Some(child) = children.next() {
            set.spawn(child);
        }
    }
    sum
}
