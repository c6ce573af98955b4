//! Whole trees: what it takes to cancel one, to drop its parts, and to look at it meanwhile.
//!
//! Building is not counted. Both subjects take turns, round after round; the median counts.

use std::{
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Waker},
    thread,
    time::Instant,
};

use pleach_benches::{allocations_in, bytes_in};

use crate::subjects::Tree;

const ROUNDS: usize = 15;

/// One row.
pub struct Shape {
    pub name: &'static str,
    pub unit: &'static str,
    ours: fn() -> f64,
    peers: fn() -> f64,
}

impl Shape {
    pub fn measure(&self) -> [f64; 2] {
        eprintln!("measuring: {}", self.name);
        let mut figures = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            figures[0].push((self.ours)());
            figures[1].push((self.peers)());
        }
        figures.map(|mut figures| {
            figures.sort_unstable_by(f64::total_cmp);
            figures[figures.len() / 2]
        })
    }
}

macro_rules! shapes {
    ($($name:literal, $unit:literal: $run:ident::<$($count:literal),*>,)*) => {
        vec![$(Shape {
            name: $name,
            unit: $unit,
            ours: $run::<pleach::CancelToken, $($count),*>,
            peers: $run::<tokio_util::sync::CancellationToken, $($count),*>,
        },)*]
    };
}

pub fn all() -> Vec<Shape> {
    shapes! {
        "cancel, flat 1 k, each", "ns": flat::<1_000>,
        "cancel, flat 100 k, each", "ns": flat::<100_000>,
        "cancel, flat 1 M, each", "ns": flat::<1_000_000>,
        "cancel, flat 1 M with a waiter each, each", "ns": flat_with_waiters::<1_000_000>,
        "cancel, one token with 1 M waiters, each", "ns": many_waiters::<1_000_000>,
        "cancel, two levels of 1000, each leaf", "ns": two_levels::<1_000>,
        "cancel, chain of 1 k, each", "ns": chain::<1_000>,
        "cancel, chain of 100 k, each", "ns": chain::<100_000>,
        "cancel, chain of 1 M, each", "ns": chain::<1_000_000>,
        "drop a chain of 1 M from the root, each", "ns": drop_chain::<1_000_000>,
        "drop 1000 middles of 1000 leaves, each leaf", "ns": drop_middles::<1_000>,
        "drop a chain of 1000 over 10 k leaves from below, all", "us": drop_from_below::<1_000, 10_000>,
        "longest is_cancelled during a cancel of 1 M", "us": longest_look::<1_000_000>,
    }
}

fn nanos<R>(run: impl FnOnce() -> R) -> f64 {
    let began = Instant::now();
    black_box(run());
    began.elapsed().as_nanos() as f64
}

fn children<T: Tree>(token: &T, count: usize) -> Vec<T> {
    (0..count).map(|_| token.child()).collect()
}

fn flat<T: Tree, const N: usize>() -> f64 {
    let token = T::new();
    let children = children(&token, N);
    let took = nanos(|| token.cancel());
    assert!(children.iter().all(T::is_cancelled));
    took / N as f64
}

fn flat_with_waiters<T: Tree, const N: usize>() -> f64 {
    let token = T::new();
    let mut waits: Vec<_> = (0..N).map(|_| token.child().wait_owned()).collect();
    let mut cx = Context::from_waker(Waker::noop());
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut cx).is_pending());
    }
    nanos(|| token.cancel()) / N as f64
}

fn many_waiters<T: Tree, const N: usize>() -> f64 {
    let token = T::new();
    let mut waits: Vec<_> = (0..N).map(|_| token.clone().wait_owned()).collect();
    let mut cx = Context::from_waker(Waker::noop());
    for wait in &mut waits {
        assert!(wait.as_mut().poll(&mut cx).is_pending());
    }
    nanos(|| token.cancel()) / N as f64
}

fn two_levels<T: Tree, const N: usize>() -> f64 {
    let token = T::new();
    let middles = children(&token, N);
    let leaves: Vec<_> = middles.iter().map(|middle| children(middle, N)).collect();
    let took = nanos(|| token.cancel());
    assert!(leaves.iter().flatten().all(T::is_cancelled));
    took / (N * N) as f64
}

fn chain_of<T: Tree>(count: usize) -> Vec<T> {
    let mut chain = vec![T::new()];
    for _ in 0..count {
        let next = chain[chain.len() - 1].child();
        chain.push(next);
    }
    chain
}

fn chain<T: Tree, const N: usize>() -> f64 {
    let chain = chain_of::<T>(N);
    let took = nanos(|| chain[0].cancel());
    assert!(chain.iter().all(T::is_cancelled));
    took / N as f64
}

fn drop_chain<T: Tree, const N: usize>() -> f64 {
    let chain = chain_of::<T>(N);
    nanos(|| drop(chain)) / N as f64
}

fn drop_middles<T: Tree, const N: usize>() -> f64 {
    let token = T::new();
    let middles = children(&token, N);
    let leaves: Vec<_> = middles.iter().map(|middle| children(middle, N)).collect();
    let took = nanos(|| drop(middles));
    token.cancel();
    assert!(leaves.iter().flatten().all(T::is_cancelled));
    took / (N * N) as f64
}

fn drop_from_below<T: Tree, const DEPTH: usize, const LEAVES: usize>() -> f64 {
    let mut chain = chain_of::<T>(DEPTH);
    let leaves = children(&chain[DEPTH], LEAVES);
    let took = nanos(|| while chain.pop().is_some() {});
    drop(leaves);
    took / 1000.0
}

/// Another thread asks the root all the time; its longest answer counts. (A thread that is not
/// running answers late whatever it asks.)
fn longest_look<T: Tree, const N: usize>() -> f64 {
    let token = T::new();
    let children = children(&token, N);
    let is_over = AtomicBool::new(false);
    let longest = thread::scope(|s| {
        let looks = s.spawn(|| {
            let mut longest = 0.0_f64;
            while !is_over.load(Ordering::Relaxed) {
                longest = longest.max(nanos(|| token.is_cancelled()));
            }
            longest
        });
        token.cancel();
        is_over.store(true, Ordering::Relaxed);
        looks.join().unwrap()
    });
    drop(children);
    longest / 1000.0
}

pub fn allocations<T: Tree>() -> f64 {
    let token = T::new();
    let _first = token.child();
    allocations_in(|| drop(token.child())) as f64
}

/// Of one of many children, what their parent has for it included.
pub fn bytes<T: Tree>() -> f64 {
    const MANY: usize = 1 << 16;
    let token = T::new();
    let mut children = Vec::with_capacity(MANY);
    let bytes = bytes_in(|| children.extend((0..MANY).map(|_| token.child())));
    bytes as f64 / MANY as f64
}
