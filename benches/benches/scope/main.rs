//! Scopes beside those that users would otherwise take for groups of futures: `ci/bench scope`.
//!
//! A child is sixteen bytes and gives a number. The figures are of one child, whatever its group
//! takes shared among all. Where no runtime is needed there is none but a loop that polls; what
//! needs tokio or smol's executor runs on one of one thread.
//!
//! To add a contender: an async function that is given the children and returns the sum of their
//! outputs, and its line in `all` of `handles.rs`, `groups.rs`, `windows.rs` or `wake.rs`.

mod child;
mod contender;
mod groups;
mod handles;
mod parked;
mod runtime;
mod wake;
mod windows;

use child::Burst;
use contender::Contender;
use pleach_benches::{Bench, Fact, Workload, allocations_in, bytes_in};
use runtime::Runtime;

const MANY: usize = 1_000;
const READY: Burst = Burst {
    size: MANY,
    yields: 0,
};
const YIELDING: Burst = Burst {
    size: MANY,
    yields: 1,
};
const ONE: Burst = Burst { size: 1, yields: 0 };
const EMPTY: Burst = Burst { size: 0, yields: 0 };

/// The scope and the group of this crate are beside each other here, under names that tell them apart.
fn with_handle_or_group() -> Vec<Contender> {
    let mut groups = groups::all();
    for contender in &mut groups {
        if contender.name == "pleach" {
            contender.name = "pleach, group";
        }
    }
    handles::all().into_iter().chain(groups).collect()
}

/// Those that do without a runtime: what they take for a group is theirs alone.
fn without_runtime() -> Vec<Contender> {
    let mut contenders = with_handle_or_group();
    contenders.retain(|contender| contender.runtime == Runtime::None);
    contenders
}

fn bursts(name: &'static str, burst: Burst, contenders: Vec<Contender>) -> Workload {
    let subjects = contenders
        .iter()
        .map(|contender| contender.of_bursts(burst));
    Workload {
        name,
        instructions: true,
        subjects: subjects.collect(),
    }
}

fn workloads() -> Vec<Workload> {
    let nested = with_handle_or_group();
    vec![
        bursts("spawn, handle, ready", READY, handles::all()),
        bursts("spawn, handle, one yield", YIELDING, handles::all()),
        bursts("group, ready", READY, groups::all()),
        bursts("group, one yield", YIELDING, groups::all()),
        bursts("window of 64, one yield", YIELDING, windows::all()),
        bursts("scope of one child", ONE, without_runtime()),
        bursts("empty scope", EMPTY, without_runtime()),
        Workload {
            name: "3 deep, 32 wide",
            instructions: true,
            subjects: nested.iter().map(Contender::of_nested).collect(),
        },
        wake::workload("wake 1 of 100 and collect", 100),
        wake::workload("wake 1 of 1 000 and collect", 1_000),
        wake::workload("wake 1 of 10 000 and collect", 10_000),
    ]
}

fn fact(
    name: &'static str,
    unit: &'static str,
    contenders: &[Contender],
    figure: impl Fn(&Contender) -> f64,
) -> Fact {
    let figures = contenders
        .iter()
        .map(|contender| (contender.name, contender.role, figure(contender)));
    Fact {
        name,
        unit,
        figures: figures.collect(),
    }
}

/// What `measure` finds of one child in bursts: of many children less of few, without what only
/// the first burst takes.
fn of_one(contender: &Contender, burst: Burst, measure: fn(&mut dyn FnMut()) -> u64) -> f64 {
    let (few, many) = (burst.size.max(1) as u64, 11 * burst.size.max(1) as u64);
    // What is made once for a thread or a runtime.
    (contender.bursts)(burst, few);
    let of = |operations| measure(&mut || (contender.bursts)(burst, operations));
    (of(many) - of(few)) as f64 / (many - few) as f64
}

fn memory(names: [&'static str; 2], burst: Burst, contenders: &[Contender]) -> [Fact; 2] {
    let [allocations, bytes] = names;
    [
        fact(allocations, "allocations", contenders, |contender| {
            of_one(contender, burst, |run| allocations_in(run))
        }),
        fact(bytes, "bytes", contenders, |contender| {
            of_one(contender, burst, |run| bytes_in(run))
        }),
    ]
}

fn polls_in(run: &mut dyn FnMut()) -> u64 {
    let before = child::polls();
    run();
    child::polls() - before
}

/// Of the task, when its children are woken.
fn wakes(name: &'static str, unit: &'static str, figure: fn(&wake::Wakes) -> f64) -> Fact {
    const SLEEPERS: usize = 100;
    let figures = wake::all()
        .into_iter()
        .filter(|contender| contender.runtime == Runtime::None)
        .map(|contender| {
            (
                contender.name,
                contender.role,
                figure(&contender.wakes(SLEEPERS)),
            )
        });
    Fact {
        name,
        unit,
        figures: figures.collect(),
    }
}

fn facts() -> Vec<Fact> {
    let (handles, groups) = (handles::all(), groups::all());
    let (windows, alone) = (windows::all(), without_runtime());
    let memories = [
        memory(
            ["spawn, handle: allocations", "spawn, handle: bytes"],
            READY,
            &handles,
        ),
        memory(["group: allocations", "group: bytes"], READY, &groups),
        memory(
            ["window of 64: allocations", "window of 64: bytes"],
            YIELDING,
            &windows,
        ),
        memory(
            [
                "scope of one child: allocations",
                "scope of one child: bytes",
            ],
            ONE,
            &alone,
        ),
        memory(
            ["empty scope: allocations", "empty scope: bytes"],
            EMPTY,
            &alone,
        ),
    ];
    let polls = fact(
        "one yield: polls",
        "polls",
        &with_handle_or_group(),
        |contender| of_one(contender, YIELDING, polls_in),
    );
    memories
        .into_iter()
        .flatten()
        .chain([
            polls,
            wakes("100 begin to wait: wakes of the task", "wakes", |wakes| {
                wakes.before as f64
            }),
            wakes("100 woken at once: wakes of the task", "wakes", |wakes| {
                wakes.by_burst as f64
            }),
            wakes("100 woken at once: polls of a child", "polls", |wakes| {
                wakes.polls
            }),
        ])
        .collect()
}

fn main() {
    Bench {
        name: "scope",
        workloads: workloads(),
        facts,
        chart: &[
            "spawn, handle, ready: processor time",
            "spawn, handle, one yield: processor time",
            "3 deep, 32 wide: processor time",
            "wake 1 of 1 000 and collect: processor time",
        ],
    }
    .main();
}
