//! Parallel scopes beside what users would otherwise spawn tasks with: `ci/bench par`.
//!
//! A child is sixteen bytes and gives a number. The figures are of one child, of a burst of a
//! thousand that are spawned by one task, which waits for all their numbers. On tokio's runtime of
//! one thread and those of one worker and two, and on smol's executor with two threads.
//!
//! To add a contender: an async function that is given the children and returns the sum of their
//! outputs, and its line in `all` of `contenders.rs`.

mod contenders;
mod runtime;

#[path = "../scope/child.rs"]
#[allow(dead_code, reason = "what `scope` needs of it")]
mod child;

use child::Burst;
use contenders::Contender;
use pleach_benches::{Bench, Fact, Workload, allocations_in, bytes_in};
use runtime::Runtime;

const SIZE: usize = 1_000;

fn bursts(runtime: Runtime, yields: u64) -> Workload {
    let burst = Burst { size: SIZE, yields };
    let subjects = contenders::all(runtime).into_iter();
    Workload {
        name: runtime.row(yields),
        // Threads take turns otherwise under callgrind.
        instructions: runtime == Runtime::TokioOne,
        subjects: subjects
            .map(|contender| contender.of_bursts(burst))
            .collect(),
    }
}

fn workloads() -> Vec<Workload> {
    let runtimes = Runtime::ALL.into_iter();
    runtimes
        .flat_map(|runtime| [bursts(runtime, 0), bursts(runtime, 1)])
        .collect()
}

/// What a burst of many takes for each child beyond what one of few does.
fn of_one(contender: &Contender, measure: fn(&mut dyn FnMut()) -> u64) -> f64 {
    let burst = Burst {
        size: SIZE,
        yields: 0,
    };
    let (few, many) = (SIZE as u64, 11 * SIZE as u64);
    (contender.bursts)(burst, few);
    let of = |operations| measure(&mut || (contender.bursts)(burst, operations));
    (of(many) - of(few)) as f64 / (many - few) as f64
}

fn fact(name: &'static str, unit: &'static str, measure: fn(&mut dyn FnMut()) -> u64) -> Fact {
    let contenders = contenders::all(Runtime::TokioOne);
    let figures = contenders.iter().map(|contender| {
        let figure = of_one(contender, measure);
        (contender.name, contender.role, figure)
    });
    Fact {
        name,
        unit,
        figures: figures.collect(),
    }
}

fn facts() -> Vec<Fact> {
    vec![
        fact("tokio, one thread: allocations", "allocations", |run| {
            allocations_in(run)
        }),
        fact("tokio, one thread: bytes", "bytes", |run| bytes_in(run)),
    ]
}

fn main() {
    Bench {
        name: "par",
        workloads: workloads(),
        facts,
        chart: &[
            "tokio, one thread, ready: processor time",
            "tokio, one thread, one yield: processor time",
            "tokio, two workers, ready: processor time",
            "tokio, two workers, one yield: processor time",
        ],
    }
    .main();
}
