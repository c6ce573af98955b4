//! Those that give a handle for each child, by which its output is awaited. Most take children of
//! any type, one by one; the sets of `FuturesUnordered` are of one type here, which is in their
//! favour.

use std::future::Future;

use futures_channel::oneshot;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};

use crate::{contender::Contender, contenders, runtime::smol_spawn};

pub fn all() -> Vec<Contender> {
    contenders! {
        "pleach": Ours, None, pleach;
        "pleach, local": Ours, None, pleach_local;
        "FU + oneshot": Peer, None, futures_unordered;
        "FU, boxed + oneshot": Peer, None, futures_unordered_boxed;
        "moro": Peer, None, moro;
        "tokio spawn": Peer, Tokio, tokio_spawn;
        "TaskTracker": Peer, Tokio, task_tracker;
        "async-executor": Peer, Smol, async_executor;
    }
}

async fn pleach<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + Send,
{
    pleach::scope!(|s| {
        let mut handles = Vec::with_capacity(children.len());
        handles.extend(children.map(|child| s.spawn(child)));
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.expect("it was not cancelled");
        }
        sum
    })
    .await
}

async fn pleach_local<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    pleach::local_scope!(|s| {
        let mut handles = Vec::with_capacity(children.len());
        handles.extend(children.map(|child| s.spawn(child)));
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.expect("it was not cancelled");
        }
        sum
    })
    .await
}

async fn futures_unordered<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64>,
{
    with_oneshots(children.map(with_oneshot)).await
}

async fn futures_unordered_boxed<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + 'static,
{
    let boxed = |child| {
        let (task, handle) = with_oneshot(child);
        (task.boxed_local(), handle)
    };
    with_oneshots(children.map(boxed)).await
}

/// A child that sends its output, and what receives it.
pub fn with_oneshot<T>(
    child: impl Future<Output = T>,
) -> (impl Future<Output = ()>, oneshot::Receiver<T>) {
    let (sender, receiver) = oneshot::channel();
    let task = async {
        let _ = sender.send(child.await);
    };
    (task, receiver)
}

/// The set is run to its end, then the outputs are there.
async fn with_oneshots<F>(
    children: impl ExactSizeIterator<Item = (F, oneshot::Receiver<u64>)>,
) -> u64
where
    F: Future<Output = ()>,
{
    let mut handles = Vec::with_capacity(children.len());
    let mut set = FuturesUnordered::new();
    for (task, handle) in children {
        set.push(task);
        handles.push(handle);
    }
    while set.next().await.is_some() {}
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("the child sent it");
    }
    sum
}

async fn moro<F>(children: impl ExactSizeIterator<Item = F> + Send) -> u64
where
    F: Future<Output = u64> + Send,
{
    moro::async_scope!(|scope| {
        let mut handles = Vec::with_capacity(children.len());
        for child in children {
            handles.push(scope.spawn(child));
        }
        let mut sum = 0;
        for handle in handles {
            sum += handle.await;
        }
        sum
    })
    .await
}

async fn tokio_spawn<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    let mut handles = Vec::with_capacity(children.len());
    handles.extend(children.map(tokio::spawn));
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("no panic");
    }
    sum
}

async fn task_tracker<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + Send + 'static,
{
    let tracker = tokio_util::task::TaskTracker::new();
    let mut handles = Vec::with_capacity(children.len());
    handles.extend(children.map(|child| tracker.spawn(child)));
    tracker.close();
    tracker.wait().await;
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("no panic");
    }
    sum
}

async fn async_executor<F>(children: impl ExactSizeIterator<Item = F>) -> u64
where
    F: Future<Output = u64> + 'static,
{
    let mut handles = Vec::with_capacity(children.len());
    handles.extend(children.map(smol_spawn));
    let mut sum = 0;
    for handle in handles {
        sum += handle.await;
    }
    sum
}
