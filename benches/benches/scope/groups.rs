//! Groups of children of one type, whose outputs come as a stream.

use std::{future::Future, ops::ControlFlow, pin::pin};

use futures_util::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use pleach::group::{Joiner, group};

use crate::{contender::Contender, contenders};

pub fn all() -> Vec<Contender> {
    contenders! {
        "pleach": Ours, None, joined;
        "pleach, stream": Ours, None, streamed;
        "FuturesUnordered": Peer, None, futures_unordered;
        "FU, boxed": Peer, None, futures_unordered_boxed;
        "futures-buffered": Peer, None, buffered;
        "f-b., bounded": Peer, None, buffered_bounded;
        "FutureGroup": Peer, None, future_group;
        "JoinSet": Peer, Tokio, join_set;
    }
}

/// Adds the outputs up.
pub struct Sum(pub u64);

impl Joiner<u64> for Sum {
    type Output = u64;

    fn on_done(&mut self, _index: usize, output: u64) -> ControlFlow<()> {
        self.0 += output;
        ControlFlow::Continue(())
    }

    fn finish(self) -> u64 {
        self.0
    }
}

async fn joined<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    group(children).join(Sum(0)).await
}

/// The only one whose children go on while the body does something else.
async fn streamed<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let (driver, results) = group(children).results();
    driver.run(sum_of(results)).await
}

pub async fn sum_of(results: impl Stream<Item = u64>) -> u64 {
    let mut results = pin!(results);
    let mut sum = 0;
    while let Some(result) = results.next().await {
        sum += result;
    }
    sum
}

async fn futures_unordered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    sum_of(children.collect::<FuturesUnordered<_>>()).await
}

async fn futures_unordered_boxed<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + 'static,
{
    let boxed = children.map(FutureExt::boxed_local);
    sum_of(boxed.collect::<FuturesUnordered<_>>()).await
}

async fn buffered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let mut group = futures_buffered::FuturesUnordered::new();
    children.for_each(|child| group.push(child));
    sum_of(group).await
}

async fn buffered_bounded<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let mut group = futures_buffered::FuturesUnorderedBounded::new(children.len());
    children.for_each(|child| group.push(child));
    sum_of(group).await
}

async fn future_group<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    let mut group = futures_concurrency::future::FutureGroup::new();
    for child in children {
        group.insert(child);
    }
    sum_of(group).await
}

async fn join_set<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    let mut set = tokio::task::JoinSet::new();
    for child in children {
        set.spawn(child);
    }
    let mut sum = 0;
    while let Some(result) = set.join_next().await {
        sum += result.expect("no panic");
    }
    sum
}
