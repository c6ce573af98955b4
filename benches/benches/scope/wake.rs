//! Many children wait; one is woken and its output collected.

use std::{future::Future, pin::pin};

use futures_util::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use pleach::group::group;
use pleach_benches::{Role, Subject, Workload, executor};

use crate::{
    child,
    contender::never_idle,
    handles::with_oneshot,
    parked::{Parked, Sleeper, wake_all},
    runtime::{Runtime, smol_spawn},
};

pub struct Contender {
    pub name: &'static str,
    pub role: Role,
    pub runtime: Runtime,
    run: fn(&mut Parked, &mut dyn FnMut()),
}

/// The contenders of these names, roles and runtimes: async functions that spawn the children,
/// collect them as they are woken and return the sum of their outputs.
macro_rules! contenders {
    ($($name:literal: $role:ident, $runtime:ident, $run:ident;)*) => {
        vec![$(Contender {
            name: $name,
            role: Role::$role,
            runtime: Runtime::$runtime,
            run: |parked, idle| {
                let sum = Runtime::$runtime.run($run(parked), idle);
                assert_eq!(sum, parked.sum());
            },
        },)*]
    };
}

pub fn all() -> Vec<Contender> {
    contenders! {
        "pleach": Ours, None, pleach;
        "pleach, local": Ours, None, pleach_local;
        "FU + oneshot": Peer, None, futures_unordered_oneshot;
        "moro": Peer, None, moro;
        "tokio spawn": Peer, Tokio, tokio_spawn;
        "async-executor": Peer, Smol, async_executor;
        "pleach, group": Ours, None, pleach_group;
        "FuturesUnordered": Peer, None, futures_unordered;
        "futures-buffered": Peer, None, buffered;
        "f-b., bounded": Peer, None, buffered_bounded;
        "FutureGroup": Peer, None, future_group;
        "JoinSet": Peer, Tokio, join_set;
    }
}

/// Of `size` children, one after the other in an order that looks random.
pub fn workload(name: &'static str, size: usize) -> Workload {
    let subjects = all().into_iter().map(|contender| Subject {
        name: contender.name,
        role: contender.role,
        run: Box::new(move |operations| {
            let mut left = operations as usize;
            while left > 0 {
                let timed = left.min(size);
                (contender.run)(&mut Parked::woken_by_task(size, timed), &mut never_idle);
                left -= timed;
            }
        }),
    });
    Workload {
        name,
        // Callgrind would count the spawning too.
        instructions: false,
        subjects: subjects.collect(),
    }
}

/// What happens when all children are woken at once.
pub struct Wakes {
    /// How often the contender woke its task before all children waited.
    pub before: u64,
    /// How often the task was woken.
    pub by_burst: u64,
    /// How often a child was polled, until it ended.
    pub polls: f64,
}

impl Contender {
    pub fn wakes(&self, size: usize) -> Wakes {
        let (start, polls) = (executor::wakes(), child::polls());
        let mut woken = None;
        (self.run)(&mut Parked::woken_by_other(size), &mut || {
            let before = executor::wakes();
            wake_all();
            woken = Some((before - start, executor::wakes() - before));
        });
        let (before, by_burst) = woken.expect("the children waited");
        Wakes {
            before,
            by_burst,
            polls: (child::polls() - polls) as f64 / size as f64,
        }
    }
}

/// Collects children that run by themselves, by their handles.
async fn from_handles<T>(
    parked: &mut Parked,
    mut handles: Vec<impl Future<Output = T> + Unpin>,
    output: impl Fn(T) -> u64,
) -> u64 {
    parked.settled(|_| ()).await;
    let mut sum = 0;
    while let Some(number) = parked.wake_next() {
        sum += output((&mut handles[number]).await);
    }
    sum
}

async fn pleach(parked: &mut Parked) -> u64 {
    pleach::scope!(|s| {
        let handles = parked.children().map(|child| s.spawn(child)).collect();
        from_handles(parked, handles, Result::unwrap).await
    })
    .await
}

async fn pleach_local(parked: &mut Parked) -> u64 {
    pleach::local_scope!(|s| {
        let handles = parked.children().map(|child| s.spawn(child)).collect();
        from_handles(parked, handles, Result::unwrap).await
    })
    .await
}

async fn pleach_group(parked: &mut Parked) -> u64 {
    let (driver, mut results) = group(parked.children()).results();
    driver
        .run(async {
            parked.settled(|_| ()).await;
            let mut sum = 0;
            while parked.wake_next().is_some() {
                sum += results.next().await.expect("a child is left");
            }
            sum
        })
        .await
}

async fn moro(parked: &mut Parked) -> u64 {
    moro::async_scope!(|scope| {
        let children = parked.children();
        let handles = children.map(|child| scope.spawn(child).boxed()).collect();
        from_handles(parked, handles, |output| output).await
    })
    .await
}

async fn tokio_spawn(parked: &mut Parked) -> u64 {
    let handles = parked.children().map(tokio::spawn).collect();
    from_handles(parked, handles, Result::unwrap).await
}

async fn async_executor(parked: &mut Parked) -> u64 {
    let handles = parked.children().map(smol_spawn).collect();
    from_handles(parked, handles, |output| output).await
}

async fn futures_unordered_oneshot(parked: &mut Parked) -> u64 {
    let mut set = FuturesUnordered::new();
    let mut handles = Vec::new();
    for child in parked.children() {
        let (task, handle) = with_oneshot(child);
        set.push(task);
        handles.push(handle);
    }
    parked
        .settled(|cx| assert!(set.poll_next_unpin(cx).is_pending()))
        .await;
    let mut sum = 0;
    while let Some(number) = parked.wake_next() {
        sum += loop {
            let received = handles[number].try_recv();
            if let Some(output) = received.expect("the child sends it") {
                break output;
            }
            set.next().await.expect("a child is left");
        };
    }
    sum
}

/// Collects the outputs of a group that runs while it is polled.
async fn from_stream(parked: &mut Parked, group: impl Stream<Item = u64>) -> u64 {
    let mut group = pin!(group);
    parked
        .settled(|cx| assert!(group.poll_next_unpin(cx).is_pending()))
        .await;
    let mut sum = 0;
    while parked.wake_next().is_some() {
        sum += group.next().await.expect("a child is left");
    }
    sum
}

async fn futures_unordered(parked: &mut Parked) -> u64 {
    let group: FuturesUnordered<Sleeper> = parked.children().collect();
    from_stream(parked, group).await
}

async fn buffered(parked: &mut Parked) -> u64 {
    let mut group = futures_buffered::FuturesUnordered::new();
    parked.children().for_each(|child| group.push(child));
    from_stream(parked, group).await
}

async fn buffered_bounded(parked: &mut Parked) -> u64 {
    let children = parked.children();
    let mut group = futures_buffered::FuturesUnorderedBounded::new(children.len());
    children.for_each(|child| group.push(child));
    from_stream(parked, group).await
}

async fn future_group(parked: &mut Parked) -> u64 {
    let mut group = futures_concurrency::future::FutureGroup::new();
    for child in parked.children() {
        group.insert(child);
    }
    from_stream(parked, group).await
}

async fn join_set(parked: &mut Parked) -> u64 {
    let mut set = tokio::task::JoinSet::new();
    for child in parked.children() {
        set.spawn(child);
    }
    parked.settled(|_| ()).await;
    let mut sum = 0;
    while parked.wake_next().is_some() {
        let output = set.join_next().await.expect("a child is left");
        sum += output.expect("no panic");
    }
    sum
}
