//! Pipelines and worker pools, through the public API.

#[path = "../support/mod.rs"]
mod support;

mod endings;
#[cfg(feature = "std")]
mod panics;
mod pool;
mod random;
mod stages;

use std::{convert::Infallible, fmt};

use pleach::{
    Scope,
    channel::Receiver,
    pipeline::{Failed, Pipeline},
    try_scope,
};
use support::block_on;

/// Runs a pipeline to its end, and gives what comes out.
fn collect<'env, T, E: Send + fmt::Debug + 'env>(
    make: impl FnOnce(Pipeline<'env, E>) -> Receiver<T>,
) -> Result<Vec<T>, Failed<E>> {
    block_on(try_scope!(|s| {
        let items = make(Pipeline::new(&s, 2));
        let mut all = Vec::new();
        while let Ok(item) = items.recv().await {
            all.push(item);
        }
        Ok(all)
    }))
}

/// As `collect`, where nothing can fail.
fn all<'env, T>(make: impl FnOnce(Pipeline<'env, Infallible>) -> Receiver<T>) -> Vec<T> {
    collect(make).unwrap()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

async fn yields(times: usize) {
    for _ in 0..times {
        support::yield_now().await;
    }
}

/// A pipeline of a scope whose errors are texts.
fn pipeline<'env>(
    s: &Scope<'env, Failed<&'static str>>,
    room: usize,
) -> Pipeline<'env, &'static str> {
    Pipeline::new(s, room)
}
