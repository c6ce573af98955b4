//! Pictures of many children that wait: what they take, and what the notes of each child take before.

use std::{hint::black_box, sync::Arc, time::Instant};

use await_tree::{Config, InstrumentAwait, Registry};
use pleach_benches::{Fact, Role, bytes_in};
use pleach_inspected::inspect::{Inspect, Snapshot};

use crate::{off, on, take, take_on};

const MANY: usize = 10_000;
/// In turns; the median counts.
const ROUNDS: usize = 15;

type Taken<'a> = (&'static str, Role, Box<dyn FnMut() + 'a>);

/// What is alive of each, and the bytes that one child took.
struct Trees {
    on: on::Parked,
    _off: [off::Parked; 3],
    registry: Registry,
    bytes: [u64; 4],
}

fn framed(permits: Arc<off::Semaphore>) -> impl Future<Output = ()> + Send {
    async_backtrace::frame!(async move { async_backtrace::frame!(take(&permits)).await })
}

impl Trees {
    fn grow() -> Self {
        let mut bytes = [0; 4];
        let registry = Registry::new(Config::default());
        let on = counted(&mut bytes[0], || {
            on::Parked::new(MANY, |permits| async move { take_on(&permits).await })
        });
        let plain = counted(&mut bytes[1], || {
            off::Parked::new(MANY, |permits| async move { take(&permits).await })
        });
        let traced = counted(&mut bytes[2], || {
            off::Parked::new(MANY, |permits| {
                let waits = async move { take(&permits).instrument_await("acquire").await };
                registry.register_anonymous("child").instrument(waits)
            })
        });
        let framed = counted(&mut bytes[3], || off::Parked::new(MANY, framed));
        Self {
            on,
            _off: [plain, traced, framed],
            registry,
            bytes,
        }
    }
}

fn counted<T>(bytes: &mut u64, make: impl FnOnce() -> T) -> T {
    let mut made = None;
    *bytes = bytes_in(|| made = Some(make()));
    made.expect("it was made")
}

/// The median of each, in microseconds.
fn micros(name: &'static str, mut takers: Vec<Taken<'_>>) -> Fact {
    let mut times = vec![Vec::new(); takers.len()];
    for _ in 0..ROUNDS {
        for ((_, _, take), times) in takers.iter_mut().zip(&mut times) {
            let began = Instant::now();
            take();
            times.push(began.elapsed());
        }
    }
    let figures = takers
        .iter()
        .zip(times)
        .map(|((name, role, _), mut times)| {
            times.sort_unstable();
            (*name, *role, times[ROUNDS / 2].as_secs_f64() * 1e6)
        });
    Fact {
        name,
        unit: "us",
        figures: figures.collect(),
    }
}

pub(crate) fn facts() -> Vec<Fact> {
    let trees = Trees::grow();
    let [on, off, traced, framed] = trees.bytes.map(|bytes| bytes as f64 / MANY as f64);
    let memory = Fact {
        name: "memory of a child that waits",
        unit: "bytes",
        figures: vec![
            ("pleach", Role::Ours, on),
            ("off", Role::Baseline, off),
            ("await-tree", Role::Peer, traced),
            ("async-backtrace", Role::Peer, framed),
        ],
    };
    let values = micros(
        "10 000 children, looked at",
        vec![
            (
                "pleach",
                Role::Ours,
                Box::new(|| {
                    let mut waits = 0;
                    trees
                        .on
                        .scope
                        .visit(&mut |node| waits += node.waits().iter().count());
                    assert_eq!(black_box(waits), MANY);
                }),
            ),
            (
                "await-tree",
                Role::Peer,
                Box::new(|| assert_eq!(black_box(trees.registry.collect_anonymous()).len(), MANY)),
            ),
        ],
    );
    let text = micros(
        "10 000 children, as text",
        vec![
            (
                "pleach",
                Role::Ours,
                Box::new(|| {
                    black_box(Snapshot::of(&trees.on.scope).to_string());
                }),
            ),
            (
                "await-tree",
                Role::Peer,
                Box::new(|| {
                    let all = trees.registry.collect_anonymous();
                    black_box(all.iter().map(ToString::to_string).collect::<String>());
                }),
            ),
            (
                "async-backtrace",
                Role::Peer,
                Box::new(|| {
                    black_box(async_backtrace::taskdump_tree(false));
                }),
            ),
        ],
    );
    vec![memory, values, text]
}
