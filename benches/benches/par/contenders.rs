//! A contender: an async function that spawns the children it is given as tasks, and returns the sum
//! of their outputs.

use std::future::Future;

use pleach::{
    group::{All, group},
    par_scope,
    runtime::{Spawn, Tokio},
};
use pleach_benches::{Role, Subject};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::{
    child::{Burst, Child},
    runtime::{Runtime, SMOL},
};

pub struct Contender {
    pub name: &'static str,
    pub role: Role,
    /// Runs one burst after the other, of so many children in all.
    pub bursts: Box<dyn Fn(Burst, u64)>,
}

impl Contender {
    fn new<F>(
        name: &'static str,
        role: Role,
        runtime: Runtime,
        run: impl Fn(Burst) -> F + Copy + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = u64> + Send,
    {
        let bursts = move |burst: Burst, operations| {
            runtime.run(async move {
                for burst in burst.repeat(operations) {
                    assert_eq!(run(burst).await, burst.sum());
                }
            });
        };
        Self {
            name,
            role,
            bursts: Box::new(bursts),
        }
    }

    pub fn of_bursts(self, burst: Burst) -> Subject {
        let bursts = self.bursts;
        Subject {
            name: self.name,
            role: self.role,
            run: Box::new(move |operations| bursts(burst, operations)),
        }
    }
}

pub fn all(runtime: Runtime) -> Vec<Contender> {
    match runtime {
        Runtime::TokioOne | Runtime::TokioWorker | Runtime::TokioTwo => vec![
            Contender::new("pleach", Role::Ours, runtime, |burst| {
                pleach(Tokio, burst.children())
            }),
            Contender::new("pleach, group", Role::Ours, runtime, |burst| {
                pleach_group(Tokio, burst.children())
            }),
            Contender::new("JoinSet", Role::Peer, runtime, |burst| {
                join_set(burst.children())
            }),
            Contender::new("TaskTracker", Role::Peer, runtime, |burst| {
                task_tracker(burst.children())
            }),
            Contender::new("spawn", Role::Peer, runtime, |burst| {
                spawn(burst.children())
            }),
        ],
        Runtime::Smol => vec![
            Contender::new("pleach", Role::Ours, runtime, |burst| {
                pleach(Smol, burst.children())
            }),
            Contender::new("pleach, group", Role::Ours, runtime, |burst| {
                pleach_group(Smol, burst.children())
            }),
            Contender::new("spawn", Role::Peer, runtime, |burst| {
                smol_spawn(burst.children())
            }),
        ],
    }
}

/// smol's executor of this package.
#[derive(Clone, Copy)]
struct Smol;

impl Spawn for Smol {
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        SMOL.spawn(future).detach();
    }
}

async fn pleach<S>(runtime: S, children: impl ExactSizeIterator<Item = Child> + Send) -> u64
where
    S: Spawn + Copy + Send + Sync + 'static,
{
    par_scope!(runtime, |s| {
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

async fn pleach_group<S>(runtime: S, children: impl ExactSizeIterator<Item = Child> + Send) -> u64
where
    S: Spawn + Copy + Send + Sync + 'static,
{
    par_scope!(runtime, |s| {
        let numbers = group(children.map(|child| s.parallel(child))).join(All::new());
        let numbers = numbers.await.into_iter();
        numbers
            .map(|number| number.expect("it was not cancelled"))
            .sum()
    })
    .await
}

async fn join_set(children: impl ExactSizeIterator<Item = Child>) -> u64 {
    let mut set = JoinSet::new();
    for child in children {
        set.spawn(child);
    }
    let mut sum = 0;
    while let Some(number) = set.join_next().await {
        sum += number.expect("no panic");
    }
    sum
}

async fn task_tracker(children: impl ExactSizeIterator<Item = Child>) -> u64 {
    let tracker = TaskTracker::new();
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

async fn spawn(children: impl ExactSizeIterator<Item = Child>) -> u64 {
    let mut handles = Vec::with_capacity(children.len());
    handles.extend(children.map(tokio::spawn));
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("no panic");
    }
    sum
}

async fn smol_spawn(children: impl ExactSizeIterator<Item = Child>) -> u64 {
    let mut handles = Vec::with_capacity(children.len());
    handles.extend(children.map(|child| SMOL.spawn(child)));
    let mut sum = 0;
    for handle in handles {
        sum += handle.await;
    }
    sum
}
