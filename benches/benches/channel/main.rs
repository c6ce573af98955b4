//! Channels beside those that users would otherwise take: `ci/bench channel`.
//!
//! Tokio's runs in its runtime where that is named, and is charged to its budget there.

mod shapes;
mod subjects;

use pleach_benches::{Bench, Fact, Role, Subject, Workload, allocations_in};
use shapes::{Runtime, Tasks, four_to_four, ping_pong, to_one};
use subjects::{
    AsyncChannel, ByReserve, Crossfire, Embassy1, Embassy64, Embassy1024, Flume, Intrusive, Kanal,
    Large, Pleach, Strict, Tachyonix, Thingbuf, Tokio,
};

type Make = fn(usize, u64) -> Tasks;

/// The program of each subject, with its type filled in.
macro_rules! programs {
    ($($name:literal: $role:ident $channel:ident),* => |$capacity:ident, $messages:ident| $make:ident) => {
        vec![$(($name, Role::$role, {
            let make: Make = |$capacity, $messages| $make!($channel, $capacity, $messages);
            make
        })),*]
    };
}

macro_rules! everybody {
    ($make:ident) => {{
        let mut programs = several_receivers!($make);
        programs.extend(programs! {
            "tokio": Peer Tokio, "thingbuf": Peer Thingbuf, "tachyonix": Peer Tachyonix
            => |capacity, messages| $make
        });
        let embassy: Make = |capacity, messages| match capacity {
            1 => $make!(Embassy1, capacity, messages),
            64 => $make!(Embassy64, capacity, messages),
            _ => $make!(Embassy1024, capacity, messages),
        };
        programs.push(("embassy-sync", Role::Peer, embassy));
        programs
    }};
}

macro_rules! several_receivers {
    ($make:ident) => {
        programs! {
            "pleach": Ours Pleach, "pleach, strict": Ours Strict, "kanal": Peer Kanal,
            "crossfire": Peer Crossfire, "flume": Peer Flume, "async-channel": Peer AsyncChannel,
            "futures-intrusive": Peer Intrusive
            => |capacity, messages| $make
        }
    };
}

/// Of a capacity of zero.
fn hands_over(name: &str) -> bool {
    matches!(name, "pleach" | "kanal" | "flume" | "futures-intrusive")
}

fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

fn workloads() -> Vec<Workload> {
    macro_rules! one_to_one {
        ($c:ident, $capacity:ident, $messages:ident) => {
            to_one::<u64, $c>($capacity, 1, $messages)
        };
    }
    macro_rules! four_to_one {
        ($c:ident, $capacity:ident, $messages:ident) => {
            to_one::<u64, $c>($capacity, 4, $messages)
        };
    }
    macro_rules! four_four {
        ($c:ident, $capacity:ident, $messages:ident) => {
            four_to_four::<u64, $c>($capacity, $messages)
        };
    }
    macro_rules! large {
        ($c:ident, $capacity:ident, $messages:ident) => {
            to_one::<Large, $c>($capacity, 1, $messages)
        };
    }
    macro_rules! pings {
        ($c:ident, $capacity:ident, $messages:ident) => {
            ping_pong::<u64, $c>($capacity, $messages)
        };
    }
    macro_rules! fills {
        ($c:ident, $capacity:ident, $messages:ident) => {
            shapes::fill_and_drain::<u64, $c>($capacity, $messages)
        };
    }
    let mut large_by_all = everybody!(large);
    large_by_all.extend(programs! {
        "pleach, reserve": Ours ByReserve => |capacity, messages| large
    });
    let mut workloads = Vec::new();
    for (runtime, on) in Runtime::ALL {
        let shapes: [(&str, Vec<(&'static str, Role, Make)>, &[usize]); 5] = [
            ("1-1", everybody!(one_to_one), &[0, 1, 64, 1024]),
            ("4-1", everybody!(four_to_one), &[0, 1, 64, 1024]),
            ("4-4", several_receivers!(four_four), &[0, 1, 64, 1024]),
            ("ping-pong", everybody!(pings), &[0, 1]),
            ("1-1, 256 bytes", large_by_all.clone(), &[64]),
        ];
        for (shape, programs, capacities) in shapes {
            for &capacity in capacities {
                workloads.push(workload(
                    leak(format!("{on}, {shape}, capacity {capacity}")),
                    &programs,
                    runtime,
                    capacity,
                ));
            }
        }
    }
    for capacity in [1, 64] {
        workloads.push(workload(
            leak(format!("fill and drain, capacity {capacity}")),
            &everybody!(fills),
            Runtime::Local,
            capacity,
        ));
    }
    workloads
}

fn workload(
    name: &'static str,
    programs: &[(&'static str, Role, Make)],
    runtime: Runtime,
    capacity: usize,
) -> Workload {
    let subjects = programs
        .iter()
        .filter(|(name, ..)| capacity > 0 || hands_over(name))
        .map(|&(name, role, make)| Subject {
            name,
            role,
            run: Box::new(move |messages| runtime.run(make(capacity, messages))),
        });
    Workload {
        name,
        instructions: false,
        subjects: subjects.collect(),
    }
}

/// Without what the executor allocates to begin with.
fn allocations_per_message(make: Make, capacity: usize) -> f64 {
    let of = |messages| allocations_in(|| Runtime::Local.run(make(capacity, messages))) as f64;
    const MESSAGES: u64 = 100 * Workload::MULTIPLE;
    (of(2 * MESSAGES) - of(MESSAGES)) / MESSAGES as f64
}

fn facts() -> Vec<Fact> {
    macro_rules! one_to_one {
        ($c:ident, $capacity:ident, $messages:ident) => {
            to_one::<u64, $c>($capacity, 1, $messages)
        };
    }
    let programs: Vec<(&'static str, Role, Make)> = everybody!(one_to_one);
    [1, 64]
        .map(|capacity| Fact {
            name: leak(format!("allocations a message, capacity {capacity}")),
            unit: "allocations",
            figures: programs
                .iter()
                .map(|&(name, role, make)| (name, role, allocations_per_message(make, capacity)))
                .collect(),
        })
        .into()
}

fn main() {
    Bench {
        name: "channel",
        workloads: workloads(),
        facts,
        chart: &[
            "local, 1-1, capacity 0: processor time",
            "local, 1-1, capacity 1: processor time",
            "local, 1-1, capacity 64: processor time",
            "local, 4-4, capacity 64: processor time",
            "tokio, 4-1, capacity 64: processor time",
        ],
    }
    .main();
}
